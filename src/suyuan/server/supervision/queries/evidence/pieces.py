"""What evidence queries share: numbers of kinds, and the conditions that several of them use."""

import re

from suyuan.events.vocabulary import vocabulary
from suyuan.server.ledger.queries.valid import VALID

_DAY = "(e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date"
_IN_FORCE = """EXISTS (SELECT FROM unnest(%(since)s::date[], %(until)s::date[]) AS i (since, until)
                WHERE {day} BETWEEN i.since AND coalesce(i.until, 'infinity'))"""
_CODE = """CASE WHEN {a}.serial = 0 THEN {a}.lot
             ELSE left({a}.lot, CASE length({a}.lot) WHEN 12 THEN 10 ELSE 17 END) || lpad({a}.serial::text, 7, '0')
                  || substr({a}.lot, CASE length({a}.lot) WHEN 12 THEN 11 ELSE 18 END) END"""
_PREFIX = "CASE length({a}.lot) WHEN 12 THEN left({a}.lot, 7) ELSE left({a}.lot, 14) END"
_FILED = """(SELECT DISTINCT ON (f.prefix) f.prefix, f.mass_kg, f.details -> 'composition' AS composition
              FROM registry_code_filing f ORDER BY f.prefix, f.valid_from DESC)"""
_BORN = """EXISTS (SELECT FROM ledger_event x WHERE x.lot = {a}.lot AND x.serial = {a}.serial
                     AND (x.kind, x.slot) IN ({births}) AND {valid_x})"""


def filled(statement: str) -> str:
    """The statement with the numbers of kinds, and the conditions that several share."""
    births = [
        f"({kind.no}, {number})"
        for kind in vocabulary().kinds.values()
        for number, slot in enumerate(kind.slots)
        if slot.before == {"unknown"}
    ]
    statement = re.sub(r"\{code (\w)\}", lambda found: _CODE.replace("{a}", found[1]), statement)
    statement = re.sub(r"\{prefix (\w)\}", lambda found: _PREFIX.replace("{a}", found[1]), statement)
    statement = re.sub(r"\{born (\w)\}", lambda found: _BORN.replace("{a}", found[1]), statement)
    statement = re.sub(r"\{stage (\w+)\}", lambda found: str(vocabulary().stages[found[1]]), statement)
    pieces = {
        "in_force": _IN_FORCE,
        "filed": _FILED,
        "valid": VALID,
        "day": _DAY,
        "births": ", ".join(births),
        "outs": "{transferred_out}, {outlet_handed_over}, {retired}",
        "ins": "{transferred_in}, {utiliser_received}",
    }
    for name, piece in pieces.items():
        statement = statement.replace(f"{{{name}}}", piece)
    for alias in "abcdgmpqrstx":
        statement = statement.replace(f"{{valid_{alias}}}", _of(VALID, alias)).replace(
            f"{{day_{alias}}}", _of(_DAY, alias)
        )
    for kind in vocabulary().kinds.values():
        statement = statement.replace(f"{{{kind.name}}}", str(kind.no))
    return statement


def _of(piece: str, alias: str) -> str:
    """A condition on the event `e`, on another; inside it, corrections and withdrawals go by other names."""
    return re.sub(r"\be\.", f"{alias}.", piece)
