"""A column of texts with each different text named once, so that a rule looks at it once.

Texts and typed values are Polars series. Marks and places are arrays: on the few hundred rows of a
small submission one call of an array is far cheaper than one of a series, on a million it costs the same.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes import runs

Mask: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.int32]
"""Places in something else, by row; `NOWHERE` where there is none."""
Rows: TypeAlias = npt.NDArray[np.integer]

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column as received.

    Parameters
    ----------
    name
        Canonical name of the field.
    text
        By row; null where blank.
    values
        The texts to judge, without blanks: each different one once where that saves work.
    index
        By row, the place in `values`, `NOWHERE` where blank; None if `values` is `text` itself.
    repeats
        Whether two rows hold the same text.
    """

    name: str
    text: pl.Series
    values: pl.Series
    index: Places | None
    repeats: bool

    def spread(self, by_value: pl.Series) -> pl.Series:
        """What was found for each of `values`, by row; null where blank."""
        return by_value if self.index is None else gather(by_value, self.index)

    def marked(self, by_value: Mask) -> Rows:
        """The rows whose text `by_value` marks, ascending."""
        return np.flatnonzero(by_value if self.index is None else np.append(by_value, False)[self.index])

    def at(self, rows: Rows, by_value: pl.Series) -> pl.Series:
        """What was found for each of `values`, for `rows` (none of them blank)."""
        return by_value[rows if self.index is None else self.index[rows]]

    def blank(self) -> Mask:
        """The rows where nothing was said."""
        return np.zeros(len(self.text), bool) if self.index is None else self.index == NOWHERE

    def identities(self) -> Places:
        """By row, a number that is the same exactly where the text is; `NOWHERE` where blank."""
        if self.index is None and not self.repeats:
            return np.arange(len(self.text), dtype=np.int32)
        if self.index is not None and (not self.repeats or len(self.values) == self.values.n_unique()):
            return self.index
        return places(self.text, self.text.unique(maintain_order=True).drop_nulls())


def mask(marks: pl.Series) -> Mask:
    """`marks` as an array; what is null is not marked."""
    return (marks.fill_null(False) if marks.null_count() else marks).to_numpy()


def is_null(series: pl.Series) -> Mask:
    """Where `series` is null."""
    return series.is_null().to_numpy() if series.null_count() else np.zeros(len(series), bool)


def repeated(value: object, length: int, dtype: pl.DataType) -> pl.Series:
    """A column that says `value` in every row."""
    return pl.Series([value], dtype=dtype).new_from_index(0, length)


def gather(series: pl.Series, places: Rows) -> pl.Series:
    """What stands at `places`; null at `NOWHERE`."""
    if len(places) and places.min() == NOWHERE:
        series = pl.concat([series, repeated(None, 1, series.dtype).alias(series.name)])
    return series[places]


def run_starts(values: pl.Series | npt.NDArray[np.integer]) -> Mask:
    """Whether each row of `values` (no nulls) differs from the row before; the first always does."""
    if isinstance(values, pl.Series):
        return runs.run_starts(values)
    starts = np.ones(len(values), bool)
    if len(values) > 1:  # the slices of one row would be compared as if it were a single value
        starts[1:] = values[1:] != values[:-1]
    return starts


def run_of_row(starts: Mask) -> Places:
    """By row, the number of its run, from 0."""
    return np.cumsum(starts, dtype=np.int32) - np.int32(1)


def places(values: pl.Series, different: pl.Series) -> Places:
    """Where each of `values` stands among `different`."""
    table = pl.DataFrame({"key": different, "place": np.arange(len(different), dtype=np.int32)})
    found = values.alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")["place"]
    return (found.fill_null(NOWHERE) if found.null_count() else found).to_numpy()


def text_column(name: str, received: pl.Series) -> TextColumn:
    """The column `name` as received: String or Categorical, blank or null where nothing was said.

    Equal texts in a row are folded first, which makes repeated columns (the pack of every cell) nearly free.
    """
    said = received.cast(pl.String).alias(name)
    if said.null_count():
        said = said.fill_null("")
    blank = (said == "").to_numpy()
    filled = len(said) - int(np.count_nonzero(blank))
    text = said if filled == len(said) else said.set(pl.Series(blank), None)
    starts, unlike = _runs(said)
    heads = said if starts.all() else said.filter(pl.Series(starts))
    different = len(heads) if unlike or runs.all_different(heads) else heads.n_unique()
    different -= filled < len(said)
    if 2 * different > filled:
        return _seldom_repeated(name, text, blank, different)
    if different == len(heads):
        return TextColumn(name, text, heads, run_of_row(starts), True)
    values = heads.unique(maintain_order=True)
    values = values.filter(values != "") if filled < len(said) else values
    return TextColumn(name, text, values, places(heads, values)[run_of_row(starts)], True)


def _runs(said: pl.Series) -> tuple[Mask, bool]:
    """Where runs of equal texts start, and whether it is known that no text stands twice."""
    starts = runs.shared_starts(said)
    if starts is None and runs.all_different(said):
        return np.ones(len(said), bool), True
    return (runs.text_starts(said) if starts is None else starts), False


def _seldom_repeated(name: str, text: pl.Series, blank: Mask, different: int) -> TextColumn:
    filled = len(text) - text.null_count()
    if filled == len(text):
        return TextColumn(name, text, text, None, different < filled)
    index = np.cumsum(~blank, dtype=np.int32) - np.int32(1)
    index[blank] = NOWHERE
    return TextColumn(name, text, text.drop_nulls(), index, different < filled)
