"""A column of texts with each different text named once, so that a rule looks at it once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl


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
        By row, the position in `values`, null where blank; None if `values` is `text` itself.
    repeats
        Whether two rows hold the same text.
    """

    name: str
    text: pl.Series
    values: pl.Series
    index: pl.Series | None
    repeats: bool

    def spread(self, by_value: pl.Series) -> pl.Series:
        """What was found for each of `values`, by row; null where blank."""
        return by_value if self.index is None else by_value.gather(self.index)

    def rows_where(self, by_value: pl.Series) -> pl.Series:
        """The rows whose text `by_value` marks, ascending."""
        return self.spread(by_value).fill_null(False).arg_true()

    def at(self, rows: pl.Series, by_value: pl.Series) -> pl.Series:
        """What was found for each of `values`, for `rows` (none of them blank)."""
        return by_value.gather(rows if self.index is None else self.index.gather(rows))

    def identities(self) -> pl.Series:
        """By row, a number that is the same exactly where the text is; null where blank."""
        if self.index is not None and len(self.values) == self.values.n_unique():
            return self.index
        if not self.repeats:
            return row_numbers(len(self.text))
        return _positions(self.text, self.text.unique(maintain_order=True).drop_nulls())


def row_numbers(length: int) -> pl.Series:
    """0, 1, 2 …"""
    return pl.int_range(length, dtype=pl.UInt32, eager=True)


def nowhere(length: int) -> pl.Series:
    """A mark that no row bears."""
    return pl.Series([False]).new_from_index(0, length)


def run_starts(values: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether each row differs from the row before; the first always does."""
    starts = np.ones(len(values), bool)
    if len(values):
        run = values.rle_id().to_numpy()
        np.not_equal(run[1:], run[:-1], out=starts[1:])
    return starts


def run_of_row(starts: npt.NDArray[np.bool_]) -> pl.Series:
    """By row, the number of its run, from 0."""
    return pl.Series((np.cumsum(starts, dtype=np.uint32) - np.uint32(1)).astype(np.uint32, copy=False))


def _positions(values: pl.Series, different: pl.Series) -> pl.Series:
    """Where each of `values` stands among `different`; null where it does not."""
    table = pl.DataFrame({"key": different, "position": row_numbers(len(different))})
    return values.alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")["position"]


def text_column(name: str, received: pl.Series) -> TextColumn:
    """The column `name` as received: String or Categorical, blank or null where nothing was said.

    Equal texts in a row are folded first, which makes repeated columns (the pack of every cell) nearly free.
    """
    text = received.cast(pl.String).alias(name)
    blank = text == ""
    if blank.any():
        text = text.set(blank.fill_null(False), None)
    filled = len(text) - text.null_count()
    starts = run_starts(text)
    runs = text if starts.all() else text.filter(pl.Series(starts))
    different = runs.n_unique() - (1 if runs.null_count() else 0)
    if 2 * different > filled:
        return _seldom_repeated(name, text, filled, different)
    if different == len(runs):
        return TextColumn(name, text, runs, run_of_row(starts), True)
    values = runs.unique(maintain_order=True).drop_nulls()
    return TextColumn(name, text, values, _positions(runs, values).gather(run_of_row(starts)), True)


def _seldom_repeated(name: str, text: pl.Series, filled: int, different: int) -> TextColumn:
    if filled == len(text):
        return TextColumn(name, text, text, None, different < filled)
    present = text.is_not_null()
    position = present.cast(pl.UInt32).cum_sum() - 1
    index = position.set(~present, None)
    return TextColumn(name, text, text.drop_nulls(), index, different < filled)
