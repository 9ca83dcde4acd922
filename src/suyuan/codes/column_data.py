"""What the sentences of a columnar check need: position, character, counts, as JSON by row."""

import polars as pl

from suyuan.codes import uscc
from suyuan.codes.texts import FAULTS, visible

_TEXT = pl.col("text")
_STRANGE = {
    "codes.character": "[^0-9A-Z]",
    "codes.vin_character": "[^0-9A-HJ-NPR-Z]",
    "codes.uscc_character": f"[^{uscc.ALPHABET}]",
    "codes.duns_character": "[^0-9]",
}
_COUNTED = {
    code: FAULTS[code] for code in ("codes.invisible", "codes.full_width", "codes.separators", "codes.lower_case")
}
_AT = {  # finding: first character counted from 0, number of characters
    "codes.level": (3, 1),
    "codes.level_not_wanted": (3, 1),
    "codes.chemistry": (4, 1),
    "codes.vendor_unknown": (0, 3),
    "codes.form_26": (24, 2),
    "codes.vin_year": (9, 1),
    "codes.vin_check": (8, 1),
    "codes.uscc_check": (17, 1),
    "codes.uscc_organisation": (16, 1),
}
_IN_DATE = {"codes.year": (0, 1), "codes.month": (1, 1), "codes.day": (2, 1), "codes.date": (0, 3),
            "codes.date_in_future": (0, 3), "codes.serial_zero": (3, 7)}  # fmt: skip
_LENGTHS = frozenset({"codes.length", "codes.vin_length", "codes.company_length", "codes.division_form"})
_DIVISIONS = frozenset({"codes.division_province", "codes.division_unknown", "codes.division_not_valid"})


def _first(pattern: str, start: pl.Expr | int = 0) -> pl.Expr:
    """Where the pattern first matches behind `start`, counted from 0."""
    return _TEXT.str.slice(start).str.extract(f"(?s)^(.*?){pattern}").str.len_chars() + start


def _date_start() -> pl.Expr:
    return pl.when(_TEXT.str.len_chars() == 19).then(7).otherwise(14)


def _columns(code: str) -> list[pl.Expr]:
    """The fields of the data of one finding, over the column ``text``."""
    length = _TEXT.str.len_chars()
    place: pl.Expr | None = None
    width, extra = 1, []
    if code in _STRANGE:
        place = _first(_STRANGE[code])
    elif code in _COUNTED:
        place, extra = _first(_COUNTED[code]), [_TEXT.str.count_matches(_COUNTED[code]).alias("count")]
    elif code in _AT:
        place, width = pl.lit(_AT[code][0]), _AT[code][1]
    elif code in _IN_DATE:
        place, width = _date_start() + _IN_DATE[code][0], _IN_DATE[code][1]
    elif code == "codes.serial_letters":
        place = _first("[A-Z]", _date_start() + 3)
    elif code == "codes.uscc_division":
        place = _first("[^0-9]", 2)
    elif code == "codes.suffix":
        place, width = length - 2, 2
    elif code == "codes.suffix_level":
        place = length - 1
    if place is not None:
        return [(place + 1).cast(pl.UInt32).alias("position"), _TEXT.str.slice(place, width).alias("character"), *extra]
    if code in _LENGTHS:
        return [length.alias("length")]
    if code in _DIVISIONS:
        return [_TEXT.alias("division"), _TEXT.str.head(2).alias("province")]
    return []


def _visible(characters: pl.Series) -> pl.Series:
    names = {text: "".join(visible(character) for character in text) for text in characters.unique()}
    return characters.replace_strict(names, return_dtype=pl.String)


def finding_data(codes: pl.Series, findings: pl.Series) -> pl.Series:
    """The data that the sentence of each finding needs, as compact JSON.

    Parameters
    ----------
    codes
        The column that was checked.
    findings
        The column `finding` or `warning` of its check.

    Returns
    -------
    polars.Series
        JSON objects as text; null where nothing was found or the sentence needs nothing.
    """
    rows = pl.DataFrame({"text": codes, "code": findings.cast(pl.String)}).with_row_index("row")
    parts = [pl.DataFrame(schema={"row": pl.UInt32, "data": pl.String})]
    for (code,), group in rows.drop_nulls("code").group_by("code", maintain_order=True):
        columns = _columns(str(code))
        if not columns:
            continue
        data = group.select("row", *columns)
        if "character" in data.columns:
            data = data.with_columns(_visible(data["character"]))
        parts.append(data.select("row", data=pl.struct(pl.exclude("row")).struct.json_encode()))
    return rows.select("row").join(pl.concat(parts), on="row", how="left", maintain_order="left")["data"]
