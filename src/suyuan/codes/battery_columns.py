"""GB/T 34014 on whole columns: every code is checked by looking its bytes up in small tables."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes import alphabets
from suyuan.codes.alphabets import ALPHANUMERIC, CHEMISTRIES, FORM_OF_LENGTH, LEVELS, place
from suyuan.codes.characters import (
    NOTHING,
    NUMBER,
    Bytes,
    Mask,
    Rows,
    first_of,
    frame,
    look_closer,
    matrix,
    not_plain,
    of_width,
    table,
)
from suyuan.codes.runs import shared_starts

Days: TypeAlias = npt.NDArray[np.datetime64]

_CHUNK: Final = 1 << 16  # rows looked at together, so that they stay in the processor's cache
_MONTHS, _DAYS = len(alphabets.MONTH_LETTERS) + 1, len(alphabets.DAY_LETTERS) + 1
_VENDOR = re.compile("[0-9A-Z]{3}")
_SERIAL_LETTER = np.uint64(0x4040404040404040)  # the bit that letters have and digits have not
_SERIAL_ZERO = np.uint64(0x3030303030303030)
_LONG: Final = "24"  # the form whose rows are three words of eight bytes
_SERIAL_AT: Final = place(_LONG, "serial").start
_LONGEST: Final = 255  # bytes: more than any code has
_MANY: Final = 4096  # rows from which on lots are looked for


def _ranks(letters: str) -> npt.NDArray[np.int16]:
    """By byte: the place of the letter in `letters`; for every other byte the place behind the last."""
    ranks = np.full(256, len(letters), dtype=np.int16)
    for rank, letter in enumerate(letters):
        ranks[ord(letter)] = rank
    return ranks


_YEAR = _ranks(alphabets.YEAR_LETTERS) * np.int16(_MONTHS * _DAYS)
_MONTH = _ranks(alphabets.MONTH_LETTERS) * np.int16(_DAYS)
_DAY = _ranks(alphabets.DAY_LETTERS)


@dataclass(frozen=True, slots=True)
class _Dates:
    """What the three date letters mean, by their number: a refusal, a remark, the day (if it is one)."""

    refusal: Bytes
    remark: Bytes
    days: Days


@lru_cache(maxsize=16)
def _dates(reference: date) -> _Dates:
    shape = (len(alphabets.YEAR_LETTERS) + 1, _MONTHS, _DAYS)
    refusal = np.full(shape, NUMBER["codes.date"], dtype=np.uint8)
    remark = np.full(shape, NOTHING, dtype=np.uint8)
    days = np.full(shape, "NaT", dtype="datetime64[D]")
    for y, year in enumerate(alphabets.years(reference)):
        for month in range(1, 13):
            first = date(year, month, 1)
            length = ((date(year + month // 12, month % 12 + 1, 1)) - first).days
            refusal[y, month - 1, :length] = NOTHING
            days[y, month - 1, :length] = np.datetime64(first) + np.arange(length)
            future = max(0, min(length, (reference - first).days + 1))
            remark[y, month - 1, future:length] = NUMBER["codes.date_in_future"]
    refusal[:, :, -1] = NUMBER["codes.day"]
    refusal[:, -1, :] = NUMBER["codes.month"]
    refusal[-1] = NUMBER["codes.year"]
    return _Dates(refusal.ravel(), remark.ravel(), days.ravel())


def _date_numbers(cells: Bytes, form: str) -> npt.NDArray[np.int16]:
    at = place(form, "year").start
    return _YEAR[cells[:, at]] + _MONTH[cells[:, at + 1]] + _DAY[cells[:, at + 2]]


def _serial_words(cells: Bytes, form: str) -> npt.NDArray[np.uint64]:
    """The seven characters of the serial and a leading zero as one number a row."""
    serial = place(form, "serial")
    padded = np.full((len(cells), 8), ord("0"), dtype=np.uint8)
    padded[:, 1:] = cells[:, serial.start : serial.end]
    return padded.view(np.uint64).ravel()


@dataclass(frozen=True, slots=True)
class Lots:
    """Rows of a matrix of long codes that follow each other and differ in their serials only.

    `firsts` are the first rows of each run and `lengths` how many there are; `serial` is by row the number that
    its last seven characters are where they are digits and not all zeros, which `plain` tells.
    """

    firsts: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    plain: Mask
    serial: npt.NDArray[np.int32]

    def heads(self, cells: Bytes) -> Bytes:
        """The first row of each run, with a serial of which nothing is to be said."""
        heads = cells[self.firsts]
        heads[:, _SERIAL_AT:] = np.frombuffer(b"0000001", np.uint8)
        return heads

    def spread(self, by_run: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What was found for each run, by row."""
        return np.repeat(by_run, self.lengths)


