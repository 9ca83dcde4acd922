"""Contradictions between a record and the ledger, as findings that name the code and the place."""

import numpy as np
import polars as pl

from suyuan.codes.columns import join_keys
from suyuan.events.admission import CODES, Contradictions
from suyuan.events.containment import Ints
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity
from suyuan.sheets.findings import FINDINGS


def contradiction_findings(batch: Batch, found: Contradictions) -> pl.DataFrame:
    """One finding a contradiction (schema `FINDINGS`); `row` is the first row of its record.

    The sentence gets the stage that the ledger has instead, in both languages, and what the record is.
    """
    if not len(found):
        return pl.DataFrame(schema=FINDINGS)
    severity = np.where(found.refuses, Severity.REFUSE.value, Severity.FINDING.value)
    frame = pl.DataFrame(
        {
            "row": batch.row[found.record],
            "field": _fields(batch, found.slot),
            "code": pl.Series(list(CODES))[found.code],
            "severity": pl.Series(severity),
            "value": _codes(batch, found),
            "data": _data(batch, found.stage),
        }
    )
    return frame.cast(FINDINGS)


def _fields(batch: Batch, slot: Ints) -> pl.Series:
    """The field of each slot; the last stands for the parts, which come after -1."""
    parts = batch.kind.children[0] if batch.kind.children else batch.kind.main.field
    fields = pl.Series([*(each.field for each in batch.kind.slots), parts])
    return fields[np.where(slot < 0, len(fields) - 1, slot)]


def _codes(batch: Batch, found: Contradictions) -> pl.Series:
    """The code that each contradiction is about: an object of the batch, or a part."""
    part = found.slot < 0
    keys = (batch.objects, batch.parts.tops, batch.parts.subs)
    lot = np.concatenate([key.lot for key in keys])
    serial = np.concatenate([key.serial for key in keys])
    place = np.where(part, len(batch.objects) + found.object, found.object)
    return join_keys(list(batch.lots), lot[place].astype(np.uint32), serial[place].astype(np.int32))


def _data(batch: Batch, stage: Ints) -> pl.Series:
    words = vocabulary()
    labels = [(number, words.stage_labels[name]) for name, number in words.stages.items()]
    texts = pl.DataFrame(
        {
            "number": [number for number, _ in labels],
            "stage_zh": [label.zh for _, label in labels],
            "stage_en": [label.en for _, label in labels],
        }
    )
    named = pl.DataFrame({"number": stage}).join(texts, on="number", how="left", maintain_order="left")
    kind = batch.kind.label
    data = pl.struct("stage_zh", "stage_en", kind_zh=pl.lit(kind.zh), kind_en=pl.lit(kind.en))
    return named.select(data.struct.json_encode()).to_series()
