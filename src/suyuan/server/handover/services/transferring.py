"""Hand-overs between two companies: the giver lists, the receiver confirms, and both reports follow from one note."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import psycopg
from django.db import transaction

from suyuan.codes.keys import split_code
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.accounts.services import note_deed
from suyuan.server.handover.queries.notes import Note, Pack, note, one, packs_of
from suyuan.server.handover.services import reports
from suyuan.server.handover.services.acting import KEY, check_codes, check_day
from suyuan.server.handover.services.reporting import UNDER_WAY, Report, send_all
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import by_uscc, code_and_roles, site_numbers, sites

OPEN_FOR: Final = timedelta(days=7)
"""How long a receiver may confirm; our own choice: a lorry arrives within days, and a forgotten code must not last."""

LARGEST_KG: Final = 10_000_000.0

_INSERT: Final = """
INSERT INTO handover_note (id, giver, giver_site, receiver, key, made_at, made_by, handed_over_on, mass_kg, remark,
                           expires_at, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'open') ON CONFLICT (giver, key) DO NOTHING RETURNING number
"""
_PACKS: Final = """
INSERT INTO handover_pack (note, place, listed, outcome, lot, serial)
SELECT %s, %s + place, %s, %s, lot, serial
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
"""
_OUTCOMES: Final = """
UPDATE handover_pack p SET outcome = o.outcome
  FROM unnest(%s::text[], %s::integer[], %s::text[]) AS o (lot, serial, outcome)
 WHERE p.note = %s AND p.lot = o.lot AND p.serial = o.serial
"""
_ACCEPT: Final = """
UPDATE handover_note SET state = 'accepted', receiver = %s, receiver_site = %s, accepted_at = %s, accepted_by = %s,
       received_on = %s, received_mass_kg = %s, received_remark = %s, reports = %s
 WHERE number = %s