def find_lots(cells: Bytes, form: str) -> Lots | None:
    """The runs of one lot in a matrix; None where it is small, of another form, or where they are short."""
    firsts = first_rows(cells, form)
    if firsts is None:
        return None
    plain, serial = np.empty(len(cells), np.bool_), np.empty(len(cells), np.int32)
    for start in range(0, len(cells), _CHUNK):
        part = slice(start, start + _CHUNK)
        last = cells[part].view("<u8")[:, 2]  # the serial behind the last character of the lot
        plain[part], serial[part] = _numbers((last & ~np.uint64(0xFF)) | np.uint64(ord("0")))
    return Lots(firsts, np.diff(firsts, append=len(cells)), plain, serial)


def first_rows(cells: Bytes, form: str) -> npt.NDArray[np.intp] | None:
    """The first row of each run of one lot; None as in `find_lots`."""
    if form != _LONG or len(cells) < _MANY or not cells.flags.c_contiguous:
        return None
    words = cells.view("<u8")
    starts = np.ones(len(cells), np.bool_)
    last = (words[1:, 2] ^ words[:-1, 2]) & np.uint64(0xFF)  # the byte before the serial
    starts[1:] = (words[1:, 0] != words[:-1, 0]) | (words[1:, 1] != words[:-1, 1]) | (last != 0)
    firsts = np.flatnonzero(starts)
    return firsts if 4 * len(firsts) <= len(cells) else None


