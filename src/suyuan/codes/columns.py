"""Codes by the column: checks, fields and ledger keys of millions of codes at once.

Text comes in as a Polars series as received, answers go out as a frame of the same height. The
scalar functions of the room give the same answers with more explanation, one code at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.codes import duns, uscc, vin
from suyuan.codes.battery_columns import (
    Spelled,
    check_battery_codes,
    decode_battery_codes,
    of_each_lot,
    production_days,
    spell,
    split_rows,
)
from suyuan.codes.characters import (
    FINDINGS,
    NOTHING,
    NUMBER,
    Bytes,
    Mask,
    first_of,
    frame,
    look_closer,
    matrix,
    of_width,
    outside,
    table,
)
from suyuan.codes.divisions import LENGTH, Register, national
from suyuan.codes.keys import HEAD_OF_LOT, LARGEST_SERIAL, compose_code, split_code
from suyuan.codes.runs import run_starts

__all__ = [
    "FINDINGS",
    "ObjectKeys",
    "Spelled",
    "check_battery_codes",
    "check_companies",
    "check_divisions",
    "check_vins",
    "compose_code",
    "decode_battery_codes",
    "join_keys",
    "object_keys",
    "of_each_lot",
    "production_days",
    "spell",
    "split_code",
]


@dataclass(frozen=True, slots=True)
class ObjectKeys:
    """The ledger keys of a column of codes: `lots[lot[i]]` and `serial[i]` belong to row i.

    `lots` are distinct and sorted by code point.
    """

    lots: list[str]
    lot: npt.NDArray[np.uint32]
    serial: npt.NDArray[np.int32]


_WHOLE: Final = 255  # characters: more than any code has
_AROUND_SERIAL: Final = {"24": (17, 0), "26": (17, 2), "19": (10, 2)}  # characters before the serial and behind it


def object_keys(codes: pl.Series) -> ObjectKeys:
    """Split a column of accepted codes into ledger keys, as `split_code` splits one.

    Raises
    ------
    ValueError
        If the column has nulls: nothing has no key. Filter first.
    """
    if codes.null_count():
        raise ValueError("a null has no ledger key; filter the column first")
    serial = np.zeros(len(codes), dtype=np.int32)
    head, tail = np.full(len(codes), _WHOLE, dtype=np.uint8), np.zeros(len(codes), dtype=np.uint8)
    for form, rows, cells, runs in spell(codes).forms:
        splits, serial[rows] = split_rows(cells, form, runs)
        if runs is not None and isinstance(rows, slice) and splits.all():
            lots, number = _numbered(codes[runs.firsts].str.head(_AROUND_SERIAL[form][0]))
            return ObjectKeys(lots, runs.spread(number), runs.serial)
        before, behind = _AROUND_SERIAL[form]
        head[rows], tail[rows] = np.where(splits, before, _WHOLE), np.where(splits, behind, 0)
    alike = len(codes) and head.min() == head.max()  # the usual case, cut at one place
    lot = codes.str.head(int(head[0]) if alike else pl.Series(head))
    if tail.any():
        lot += codes.str.tail(pl.Series(tail))
    starts = run_starts(lot)
    lots, number = _numbered(lot.filter(pl.Series(starts)))
    return ObjectKeys(lots, number[np.cumsum(starts, dtype=np.int32) - 1], serial)


def _numbered(names: pl.Series) -> tuple[list[str], npt.NDArray[np.uint32]]:
    """The different texts of `names`, sorted, and the place of each name among them."""
    different = names.unique().sort()
    return different.to_list(), names.cast(pl.Enum(different)).to_physical().cast(pl.UInt32).to_numpy()


def join_keys(lots: Sequence[str], lot: npt.NDArray[np.uint32], serial: npt.NDArray[np.int32]) -> pl.Series:
    """The codes of a column of ledger keys, the exact inverse of `object_keys`.

    Raises
    ------
    ValueError
        If a lot that is a whole code comes with a serial, or a serial has more than seven digits.
    """
    names = pl.Series("lot", list(lots), dtype=pl.String)
    heads = names.str.len_chars().replace_strict(HEAD_OF_LOT, default=0, return_dtype=pl.UInt32)
    head = heads.to_numpy()[lot] if len(lots) else np.zeros(0, np.uint32)
    if np.any((serial < 0) | (serial > LARGEST_SERIAL) | ((serial > 0) & (head == 0))):
        raise ValueError("a serial stands from 1 to 9999999 and only beside a lot of 12, 17 or 19 characters")
    before = names.to_frame().select(pl.col("lot").str.slice(0, pl.lit(heads))).to_series()
    after = names.to_frame().select(pl.col("lot").str.slice(pl.lit(heads))).to_series()
    rows = pl.DataFrame({"lot": pl.Series(lot, dtype=pl.UInt32), "serial": pl.Series(serial, dtype=pl.Int32)})
    digits = pl.col("serial").cast(pl.String).str.zfill(7)
    gathered = [pl.lit(part).gather(pl.col("lot")) for part in (names, before, after)]
    return rows.select(
        code=pl.when(pl.col("serial") == 0).then(gathered[0]).otherwise(pl.concat_str(gathered[1], digits, gathered[2]))
    ).to_series()


def _unseen(codes: pl.Series) -> tuple[Bytes, Bytes, Mask]:
    """Findings and warnings of nothing, and the rows that need no look: the nulls."""
    nothing = np.full(len(codes), NOTHING, dtype=np.uint8)
    return nothing, nothing.copy(), codes.is_null().to_numpy().copy()


def _vin_refusals(cells: Bytes) -> Bytes:
    weights = np.array(vin.WEIGHTS, dtype=np.int32)
    values = np.zeros(256, dtype=np.int32)
    for character, value in vin.VALUES.items():
        values[ord(character)] = value
    remainder = (values[cells] @ weights % 11).astype(np.uint8)
    expected = np.frombuffer(vin.CHECKS.encode(), dtype=np.uint8)[remainder]
    check = np.where(cells[:, 8] == expected, NOTHING, NUMBER["codes.vin_check"]).astype(np.uint8)
    refused = first_of(table(vin.YEAR_LETTERS, NUMBER["codes.vin_year"])[cells[:, 9]], check)
    refused[outside(cells, vin.VALUES)] = NUMBER["codes.vin_character"]
    return refused


def check_vins(codes: pl.Series, strict: bool, reference: date) -> pl.DataFrame:
    """Check a column of vehicle identification numbers; see `check_battery_codes` for the answer.

    Where not `strict`, seventeen characters 0-9 and A-Z that are no VIN are accepted and answer
    with the warning ``codes.vin_not_standard``: the test benches of the platform of 2018 use them.
    `reference` is the day the year letter is read on; no VIN is refused for its year being old.
    """
    del reference  # the letters return every 30 years, so that a column has no year in the future
    findings, warnings, seen = _unseen(codes)
    rows, texts = of_width(codes, vin.LENGTH)
    where = slice(None) if rows is None else rows
    cells = matrix(texts, vin.LENGTH)
    refused = _vin_refusals(cells)
    if not strict:
        bench = refused != NOTHING
        bench[outside(cells, vin.BENCH)] = False
        warnings[where] = np.where(bench, NUMBER["codes.vin_not_standard"], NOTHING)
        refused[bench] = NOTHING
    findings[where] = refused
    seen[where] = True
    strange = {vin.LENGTH: ("codes.vin_character", f"[^{''.join(vin.VALUES)}]")}
    look_closer(codes, findings, seen, "codes.vin_length", strange)
    return frame(findings, warnings)


def _weighted(cells: Bytes, values: dict[str, int], weights: Sequence[int]) -> npt.NDArray[np.int32]:
    lookup = np.zeros(256, dtype=np.int32)
    for character, value in values.items():
        lookup[ord(character)] = value
    total: npt.NDArray[np.int32] = lookup[cells] @ np.array(weights, dtype=np.int32)
    return total


def _uscc_verdicts(cells: Bytes) -> tuple[Bytes, Bytes]:
    sums = _weighted(cells[:, :17], uscc.VALUES, uscc.WEIGHTS)
    checks = np.frombuffer(uscc.ALPHABET.encode(), dtype=np.uint8)[-sums % 31]
    refused = np.where(cells[:, 17] == checks, NOTHING, NUMBER["codes.uscc_check"]).astype(np.uint8)
    refused[outside(cells[:, 2:8], "0123456789")] = NUMBER["codes.uscc_division"]
    refused[outside(cells, uscc.ALPHABET)] = NUMBER["codes.uscc_character"]
    own = _weighted(cells[:, 8:16], uscc.ORGANISATION_VALUES, uscc.ORGANISATION_WEIGHTS)
    expected = np.frombuffer(uscc.ORGANISATION_CHECKS.encode(), dtype=np.uint8)[-own % 11]
    warned = np.where(cells[:, 16] == expected, NOTHING, NUMBER["codes.uscc_organisation"]).astype(np.uint8)
    return refused, warned


def check_companies(codes: pl.Series) -> pl.DataFrame:
    """Check a column of company codes: unified social credit codes, or DUNS numbers of nine digits."""
    findings, warnings, seen = _unseen(codes)
    rows, texts = of_width(codes, uscc.LENGTH)
    where = slice(None) if rows is None else rows
    findings[where], warnings[where] = _uscc_verdicts(matrix(texts, uscc.LENGTH))
    seen[where] = True
    rows, texts = of_width(codes, duns.LENGTH)
    foreign = np.full(len(texts), NOTHING, dtype=np.uint8)
    foreign[outside(matrix(texts, duns.LENGTH), "0123456789")] = NUMBER["codes.duns_character"]
    where = slice(None) if rows is None else rows
    findings[where] = foreign
    seen[where] = True
    strange = {
        duns.LENGTH: ("codes.duns_character", "[^0-9]"),
        uscc.LENGTH: ("codes.uscc_character", f"[^{uscc.ALPHABET}]"),
    }
    look_closer(codes, findings, seen, "codes.company_length", strange)
    return frame(findings, warnings)


def check_divisions(codes: pl.Series, on: date, register: Register | None = None) -> pl.DataFrame:
    """Check a column of GB/T 2260 codes as of a day, against the register shipped or another one.

    An unknown county in a known province is a warning: counties are made and merged every year.
    """
    known = register or national()
    valid = [entry.code for entry in known.entries if on in entry.validity]
    ever = [entry.code for entry in known.entries]
    provinces = sorted({code[:2] for code in ever})
    text = pl.col("text")
    form = text.str.contains("^[0-9]{6}$")
    answer = (
        codes.alias("text")
        .to_frame()
        .select(
            finding=pl.when(text.is_null() | (form & text.str.slice(0, 2).is_in(provinces)))
            .then(NOTHING)
            .when(form)
            .then(NUMBER["codes.division_province"])
            .otherwise(NUMBER["codes.division_form"])
            .cast(pl.UInt8),
            warning=pl.when(text.is_null() | text.is_in(valid))
            .then(NOTHING)
            .when(text.is_in(ever))
            .then(NUMBER["codes.division_not_valid"])
            .otherwise(NUMBER["codes.division_unknown"])
            .cast(pl.UInt8),
        )
    )
    findings = answer["finding"].to_numpy().copy()
    seen = codes.is_null().to_numpy() | (findings == NOTHING)
    look_closer(codes, findings, seen, "codes.division_form", {LENGTH: ("codes.division_form", "[^0-9]")})
    return frame(findings, answer["warning"].to_numpy())
