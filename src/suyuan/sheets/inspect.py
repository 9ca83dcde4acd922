"""Faults that the text of a cell shows: blank rows, errors of formulas, numbers shortened to powers of ten."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes.runs import shared_starts
from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.limits import Limits
from suyuan.sheets.normal import count_finding
from suyuan.sheets.template import Column
from suyuan.sheets.unstorable import NUL, holds_nul

EXACT_DIGITS = 15
"""A spreadsheet program keeps this many digits of a number; further ones become zeros."""

ERROR_VALUE = r"^#(?:N/A|GETTING_DATA|[A-Z0-9/_]+[!?])$"
"""The text of a cell whose formula failed."""

_PLAIN = np.zeros(256, dtype=np.bool_)
"""The visible characters of ASCII but those without which no cell shows an error or a power of ten."""
_PLAIN[ord("!") : ord("~") + 1] = True
_PLAIN[[ord("#"), ord("+")]] = False
_FIRST, _LAST = ord("+") + 1, ord("~")  # between them every character is plain
_PART = 1 << 18  # bytes looked at together, so that they stay in the processor's cache
_BLANK = r"^\s*$"
_POWER = r"^\s*-?\d+(?:[.,]\d+)?[eE]\+\d{2,}\s*$"
LOOKS_NUMERIC = r"^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$|^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"
_DAY = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"


def plain_columns(frame: pl.DataFrame) -> dict[str, int]:
    """The columns that hold nothing but plain text, with the bytes of their longest text.

    Plain are texts of `_PLAIN` characters. No rule of this module or of `repairs` speaks of such a text,
    unless it is too long; and to look at all bytes of a column at once takes less than any one of them.
    """
    longest = {}
    for series in frame:
        filled = series.drop_nulls() if series.null_count() else series  # a null may stand over forgotten bytes
        starts = shared_starts(filled)
        heads = filled if starts is None else filled.filter(pl.Series(starts))
        widths = [_plain_width(chunk) for chunk in heads.alias("").get_chunks()]
        if None not in widths:
            longest[series.name] = max((width for width in widths if width is not None), default=0)
    return longest


def _plain_width(texts: pl.Series) -> int | None:
    """The bytes of the longest text of one chunk without nulls; None if a text is not plain."""
    if texts.is_empty():
        return 0
    column = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, content = column.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64, count=len(texts) + 1, offset=8 * column.offset)
    characters = np.frombuffer(content, dtype=np.uint8)[bounds[0] : bounds[-1]]
    parts = (characters[start : start + _PART] for start in range(0, len(characters), _PART))
    widths = np.diff(bounds)
    return int(widths.max()) if widths.min() > 0 and all(_is_plain(part) for part in parts) else None


def _is_plain(part: npt.NDArray[np.uint8]) -> bool:
    """Whether all characters are plain; most texts lie between two of them."""
    if part.min() >= _FIRST and part.max() <= _LAST:
        return True
    return bool(_PLAIN[part].all())


def blank_to_null(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Cells of the columns `names` that hold only white space become null; nothing is copied where there are none."""
    if not names:
        return frame
    found = frame.select(pl.col(names).str.contains(_BLANK).any().fill_null(False)).row(0)
    blank = [name for name, any_blank in zip(names, found, strict=True) if any_blank]
    return frame.with_columns(pl.when(~pl.col(name).str.contains(_BLANK)).then(pl.col(name)) for name in blank)


def inspect_text(frame: pl.DataFrame, columns: Mapping[str, Column], limits: Limits) -> pl.DataFrame:
    """Findings about error values, unstorable characters, overlong cells and codes shown as powers of ten."""
    if not frame.width:
        return table.empty()
    masks = frame.select(
        [pl.col(name).str.starts_with("#").any().fill_null(False).alias(f"#{name}") for name in frame.columns]
        + [pl.col(name).str.len_chars().max().fill_null(0).alias(f"len {name}") for name in frame.columns]
        + [
            pl.col(name).str.contains(_POWER).any().fill_null(False).alias(f"power {name}")
            for name in frame.columns
            if columns[name].is_text
        ]
    ).row(0, named=True)
    found: list[pl.DataFrame] = []
    for name in frame.columns:
        series = frame[name]
        if holds_nul(series):
            found.append(_cells(series, series.str.contains(NUL, literal=True), "sheets.control_character"))
        if masks[f"#{name}"]:
            found.append(_cells(series, series.str.contains(ERROR_VALUE), "sheets.error_cell"))
        if masks[f"len {name}"] > limits.max_text:
            found.append(
                _cells(series, series.str.len_chars() > limits.max_text, "sheets.cell_too_long", limit=limits.max_text)
            )
        if masks.get(f"power {name}"):
            found.append(_cells(series, series.str.contains(_POWER), "sheets.number_in_text_column"))
    return table.concat(found)


def _cells(series: pl.Series, mask: pl.Series, code: str, **data: Value) -> pl.DataFrame:
    rows = mask.fill_null(False).arg_true()
    values = series.gather(rows)
    return table.make(rows, series.name, code, Severity.REFUSE, values, {"field": series.name, **data})


def lost_digits(numeric: pl.DataFrame) -> pl.Series:
    """Which numbers of `numeric` (column ``value``) have more digits than a spreadsheet program keeps."""
    size = numeric["value"].cast(pl.Float64, strict=False).abs()
    digits = numeric["value"].str.replace(r"[eE].*$", "").str.replace_all(r"[^0-9]", "").str.strip_chars_start("0")
    too_long = (size >= 10**EXACT_DIGITS) | (digits.str.len_bytes() > EXACT_DIGITS)
    lost: pl.Series = too_long.fill_null(True)
    return lost & ~numeric["shown"].str.contains(_DAY)


def with_lost_numbers_marked(frame: pl.DataFrame, numeric: pl.DataFrame) -> pl.DataFrame:
    """`frame` where a number that lost digits reads as a power of ten.

    Its digits are wrong, and text of the right length would pass every later check.
    """
    lost = numeric.filter(lost_digits(numeric))
    value = pl.col("value").str.replace(r"[eE]\+?", "E+")
    marked = lost.select("row", "field", pl.when(value.str.contains("E")).then(value).otherwise(value + "E+00"))
    changed = []
    for name in marked["field"].unique().sort():
        cells = marked.filter(pl.col("field") == name)
        changed.append(frame[name].clone().scatter(cells["row"], cells["value"]))
    return frame.with_columns(changed)


def number_findings(numeric: pl.DataFrame, row_numbers: pl.Series) -> pl.DataFrame:
    """What is to be said of text cells that are stored as numbers.

    More digits than a number can keep: the row is refused, its last digits are already lost. Fewer:
    one warning a column, since leading zeros may be lost. A day in a text column is refused, too.
    """
    found: list[pl.DataFrame] = []
    for name in numeric["field"].unique().sort():
        cells = numeric.filter(pl.col("field") == name)
        day, lost = cells["shown"].str.contains(_DAY), lost_digits(cells)
        said = {"field": name}
        dated, long, short = cells.filter(day), cells.filter(lost), cells.filter(~day & ~lost)
        found += [
            table.make(dated["row"], name, "sheets.date_in_text_column", values=dated["shown"], data=said),
            table.make(long["row"], name, "sheets.number_in_text_column", values=long["value"], data=said),
        ]
        position = pl.int_range(short.height, eager=True)
        numbers = row_numbers.gather(short["row"])
        values = short["value"].alias(name)
        found.append(count_finding("sheets.short_number_in_text_column", values, position, numbers))
    return table.concat(found)
