"""What scanned codes are to somebody: his, on their way to him, or nothing that he may know of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from suyuan.codes.keys import split_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.visibility import seen_keys

_STATES: Final = """
SELECT o.place, s.stage, s.holder, s.consignee, s.vehicle
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial
 ORDER BY o.place
"""
_BOUND: Final = "SELECT lot, serial FROM ledger_state WHERE vehicle = %s AND stage = %s ORDER BY lot, serial"
_BATTERY: Final = re.compile(r"[0-9A-Z]{24}(RP|RM|RC)?|[0-9A-Z]{19}")
_VIN: Final = re.compile(r"[0-9A-HJ-NPR-Z]{17}")
_FULL_WIDTH: Final = {ord("！") + step: ord("!") + step for step in range(94)} | {0x3000: 0x20}


@dataclass(frozen=True, slots=True)
class Standing:
    """One code: `stage` is None for what the scope may not know of, be it there or not."""

    code: str
    stage: str | None
    mine: bool = False
    awaited: bool = False
    vehicle: str | None = None


def plain_code(text: str) -> str:
    """What a scanner, a label's address or a hand typed, as a code.

    >>> plain_code("https://example.org/b/9smpb010000001ga10000001?x=1"), plain_code(" 9SMP B010 ")
    ('9SMPB010000001GA10000001', '9SMPB010')
    """
    typed = text.translate(_FULL_WIDTH).strip()[:500]
    if "://" in typed:
        parts = [unquote(part) for part in urlsplit(typed).path.split("/") if part]
        after = [part for before, part in zip(["", *parts], parts, strict=False) if before in {"b", "21", "250"}]
        typed = after[0] if after else (parts or [""])[-1]
    return re.sub(r"[\s-]", "", typed).upper()


def looks_like(code: str) -> str:
    """``vin``, ``battery`` or ``other``.

    >>> looks_like("LSVAA4182E2184847"), looks_like("9SMPB010000001GA10000001"), looks_like("HELLO")
    ('vin', 'battery', 'other')
    """
    if _VIN.fullmatch(code):
        return "vin"
    return "battery" if _BATTERY.fullmatch(code) else "other"


def standings(scope: Scope, codes: Sequence[str]) -> list[Standing]:
    """What each of `codes` is to a company, in their order; two queries whatever their number."""
    keys = [split_code(code) for code in codes]
    with cursor() as run:
        seen = seen_keys(run, scope, sorted(set(keys)))
        rows = run.execute(_STATES, [[lot for lot, _ in keys], [serial for _, serial in keys]]).fetchall()
    names = {number: name for name, number in vocabulary().stages.items()}
    found = {place - 1: row for place, *row in rows if keys[place - 1] in seen}
    made = []
    for place, code in enumerate(codes):
        if place not in found:
            made.append(Standing(code, None))
            continue
        stage, holder, consignee, vehicle = found[place]
        own = scope.company
        mine, awaited = own is not None and holder == own, own is not None and consignee == own
        made.append(Standing(code, names[stage], mine, awaited, vehicle))
    return made


def packs_in(scope: Scope, vin: str) -> list[tuple[str, int]]:
    """The packs bound to a vehicle; a check of the program itself asks with the scope of the nation."""
    with cursor() as run:
        found = [(lot, serial) for lot, serial in run.execute(_BOUND, [vin, vocabulary().stages["installed"]])]
        return sorted(seen_keys(run, scope, found))