def _numbers(words: npt.NDArray[np.uint64]) -> tuple[Mask, npt.NDArray[np.int32]]:
    """Where eight characters are a number from 1, and the number: pairs, then fours, then all digits put together."""
    digits = words ^ _SERIAL_ZERO
    high = (digits | (digits + np.uint64(0x0606060606060606))) & np.uint64(0xF0F0F0F0F0F0F0F0)
    plain = (high == 0) & (digits != 0)
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    number = (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return plain, number.astype(np.int32)


def _vendor_table(vendors: Collection[str]) -> Mask:
    known = np.zeros(36**3, dtype=np.bool_)
    for vendor in vendors:
        if _VENDOR.fullmatch(vendor):
            known[int(vendor, 36)] = True  # base 36 counts in the order of ALPHANUMERIC
    return known


class _Rules:
    """The tables for a reference day and the levels wanted."""

    def __init__(self, reference: date, levels: str) -> None:
        self.dates = _dates(reference)
        self.level = table(LEVELS, NUMBER["codes.level"])
        for letter in LEVELS:
            if letter not in levels:
                self.level[ord(letter)] = NUMBER["codes.level_not_wanted"]
        self.chemistry = table(CHEMISTRIES, NUMBER["codes.chemistry"])
        self.suffix = table("R", NUMBER["codes.suffix"]), table(LEVELS, NUMBER["codes.suffix"])
        self.rank = _ranks(ALPHANUMERIC).astype(np.int32)

    def refusals(self, cells: Bytes, form: str) -> Bytes:
        """The first refusal of each row of characters 0-9 and A-Z."""
        answers = [
            self.level[cells[:, 3]],
            self.chemistry[cells[:, 4]],
            self.dates.refusal[_date_numbers(cells, form)],
        ]
        if form != "24":
            answers += [self.suffix[0][cells[:, -2]], self.suffix[1][cells[:, -1]]]
        return first_of(*answers)

    def remarks(self, cells: Bytes, form: str, vendors: Mask | None) -> Bytes:
        """The first remark on each row that is not refused."""
        remarks = self.dates.remark[_date_numbers(cells, form)]

        def remark(code: str, where: Mask) -> None:
            np.copyto(remarks, np.uint8(NUMBER[code]), where=where & (remarks == NOTHING))

        if form != "24":
            remark("codes.suffix_level", cells[:, 3] != cells[:, -1])
        if form == "26":
            remarks[remarks == NOTHING] = NUMBER["codes.form_26"]
        serials = _serial_words(cells, form)
        remark("codes.serial_letters", (serials & _SERIAL_LETTER) != 0)
        remark("codes.serial_zero", serials == _SERIAL_ZERO)
        if vendors is not None:
            ranks = self.rank[cells[:, :3]].clip(max=35) @ np.array([36 * 36, 36, 1], dtype=np.int32)
            remark("codes.vendor_unknown", ~vendors[ranks])
        return remarks

    def judge(self, cells: Bytes, form: str, lots: Lots | None, vendors: Mask | None) -> tuple[Bytes, Bytes]:
        """Refusals and remarks of a matrix; of rows that differ in a plain serial only, the first is looked at."""
        if lots is None:
            return self._judge(cells, form, vendors)
        refused, remarked = self._judge(lots.heads(cells), form, vendors)
        findings, warnings = lots.spread(refused), lots.spread(remarked)
        odd = np.flatnonzero(~lots.plain)
        if len(odd):
            findings[odd], warnings[odd] = self._judge(cells[odd], form, vendors)
        return findings, warnings

    def _judge(self, cells: Bytes, form: str, vendors: Mask | None) -> tuple[Bytes, Bytes]:
        """Refusals and remarks of a matrix, a chunk of rows at a time."""
        findings, warnings = np.empty(len(cells), np.uint8), np.empty(len(cells), np.uint8)
        for start in range(0, len(cells), _CHUNK):
            part = slice(start, start + _CHUNK)
            chunk = cells[part]
            refused = self.refusals(chunk, form)
            refused[not_plain(chunk)] = NUMBER["codes.character"]
            findings[part], warnings[part] = refused, self.remarks(chunk, form, vendors)
        return findings, warnings


_rules = lru_cache(maxsize=64)(_Rules)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A column of codes with its bytes, laid out once for several questions.

    `forms` holds, for each form that occurs, its name, the rows that have it, their bytes, and the runs of one lot
    if such runs are long.
    """

    codes: pl.Series
    forms: tuple[tuple[str, Rows | slice, Bytes, Lots | None], ...]

    def of_each_lot(self) -> pl.Series:
        """The first code of each run of one lot, or all of them: enough to know the lots."""
        for _, rows, _, lots in self.forms:
            if lots is not None and isinstance(rows, slice):
                return self.codes[lots.firsts]
        return self.codes


def spell(codes: pl.Series | Spelled) -> Spelled:
    """Lay out the bytes of a column of codes, once."""
    if isinstance(codes, Spelled):
        return codes
    return Spelled(codes, tuple((form, rows, cells, find_lots(cells, form)) for form, rows, cells in _by_form(codes)))


def of_each_lot(codes: pl.Series) -> pl.Series:
    """Codes of the column, at least one of each lot: enough to know the lots, and often very few."""
    starts = shared_starts(codes) if not codes.null_count() else None
    heads = codes if starts is None else codes.filter(pl.Series(starts))
    for form, rows, cells in _by_form(heads):
        firsts = first_rows(cells, form) if isinstance(rows, slice) else None
        if firsts is not None:
            return heads[firsts]
    return heads


def _by_form(codes: pl.Series) -> Iterator[tuple[str, Rows | slice, Bytes]]:
    """The codes of each form that occurs: which rows they are, and their bytes."""
    widths, content = _laid_out(codes)
    for width, form in FORM_OF_LENGTH.items():
        fits = widths == width
        if fits.all():
            yield form, slice(None), content.reshape(-1, width)
            return
        if fits.any():
            yield form, np.flatnonzero(fits).astype(np.uint32), matrix(codes.filter(pl.Series(fits)), width)


def _laid_out(codes: pl.Series) -> tuple[Bytes, Bytes]:
    """The bytes of each text (none for a null, at most 255), and all of them one after the other."""
    widths = np.zeros(len(codes), dtype=np.uint8)
    pieces = [np.zeros(0, dtype=np.uint8)]
    first = 0
    for piece in codes.get_chunks():
        if piece.is_empty():
            continue
        column = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, content = column.buffers()
        bounds = np.frombuffer(offsets, dtype=np.int64, count=len(piece) + 1, offset=8 * column.offset)
        widths[first : first + len(piece)] = np.minimum(np.diff(bounds), _LONGEST)
        first += len(piece)
        if size := int(bounds[-1] - bounds[0]):
            pieces.append(np.frombuffer(content, dtype=np.uint8, count=size, offset=int(bounds[0])))
    if codes.null_count():  # a null may stand over the bytes of the text that it replaced
        widths[codes.is_null().to_numpy()] = 0
    return widths, pieces[1] if len(pieces) == 2 else np.concatenate(pieces)


def check_battery_codes(
    codes: pl.Series | Spelled, reference: date, levels: str = "PMC", vendors: Collection[str] | None = None
) -> pl.DataFrame:
    """Check a column of battery codes.

    Parameters
    ----------
    codes
        Text as received, or such a column spelled out. A null is no code and answers with nulls:
        whether one was required is not a question of its characters.
    reference
        The day from which years are read and the future begins.
    levels
        The level letters wanted here; another level answers ``codes.level_not_wanted``.
    vendors
        The vendor codes known, if they are; another vendor code is warned of.

    Returns
    -------
    polars.DataFrame
        One row a code: `finding`, the first thing that refuses it, and `warning`, the first
        remark on a code that is accepted. `suyuan.codes.verdicts.SEVERITIES` says how severe.
    """
    spelled = spell(codes)
    codes = spelled.codes
    findings = np.full(len(codes), NOTHING, dtype=np.uint8)
    warnings = findings.copy()
    seen = codes.is_null().to_numpy().copy() if codes.null_count() else np.zeros(len(codes), dtype=np.bool_)
    rules, known = _rules(reference, levels), None if vendors is None else _vendor_table(vendors)
    for form, rows, cells, lots in spelled.forms:
        findings[rows], warnings[rows] = rules.judge(cells, form, lots, known)
        seen[rows] = True
    strange = dict.fromkeys(FORM_OF_LENGTH, ("codes.character", "[^0-9A-Z]"))
    look_closer(codes, findings, seen, "codes.length", strange)
    return frame(findings, warnings)


def production_days(codes: pl.Series | Spelled, reference: date) -> Days:
    """The day written in each of `codes`, not a time (NaT) where its letters are none; the rest is not looked at."""
    spelled = spell(codes)
    days = np.full(len(spelled.codes), "NaT", dtype="datetime64[D]")
    for form, rows, cells, lots in spelled.forms:
        heads = cells if lots is None else cells[lots.firsts]
        written = _dates(reference).days[_date_numbers(heads, form)]
        days[rows] = written if lots is None else lots.spread(written)
    return days


_LEVEL = _ranks("".join(LEVELS)) < len(LEVELS)
_CHEMISTRY = _ranks("".join(CHEMISTRIES)) < len(CHEMISTRIES)
_R = np.uint8(ord("R"))
_POWERS = 10.0 ** np.arange(6, -1, -1, dtype=np.float32)


def _has_shape(cells: Bytes, form: str) -> Mask:
    """Where the letters of level, chemistry, date and suffix are letters of these fields."""
    at = place(form, "year").start
    shape: Mask = _LEVEL[cells[:, 3]] & _CHEMISTRY[cells[:, 4]] & (_YEAR[cells[:, at]] < _YEAR[0])
    shape &= (_MONTH[cells[:, at + 1]] < _MONTH[0]) & (_DAY[cells[:, at + 2]] < _DAY[0])
    return shape if form == "24" else shape & (cells[:, -2] == _R) & _LEVEL[cells[:, -1]]


def split_rows(cells: Bytes, form: str, lots: Lots | None = None) -> tuple[Mask, npt.NDArray[np.int32]]:
    """Where a matrix has codes whose ledger key splits, and their serials; see `suyuan.codes.keys`."""
    if lots is not None:  # where a serial is no number the whole code is the lot
        good, _ = split_rows(lots.heads(cells), form)
        splits = lots.spread(good) & lots.plain
        return splits, np.where(splits, lots.serial, np.int32(0))
    serials = np.zeros(len(cells), dtype=np.int32)
    splits = np.empty(len(cells), dtype=np.bool_)
    serial = place(form, "serial")
    for start in range(0, len(cells), _CHUNK):
        part = slice(start, start + _CHUNK)
        chunk = cells[part]
        digits = chunk[:, serial.start : serial.end] - np.uint8(ord("0"))
        numbers = digits.astype(np.float32) @ _POWERS
        good = _has_shape(chunk, form) & (digits.max(axis=1, initial=0) < 10) & (numbers > 0)
        good[not_plain(chunk)] = False
        splits[part] = good
        serials[part] = np.where(good, numbers, 0)
    return splits, serials


_DECODED: dict[str, pl.DataType] = {
    "form": pl.Enum(["24", "26", "19"]), "vendor": pl.String(), "level": pl.Enum(list(LEVELS)),
    "chemistry": pl.Enum(list(CHEMISTRIES)), "spec": pl.String(), "trace": pl.String(), "produced_on": pl.Date(),
    "serial": pl.String(), "suffix": pl.String(),
}  # fmt: skip


def decode_battery_codes(codes: pl.Series, reference: date) -> pl.DataFrame:
    """The fields of a column of battery codes; all null where a code is refused or null.

    Columns: form, vendor, level, chemistry, spec, trace (null in the 19-character form),
    produced_on, serial (as text), suffix (null in the 24-character form).
    """
    refused = check_battery_codes(codes, reference)["finding"].is_not_null() | codes.is_null()
    accepted = codes.set(refused, None) if refused.any() else codes
    parts, order = [], []
    for width, form in FORM_OF_LENGTH.items():
        rows, texts = of_width(accepted, width)
        parts.append(_decode(texts, width, form, reference))
        if rows is None:
            return parts[-1]
        order.append(rows)
    decoded = pl.concat(parts).with_columns(row=pl.Series(np.concatenate(order), dtype=pl.UInt32))
    every = pl.DataFrame({"row": np.arange(len(codes), dtype=np.uint32)})
    return every.join(decoded, on="row", how="left", maintain_order="left").drop("row")


def _decode(texts: pl.Series, width: int, form: str, reference: date) -> pl.DataFrame:
    days = _dates(reference).days[_date_numbers(matrix(texts, width), form)]
    fields = {field.name: (field.start, field.end - field.start) for field in alphabets.FORMS[form]}

    def part(name: str) -> pl.Expr:
        return pl.col("text").str.slice(*fields[name]) if name in fields else pl.lit(None, pl.String)

    return (
        texts.alias("text")
        .to_frame()
        .select(
            (pl.lit(form) if name == "form" else pl.lit(pl.Series(days)) if name == "produced_on" else part(name))
            .cast(dtype)
            .alias(name)
            for name, dtype in _DECODED.items()
        )
    )
