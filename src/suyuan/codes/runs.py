"""Runs of equal texts, and whether a column repeats any: asked of bytes and references before texts are compared.

A column from Parquet refers to a repeated text again instead of holding it again. References that are the same
stand for the same text, so that a million rows of a few thousand packs cost a comparison of integers.
"""

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from suyuan.codes.characters import Mask

_FEW: Final = 4096  # below, a comparison of texts is quicker than a look at their references


def run_starts(texts: pl.Series) -> Mask:
    """Whether each text (no nulls) differs from the row before; the first always does."""
    known = shared_starts(texts)
    return text_starts(texts) if known is None else known


def text_starts(texts: pl.Series) -> Mask:
    """`run_starts` by comparing every text with the one before."""
    starts = np.ones(len(texts), np.bool_)
    if len(texts) > 1:  # the slices of one row would be compared as if it were a single value
        starts[1:] = texts[1:] != texts[:-1]
    return starts


def shared_starts(texts: pl.Series) -> Mask | None:
    """`run_starts` where most rows share the text of the row before; None where that does not show at once."""
    if len(texts) < _FEW or texts.dtype != pl.String:
        return None
    heads = _reference_starts(texts)
    if heads is None or 2 * np.count_nonzero(heads) > len(texts):
        return None
    places = np.flatnonzero(heads)
    named = texts[places]
    if len(places) > 1:
        heads[places[1:]] = (named[1:] != named[:-1]).to_numpy()
    return heads


def _reference_starts(texts: pl.Series) -> Mask | None:
    """Where a reference differs from the one before, and where a piece of the column begins.

    None where the texts are not held by reference.
    """
    starts = np.ones(len(texts), np.bool_)
    first = 0
    for piece in texts.get_chunks():
        column = piece.to_arrow(compat_level=pl.CompatLevel.newest())
        if not pa.types.is_string_view(column.type):
            return None
        words = np.frombuffer(column.buffers()[1], np.int64, 2 * len(piece), 16 * column.offset).reshape(-1, 2)
        last = first + len(piece)
        starts[first + 1 : last] = (words[1:, 1] != words[:-1, 1]) | (words[1:, 0] != words[:-1, 0])
        first = last
    return starts


def all_different(texts: pl.Series) -> bool:
    """Whether no text (no nulls) of a long column stands twice. A yes is sure: equal texts have equal hashes."""
    if len(texts) < _FEW:
        return False
    hashes = np.sort(texts.hash().to_numpy())
    return not (hashes[1:] == hashes[:-1]).any()


def held_once(texts: pl.Series) -> pl.Series:
    """The same column; where most rows say what the row before says, they share its text instead of repeating it."""
    if len(texts) < _FEW or texts.null_count():
        return texts
    texts = texts.rechunk()
    starts = text_starts(texts)
    if 2 * np.count_nonzero(starts) > len(texts):
        return texts
    heads = texts.filter(pl.Series(starts)).to_arrow(compat_level=pl.CompatLevel.oldest())  # lets go of the others
    return pl.Series(texts.name, heads)[np.cumsum(starts, dtype=np.int32) - np.int32(1)]