"""
_FINISH: Final = "UPDATE handover_note SET state = %s, outcomes = %s WHERE number = %s"
_STEP: Final = "INSERT INTO handover_step (note, step, at, person, company, remark) VALUES (%s, %s, %s, %s, %s, %s)"
_KNOWN: Final = "SELECT number FROM handover_note WHERE giver = %s AND key = %s"
_TO_SEND: Final = "SELECT reports FROM handover_note WHERE number = %s AND state = 'accepted'"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a giver says; `receiver` is a company's code, blank for whoever brings the code of the note."""

    key: str
    day: date
    codes: tuple[str, ...]
    receiver: str = ""
    mass_kg: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a receiver says: which packs came and how, what came beside them, their mass, and where they stand now."""

    day: date
    missing: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()
    extra: tuple[str, ...] = ()
    mass_kg: float | None = None
    site: str = ""
    remark: str = ""


def offer(who: Principal, said: Listed, clock: Clock = SYSTEM_CLOCK) -> Note:
    """List packs to be handed over; the same key is the same note.

    Raises
    ------
    Forbidden
        ``accounts.not_permitted``, ``handovers.for_companies``.
    Refusal
        ``handovers.key_unfit``, ``handovers.day_unfit``, ``handovers.codes_missing``, ``handovers.codes_too_many``,
        ``handovers.codes_twice``, ``handovers.mass_unfit``, ``handovers.receiver_unknown``,
        ``handovers.receiver_is_giver``, ``handovers.not_held``.
    Conflict
        ``handovers.key_reused`` if the key came with other packs before.
    """
    giver = _company(who)
    known = _known(who.scope, giver, said)
    if known is not None:
        return known
    _check(said, clock)
    receiver = _receiver(giver, said.receiver, clock)
    reports.of_giver(giver, said.codes, clock.today())
    now, remark = clock.now(), said.remark.strip()[:500]
    values = [uuid4(), giver, who.scope.site, receiver, said.key, now, who.person, said.day, said.mass_kg, remark]
    with transaction.atomic(), cursor() as run:
        row = run.execute(_INSERT, [*values, now + OPEN_FOR]).fetchone()
        if row is not None:
            run.execute(_PACKS, [row[0], 0, True, None, *_columns(said.codes)])
            _step(run, who, row[0], "made", clock)
    found = _known(who.scope, giver, said)
    if found is None:
        raise LookupError(said.key)
    return found


def _columns(codes: Sequence[str]) -> list[list[str] | list[int]]:
    keys = [split_code(code) for code in codes]
    return [[lot for lot, _ in keys], [serial for _, serial in keys]]


def _known(scope: Scope, giver: int, said: Listed) -> Note | None:
    with cursor() as run:
        row = run.execute(_KNOWN, [giver, said.key]).fetchone()
        if row is None:
            return None
        if [pack.code for pack in packs_of(run, row[0]) if pack.listed] != list(said.codes):
            raise Conflict("handovers.key_reused", key=said.key)
    return note(scope, row[0])


def _company(who: Principal) -> int:
    who.require(Permission.SUBMIT)
    if who.scope.company is None:
        raise Forbidden("handovers.for_companies")
    return who.scope.company


def _check(said: Listed, clock: Clock) -> None:
    if not KEY.fullmatch(said.key):
        raise Refusal("handovers.key_unfit")
    if not said.codes:
        raise Refusal("handovers.codes_missing")
    check_codes(said.codes)
    check_day(said.day, clock)
    _check_mass(said.mass_kg)


def _check_mass(mass_kg: float | None) -> None:
    if mass_kg is not None and not 0 < mass_kg <= LARGEST_KG:
        raise Refusal("handovers.mass_unfit", most=LARGEST_KG)


def _receiver(giver: int, code: str, clock: Clock) -> int | None:
    if not code:
        return None
    number = by_uscc(Scope.of_nation(), [code], clock.today()).get(code)
    if number is None:
        raise Refusal("handovers.receiver_unknown", company=code[:40])
    if number == giver:
        raise Refusal("handovers.receiver_is_giver")
    return number


def cancel(who: Principal, number: int, remark: str = "", clock: Clock = SYSTEM_CLOCK) -> Note:
    """Take an open note back, or, as its named receiver, decline it; it stays with both to be read.

    Raises
    ------
    Missing
        ``handovers.not_found``.
    Conflict
        ``handovers.not_open``.
    """
    company = _company(who)
    note(who.scope, number)
    with transaction.atomic(), cursor() as run:
        found = one(run, number, lock=True)
        if found is None or company not in (found.giver, found.receiver):
            raise Missing("handovers.not_found", number=number)
        if found.state != "open":
            raise Conflict("handovers.not_open", number=number)
        run.execute("UPDATE handover_note SET state = 'cancelled' WHERE number = %s", [number])
        _step(run, who, number, "cancelled" if company == found.giver else "declined", clock, remark.strip()[:500])
    return note(who.scope, number)


def accept(who: Principal, number: int, code: str, said: Confirmed, clock: Clock = SYSTEM_CLOCK) -> Note:
    """Confirm what came; then both reports are sent, the giver's under his name and the receiver's under his.

    Sent again by the same receiver, it is one confirmation, and the first one counts.

    Raises
    ------
    Missing
        ``handovers.not_found``, also for whom the note is not for.
    Conflict
        ``handovers.not_open``, ``handovers.expired``.
    Refusal
        ``handovers.own_note``, ``handovers.day_unfit``, ``handovers.before_giving``, ``handovers.not_listed``,
        ``handovers.nothing_came``, ``handovers.site_unknown``, ``handovers.mass_unfit``
        and what `reports` finds missing.
    """
    receiver = _company(who)
    note(who.scope, number, code)
    with transaction.atomic(), cursor() as run:
        found = one(run, number, lock=True)
        if found is None:
            raise Missing("handovers.not_found", number=number)
        if found.accepted_at is None or found.receiver != receiver:
            _check_open(found, receiver, clock)
            _check_confirmed(found, said, clock)
            _accept(run, who, found, said, clock)
    return see_through(number, clock)


def _check_open(found: Note, receiver: int, clock: Clock) -> None:
    if receiver == found.giver:
        raise Refusal("handovers.own_note")
    if found.state != "open" or found.receiver not in (None, receiver):
        raise Conflict("handovers.not_open", number=found.number)
    if found.stands(clock.now()) == "expired":
        raise Conflict("handovers.expired", number=found.number, at=found.expires_at.isoformat(timespec="minutes"))


def _check_confirmed(found: Note, said: Confirmed, clock: Clock) -> None:
    check_day(said.day, clock)
    _check_mass(said.mass_kg)
    if said.day < found.handed_over_on:
        raise Refusal("handovers.before_giving", day=said.day.isoformat(), given=found.handed_over_on.isoformat())
    check_codes(said.extra)


def _accept(run: psycopg.Cursor[Row], who: Principal, found: Note, said: Confirmed, clock: Clock) -> None:
    listed = [pack.code for pack in packs_of(run, found.number)]
    outcomes = _outcomes(listed, said)
    came = [code for code in listed if outcomes[code] != "missing"]
    if not came:
        raise Refusal("handovers.nothing_came", number=found.number)
    site_code, site = _site(who, said.site, clock)
    told = _reports(who, found, (listed, came), (site_code, said.day), clock)
    run.execute(_OUTCOMES, [*_columns(listed), [outcomes[code] for code in listed], found.number])
    extra = [code for code in said.extra if code not in outcomes]
    run.execute(_PACKS, [found.number, len(listed), False, "extra", *_columns(extra)])
    remark = said.remark.strip()[:500]
    values = [_company(who), site, clock.now(), who.person, said.day, said.mass_kg, remark, json.dumps(told)]
    run.execute(_ACCEPT, [*values, found.number])
    _step(run, who, found.number, "accepted", clock)


def _outcomes(listed: Sequence[str], said: Confirmed) -> dict[str, str]:
    strange = sorted((said.missing | said.damaged) - set(listed))
    if strange:
        raise Refusal("handovers.not_listed", codes=strange[:5])
    return {
        code: "missing" if code in said.missing else "damaged" if code in said.damaged else "received"
        for code in listed
    }


def _site(who: Principal, named: str, clock: Clock) -> tuple[str, int | None]:
    """The receiver's site: the one named, or the only one there is."""
    today = clock.today()
    if not named:
        known = sites(who.scope, on=today).select("code", "number").rows()
        return known[0] if len(known) == 1 else ("", who.scope.site)
    number = site_numbers(who.scope, who.scope.company or 0, [named], today).get(named)
    if number is None:
        raise Refusal("handovers.site_unknown", site=named[:40])
    return named, number


