"""Characters that no database and no file of ours can hold: NUL and halves of surrogate pairs."""

import re
from collections.abc import Mapping

import polars as pl

from suyuan.kernel.findings import Value

NUL = "\0"
REPLACEMENT = "\ufffd"
"""Stands where such a character stood, so that nobody takes the rest for the whole text."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Broken(str):
    """A text that held half of a surrogate pair; `REPLACEMENT` stands there now."""

    __slots__ = ()


def mended(text: str) -> str:
    """`text` with `REPLACEMENT` for halves of surrogate pairs; of the class `Broken` if it had any."""
    return Broken(_SURROGATE.sub(REPLACEMENT, text)) if _SURROGATE.search(text) else text


def is_storable(text: str) -> bool:
    """Whether `text` can be kept letter by letter."""
    return not _UNSTORABLE.search(text)


def stripped(text: str) -> str:
    """`text` without the characters that cannot be kept."""
    return _UNSTORABLE.sub("", text)


def stripped_data(data: Mapping[str, Value]) -> dict[str, Value]:
    """`data` whose texts can be kept."""
    return {name: _stripped_value(value) for name, value in data.items()}


def _stripped_value(value: Value) -> Value:
    if isinstance(value, str):
        return stripped(value)
    return [stripped(text) for text in value] if isinstance(value, list) else value


def holds_nul(series: pl.Series) -> bool:
    """Whether any text of the column holds NUL; a polars text cannot hold half of a surrogate pair."""
    return bool(series.str.contains(NUL, literal=True).any())


def without_nul(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `REPLACEMENT` for every NUL; nothing is copied where there is none."""
    names = [name for name in frame.columns if holds_nul(frame[name])]
    return frame.with_columns(pl.col(name).str.replace_all(NUL, REPLACEMENT, literal=True) for name in names)
