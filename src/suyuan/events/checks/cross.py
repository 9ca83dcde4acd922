"""Rules over several fields of one record, as one table."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.events.checks.fields import field_names
from suyuan.events.checks.judged import Pen, personal_fields
from suyuan.events.checks.rows import Groups
from suyuan.events.checks.texts import Mask, Rows, mask
from suyuan.events.vocabulary import Kind

NEEDED = "needed"
FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where `breaks` is true the record breaks the rule.

    Parameters
    ----------
    kinds
        Names of the kinds it holds for.
    field
        The field that the reporter should look at.
    breaks
        Expression over the typed fields; a field that the file does not have is null.
    whole_record
        It is enough that one row of the record keeps the rule; the first row is named.
    """

    code: str
    kinds: frozenset[str]
    field: str
    breaks: pl.Expr
    whole_record: bool = False


def _none(*names: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_null() for name in names)


RULES: tuple[Rule, ...] = (
    Rule(
        "events.same_code",
        frozenset({"replaced", "swapped"}),
        "new_code",
        pl.col("old_code") == pl.col("new_code"),
    ),
    Rule(
        "events.pack_or_reason",
        frozenset({"vehicle_scrapped"}),
        "missing_reason",
        _none("pack_code", "missing_reason"),
    ),
    Rule(
        "events.pack_and_reason",
        frozenset({"vehicle_scrapped"}),
        "missing_reason",
        pl.col("pack_code").is_not_null() & pl.col("missing_reason").is_not_null(),
    ),
    Rule(
        "events.soh_or_capacity",
        frozenset({"assessed"}),
        "soh",
        _none("soh", "residual_capacity_ah", "residual_energy_wh"),
    ),
    Rule(
        "events.field_note",
        frozenset({"product_delivered"}),
        "field_note",
        (pl.col("application_field") == "other") & pl.col("field_note").is_null(),
    ),
    Rule(
        "events.source_missing",
        frozenset({"product_made"}),
        "source_code",
        _none("source_code", "source_company"),
        whole_record=True,
    ),
    Rule(
        "events.input_missing",
        frozenset({"treated"}),
        "source_code",
        _none("source_code", "uncoded_mass_kg"),
        whole_record=True,
    ),
)


def check_rules(kind: Kind, values: pl.DataFrame, records: Groups, pen: Pen) -> None:
    """Every rule of `RULES` on every record; and what a correction says of a personal field is not quoted."""
    if kind.about_record and {"field", "value"} <= set(values.columns):
        harmless = values["field"].is_in(sorted(set(field_names().values()) - personal_fields()))
        pen.withhold("value", ~mask(harmless))
    rules = [rule for rule in RULES if kind.name in rule.kinds]
    if not rules:
        return
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in kind.fields if name not in values.columns]
    table = values.with_columns(absent)
    for rule in rules:
        broken = mask(table.select(rule.breaks).to_series())
        rows = _in_every_row(broken, records) if rule.whole_record else np.flatnonzero(broken)
        if len(rows):
            pen.write(rule.code, rows, rule.field, table[rule.field].cast(pl.String)[rows])


def _in_every_row(broken: Mask, records: Groups) -> Rows:
    """The first row of each record that breaks the rule in all of its rows."""
    kept = np.zeros(len(records), bool)
    kept[records.group[~broken]] = True
    return records.first[~kept]


def check_destination(kind: Kind, values: pl.DataFrame, reporter: str | None, pen: Pen) -> None:
    """Nobody hands a battery to himself; where a kind only may name a destination it is a finding."""
    party = kind.fields.get("party")
    if party is None or reporter is None or "party" not in values.columns:
        return
    code = "events.destination_is_reporter" if party.required else "events.destination_own"
    rows = np.flatnonzero(mask(values["party"] == reporter))
    pen.write(code, rows, "party", values["party"][rows])
