"""Records that keep every rule, made from the vocabulary; number n of a kind is always the same."""

from datetime import UTC, date, datetime

import polars as pl

from suyuan.codes.uscc import organisation_check, uscc_check
from suyuan.codes.vin import check_digit
from suyuan.events.check import Context
from suyuan.events.vocabulary import Field, FieldType, Kind, vocabulary

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
REPORTER = "91350900587527783P"

# Fields that only stand where another one does not.
_BLANK = frozenset({("vehicle_scrapped", "missing_reason")})

ROWS = {"pack_produced": 6, "module_produced": 3, "after_sales_stocked": 2, "dismantled": 2}
ROWS |= {"product_made": 2, "treated": 2}
"""Rows of one record; every other kind has one."""


def battery_code(level: str, number: int) -> str:
    """A 24-character code made out on 2021-12-04."""
    return f"04Q{level}B76836300JBC4{number + 1:07d}"


def product_code(number: int) -> str:
    """A 19-character code made out on 2025-12-15."""
    return f"04QMB76FCF{number + 1:07d}RM"


def vin(number: int) -> str:
    """A vehicle identification number with its check digit."""
    text = f"LGWEEUA50ME{number:06d}"
    return text[:8] + check_digit(text) + text[9:]


def company(number: int) -> str:
    """A unified social credit code with both check characters, never that of `REPORTER`."""
    body = f"{number + 10_000_000:08d}"
    text = "91350900" + body + organisation_check(body)
    return text + uscc_check(text)


def _code(kind: Kind, field: Field, number: int, row: int) -> str:
    item = number * 10 + row
    match field.name:
        case "product_code":
            return product_code(number)
        case "module_code" if kind.name == "pack_produced":
            return battery_code("M", number * 10 + row // 3)
        case "cell_code" | "child_code" | "source_code":
            return battery_code("C", item)
        case "new_code":
            return battery_code(field.levels[0], number + 5_000_000)
        case _:
            return battery_code(field.levels[0], number)


def _text(kind: Kind, field: Field, number: int) -> str:
    if kind.name == "correction" and field.name == "field":
        return "produced_on"
    return f"{field.name} {number}"


_SAME = {
    FieldType.DIVISION: "350902",
    FieldType.SITE: "S001",
    FieldType.DATE: "2026-03-15",
    FieldType.DATETIME: "2026-03-15 08:30:00",
    FieldType.NUMBER: "1",
    FieldType.INTEGER: "1",
}


def value(kind: Kind, field: Field, number: int, row: int = 0) -> str | None:
    """The text of a field in a row of record `number`."""
    if (kind.name, field.name) in _BLANK:
        return None
    if field.type is FieldType.CHOICE:
        return next(iter(field.choices))
    made = {
        FieldType.VIN: vin(number),
        FieldType.COMPANY: company(number),
        FieldType.RECORD: f"0190a1b2-3c4d-7e5f-8a6b-{number:012d}",
    }
    if field.type is FieldType.BATTERY_CODE:
        return _code(kind, field, number, row)
    return (_SAME | made).get(field.type) or _text(kind, field, number)


def rows(kind: Kind, number: int = 0) -> list[dict[str, str | None]]:
    """The rows of record `number` as a reporter sends them: every field as text."""
    count = ROWS.get(kind.name, 1)
    return [{name: value(kind, field, number, row) for name, field in kind.fields.items()} for row in range(count)]


def sheet(kind: Kind | str, records: int = 1, /, **changes: str | None) -> pl.DataFrame:
    """The first `records` records of a kind; `changes` replace a field in the first row."""
    kind = vocabulary().kinds[kind] if isinstance(kind, str) else kind
    table = [row for number in range(records) for row in rows(kind, number)]
    table[0] |= changes
    return pl.DataFrame(table, schema=dict.fromkeys(kind.fields, pl.String))


def context(**known: object) -> Context:
    """A context in which nothing but the day and the reporter is known, unless told."""
    return Context(**({"reference": TODAY, "now": NOW, "reporter": REPORTER} | known))  # type: ignore[arg-type]
