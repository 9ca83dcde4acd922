"""Canonical JSON (RFC 8785): one sequence of bytes for one value, so that it can be hashed and signed.

Values are those of I-JSON (RFC 7493): text without lone surrogates, integers of at most 2**53 - 1 in
size, finite floating point numbers, lists, and objects with text for keys.
"""

import json
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
"""A JSON value."""

LARGEST_INTEGER = (1 << 53) - 1
DEEPEST = 200
"""Lists and objects within each other; more is refused."""

_QUICK = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
# A fraction or an exponent behind each mark that may stand before a number: one literal first, so that they are quick.
_FRACTIONS = tuple(re.compile(mark + rb"-?\d+[.e]") for mark in (rb":", rb",", rb"\["))
_HIGH = re.compile(rb"[\xee-\xf4]")
"""The first byte of U+E000 and later, where the order of UTF-16 is another than that of code points."""


def canonical_json(value: object) -> bytes:
    """The canonical bytes; ValueError for what I-JSON cannot say.

    >>> canonical_json({"b": [1.0, 1e21, "€"], "a": None})
    b'{"a":null,"b":[1,1e+21,"\\xe2\\x82\\xac"]}'
    """
    quick = _quickly(value)
    if quick is not None:
        return quick
    parts: list[str] = []
    _write(value, parts.append, DEEPEST)
    return "".join(parts).encode()


def _quickly(value: object) -> bytes | None:
    """The same from a compiled encoder; None where it may write something otherwise, or refuses.

    It writes fractions otherwise, sorts keys by code points, and gives ``null`` for NaN.
    """
    if not isinstance(value, dict | list):
        return None
    try:
        told = orjson.dumps(value, option=_QUICK)
    except TypeError:
        return None
    if b"null" in told or any(fraction.search(told) for fraction in _FRACTIONS):
        return None
    return told if told.isascii() or not _HIGH.search(told) else None


def read_canonical_json(content: bytes) -> Json:
    """The value of canonical bytes; ValueError where they are not JSON or not canonical.

    No other text of the same value is accepted: neither spaces, nor another order, nor a key twice.
    """
    value: Json = read_json(content)
    if canonical_json(value) != content:
        raise ValueError("the JSON is not in canonical form (RFC 8785)")
    return value


def read_json(content: bytes | str) -> Any:
    """The value of JSON text in UTF-8; ValueError for a key that stands twice, NaN, or too much depth."""
    text = content.decode() if isinstance(content, bytes) else content
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_whole, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too many lists and objects within each other") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _whole(digits: str) -> int | float:
    """A whole number; one that a double does not keep exactly is the double that RFC 8785 takes it for."""
    number = int(digits)
    return number if abs(number) <= LARGEST_INTEGER else float(digits)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _write(value: object, put: Callable[[str], object], depth: int) -> None:
    if isinstance(value, str):
        put(encode_basestring(value))
    elif value is None or value is True or value is False:
        put({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise ValueError(f"{value} is no I-JSON integer")
        put(int.__repr__(value))
    elif isinstance(value, float):
        put(_number(value))
    elif depth == 0:
        raise ValueError("too many lists and objects within each other")
    elif isinstance(value, Mapping):
        _write_object(value, put, depth)
    elif isinstance(value, list | tuple):
        put("[")
        for place, item in enumerate(value):
            if place:
                put(",")
            _write(item, put, depth - 1)
        put("]")
    else:
        raise ValueError(f"{type(value).__name__} is no JSON value")


def _write_object(value: Mapping[Any, object], put: Callable[[str], object], depth: int) -> None:
    """Members in the order of their keys' UTF-16 code units."""
    if not all(isinstance(key, str) for key in value):
        raise ValueError("the keys of a JSON object are text")
    keys = sorted(value)
    if keys and max(map(max, filter(None, keys)), default="") > "\uffff":
        keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    put("{")
    for place, key in enumerate(keys):
        if place:
            put(",")
        put(encode_basestring(key))
        put(":")
        _write(value[key], put, depth - 1)
    put("}")


def _number(value: float) -> str:
    """A number as ECMAScript writes it: the shortest digits that read back, exponents from 1e21 and below 1e-6."""
    if not isfinite(value):
        raise ValueError("JSON has no infinite numbers and no NaN")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}".lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"
