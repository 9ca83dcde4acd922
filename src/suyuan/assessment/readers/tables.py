"""A text file to a table of texts: the heading line is found, damaged lines are kept apart and counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.readers.headings import Layout, lay_out
from suyuan.assessment.saying import found as tell
from suyuan.kernel import Finding

HEAD_BYTES = 1 << 20
HEAD_LINES = 1000
_SEPARATORS = ("\t", ",", ";", "|")
_LEAST, _MOST = 2, 2000


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of a file as text.

    Parameters
    ----------
    frame
        String columns named `c0`, `c1`, … by position.
    layout
        What the columns are.
    head
        The lines above the headings.
    places
        The number, from 1, of each row of `frame` in the file, as its kind counts: lines of a text file,
        rows of a worksheet.
    separator
        What stands between cells; empty for a worksheet.
    """

    frame: pl.DataFrame
    layout: Layout
    head: tuple[str, ...]
    places: npt.NDArray[np.int64]
    separator: str = ""
    findings: tuple[Finding, ...] = ()
    headings: tuple[str, ...] = ()

    def text(self, column: str) -> pl.Series | None:
        """A column of ours as text; None if the file has none."""
        place = self.layout.position(column)
        return None if place is None else self.frame[f"c{place}"]


@dataclass(frozen=True, slots=True)
class HeadingLine:
    """Where the headings stand: the number of the line from 0 and the byte at which the data begin."""

    number: int
    body: int
    separator: str
    headings: tuple[str, ...]
    layout: Layout


def head_lines(data: bytes) -> list[str]:
    """The first lines of a text file."""
    text = data[:HEAD_BYTES].decode("utf-8", errors="replace")
    return text.split("\n", HEAD_LINES)[:HEAD_LINES]


def find_headings(data: bytes, mapping: Mapping[str, str] | None = None) -> HeadingLine | None:
    """The line that names the most quantities; the first of equals."""
    best: HeadingLine | None = None
    body = 0
    for number, line in enumerate(head_lines(data)):
        body += len(line.encode()) + 1
        for separator in _SEPARATORS:
            cells = line.split(separator)
            if not _LEAST <= len(cells) <= _MOST:
                continue
            layout = lay_out([cell.strip().strip('"') for cell in cells], mapping)
            if len(layout.known) >= _LEAST and (best is None or len(layout.known) > len(best.layout.known)):
                best = HeadingLine(number, body, separator, tuple(cells), layout)
    return best


def read_table(data: bytes, found: HeadingLine, limits: Limits) -> Table:
    """The rows below a heading line."""
    body = data[found.body :]
    limits.check_rows(body.count(b"\n"))
    width = max(len(found.headings), _widest(body, found.separator))
    if width > limits.max_columns:
        raise AssessmentError("assessment.too_many_columns", found=width, limit=limits.max_columns)
    frame = _cells(body, found.separator, width)
    places = _line_numbers(body, frame.height, found.number + 2)
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series() if frame.height else None
    if blank is not None and blank.any():
        frame, places = frame.filter(~blank), places[~blank.to_numpy()]
    head = tuple(head_lines(data)[: found.number])
    said: tuple[Finding, ...] = ()
    if frame.height > 1 and _is_cut(body, found.separator):
        said = (tell("assessment.last_row_cut", count=1, rows=str(places[-1]), kept=frame.height - 1),)
        frame, places = frame.head(-1), places[:-1]
    return Table(frame, found.layout, head, places, found.separator, said, found.headings)


def _is_cut(body: bytes, separator: str) -> bool:
    """Whether the last line has no end and fewer cells than the one before it."""
    if body.endswith(b"\n"):
        return False
    lines = body[-(1 << 16) :].rsplit(b"\n", 2)
    mark = separator.encode()
    return len(lines) == 3 and bool(lines[2]) and lines[2].count(mark) < lines[1].count(mark)


def _widest(body: bytes, separator: str) -> int:
    return max((line.count(separator.encode()) + 1 for line in body[: 1 << 16].split(b"\n")[:20]), default=1)


def _cells(body: bytes, separator: str, width: int) -> pl.DataFrame:
    schema = {f"c{place}": pl.String() for place in range(width)}
    if not body.strip():
        return pl.DataFrame(schema=schema)
    quoted = '"' if b'"' in body and body.count(b'"') % 2 == 0 else None
    try:
        return pl.read_csv(
            separator.join(schema).encode() + b"\n" + body,
            separator=separator,
            quote_char=quoted,
            infer_schema=False,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise AssessmentError("assessment.damaged", part="csv") from error


def _line_numbers(body: bytes, height: int, first: int) -> npt.NDArray[np.int64]:
    """The line of each row: a row a line, blank lines left out if the reader left them out."""
    lines = np.arange(first, first + height, dtype=np.int64)
    found = body.count(b"\n") + (not body.endswith(b"\n"))
    if found == height:
        return lines
    ends = np.flatnonzero(np.frombuffer(body, dtype=np.uint8) == ord("\n"))
    starts = np.concatenate([[0], ends + 1])
    lengths = np.append(ends, len(body)) - starts
    filled = np.flatnonzero(lengths > 0)
    return filled + first if len(filled) == height else lines
