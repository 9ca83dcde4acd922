"""JSON text to values: numbers letter by letter, keys given twice and broken characters marked, never dropped."""

import json
import re
from collections import Counter
from typing import cast

from suyuan.sheets.limits import SheetError
from suyuan.sheets.nested import Json
from suyuan.sheets.unstorable import mended

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Number(str):
    """A JSON number, as it is written."""

    __slots__ = ()


class Doubled(dict[str, Json]):
    """An object in which, or somewhere inside which, keys are given more than once."""

    __slots__ = ("keys_twice",)

    def __init__(self, value: dict[str, Json], keys_twice: list[str]) -> None:
        super().__init__(value)
        self.keys_twice = keys_twice


class Parser:
    """Parses the texts of one file, one after the other."""

    def __init__(self) -> None:
        self._objects: list[list[tuple[str, object]]] = []
        self._plain = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)
        self._marking = json.JSONDecoder(
            parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=_object
        )
        # a function of Python called for every object would take several times as long as the parsing itself
        self._counting = json.JSONDecoder(parse_int=bool, parse_float=bool, object_pairs_hook=self._objects.append)

    def parse(self, text: bytes, line: int) -> Json:
        """The value of `text`, which begins on `line` of the file."""
        try:
            return self._parse(text)
        except json.JSONDecodeError as error:
            self._objects.clear()
            raise SheetError("sheets.json_syntax", line=line + error.lineno - 1, position=error.colno) from error
        except RecursionError as error:
            raise SheetError("sheets.too_deep", line=line) from error
        except ValueError as error:
            raise SheetError("sheets.json_syntax", line=line, position=1) from error

    def _parse(self, text: bytes) -> Json:
        received = text.decode()
        doubled = self._has_doubled(received)
        parsed: Json = (self._marking if doubled else self._plain).decode(received)
        if _SURROGATE.search(text):
            parsed = _whole_characters(parsed)
        return _marked(parsed) if doubled else parsed

    def _has_doubled(self, text: str) -> bool:
        """Whether any object gives a key more than once."""
        self._counting.decode(text)
        doubled = sum(map(len, self._objects)) != sum(map(len, map(dict, self._objects)))
        self._objects.clear()
        return doubled


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    times = Counter(key for key, _ in pairs)
    twice = sorted(key for key, count in times.items() if count > 1)
    return Doubled(made, twice) if twice else made


def _whole_characters(value: Json) -> Json:
    """`value` with every half of a surrogate pair replaced; the texts that had one are `Broken`."""
    if isinstance(value, dict):
        whole = {str(mended(key)): _whole_characters(inner) for key, inner in value.items()}
        return Doubled(whole, [str(mended(key)) for key in value.keys_twice]) if isinstance(value, Doubled) else whole
    if isinstance(value, list):
        return [_whole_characters(inner) for inner in value]
    return mended(value) if isinstance(value, str) else value


def _marked(value: Json) -> Json:
    """`value` where each record (the object itself, those of a list, those in a list of it) tells of all inside it."""
    if isinstance(value, list):
        return [_record(item) for item in value]
    if not isinstance(value, dict) or not isinstance(value.get("records"), list):
        return _record(value)
    records = [_record(item) for item in cast("list[Json]", value["records"])]
    whole: dict[str, Json] = {**value, "records": records}
    return Doubled(whole, value.keys_twice) if isinstance(value, Doubled) else whole


def _record(value: Json) -> Json:
    keys = sorted(_keys_twice(value))
    return Doubled(value, keys) if keys and isinstance(value, dict) else value


def _keys_twice(value: Json) -> set[str]:
    found = set(value.keys_twice) if isinstance(value, Doubled) else set()
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found.union(*map(_keys_twice, inside))
