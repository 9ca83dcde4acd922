"""Reading csv: the encoding is found, never guessed with loss; the delimiter is found; rows keep their numbers."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from suyuan.codes.runs import held_once
from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.assemble import RESULT, Draft, settle, tidy, unrecognised
from suyuan.sheets.headings import SEARCHED_ROWS, Match, Recognition, recognise, second_heading_row
from suyuan.sheets.limits import Limits, SheetError
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template
from suyuan.sheets.unstorable import stripped

_STEP = 1 << 20
_HEAD_BYTES = 256 << 10
_DELIMITERS = (",", "\t", ";")
_STRAY_QUOTE = re.compile(rb'[^,;\t\r\n"]"[^,;\t\r\n"]')
_NEUTRALISED = r"^'+[=+\-@\t\r]"
_BATCH = 50_000
_PORTION = 16 << 20  # bytes
_NEXT_LINE = re.compile(rb"\n(?=[^\r\n])")
_LONG_SEQUENCE = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_SHOWN = 5


def read_delimited(
    data: bytes,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    """The sheet in csv text."""
    text = to_utf8(data)
    limit = limits.max_rows
    if _rows_at_most(text) > limit:
        _check_rows(text, limits)
    separator, rows, recognition = _head(text, templates, name, mapping)
    limits.check_columns(max(map(len, rows), default=0))
    match = recognition.match
    if match is None:
        return unrecognised(Format.CSV, rows, recognition, name)
    skip = match.row + 1 + second_heading_row(rows, match, mapping)
    frame, overflow = _table(text, separator, skip, len(rows[match.row]), match)
    limits.check_rows(frame.height)
    draft = Draft(
        format=Format.CSV,
        frame=frame,
        row_numbers=pl.int_range(skip + 1, skip + 1 + frame.height, dtype=pl.UInt32, eager=True),
        match=match,
        recognition=recognition,
        headings={column: stripped(rows[match.row][position] or "") for position, column in match.columns.items()},
        name=name,
    )
    tidied = tidy(draft)
    if overflow.len():
        index = tidied.row_numbers.search_sorted(overflow + skip + 1)
        tidied.said.append(table.make(index, None, "sheets.too_many_fields", data={"columns": len(rows[match.row])}))
    if _cut_short(text, separator, len(rows[match.row])):
        last: dict[str, Value] = {"row": int(draft.row_numbers[-1]) if draft.row_numbers.len() else 0}
        tidied.said.append(table.make(None, None, "sheets.last_line_short", Severity.WARNING, data=last))
    return settle(tidied, limits)


def to_utf8(data: bytes) -> bytes:
    """`data` as UTF-8 without a byte order mark, from UTF-8, UTF-16 with a mark, or GB18030.

    SheetError if it is none of these, or more than one; nothing is ever replaced by question marks.
    """
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            text = _recode(data[len(mark) :], encoding)
            break
    else:
        text = data.removeprefix(codecs.BOM_UTF8)
        if not _decodes(text, "utf-8"):
            _refuse_mixed(text)
            text = _recode(text, "gb18030")
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    return text


def _refuse_mixed(data: bytes) -> None:
    """Refuse text that is not UTF-8 as a whole but in some of its lines.

    A line of Chinese in GB18030 may be valid UTF-8 by chance, but only with sequences of two bytes, so
    a line counts as UTF-8 if it has a longer one.
    """
    if not _LONG_SEQUENCE.search(data):
        return
    lines = data.replace(b"\r", b"\n") if b"\n" not in data else data
    good: list[str] = []
    bad: list[str] = []
    for number, line in enumerate(io.BytesIO(lines), 1):
        if line.isascii():
            continue
        if not _decodes(line, "utf-8"):
            bad.append(str(number))
        elif _LONG_SEQUENCE.search(line):
            good.append(str(number))
    if good:
        counts: dict[str, Value] = {"utf8": len(good), "others": len(bad)}
        raise SheetError("sheets.mixed_encodings", utf8_lines=good[:_SHOWN], other_lines=bad[:_SHOWN], **counts)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        for _ in _decoded(data, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    view = memoryview(data)
    for start in range(0, len(data), _STEP):
        yield decoder.decode(view[start : start + _STEP])
    yield decoder.decode(b"", final=True)


def _recode(data: bytes, encoding: str) -> bytes:
    try:
        return b"".join(part.encode() for part in _decoded(data, encoding))
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise SheetError("sheets.encoding", position=at + 1) from error


def _rows_at_most(text: bytes) -> int:
    return text.count(b"\n") + 1


def _check_rows(text: bytes, limits: Limits) -> None:
    """Count rows exactly where line breaks alone exceed the limit: quoted line breaks are no rows."""
    found = _rows_at_most(text) - SEARCHED_ROWS
    if b'"' in text:
        rows = csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""))
        found = sum(1 for _ in rows) - SEARCHED_ROWS
    limits.check_rows(found)


def _head(
    text: bytes, templates: Sequence[Template], name: str | None, mapping: Mapping[str, str] | None
) -> tuple[str, list[list[str | None]], Recognition]:
    """The delimiter, the first rows and what they were recognised as.

    The delimiter is the one that gives the best headings; without any, the one that gives most fields.
    """
    lines = text[:_HEAD_BYTES].decode("utf-8", errors="ignore")
    tried = []
    for place, separator in enumerate(_DELIMITERS):
        rows = _first_rows(lines, separator)
        recognition = recognise(rows, templates, mapping, [name or ""])
        best = recognition.best
        width = len(rows[best.row]) if best else max(map(len, rows), default=0)
        rank = (recognition.match is not None, best.score if best else -(10**6), width, -place)
        tried.append((rank, separator, rows, recognition))
    _, separator, rows, recognition = max(tried, key=lambda each: each[0])
    return separator, rows, recognition


def _first_rows(text: str, separator: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([cell or None for cell in row])
            if len(rows) > SEARCHED_ROWS + 1:
                break
    except csv.Error:
        pass  # an overlong field in the part that was cut off; the full reading tells about real faults
    return rows


def _table(text: bytes, separator: str, skip: int, width: int, match: Match) -> tuple[pl.DataFrame, pl.Series]:
    """The mapped columns, and the rows that have more fields than headings."""
    wanted = dict(match.columns)
    if match.result is not None:
        wanted[match.result] = RESULT
    if b'"' in text and (text.count(b'"') % 2 or _STRAY_QUOTE.search(text)):
        strict = None
    else:
        strict = _strict(text, separator, skip, [*wanted, width], width)
    frame = _tolerant(text, separator, skip, width) if strict is None else strict
    overflow = frame[f"column_{width}"].is_not_null().arg_true()
    columns = (frame.drop_in_place(f"column_{position}").alias(name) for position, name in wanted.items())
    return pl.DataFrame([_received(column) for column in columns]), overflow.cast(pl.UInt32)


def _received(series: pl.Series) -> pl.Series:
    """Take back the apostrophe that our own export puts before text that a program might run as a formula."""
    if not series.str.starts_with("'").any():
        return series
    frame = series.to_frame("x").select(
        pl.when(pl.col("x").str.contains(_NEUTRALISED)).then(pl.col("x").str.slice(1)).otherwise("x")
    )
    return frame.to_series().alias(series.name)


def _strict(
    text: bytes, separator: str, skip: int, columns: list[int], width: int, portion: int = _PORTION
) -> pl.DataFrame | None:
    """The fields at `columns`, read about `portion` bytes at a time where no quotes can hold a line break."""
    names = [f"column_{position}" for position in range(width + 1)]
    quoted = b'"' in text
    parts: dict[str, list[pl.Series]] = {}
    try:
        for piece in [text] if quoted else _pieces(text, portion, skip):
            frame = pl.read_csv(
                piece,
                has_header=False,
                skip_rows=0 if parts else skip,
                schema=dict.fromkeys(names, pl.String),
                columns=[names[position] for position in sorted(set(columns))],
                separator=separator,
                quote_char='"' if quoted else None,
                truncate_ragged_lines=True,
                missing_columns="insert",
                raise_if_empty=False,
            )
            for name in frame.columns:
                parts.setdefault(name, []).append(held_once(frame.drop_in_place(name)))
    except pl.exceptions.PolarsError:
        return None  # quotes in unexpected places: read row by row
    return pl.DataFrame([pl.concat(column, rechunk=False) for column in parts.values()])


def _pieces(text: bytes, size: int, skip: int) -> Iterator[bytes]:
    """Whole lines of about `size` bytes together, the first `skip` and their next in the first piece.

    None begins with an empty line, which a reader might pass over.
    """
    head = 0
    for _ in range(skip + 1):
        head = text.find(b"\n", head) + 1 or len(text)
    start = 0
    while start < len(text):
        cut = _NEXT_LINE.search(text, max(start + size, head))
        end = cut.end() if cut else len(text)
        yield text[start:end]
        start = end


def _tolerant(text: bytes, separator: str, skip: int, width: int) -> pl.DataFrame:
    """The same for text whose quotes do not follow the rules, read row by row."""
    names = [f"column_{position}" for position in range(width + 1)]
    schema = dict.fromkeys(names, pl.String)
    batches = [pl.DataFrame(schema=schema)]
    batch: list[list[str | None]] = []
    for index, row in enumerate(_rows(text, separator)):
        if index < skip:
            continue
        cells: list[str | None] = [cell or None for cell in row[: width + 1]]
        batch.append(cells + [None] * (width + 1 - len(cells)))
        if len(batch) == _BATCH:
            batches.append(pl.DataFrame(batch, schema=schema, orient="row"))
            batch = []
    batches.append(pl.DataFrame(batch, schema=schema, orient="row"))
    return pl.concat(batches)


def _rows(text: bytes, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=separator)
    unclosed = _unclosed_from(text, separator)
    if unclosed:
        raise SheetError("sheets.unclosed_quote", line=unclosed)
    try:
        yield from reader
    except csv.Error as error:
        raise SheetError("sheets.unclosed_quote", line=reader.line_num) from error


def _unclosed_from(text: bytes, separator: str) -> int:
    """The line where the last field begins if its quote is never closed, else 0."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=separator, strict=True)
    before = 0
    while True:
        try:
            before = reader.line_num
            next(reader)
        except StopIteration:
            return 0
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return before + 1


def _cut_short(text: bytes, separator: str, width: int) -> bool:
    """Whether the last line has no end and fewer fields than the headings: perhaps the file was cut."""
    if text.endswith((b"\n", b"\r")):
        return False
    last = text[text.rfind(b"\n") + 1 :]
    return b'"' not in last and 0 < last.count(separator.encode()) + 1 < width
