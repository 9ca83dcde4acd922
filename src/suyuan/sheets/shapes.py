"""Lists and objects of a record that stand where the template knows none: dropped in silence they would be lost."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TypeAlias

from suyuan.sheets.headings import Match
from suyuan.sheets.nested import Json, Leaf
from suyuan.sheets.template import Nest

UNKNOWN, SHAPE = "sheets.unknown_nested_key", "sheets.nested_shape"

Place: TypeAlias = tuple[tuple[str, ...], str | None]  # lists to walk through, key


def unknown_places(match: Match, found: Sequence[Leaf]) -> set[Place]:
    """Where the values stand that the template does not know; what the mapping sets aside is not among them."""
    unknown = set(match.unknown)
    return {(leaf.path, leaf.key) for leaf in found if leaf.plain_heading in unknown} if unknown else set()


def strangers(
    record: Mapping[str, Json], nests: Sequence[Nest], unknown: Set[Place], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Code and dotted key of what would be lost of one record.

    A list of the template that is no list has the wrong shape. An unknown key is told if it stands in an
    item of a list, or holds a list or an object itself; a plain unknown value of the record is a warning
    elsewhere.
    """
    for key, value in record.items():
        if value is None or value in ([], {}):
            continue
        inside = (*path, key)
        nest = next((nest for nest in nests if nest.is_called(key)), None)
        if nest is not None and isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from strangers(item, nest.nests, unknown, inside)
        elif (path, key) in unknown or (isinstance(value, list) and (inside, None) in unknown):
            if nest is not None:
                yield SHAPE, ".".join(inside)
            elif path or isinstance(value, list | dict):
                yield UNKNOWN, ".".join(inside)


def unknown_columns(match: Match, found: Sequence[Leaf], objects: Set[str]) -> dict[str, list[str]]:
    """The same for a file whose every record has the same shape: code → dotted keys; `objects` are no lists."""
    told: dict[str, list[str]] = {}
    for path, key in sorted(unknown_places(match, found), key=str):
        dotted = ".".join(path if key is None else (*path, key))
        if path or key in objects:
            shape = len(path) == 0 and any(nest.is_called(key or "") for nest in match.template.nesting)
            told.setdefault(SHAPE if shape else UNKNOWN, []).append(dotted)
    return told
