"""Random histories of a handful of batteries: every kind, in any order, by anybody, on a few days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import strategies as st

from suyuan.events import records
from suyuan.events.checks.batches import with_batch_keys
from suyuan.events.records import Batch
from suyuan.events.vocabulary import FieldType, vocabulary
from tests.events.examples import battery_code, company, product_code, vin

Row = dict[str, object]
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(6)]
FRAME = {
    FieldType.DATE: pl.Date(),
    FieldType.DATETIME: pl.Datetime("ms", "Asia/Shanghai"),
    FieldType.NUMBER: pl.Float64(),
    FieldType.INTEGER: pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class Draw:
    """Numbers that a record is made of."""

    a: int
    b: int
    c: int
    day: int

    @property
    def on(self) -> date:
        return DAYS[self.day]

    @property
    def at(self) -> datetime:
        return datetime(2026, 1, 1 + self.day, 4, tzinfo=UTC)


def pack(number: int) -> str:
    return battery_code("P", number % 3)


def module(number: int) -> str:
    return battery_code("M", 62 + number % 4)  # across a border of blocks


def cell(number: int) -> str:
    return battery_code("C", 60 + number % 12)


def product(number: int) -> str:
    return product_code(number % 2)


def car(number: int) -> str:
    return vin(number % 2)


def battery(d: Draw) -> str:
    return [pack, module, cell, product][d.b % 4](d.a)


def _party(d: Draw) -> Row:
    return {"party": company(1 + d.c % 3), "party_no": 1 + d.c % 3}


def _site(d: Draw) -> Row:
    return {"site": f"S{1 + d.c % 2}", "site_no": 1 + d.c % 2}


def _tree(d: Draw) -> list[Row]:
    base: Row = {"pack_code": pack(d.a), "produced_on": d.on}
    inside: list[Row] = [
        {**base, "module_code": module(d.b + m), "cell_code": cell(3 * (d.b + m) + n)}
        for m in range(1 + d.c % 2)
        for n in range(3)
    ]
    alone: Row = {**base, "module_code": None, "cell_code": cell(11)}
    bare: Row = {**base, "module_code": module(d.b + 2), "cell_code": None}
    return inside + [alone] * (d.c % 3 == 0) + [bare] * (d.c % 5 == 0)


def _making(d: Draw) -> list[Row]:
    base: Row = {"making_no": f"N{d.a % 2}", "made_on": d.on}
    sources = [module(d.b), pack(d.c), module(d.b + 1)]
    return [{**base, "product_code": product(d.a), "source_code": one} for one in sources] + [
        {**base, "product_code": product(d.a + 1), "source_code": None}
    ] * (d.c % 3 == 0)


def _release(d: Draw) -> list[Row]:
    base: Row = {"code": [pack, module, product][d.c % 3](d.a), "dismantled_on": d.on}
    return [{**base, "child_code": code} for code in (module(d.b), cell(d.b))] if d.c % 2 else [base]


def _exchange(d: Draw) -> list[Row]:
    old, new = (module(d.a), module(d.b)) if d.c % 2 else (pack(d.a), pack(d.b))
    row: Row = {"vin": car(d.c), "old_code": old, "new_code": new, "replaced_on": d.on}
    return [row] if old != new else []


def _swap(d: Draw) -> list[Row]:
    row: Row = {"vin": car(d.c), "old_code": pack(d.a), "new_code": pack(d.b), "replaced_at": d.at, **_site(d)}
    return [row] if pack(d.a) != pack(d.b) else []


MAKERS: dict[str, Callable[[Draw], list[Row]]] = {
    "cell_produced": lambda d: [{"code": cell(d.a), "produced_on": d.on, "model": f"x{d.c % 2}"}],
    "module_produced": lambda d: [
        {"module_code": module(d.a), "produced_on": d.on, "cell_code": cell(3 * d.a + n)} for n in range(1 + d.c % 3)
    ],
    "pack_produced": _tree,
    "stocked": lambda d: [{"code": battery(d), "stocked_on": d.on, **_site(d)}],
    "vehicle_produced": lambda d: [{"vin": car(d.b), "pack_code": pack(d.a), "produced_on": d.on}],
    "vehicle_certified": lambda d: [{"vin": car(d.b), "certified_on": d.on, "certificate_no": "n"}],
    "vehicle_sold": lambda d: [{"vin": car(d.b), "sold_on": d.on, "division": "440300", **_party(d)}],
    "after_sales_stocked": lambda d: [
        {"code": code, "stocked_on": d.on, "child_code": child, **_site(d)}
        for code, child in [(pack(d.a), module(d.b)) if d.c % 2 else (module(d.a), cell(d.b))]
    ],
    "replaced": _exchange,
    "swap_in": lambda d: [{"code": pack(d.a), "stocked_on": d.at, **_site(d)}],
    "swapped": _swap,
    "swap_out": lambda d: [{"code": pack(d.a), "moved_out_on": d.at, **_party(d)}],
    "vehicle_scrapped": lambda d: [{"vin": car(d.b), "scrapped_on": d.on, "pack_code": pack(d.a) if d.c % 2 else None}],
    "battery_removed": lambda d: [{"code": battery(d), "vin": car(d.c), "removed_on": d.on, **_site(d)}],
    "retired": lambda d: [{"code": battery(d), "retired_on": d.on, **_party(d)}],
    "outlet_received": lambda d: [{"code": battery(d), "received_on": d.on, **_site(d)}],
    "outlet_handed_over": lambda d: [{"code": battery(d), "handed_over_on": d.on, **_party(d)}],
    "transferred_out": lambda d: [{"code": battery(d), "handed_over_on": d.on, **_party(d)}],
    "transferred_in": lambda d: [{"code": battery(d), "received_on": d.on, **_site(d)}],
    "utiliser_received": lambda d: [{"code": battery(d), "received_on": d.on, "mass_kg": 1.0 + d.c, **_site(d)}],
    "assessed": lambda d: [{"code": battery(d), "tested_on": d.at, "soh": 0.5}],
    "product_made": _making,
    "product_delivered": lambda d: [
        {"product_code": product(d.a), "delivered_on": d.on, "application_field": "storage", **_party(d)}
    ],
    "dismantled": _release,
    "treated": lambda d: [
        {"treatment_no": f"T{d.c % 2}", "treated_on": d.on, "source_code": battery(d), "material_batch": f"B{d.b % 2}"}
    ],
    "material_delivered": lambda d: [{"material_batch": f"B{d.b % 2}", "delivered_on": d.on, "mass_kg": 2.0}],
    "disposed": lambda d: [{"code": battery(d), "disposed_on": d.on}],
    "lost": lambda d: [{"code": battery(d), "noticed_on": d.on}],
    "found": lambda d: [{"code": battery(d), "found_on": d.on, **_site(d)}],
}


@dataclass(frozen=True, slots=True)
class Report:
    """One submission: records of one kind by one company."""

    kind: str
    reporter: int
    rows: tuple[tuple[Row, ...], ...]

    def batch(self) -> Batch:
        return batch_of(self.kind, self.rows, self.reporter)


def batch_of(kind: str, rows: "tuple[tuple[Row, ...], ...] | list[list[Row]]", reporter: int = 1) -> Batch:
    """A batch of typed records."""
    fields = vocabulary().kinds[kind].fields
    names = list(dict.fromkeys(name for record in rows for row in record for name in row))
    types = {
        name: pl.Int32() if name.endswith("_no") and name not in fields else FRAME.get(fields[name].type, pl.String())
        for name in names
    }
    frame = pl.DataFrame([{name: row.get(name) for name in names} for record in rows for row in record], types)
    number = np.repeat(np.arange(len(rows)), [len(record) for record in rows])
    frame = with_batch_keys(vocabulary().kinds[kind], frame, company(reporter))
    return records.build(vocabulary().kinds[kind], frame, number, reporter)


def report(kind: str, reporter: int, draws: list[Draw]) -> Report:
    """Records that may stand in one file: each once, and no part in two of them."""
    rows: list[tuple[Row, ...]] = []
    seen: set[object] = set()
    shape = vocabulary().kinds[kind]
    for draw in draws:
        record = MAKERS[kind](draw)
        parts = {(row[name], "part") for row in record for name in shape.children if row.get(name)}
        lowest = [row[shape.children[-1]] for row in record if row.get(shape.children[-1])] if shape.children else []
        name = tuple(record[0].get(field) for field in shape.record) if record else None
        if record and name not in seen and not parts & seen and len(set(lowest)) == len(lowest):
            rows.append(tuple(record))
            seen |= {name, *parts}
    return Report(kind, reporter, tuple(rows))


_numbers = st.integers(0, 11)
_draws = st.builds(Draw, _numbers, _numbers, _numbers, st.integers(0, len(DAYS) - 1))


def reports(kinds: list[str] | None = None) -> st.SearchStrategy[Report]:
    """One submission."""
    kind = st.sampled_from(sorted(kinds or MAKERS))
    made = st.builds(report, kind, st.integers(1, 3), st.lists(_draws, min_size=1, max_size=3))
    return made.filter(lambda one: bool(one.rows))


def histories(longest: int = 14) -> st.SearchStrategy[list[Report]]:
    """Submissions one after the other, whatever the order in which things happened."""
    return st.lists(reports(), min_size=2, max_size=longest)
