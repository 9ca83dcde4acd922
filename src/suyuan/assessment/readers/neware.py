"""Neware's binary files (nda, ndax), read by fastnda (BSD-3).

A broken ndax is unpacked as far as it goes, cut to whole blocks and read again, so that every good
record is kept; what is missing is named. fastnda puts another inflater into the standard library
when it is imported; that holds only while it reads, because a reader does not change the program around it.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

from suyuan.assessment.canonical import Draft, settle
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.readers.packed import Member, check_directory, repack, salvage
from suyuan.assessment.readers.temporary import as_path
from suyuan.assessment.record import SERIES, Record
from suyuan.kernel import Severity

_BLOCK = 4096
_NEEDED = ("data.ndc",)
_TIMES = "data_runInfo.ndc"
_CORE = ("data.ndc", _TIMES, "data_step.ndc")
_CHANNELS = ("_AUX_",)
_NAMES = {
    "index": "record_index",
    "voltage_V": "voltage_volt",
    "unix_time_s": "unix_time_second",
    "step_time_s": "step_time_second",
    "total_time_s": "test_time_second",
    "cycle_count": "cycle_count",
    "step_count": "step_count",
    "step_index": "step_index",
}
_MILLI = {"current_mA": "current_ampere", "capacity_mAh": "step_capacity_ah", "energy_mWh": "step_energy_wh"}
_RECORD_5 = 59
_HELD_AT = 14
"""The byte at which an nda file keeps the version of its form."""


def read_nda(data: bytes, name: str | None, limits: Limits) -> Record:
    """A Neware nda file."""
    draft = Draft("neware-nda", pl.DataFrame(), np.zeros(0, dtype=np.int64), name=name)
    version = data[_HELD_AT] if len(data) > _HELD_AT else -1
    draft.about["version"] = int(version)
    try:
        frame = _parse(data, ".nda", draft)
    except AssessmentError:
        raise
    except Exception as error:
        raise AssessmentError(
            "assessment.unreadable_nda", version=int(version), said=_said(error), bytes=len(data)
        ) from error
    expected = _stated_size(data, version)
    if expected > len(data):
        draft.say("assessment.file_cut", expected=expected, bytes=len(data), kept=frame.height)
    return _record(draft, frame, limits)


def _stated_size(data: bytes, version: int) -> int:
    """How long the file is by its own header (bytes); 0 where that does not say.

    From version 9 to 99 the header points to the records by a pair of begin and length of four bytes each,
    in 129 and later by pairs of eight; 5 to 8 give only the begin of records of 59 bytes.
    """
    if 9 <= version < 100 and len(data) >= 72:
        begin, length = struct.unpack_from("<II", data, 64)
        return int(begin + length)
    if 5 <= version <= 8 and len(data) >= 68:
        (begin,) = struct.unpack_from("<I", data, 64)
        rest = (len(data) - begin) % _RECORD_5
        return len(data) + _RECORD_5 - rest if begin and rest else 0
    if version >= 129 and len(data) >= 98:
        pairs = [struct.unpack_from("<QQ", data, at) for at in (34, 50, 82)]
        return max((int(begin + length) for begin, length in pairs if begin + length < 1 << 40), default=0)
    return 0


def read_ndax(data: bytes, name: str | None, limits: Limits) -> Record:
    """A Neware ndax file, saved piece by piece if it is broken."""
    draft = Draft("neware-ndax", pl.DataFrame(), np.zeros(0, dtype=np.int64), name=name)
    listed = check_directory(data, limits)
    if listed is not None:
        try:
            frame = _parse(data, ".ndax", draft)
        except AssessmentError:
            raise
        except Exception:  # any damage at all: read what is left, which says what was wrong
            listed = None
        else:
            _tell_channels([entry.filename for entry in listed], frame, data, draft)
            return _record(draft, frame, limits)
    return _record(draft, _saved(data, draft, limits), limits)


def _saved(data: bytes, draft: Draft, limits: Limits) -> pl.DataFrame:
    members = salvage(data, limits)
    broken = [member.name for member in members if not member.whole]
    names = [member.name for member in members]
    if not any(name in names for name in _NEEDED):
        raise AssessmentError("assessment.no_data_part", part=_NEEDED[0], found=names, bytes=len(data))
    kept = [_whole_blocks(member) for member in members]
    frame = _first_readable([kept, [m for m in kept if m.name in _CORE]], broken or names, draft)
    if "total_time_s" not in frame.columns:
        raise AssessmentError("assessment.no_data_part", part=_TIMES, found=names, bytes=len(data))
    times = next((member for member in kept if member.name == _TIMES), None)
    if times is not None and not times.whole:
        frame = frame.filter(pl.col("index") <= _last_timed(times.content))
    if broken:
        draft.say("assessment.archive_broken", parts=broken, bytes=len(data), kept=frame.height)
    else:
        draft.say("assessment.archive_cut", found=names, bytes=len(data), kept=frame.height)
    _tell_channels(names, frame, data, draft)
    return frame


def _last_timed(content: bytes) -> int:
    """The last record whose time stands in a cut table of times; later ones would only be extrapolated."""
    try:
        table: pl.DataFrame = import_module("fastnda._ndc").read_ndc(content)
        return int(table["index"].cast(pl.Int64).to_numpy().max())
    except Exception:  # a damaged table of times: nothing of it can be trusted
        return 0


def _first_readable(attempts: list[list[Member]], parts: list[str], draft: Draft) -> pl.DataFrame:
    """The first set of parts that can be read: all of them, else those of voltage, current and time alone."""
    why: Exception | None = None
    for members in attempts:
        try:
            return _parse(repack(members), ".ndax", draft)
        except AssessmentError:
            raise
        except Exception as error:  # any damage; the next set has less of it
            why = error
    raise AssessmentError("assessment.unreadable_ndax", parts=parts, said=_said(why) if why else "") from why


def _whole_blocks(member: Member) -> Member:
    if not member.name.endswith(".ndc"):
        return member
    whole = len(member.content) // _BLOCK * _BLOCK
    return Member(member.name, member.content[:whole], member.whole)


_PLAIN = zlib.decompress, zlib.decompressobj
"""The inflater of the standard library as it was before fastnda was imported."""


@dataclass(frozen=True, slots=True)
class _Parser:
    """fastnda as found: the inflater that it puts into the standard library, its loggers and their state."""

    package: ModuleType
    inflater: tuple[Any, Any]
    loggers: tuple[tuple[Any, bool], ...]


@cache
def _fastnda() -> _Parser:
    try:
        package = import_module("fastnda")
        parts = [import_module(f"fastnda.{part}") for part in ("main", "nda", "ndax", "utils", "nda_meta")]
        loggers = tuple((part.logger, part.logger.disabled) for part in parts if hasattr(part, "logger"))
        return _Parser(package, (zlib.decompress, zlib.decompressobj), loggers)
    except ImportError as error:
        raise AssessmentError("assessment.extra_missing", package="fastnda", extra="assessment") from error
    finally:
        zlib.decompress, zlib.decompressobj = _PLAIN


@contextmanager
def _as_it_wants(parser: _Parser) -> Iterator[list[warnings.WarningMessage]]:
    """Its own inflater, its loggers silent and its warnings caught while it reads; all as before afterwards.

    What it would say is found again here and told as findings.
    """
    zlib.decompress, zlib.decompressobj = parser.inflater
    for logger, _ in parser.loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield caught
    finally:
        zlib.decompress, zlib.decompressobj = _PLAIN
        for logger, before in parser.loggers:
            logger.disabled = before


def _parse(data: bytes, suffix: str, draft: Draft) -> pl.DataFrame:
    parser = _fastnda()
    with as_path(data, suffix) as path, _as_it_wants(parser) as caught:
        try:
            frame: pl.DataFrame = parser.package.read(path, cycle_mode="raw")
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # polars' own, which is no Exception
                raise ValueError(str(error)) from error
            raise
    for warning in caught:
        if type(warning.message).__name__ == "UnverifiedFormatWarning":
            draft.say("assessment.unverified_version", Severity.WARNING, said=str(warning.message)[:120])
    return frame


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"


def _tell_channels(names: list[str], frame: pl.DataFrame, data: bytes, draft: Draft) -> None:
    """Auxiliary channels whose files are there but could not be told apart."""
    files = sorted(name for name in names if any(mark in name for mark in _CHANNELS) and name.endswith(".ndc"))
    read = [name for name in frame.columns if name.startswith("aux")]
    if files and not read:
        draft.say("assessment.channels_lost", parts=files, where=_undescribed(data))


def _undescribed(data: bytes) -> str:
    """Where the description of the channels, TestInfo.xml, is damaged."""
    info = next((member for member in salvage(data, Limits()) if member.name == "TestInfo.xml"), None)
    if info is None:
        return "TestInfo.xml"
    try:
        info.content.decode("gb2312")
    except UnicodeDecodeError as error:
        return f"TestInfo.xml, byte {error.start + 1}"
    return "TestInfo.xml"


def _record(draft: Draft, frame: pl.DataFrame, limits: Limits) -> Record:
    limits.check_rows(frame.height)
    missing = [name for name in ("voltage_V", "current_mA", "total_time_s") if name not in frame.columns]
    if missing:
        raise AssessmentError("assessment.missing_columns", columns=missing, found=frame.columns)
    columns = [pl.col(old).cast(SERIES[new]).alias(new) for old, new in _NAMES.items() if old in frame.columns]
    columns += [(pl.col(old).cast(pl.Float64) / 1000).alias(new) for old, new in _MILLI.items() if old in frame.columns]
    if "step_type" in frame.columns:
        columns.append(pl.col("step_type").cast(pl.String))
    heats = [name for name in frame.columns if name.startswith("aux") and name.endswith("temperature_degC")]
    columns += [
        pl.col(name).cast(pl.Float64).alias(f"temperature_t{place}_celsius")
        for place, name in enumerate(heats[:5], start=1)
    ]
    others = [name for name in frame.columns if name.startswith("aux") and name not in heats[:5]]
    if others:
        draft.about["channels_not_taken"] = others
    numbers = pl.col(pl.Float64)
    draft.frame = frame.select(columns).with_columns(pl.when(numbers.is_finite()).then(numbers))
    draft.places = np.arange(1, frame.height + 1, dtype=np.int64)
    draft.about["clock"] = "the tester's own, zone not stated"
    return settle(draft)
