"""A filed record as the rows of a file again, so that a corrected one passes the same checks as any other."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from suyuan.codes import compose_code, split_batch
from suyuan.codes.columns import join_keys
from suyuan.events.containment import Tree, decode_tree
from suyuan.events.vocabulary import FieldType, Kind
from suyuan.events.vocabulary import Parts as PartsRule
from suyuan.server.ledger.services.filed import Filed
from suyuan.server.ledger.services.vocabulary import COMPACT

Cells = dict[str, str | None]
CHINA = ZoneInfo("Asia/Shanghai")
LEVEL = 3  # place of the letter for the level in every form of a battery code


def restate(one: Filed, sites: dict[int, str]) -> list[Cells]:
    """The rows, as text under canonical names, that would report the record as it stands.

    Parameters
    ----------
    sites
        Code of the reporter's sites by number; a site that is not there shows as its number.
    """
    said = json.loads(one.body)
    said.pop("correction", None)
    common: Cells = {
        **{name: text(value) for name, value in json.loads(one.personal or "{}").items()},
        one.kind.time: _time(one.kind, one.occurred_ms),
    }
    if one.site:
        common["site"] = sites.get(one.site, str(one.site))
    if "lines" in said:
        return [{**{name: text(value) for name, value in line.items()}, **common} for line in said["lines"]]
    common |= {name: text(value) for name, value in said.items()}
    common |= {one.kind.slots[slot].field: _named(compose_code(*key)) for slot, key in one.objects if slot >= 0}
    if one.tree is None:
        return [common]
    if one.kind.name in COMPACT:
        return [{**common, one.kind.main.field: code} for code in _codes(one.tree)]
    return [{**common, **row} for row in _parts(one.kind, one.tree)]


def text(value: object) -> str | None:
    """A value of a record's text as a file would say it.

    >>> text(400.0), text("x"), text(None)
    ('400.0', 'x', None)
    """
    return None if value is None else str(value)


def _named(code: str) -> str:
    """What a file calls an object: a batch of material by its text; the record says the company where it must."""
    batch = split_batch(code)
    return batch[1] if batch else code


def _time(kind: Kind, occurred_ms: int) -> str:
    moment = datetime.fromtimestamp(occurred_ms / 1000, UTC).astimezone(CHINA)
    if kind.fields[kind.time].type is FieldType.DATE:
        return moment.date().isoformat()
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{occurred_ms % 1000:03d}" if occurred_ms % 1000 else "")


def _codes(tree: Tree) -> list[str]:
    keys, _ = decode_tree(tree)
    return join_keys(keys.lots, keys.lot.astype("u4"), keys.serial.astype("i4")).to_list()


def _parts(kind: Kind, tree: Tree) -> list[Cells]:
    """One row a part of the lowest level; a cell without a module stands in the pack itself."""
    if kind.parts is not PartsRule.TREE:
        return [{}]
    codes = _codes(tree)
    _, counts = decode_tree(tree)
    tops, subs = codes[: len(counts)], iter(codes[len(counts) :])
    if len(kind.children) == 1:
        return [{kind.children[0]: code} for code in tops]
    upper, lower = kind.children
    rows: list[Cells] = []
    for code, count in zip(tops, counts.tolist(), strict=True):
        if count:
            rows += [{upper: code, lower: next(subs)} for _ in range(count)]
        else:
            rows.append({upper if code[LEVEL] in kind.fields[upper].levels else lower: code})
    return rows