def _reports(
    who: Principal, found: Note, codes: tuple[Sequence[str], Sequence[str]], arrival: tuple[str, date], clock: Clock
) -> list[dict[str, Any]]:
    """All that was listed leaves the giver; what came is received. What is missing stays awaited until it is found."""
    (listed, came), (site, day), today = codes, arrival, clock.today()
    receiver = _company(who)
    names = {number: (code_and_roles(number, today) or ("", frozenset()))[0] for number in (found.giver, receiver)}
    given = reports.of_giver(found.giver, listed, today)
    taken = reports.of_receiver(receiver, {code: given[code] for code in came}, site, today)
    left = {"handed_over_on": found.handed_over_on.isoformat(), "party": names[receiver]}
    arrived = {"received_on": day.isoformat(), "from_company": names[found.giver]} | ({"site": site} if site else {})
    note_no = {"document_no": found.document_no}
    made = [
        Report("giver", kind, found.giver, found.giver_site, found.made_by, _rows(some, left | note_no))
        for kind, some in _by_kind(given)
    ]
    for kind, some in _by_kind(taken):
        said = arrived if kind == "outlet_received" else arrived | note_no
        made.append(Report("receiver", kind, receiver, who.scope.site, who.person, _rows(some, said)))
    return [report.told() for report in made]


def _rows(codes: Sequence[str], same: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"code": code, **same} for code in codes]


def _by_kind(kinds: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    return [(kind, [code for code in kinds if kinds[code] == kind]) for kind in sorted(set(kinds.values()))]


def see_through(number: int, clock: Clock = SYSTEM_CLOCK) -> Note:
    """Send what is still to be sent of a confirmed note, and say how it stands."""
    with cursor() as run:
        row = run.execute(_TO_SEND, [number]).fetchone()
    if row is not None:
        _send(number, row[0], clock)
    with cursor() as run:
        found = one(run, number)
    if found is None:
        raise Missing("handovers.not_found", number=number)
    return found


def _send(number: int, told: Any, clock: Clock) -> None:
    known: Sequence[Mapping[str, Any]] = json.loads(told) if isinstance(told, str) else told
    outcomes = send_all(known, f"handover-{number}", clock)
    if any(each.state in UNDER_WAY for each in outcomes):
        return
    state = "reported" if len(outcomes) == len(known) and all(each.good for each in outcomes) else "refused"
    with transaction.atomic(), cursor() as run:
        found = one(run, number, lock=True)
        if found is not None and found.state == "accepted":  # else somebody was quicker
            run.execute(_FINISH, [state, json.dumps([asdict(each) for each in outcomes]), number])
            run.execute(_STEP, [number, state, clock.now(), None, None, ""])


def _step(run: psycopg.Cursor[Row], who: Principal, number: int, step: str, clock: Clock, remark: str = "") -> None:
    run.execute(_STEP, [number, step, clock.now(), who.person, who.scope.company, remark])
    note_deed(who.person, who.scope, f"handovers.{step}", str(number), clock.now())


def unfinished() -> list[int]:
    """Numbers of confirmed notes whose reports a crash left unsent."""
    with cursor() as run:
        rows = run.execute("SELECT number FROM handover_note WHERE state = 'accepted' ORDER BY number")
        return [number for (number,) in rows]


def differences(found: Note, listed: Sequence[Pack]) -> dict[str, int]:
    """How many packs are missing, damaged and extra by what the receiver said."""
    counts = {name: sum(pack.outcome == name for pack in listed) for name in ("missing", "damaged", "extra")}
    return {name: count for name, count in counts.items() if count} if found.accepted_at else {}
