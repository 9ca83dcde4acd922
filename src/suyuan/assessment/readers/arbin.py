"""Arbin's res files: a Jet 4 database, of which the table of measurements is read directly.

The layout of Jet 4 pages, table definitions and rows follows the description that the mdbtools
project publishes (HACKING, github.com/mdbtools/mdbtools). All columns of that table have a fixed
length, so that whole pages are read at once. A cut file gives the rows of its whole pages.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.canonical import Draft, settle
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.record import Record
from suyuan.kernel import Severity

MAGIC = b"\x00\x01\x00\x00Standard Jet DB\x00"
_VERSION_AT = 20
_JET4 = 1
_PAGE = 4096
_DATA, _DEFINITION = 1, 2
_COLUMN = 25
_FIXED = 0x01
_NEEDED = frozenset({"Data_Point", "Test_Time", "Step_Index", "Cycle_Index", "Current", "Voltage"})
_AUXILIARY = frozenset({"Auxiliary_Index", "Data_Point", "X"})
_TYPES = {2: ("u1", 1), 3: ("<i2", 2), 4: ("<i4", 4), 6: ("<f4", 4), 7: ("<f8", 8), 8: ("<f8", 8)}
_NAMES = {
    "Data_Point": "record_index",
    "Test_Time": "test_time_second",
    "Step_Time": "step_time_second",
    "DateTime": "unix_time_second",
    "Step_Index": "step_index",
    "Cycle_Index": "cycle_count",
    "Current": "current_ampere",
    "Voltage": "voltage_volt",
    "Charge_Capacity": "charging_capacity_ah",
    "Discharge_Capacity": "discharging_capacity_ah",
    "Charge_Energy": "charging_energy_wh",
    "Discharge_Energy": "discharging_energy_wh",
    "Internal_Resistance": "internal_resistance_ohm",
}
_EPOCH_DAYS = 25_569  # from 1899-12-30, the first day of this calendar, to 1970-01-01

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of fixed length: its type, and where it stands after the two bytes that begin a row."""

    name: str
    kind: int
    offset: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A table: its page, how many rows it should have, and its columns."""

    page: int
    rows: int
    columns: tuple[Column, ...]


def read_res(data: bytes, name: str | None, limits: Limits) -> Record:
    """An Arbin res file."""
    if len(data) > _VERSION_AT and data[_VERSION_AT] != _JET4:
        raise AssessmentError("assessment.jet_version", version=int(data[_VERSION_AT]), position=_VERSION_AT + 1)
    whole = len(data) // _PAGE
    pages = np.frombuffer(data, dtype=np.uint8, count=whole * _PAGE).reshape(whole, _PAGE)
    table = _find(pages, _NEEDED)
    if table is None:
        raise AssessmentError("assessment.no_channel_table", pages=int(whole), bytes=len(data))
    limits.check_rows(table.rows)
    draft = Draft("arbin-res", pl.DataFrame(), np.zeros(0, dtype=np.int64), name=name)
    frame = _rows(pages, table)
    if frame.height < table.rows or len(data) % _PAGE:
        draft.say("assessment.rows_missing", expected=table.rows, kept=frame.height, bytes=len(data))
    draft.frame = _named(frame)
    draft.places = frame["Data_Point"].cast(pl.Int64).to_numpy()
    draft.about["clock"] = "the tester's own, zone not stated"
    others = _find(pages, _AUXILIARY)
    if others is not None and others.rows:
        draft.say("assessment.auxiliary_not_read", Severity.WARNING, form="arbin-res", count=others.rows)
    return settle(draft)


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    present = {old: new for old, new in _NAMES.items() if old in frame.columns}
    named = frame.select(pl.col(old).cast(pl.Float64).alias(new) for old, new in present.items())
    if "unix_time_second" in named.columns:
        named = named.with_columns((pl.col("unix_time_second") - _EPOCH_DAYS) * 86_400)
    numbers = pl.col(pl.Float64)
    clean = named.with_columns(pl.when(numbers.is_finite()).then(numbers))
    return clean.sort("record_index", maintain_order=True)


def _find(pages: Bytes, needed: frozenset[str]) -> Definition | None:
    """The definition of a table, known by its columns."""
    for number in np.flatnonzero((pages[:, 0] == _DEFINITION) & (pages[:, 1] == 1)):
        try:
            found = _definition(pages, int(number))
        except (struct.error, IndexError, UnicodeDecodeError):
            continue
        if found is not None and {column.name for column in found.columns} >= needed:
            return found
    return None


def _definition(pages: Bytes, number: int) -> Definition | None:
    """What a definition page says; its continuation pages, at most eight, are followed."""
    raw = pages[number].tobytes()
    following = struct.unpack_from("<I", raw, 4)[0]
    for _ in range(8):
        if not 0 < following < len(pages):
            break
        page = pages[following].tobytes()
        raw += page[8:]
        following = struct.unpack_from("<I", page, 4)[0]
    rows = struct.unpack_from("<I", raw, 16)[0]
    count, indexes = struct.unpack_from("<H", raw, 45)[0], struct.unpack_from("<I", raw, 51)[0]
    if not 0 < count <= 256 or indexes > 1000:
        return None
    start = 63 + indexes * 12
    names = _column_names(raw, start + count * _COLUMN, count)
    columns = []
    for place, name in enumerate(names):
        base = start + place * _COLUMN
        kind, flags, offset = raw[base], raw[base + 15], struct.unpack_from("<H", raw, base + 21)[0]
        if flags & _FIXED and kind in _TYPES:
            columns.append(Column(name, kind, offset))
    return Definition(number, rows, tuple(columns))


def _column_names(raw: bytes, start: int, count: int) -> list[str]:
    names = []
    for _ in range(count):
        length = struct.unpack_from("<H", raw, start)[0]
        names.append(raw[start + 2 : start + 2 + length].decode("utf-16-le"))
        start += 2 + length
    return names


def _rows(pages: Bytes, table: Definition) -> pl.DataFrame:
    """All rows of the pages that belong to a table, in the order of the file."""
    owners = pages[:, 4:8].copy().view("<u4")[:, 0]
    own = np.flatnonzero((pages[:, 0] == _DATA) & (owners == table.page))
    held = pages[own, 12:14].copy().view("<u2")[:, 0].astype(np.int64) if len(own) else np.zeros(0, dtype=np.int64)
    held = np.where(held <= (_PAGE - 14) // 2, held, 0)
    most = int(held.max()) if len(held) else 0
    slots = pages[own, 14 : 14 + 2 * most].copy().view("<u2").astype(np.int64).reshape(len(own), most)
    used = (np.arange(most) < held[:, None]) & (slots & 0xC000 == 0)
    start = (np.where(used, own[:, None] * _PAGE + (slots & 0x1FFF), -1))[used]
    flat = pages.reshape(-1)
    longest = max((column.offset + _TYPES[column.kind][1] for column in table.columns), default=0) + 2
    start = start[(start % _PAGE) + longest <= _PAGE]
    return pl.DataFrame({column.name: _values(flat, start, column) for column in table.columns})


def _values(flat: Bytes, start: Ints, column: Column) -> npt.NDArray[np.generic]:
    code, width = _TYPES[column.kind]
    taken = flat[(start + 2 + column.offset)[:, None] + np.arange(width)]
    return np.ascontiguousarray(taken).view(code)[:, 0]
