"""TOML with places: every table of a file together with the line it stands on, and checked access to it.

`tomllib` keeps no places, so they are found in the text: a header starts a table, a key at the start of
a line belongs to it. Texts over several lines are refused, because they could hide such a line.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from suyuan.kernel.findings import Value
from suyuan.rules.errors import LawRefused

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"([A-Za-z0-9_-]+)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+)")
W = TypeVar("W", bound=StrEnum)
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str) and bool(value.strip()),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "table": lambda value: isinstance(value, dict),
    "array of strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "array of dates": lambda value: isinstance(value, list) and all(_TYPES["date"](item) for item in value),
    "array of tables": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a file: its content, its line, and the lines of its keys (all from 1)."""

    file: str
    name: str
    line: int
    content: Mapping[str, Any]
    lines: Mapping[str, int]

    def refuse(self, code: str, at: str = "", /, **data: Value) -> LawRefused:
        """The error for something wrong here, at the key `at` if that has a line of its own."""
        return LawRefused(code, self.file, self.lines.get(at, self.line), **data)

    def only(self, *known: str) -> None:
        """Refuse a key that nobody knows: a slip of the pen must not go unheard."""
        for key in self.content:
            if key not in known:
                raise self.refuse("rules.unknown_key", key, key=key, known=list(known))

    def _get(self, key: str, kind: str, needed: bool) -> Any:
        if key not in self.content:
            if needed:
                raise self.refuse("rules.missing_key", key=key, table=self.name)
            return None
        value = self.content[key]
        if not _TYPES[kind](value):
            raise self.refuse("rules.wrong_type", key, key=key, wanted=kind, given=str(value))
        return value

    def text(self, key: str) -> str:
        """A text that must be there."""
        return str(self._get(key, "string", True))

    def optional_text(self, key: str) -> str | None:
        """A text, if there."""
        found: str | None = self._get(key, "string", False)
        return found

    def day(self, key: str) -> date | None:
        """A day, if there."""
        found: date | None = self._get(key, "date", False)
        return found

    def whole(self, key: str) -> int | None:
        """A whole number, if there."""
        found: int | None = self._get(key, "integer", False)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty if not there. One text alone stands for a list of one."""
        if isinstance(self.content.get(key), str):
            return (self.text(key),)
        return tuple(self._get(key, "array of strings", False) or ())

    def days(self, key: str) -> tuple[date, ...]:
        """A list of days; empty if not there."""
        return tuple(self._get(key, "array of dates", False) or ())

    def table(self, key: str) -> Mapping[str, Any]:
        """An inner table; empty if not there."""
        found: Mapping[str, Any] = self._get(key, "table", False) or {}
        return found

    def word(self, key: str, words: type[W], default: W | None = None) -> W:
        """One of some words."""
        if default is not None and key not in self.content:
            return default
        given = self.text(key)
        try:
            return words(given)
        except ValueError:
            raise self.refuse(
                "rules.unknown_word", key, key=key, given=given, known=[word.value for word in words]
            ) from None

    def inner(self, key: str) -> list["Section"]:
        """The tables of a list that is written as a value, one a line."""
        found: list[dict[str, Any]] = self._get(key, "array of tables", False) or []
        start = self.lines.get(key, self.line)
        places = [self.lines.get(f"{key}.{number}", start) for number in range(len(found))]
        return [Section(self.file, key, place, item, {}) for place, item in zip(places, found, strict=True)]


def read_sections(text: str, file: str) -> dict[str, list[Section]]:
    """The top-level tables of a file by name, those without a header under "".

    Raises `LawRefused` with the line where the text is no TOML or has texts over several lines.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        last = len(text.splitlines()) or 1
        line = int(found[1]) if found else last
        raise LawRefused("rules.not_toml", file, line, said=str(error)) from None
    places = _places(text, file)
    sections: dict[str, list[Section]] = {}
    plain = {key: value for key, value in content.items() if key not in places}
    _, lines = places.get("", [(1, {})])[0]
    sections[""] = [Section(file, "", 1, plain, lines)]
    for name, value in content.items():
        if name in places:
            tables: Sequence[Mapping[str, Any]] = value if isinstance(value, list) else [value]
            sections[name] = [
                Section(file, name, line, table, keys) for (line, keys), table in zip(places[name], tables, strict=True)
            ]
    return sections


def _places(text: str, file: str) -> dict[str, list[tuple[int, dict[str, int]]]]:
    """By name of table: the line of each header and the lines of its keys."""
    found: dict[str, list[tuple[int, dict[str, int]]]] = {"": [(1, {})]}
    keys, key, items = found[""][0][1], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if '"""' in line or "'''" in line:
            raise LawRefused("rules.long_text", file, number)
        if header := _HEADER.fullmatch(line):
            keys = {}
            found.setdefault(header[1], []).append((number, keys))
        elif start := _KEY.match(line):
            key, items = start[1], 0
            keys[key] = number
        elif line.lstrip().startswith("{"):
            keys[f"{key}.{items}"] = number
            items += 1
    return found
