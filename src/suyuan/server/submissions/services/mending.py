"""What a sender has mended in his file before it is checked, and what could be mended in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from suyuan.server.submissions.models import Submission
from suyuan.sheets.repairs import REPAIRS
from suyuan.sheets.sheet import Sheet, apply_repairs

EXAMPLES: Final = 5
_CHANGE: Final = "change"


@dataclass(frozen=True, slots=True)
class Mending:
    """The wishes of the sender.

    Parameters
    ----------
    repair
        Whether proposed repairs are done; `kinds` says which, None means every kind.
    changes
        Field → {text as received → text instead}, in every row where it stands.
    """

    repair: bool = False
    kinds: tuple[str, ...] | None = None
    changes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, submission: Submission) -> "Mending":
        """As kept with a submission."""
        kinds = None if submission.repairs is None else tuple(submission.repairs)
        return cls(submission.repair, kinds, submission.changes or {})


def mend(sheet: Sheet, wishes: Mending) -> Sheet:
    """`sheet` with what is wished done; one that is not readable comes back as it is."""
    if not sheet.readable:
        return sheet
    if wishes.repair:
        sheet = apply_repairs(sheet, wishes.kinds)
    wanted = [_rows_to_change(sheet, name, texts) for name, texts in sorted(wishes.changes.items())]
    wanted = [each for each in wanted if each.height]
    if not wanted:
        return sheet
    left = sheet.repairs
    changed = apply_repairs(replace(sheet, repairs=pl.concat(wanted)), [_CHANGE])
    return replace(changed, repairs=left.join(pl.concat(wanted), on=["row", "field"], how="anti"))


def _rows_to_change(sheet: Sheet, name: str, texts: Mapping[str, str]) -> pl.DataFrame:
    """The cells of a field that read like one of `texts`, as proposals."""
    if name not in sheet.columns.columns:
        return pl.DataFrame(schema=REPAIRS)
    received = sheet.received(name).alias("before").to_frame().with_row_index("row")
    table = pl.DataFrame(list(texts.items()), schema={"before": pl.String(), "after": pl.String()}, orient="row")
    found = received.join(table, on="before", how="inner", maintain_order="left")
    return found.with_columns(field=pl.lit(name), kind=pl.lit(_CHANGE)).select(REPAIRS.names()).cast(REPAIRS)


def layout_of(sheet: Sheet) -> dict[str, Any]:
    """How a file was understood, as JSON: its headings by field, those unknown, and what could be mended in it."""
    return {
        "format": sheet.format.value,
        "worksheet": sheet.worksheet,
        "headings": dict(sheet.headings),
        "unknown": list(sheet.unknown_headings),
        "guessed": dict(sheet.guessed_mapping),
        "rivals": list(sheet.rivals),
        "proposals": _proposals(sheet),
    }


def _proposals(sheet: Sheet) -> list[dict[str, Any]]:
    """The proposed repairs by field and kind: how many cells, and the first few before and after."""
    private = set(sheet.template.private) if sheet.template else set()
    numbered = sheet.repairs.with_columns(row_number=sheet.row_numbers.gather(sheet.repairs["row"]))
    found = []
    for (name, kind), cells in sorted(numbered.partition_by("field", "kind", as_dict=True).items()):
        shown = [] if name in private else cells.head(EXAMPLES).select("row_number", "before", "after").to_dicts()
        found.append({"field": name, "kind": kind, "cells": cells.height, "examples": shown})
    return found
