"""Telemetry of vehicles by GB/T 32960, exported as csv: pack voltage and current over the vehicle's time.

Resolution of the messages: voltage 0.1 V, current 0.1 A (fields as in the open decoder rtm_con,
github.com/beidouchangxi/rtm_con). Whether a file counts charging or discharging as positive is not
in the file; it is found from the rows in which the vehicle says that it is charging.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from suyuan.assessment.canonical import Draft, draft_of, settle
from suyuan.assessment.readers.headings import Layout
from suyuan.assessment.readers.tables import Table
from suyuan.assessment.record import Record
from suyuan.assessment.signs import EVIDENCE
from suyuan.kernel import Severity

FORM = "gbt-32960-csv"
_MARKS = ("总电压", "总电流")
_OTHERS = ("soc", "充电状态", "车速", "累计里程", "里程")


@cache
def _markers() -> dict[str, Any]:
    return tomllib.loads((files("suyuan.assessment.readers") / "telemetry.toml").read_text(encoding="utf-8"))


def is_telemetry(headings: tuple[str, ...], layout: Layout) -> bool:
    """Whether these are the headings of a vehicle's telemetry."""
    texts = [heading.strip().lower() for heading in headings]
    has = all(any(mark in text for text in texts) for mark in _MARKS)
    return has and "moment" in layout.known and any(other in text for text in texts for other in _OTHERS)


def read_telemetry(table: Table, name: str | None) -> Record:
    """The record of one vehicle's telemetry."""
    draft = draft_of(table, FORM, name)
    _without_markers(draft)
    charging = _charging(draft)
    if not charging:
        draft.say("assessment.sign_unknown")
    return settle(draft)


def _without_markers(draft: Draft) -> None:
    """Values that stand for "no value" go; each kind is said."""
    for marker in _markers()["no_value"]:
        column, values = marker["column"], marker["values"]
        if column not in draft.frame.columns:
            continue
        near = [(pl.col(column) - value).abs() < 1e-6 for value in values]
        found = draft.frame.select(pl.any_horizontal(near).fill_null(False)).to_series()
        if found.any():
            draft.frame = draft.frame.with_columns(pl.when(~found).then(pl.col(column)).alias(column))
            draft.say("assessment.no_value_marker", column=column, count=int(found.sum()), status=str(marker["status"]))


def _charging(draft: Draft) -> bool:
    """Label the rows in which the vehicle says it charges; whether there are any with a current."""
    if "charging_state" not in draft.frame.columns or "current_ampere" not in draft.frame.columns:
        return False
    words = _markers()["charging"]["words"]
    charging = pl.col("charging_state").is_in(words).fill_null(False)
    draft.frame = draft.frame.with_columns(
        pl.when(charging).then(pl.lit("充电")).otherwise(pl.lit("")).alias(EVIDENCE)
    ).drop("charging_state")
    flowing = draft.frame.filter((pl.col(EVIDENCE) == "充电") & (pl.col("current_ampere").abs() > 0)).height
    draft.say("assessment.recalled_meaning", Severity.WARNING, column="充电状态")
    return flowing > 0
