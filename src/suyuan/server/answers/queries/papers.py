"""A report as a workbook or as pages to print, in one language, from the figures that were kept."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from rustpy_xlsxwriter import FastExcel

from suyuan.kernel import Language, sentence
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.measures import measures
from suyuan.server.answers.queries.printing import Table, printed
from suyuan.server.answers.queries.reports import Kept

FORMS: Final = ("json", "xlsx", "pdf")
PRINTED_AT_MOST: Final = 2_000
"""Unaccounted batteries on paper; the workbook has all that were kept."""
_AMOUNTS: Final = ("opening", "entered", "left", "unaccounted", "closing")
_WIDEST: Final = 48
_HEAD: Final = ("id", "template", "area", "period", "as_of", "made_on", "made_at", "made_by", "data_version", "digest")


@dataclass(frozen=True, slots=True)
class Wording:
    """Says things of a report in one language."""

    language: Language

    def say(self, code: str, **data: object) -> str:
        """A text of this room."""
        return sentence(f"answers.{code}", {name: str(value) for name, value in data.items()}, self.language)

    def stage(self, number: int) -> str:
        """A stage."""
        return at.stages().every[number].label.in_language(self.language)

    def measure(self, name: str) -> str:
        """A measure."""
        return measures()[name].title.in_language(self.language)

    def named(self, row: Mapping[str, Any], name: str) -> Any:
        """The column that is there in both languages."""
        return row[f"{name}_{'zh' if self.language is Language.ZH else 'en'}"]


def report_file(kept: Kept, form: str, language: Language) -> bytes:
    """The report as ``json`` (the figures themselves), ``xlsx`` or ``pdf``."""
    if form == "json":
        return kept.text
    wording = Wording(language)
    tables = [make(kept, wording) for make in _TABLES]
    return _workbook(kept, tables, wording) if form == "xlsx" else _pages(kept, tables, wording)


# ---------------------------------------------------------------- the tables, the same for every form


def _figures(kept: Kept, say: Wording) -> Table:
    heads = ("level", "area", "name", "measure", "value", "numerator", "denominator", "unit")
    rows = [
        (
            say.say(f"level_{row['level']}"),
            row["area"],
            say.named(row, "name"),
            say.measure(row["measure"]),
            row["value"],
            row["numerator"],
            row["denominator"],
            say.say(f"unit_{_unit(row['measure'])}"),
        )
        for row in kept.content["figures"]
    ]
    return _table("figures", heads, rows, say)


def _unit(measure: str) -> str:
    unit = measures()[measure].unit
    return "ratio" if unit == "1" else unit


def _balance(kept: Kept, say: Wording) -> Table:
    heads = ("stage", "quantity", *(f"flow_{name}" for name in _AMOUNTS))
    rows = [
        (say.stage(row["stage"]), say.say(f"unit_{unit}"), *(_scaled(row, name, unit) for name in _AMOUNTS))
        for row in kept.content["balance"]
        for unit in _UNITS
    ]
    return _table("balance", heads, rows, say)


_UNITS: Final = {"pack": ("packs", 1), "kwh": ("energy_wh", 1000), "kg": ("mass_g", 1000)}


def _scaled(row: Mapping[str, Any], name: str, unit: str) -> float:
    column, divisor = _UNITS[unit]
    value: int = row[f"{name}_{column}" if name else column]
    return value if divisor == 1 else value / divisor


def _steps(kept: Kept, say: Wording) -> Table:
    heads = ("from_stage", "to_stage", "crossing", "packs", "energy_kwh", "mass_kg")
    rows = [
        (
            say.stage(row["from_stage"]),
            say.stage(row["to_stage"]),
            say.say(f"crossing_{('inside', 'into', 'out')[row['crossing']]}"),
            *(_scaled(row, "", unit) for unit in _UNITS),
        )
        for row in kept.content["steps"]
    ]
    return _table("steps", heads, rows, say)


def _trend(kept: Kept, say: Wording) -> Table:
    heads = ("month", "measure", "value", "numerator", "denominator")
    rows = [
        (row["month"][:7], say.measure(row["measure"]), row["value"], row["numerator"], row["denominator"])
        for row in kept.content["trend"]
    ]
    return _table("trend", heads, rows, say)


def _unaccounted(kept: Kept, say: Wording) -> Table:
    heads = ("code", "reason", "since", "division", "company", "name", "came_stage", "record", "energy_kwh", "mass_kg")
    reasons = {one.no: one.label.in_language(say.language) for one in at.stages().reasons}
    rows = [
        (
            row["code"],
            reasons[row["reason"]],
            row["since"],
            row["division"],
            row["company"],
            say.named(row, "company"),
            say.stage(row["came_stage"]),
            row["record"],
            None if row["energy_wh"] is None else row["energy_wh"] / 1000,
            None if row["mass_g"] is None else row["mass_g"] / 1000,
        )
        for row in kept.content["unaccounted"]
    ]
    return _table("unaccounted", heads, rows, say)


def _definitions(kept: Kept, say: Wording) -> Table:
    heads = ("measure", "definition", "formula", "source", "unit", "status")
    rows = [
        (
            one.title.in_language(say.language),
            one.definition.in_language(say.language),
            one.formula.in_language(say.language),
            one.source.in_language(say.language),
            say.say(f"unit_{_unit(one.name)}"),
            one.status.value,
        )
        for one in measures().values()
    ]
    return _table("definitions", heads, rows, say)


_TABLES: Final[Sequence[Callable[[Kept, Wording], Table]]] = (
    _figures,
    _balance,
    _steps,
    _trend,
    _unaccounted,
    _definitions,
)


def _table(name: str, heads: Sequence[str], rows: list[tuple[Any, ...]], say: Wording) -> Table:
    return Table(name, say.say(f"sheet_{name}"), tuple(say.say(f"head_{head}") for head in heads), rows)


def _facts(kept: Kept, say: Wording) -> list[tuple[str, str]]:
    told = {
        "id": str(kept.id),
        "template": say.say(f"template_{kept.template}"),
        "area": f"{say.named(kept.content, 'area')} {kept.area}",
        "period": kept.period,
        "as_of": str(kept.as_of),
        "made_on": kept.content["made_on"],
        "made_at": kept.made_at.isoformat(timespec="seconds"),
        "made_by": kept.made_by,
        "data_version": kept.content["data_version"],
        "digest": kept.digest.hex(),
    }
    facts = [(say.say(f"head_{name}"), told[name]) for name in _HEAD]
    if kept.content["unaccounted_cut"]:
        facts.append((say.say("head_note"), say.say("says_cut", count=len(kept.content["unaccounted"]))))
    return facts


# ---------------------------------------------------------------- forms


def _workbook(kept: Kept, tables: Sequence[Table], say: Wording) -> bytes:
    """One flat sheet a table, numbers as numbers: what a pivot table wants."""
    buffer = io.BytesIO()
    book = FastExcel(buffer).format(bold_headers=True).freeze(row=1)
    facts = [{say.say("head_fact"): name, say.say("head_value"): value} for name, value in _facts(kept, say)]
    book.sheet(say.say("sheet_about"), facts, column_widths=[24.0, 72.0])
    for table in tables:
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.heads)
        frame = pl.DataFrame([_column(name, values) for name, values in zip(table.heads, columns, strict=True)])
        widths = [float(min(_WIDEST, max(_cells(name), *(_cells(value) for value in values[:200]), 6) + 2))
                  for name, values in zip(table.heads, columns, strict=True)]  # fmt: skip
        book.sheet(table.title, frame, column_widths=widths, autofilter=True)
    book.save()
    return buffer.getvalue()


def _column(name: str, values: Sequence[Any]) -> pl.Series:
    """A column of one type: whole numbers, numbers, or texts."""
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, int) for value in given):
        return pl.Series(name, values, pl.Int64)
    if given and all(isinstance(value, int | float) for value in given):
        return pl.Series(name, values, pl.Float64, strict=False)
    return pl.Series(name, [None if value is None else str(value) for value in values], pl.String)


def _cells(value: object) -> int:
    """How wide a value is, in digits; a Chinese sign takes two."""
    text = "" if value is None else str(value)
    return sum(1 if sign.isascii() else 2 for sign in text)


def _pages(kept: Kept, tables: Sequence[Table], say: Wording) -> bytes:
    shown = []
    for table in tables:
        rows = table.rows
        title = table.title
        if table.name == "unaccounted" and len(rows) > PRINTED_AT_MOST:
            title = f"{title} ({say.say('says_printed', count=PRINTED_AT_MOST, of=len(rows))})"
            rows = rows[:PRINTED_AT_MOST]
        shown.append(Table(table.name, title, table.heads, rows))
    title = f"{say.say(f'template_{kept.template}')} {kept.period} {say.named(kept.content, 'area')}"
    made_on = date.fromisoformat(kept.content["made_on"])
    return printed(title, _facts(kept, say), shown, say.say("pdf_foot", id=kept.id, day=made_on))
