"""Contradictions of a batch as findings, in the table that every other finding stands in."""

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.columns import join_keys
from suyuan.events.admission import CODES, Contradictions
from suyuan.events.checks.batches import key_column
from suyuan.events.containment import Ints, Keys
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Severity
from suyuan.sheets.findings import FINDINGS, VALUE_LIMIT, empty, pack


def contradiction_findings(
    batch: Batch,
    contradictions: Contradictions,
    rows: tuple[pl.DataFrame, npt.NDArray[np.integer]] | None = None,
) -> pl.DataFrame:
    """One finding a contradiction, in their order (schema `suyuan.sheets.findings.FINDINGS`).

    The value is the code of the object; the data say the kind and the stage that the ledger has.

    Parameters
    ----------
    rows
        The values that the batch was built of and the record of each row. Then what a record lists, such as
        its parts, is told in its own row and field; otherwise in the record's first row, and a part in the
        field of its level.
    """
    if not len(contradictions):
        return empty()
    kind = batch.kind
    of_part = contradictions.slot < 0
    fields = pl.Series([*(slot.field for slot in kind.slots), *kind.children], dtype=pl.String)
    lower = contradictions.object >= len(batch.parts.tops)
    level = np.where(lower, len(fields) - 1, len(kind.slots))
    severity = pl.Series([Severity.FINDING.value, Severity.REFUSE.value])[contradictions.refuses.astype(np.int64)]
    found = pl.DataFrame(
        {
            "row": batch.row[contradictions.record],
            "field": fields[np.where(of_part, level, contradictions.slot)],
            "code": pl.Series(CODES)[contradictions.code],
            "severity": severity,
            "value": _codes(batch, contradictions, of_part),
            "data": _data(batch, contradictions.stage),
        }
    )
    if rows is not None:
        found = _in_their_own_rows(found, contradictions.record, kind, *rows)
    return found.with_columns(pl.col("value").str.slice(0, VALUE_LIMIT)).cast(FINDINGS)


def _in_their_own_rows(
    found: pl.DataFrame, record: Ints, kind: Kind, values: pl.DataFrame, of_row: npt.NDArray[np.integer]
) -> pl.DataFrame:
    """The findings about what a record lists in the first row of it that names the object, and in that field."""
    lists = {slot.field: slot.object == "material" for slot in kind.slots if slot.many} | dict.fromkeys(kind.children)
    rows = np.flatnonzero(np.isin(of_row, record))
    told = found.with_columns(record=pl.Series(record)).with_row_index("place")
    named = [
        pl.DataFrame({"record": of_row[rows].astype(np.int64), "value": values[column][rows].cast(pl.String)})
        .with_columns(own_row=pl.Series(rows), own_field=pl.lit(field))
        .drop_nulls("value")
        for field, batches in lists.items()
        if (column := key_column(field) if batches else field) in values.columns
    ]
    if not named:
        return found
    listed = told.filter(pl.col("field").is_in(list(lists)))
    where = listed.join(pl.concat(named), on=["record", "value"]).sort("place", "own_row").unique("place", keep="first")
    told = told.join(where.select("place", "own_row", "own_field"), on="place", how="left", maintain_order="left")
    moved = told.with_columns(row=pl.coalesce("own_row", "row"), field=pl.coalesce("own_field", "field"))
    return moved.select(found.columns)


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
