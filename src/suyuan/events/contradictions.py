"""Contradictions of a batch as findings, in the table that every other finding stands in."""

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.columns import join_keys
from suyuan.events.admission import CODES, Contradictions
from suyuan.events.containment import Ints, Keys
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity
from suyuan.sheets.findings import FINDINGS, VALUE_LIMIT, empty, pack


def contradiction_findings(batch: Batch, contradictions: Contradictions) -> pl.DataFrame:
    """One finding a contradiction, in their order (schema `suyuan.sheets.findings.FINDINGS`).

    The row is the first of the record, the field that of the slot, or for parts of their level,
    the value the code of the object. The data say the kind and the stage that the ledger has.
    """
    if not len(contradictions):
        return empty()
    kind = batch.kind
    of_part = contradictions.slot < 0
    fields = pl.Series([*(slot.field for slot in kind.slots), *kind.children], dtype=pl.String)
    lower = contradictions.object >= len(batch.parts.tops)
    level = np.where(lower, len(fields) - 1, len(kind.slots))
    field = np.where(of_part, level, contradictions.slot)
    severity = pl.Series([Severity.FINDING.value, Severity.REFUSE.value])[contradictions.refuses.astype(np.int64)]
    return pl.DataFrame(
        {
            "row": batch.row[contradictions.record],
            "field": fields[field],
            "code": pl.Series(CODES)[contradictions.code],
            "severity": severity,
            "value": _codes(batch, contradictions, of_part).str.slice(0, VALUE_LIMIT),
            "data": _data(batch, contradictions.stage),
        },
        FINDINGS,
    )


def _codes(batch: Batch, contradictions: Contradictions, of_part: npt.NDArray[np.bool_]) -> pl.Series:
    parts, objects = batch.parts, batch.objects
    lot = np.concatenate((objects.lot, parts.tops.lot, parts.subs.lot))
    serial = np.concatenate((objects.serial, parts.tops.serial, parts.subs.serial))
    place = contradictions.object + np.where(of_part, len(objects), 0)
    named = Keys(batch.lots, lot, serial).take(place)
    return join_keys(named.lots, named.lot.astype(np.uint32), named.serial.astype(np.int32))


def _data(batch: Batch, stage: Ints) -> pl.Series:
    """What a sentence needs, made once for each stage that occurs."""
    words = vocabulary()
    told = {}
    for number in np.unique(stage).tolist():
        label = words.stage_labels[words.stage_name(number)]
        label_of_kind = batch.kind.label
        told[number] = pack(
            {
                "stage": words.stage_name(number),
                "stage_zh": label.zh,
                "stage_en": label.en,
                "kind": batch.kind.name,
                "kind_zh": label_of_kind.zh,
                "kind_en": label_of_kind.en,
            }
        )
    return pl.Series(stage).replace_strict(told, return_dtype=pl.String)
