"""How fast one battery is traced, and how fast a recall of 100,000 cells is answered.

    python -m benchmarks.bench_trace 10000000     with ten million cells stored (default: two million)

Packs of 10 modules and 160 cells, the cells shuffled within a day's lot; each pack in a vehicle.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks.scratch import register_maker, scratch_server
from suyuan.codes.alphabets import DAY_LETTERS, FIRST_YEAR, MONTH_LETTERS, YEAR_LETTERS
from suyuan.events import records
from suyuan.events.vocabulary import vocabulary

CELLS, MODULES = 160, 10
PACKS_A_DAY = 1250
FIRST = date(2020, 1, 1)
RECEIVED_MS = 1_780_000_000_000
RECALLED = 100_000
SAMPLES = 1000
ROUNDS = 9


def lot(level: str, day: int) -> str:
    """The lot of a day's packs, modules or cells."""
    on = FIRST + timedelta(days=day)
    letters = YEAR_LETTERS[on.year - FIRST_YEAR] + MONTH_LETTERS[on.month - 1] + DAY_LETTERS[on.day - 1]
    return f"04Q{level}B76836300J{letters}"


def codes(level: str, day: int, serials: np.ndarray) -> pl.Series:
    """24-character codes of one day."""
    return lot(level, day) + pl.Series(serials).cast(pl.String).str.zfill(7)


def vins(day: int, packs: int) -> pl.Series:
    """One vehicle a pack."""
    return "LBENCH" + pl.Series(day * PACKS_A_DAY + np.arange(packs)).cast(pl.String).str.zfill(11)


def store(day: int, packs: int, maker: int) -> None:
    """One day's packs and vehicles, through the ledger's own door."""
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.ledger.services.append import append

    rng = np.random.default_rng(day)
    cell = np.arange(packs * CELLS)
    on = FIRST + timedelta(days=day)
    built = pl.DataFrame(
        {
            "pack_code": codes("P", day, cell // CELLS + 1),
            "module_code": codes("M", day, cell // (CELLS // MODULES) + 1),
            "cell_code": codes("C", day, rng.permutation(len(cell)) + 1),
        }
    ).with_columns(produced_on=pl.lit(on))
    bound = pl.DataFrame({"vin": vins(day, packs), "pack_code": codes("P", day, np.arange(packs) + 1)})
    bound = bound.with_columns(produced_on=pl.lit(on + timedelta(days=30)))
    for number, (kind, rows, record) in enumerate(
        (("pack_produced", built, cell // CELLS), ("vehicle_produced", bound, np.arange(packs)))
    ):
        batch = records.build(vocabulary().kinds[kind], rows, record, maker)
        with transaction.atomic(), cursor() as run:
            append(run, batch, 2 * day + number + 1, RECEIVED_MS + day, rng=rng)


def measure(act: Callable[[str], object], asked: list[str]) -> np.ndarray:
    """Milliseconds of each act."""
    spent = []
    for code in asked:
        begin = time.perf_counter()
        if act(code) is None:
            raise LookupError(code)
        spent.append((time.perf_counter() - begin) * 1000)
    return np.array(spent)


def figure(what: str, value: float, **bars: float | str) -> None:
    """Print one figure."""
    print(json.dumps({"what": what, "value": round(value, 3), "unit": "ms", **bars}), flush=True)


def single(days: int, packs: int, stored: str) -> None:
    """Life and tree of random cells and packs."""
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.ledger.queries.life import life
    from suyuan.server.ledger.queries.tree import tree

    nation = Scope.of_nation()
    rng = np.random.default_rng(1)
    with cursor() as run:
        acts = {"trace": lambda code: life(run, nation, code), "tree": lambda code: tree(run, nation, code)}
        for level, most in (("C", packs * CELLS), ("P", packs)):
            pairs = zip(rng.integers(0, days, SAMPLES), rng.integers(1, most + 1, SAMPLES), strict=True)
            asked = [f"{lot(level, int(day))}{serial:07d}" for day, serial in pairs]
            for name, act in acts.items():
                measure(act, asked[:100])
                spent = measure(act, asked)
                of = f"{name} of a {'cell' if level == 'C' else 'pack'} at {stored} cells"
                figure(f"{of}, p50", float(np.median(spent)))
                figure(f"{of}, p99", float(np.percentile(spent, 99)), at_most=10, aim=3)


def recalls(packs: int, stored: str) -> None:
    """Recall of 100,000 cells of one lot, by range and by a list of codes."""
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.ledger.queries.recall import recall_codes, recall_serials

    nation = Scope.of_nation()
    count = min(RECALLED, packs * CELLS)
    listed = codes("C", 0, np.arange(1, count + 1))
    with cursor() as run:
        asks: dict[str, Callable[[], Iterator[pl.DataFrame]]] = {
            "by serials": lambda: recall_serials(run, nation, lot("C", 0), range(1, count + 1)),
            "by a list of codes": lambda: recall_codes(run, nation, listed),
        }
        for name, ask in asks.items():
            spent = []
            for _ in range(ROUNDS + 1):
                begin = time.perf_counter()
                answer = pl.concat(list(ask()))
                spent.append((time.perf_counter() - begin) * 1000)
                if answer["count"].sum() != count or answer["vehicle"].null_count():
                    raise ArithmeticError(name)
            note = f"median of {ROUNDS}; {answer['vehicle'].n_unique()} vehicles"
            bars = {"at_most": 150, "aim": 60} if name == "by serials" else {}
            figure(f"recall of {count} cells {name} at {stored} cells", statistics.median(spent[1:]), note=note, **bars)


def main() -> None:
    """Store, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="?", type=int, default=2_000_000)
    cells = parser.parse_args().cells
    packs = min(PACKS_A_DAY, max(1, cells // CELLS))
    days = max(1, round(cells / (packs * CELLS)))
    with scratch_server():
        from suyuan.server.kit.connection import OWNER_ALIAS, cursor

        maker, _ = register_maker()
        begin = time.perf_counter()
        for day in range(days):
            store(day, packs, maker)
        print(f"stored {days * packs * CELLS} cells in {time.perf_counter() - begin:.0f} s")
        with cursor(OWNER_ALIAS) as run:
            run.execute("ANALYZE")
        stored = f"{days * packs * CELLS / 1e6:g} M"
        single(days, packs, stored)
        recalls(packs, stored)


if __name__ == "__main__":
    main()
