"""Acts beside the battery: taken in, replaced, scrapped, received. Each becomes reports like any other reporter's."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Final

from django.db import transaction

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.accounts.services import note_deed
from suyuan.server.handover.queries.acts import ActDone, by_key
from suyuan.server.handover.services import reports
from suyuan.server.handover.services.pictures import MOST_PHOTOS, Photo, keep_photos
from suyuan.server.handover.services.reporting import UNDER_WAY, send_all
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Refusal, TooLarge
from suyuan.server.registry.queries import code_and_roles, site_numbers

TASKS: Final[Mapping[str, frozenset[str]]] = {
    "take_in": frozenset({"outlet_operator"}),
    "replace": frozenset({"repairer"}),
    "scrap": frozenset({"dismantler"}),
    "receive": frozenset({"utiliser"}),
}
"""Which of a company's roles an act is for."""

CONDITIONS: Final = ("intact", "damaged", "leaking")
MOST_CODES: Final = 500
KEY: Final = re.compile(r"[0-9A-Za-z-]{8,64}")

_INSERT: Final = """
INSERT INTO handover_act (company, site, person, key, task, told, condition, reports, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (company, key) DO NOTHING RETURNING number
"""
_FINISH: Final = "UPDATE handover_act SET finished_at = %s, outcomes = %s WHERE number = %s AND finished_at IS NULL"
_ONE: Final = "SELECT number, reports, finished_at FROM handover_act WHERE company = %s AND key = %s"
_UNFINISHED: Final = "SELECT company, key FROM handover_act WHERE finished_at IS NULL ORDER BY number"


@dataclass(frozen=True, slots=True)
class Act:
    """What was said on the scan page; texts are blank where nothing was said.

    Parameters
    ----------
    key
        Made where it was scanned: the same key is the same act.
    day
        When it happened; it may lie in the past if the network was away.
    codes
        Batteries: those taken in; the old one and the new one; those found in the vehicle; those received.
    condition
        Of batteries taken in: one of `CONDITIONS`.
    taken_out
        That the batteries were removed from their vehicle here, which is then reported, too.
    """

    key: str
    task: str
    day: date
    codes: tuple[str, ...]
    vin: str = ""
    site: str = ""
    condition: str = ""
    party: str = ""
    document_no: str = ""
    missing_reason: str = ""
    mass_kg: float | None = None
    taken_out: bool = False
    photos: tuple[Photo, ...] = field(default=(), repr=False)

    def told(self) -> dict[str, Any]:
        """As it is kept and compared; photos by their digests."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        photos = [photo.digest for photo in self.photos]
        return {**said, "day": self.day.isoformat(), "codes": list(self.codes), "photos": photos}


def tasks_of(company: int, on: date) -> list[str]:
    """The acts that a company may do on a day."""
    _, roles = code_and_roles(company, on) or ("", frozenset())
    return [task for task, wanted in TASKS.items() if wanted & roles]


def act(who: Principal, said: Act, clock: Clock = SYSTEM_CLOCK) -> ActDone:
    """Do it once: record it with the reports that follow from it, then send those.

    Raises
    ------
    Forbidden
        ``accounts.not_permitted``, ``handovers.task_not_for_role``.
    Refusal
        ``handovers.key_unfit``, ``handovers.day_unfit``, ``handovers.codes_missing``, ``handovers.codes_too_many``,
        ``handovers.codes_twice``, ``handovers.condition_missing``, and what `reports.of_act` finds missing.
    TooLarge
        ``handovers.photos_too_many``.
    Conflict
        ``handovers.key_reused`` if the key came with something else before.
    """
    company = _check(who, said, clock)
    with cursor() as run:
        known = by_key(run, company, said.key)
    if known is None:
        _record(who, company, said, clock)
    elif known.told != said.told():
        raise Conflict("handovers.key_reused", key=said.key)
    return see_through(company, said.key, clock)


def _check(who: Principal, said: Act, clock: Clock) -> int:
    who.require(Permission.SUBMIT)
    company = who.scope.company
    if company is None or said.task not in tasks_of(company, clock.today()):
        raise Forbidden("handovers.task_not_for_role", task=said.task[:20])
    if not KEY.fullmatch(said.key):
        raise Refusal("handovers.key_unfit")
    check_day(said.day, clock)
    if not said.codes and said.task != "scrap":
        raise Refusal("handovers.codes_missing")
    check_codes(said.codes)
    if said.task == "take_in" and said.condition not in CONDITIONS:
        raise Refusal("handovers.condition_missing")
    if len(said.photos) > MOST_PHOTOS:
        raise TooLarge("handovers.photos_too_many", most=MOST_PHOTOS)
    return company


def check_day(day: date, clock: Clock) -> None:
    """Refuse what is said to happen in the future: ``handovers.day_unfit``."""
    if day > clock.today():
        raise Refusal("handovers.day_unfit", day=day.isoformat(), today=clock.today().isoformat())


def check_codes(codes: Sequence[str]) -> None:
    """Refuse too many codes, and codes listed twice: ``handovers.codes_too_many``, ``handovers.codes_twice``."""
    if len(codes) > MOST_CODES:
        raise Refusal("handovers.codes_too_many", count=len(codes), most=MOST_CODES)
    if len(set(codes)) < len(codes):
        raise Refusal("handovers.codes_twice", codes=sorted({code for code in codes if codes.count(code) > 1})[:5])


def _record(who: Principal, company: int, said: Act, clock: Clock) -> None:
    following = [report.told() for report in reports.of_act(who, said, clock)]
    sites = site_numbers(who.scope, company, [said.site], clock.today()) if said.site else {}
    site = sites.get(said.site, who.scope.site)
    told, told_reports = (json.dumps(each, ensure_ascii=False) for each in (said.told(), following))
    values = [company, site, who.person, said.key, said.task, told, said.condition or None, told_reports, clock.now()]
    with transaction.atomic(), cursor() as run:
        row = run.execute(_INSERT, values).fetchone()
        if row is not None:  # else the same was sent twice at the same moment
            keep_photos(run, row[0], said.photos)
            about = {"codes": list(said.codes)}
            note_deed(who.person, who.scope, f"handovers.{said.task}", str(row[0]), clock.now(), about)


def see_through(company: int, key: str, clock: Clock = SYSTEM_CLOCK) -> ActDone:
    """Send what is still to be sent of an act, and say how it stands."""
    with cursor() as run:
        row = run.execute(_ONE, [company, key]).fetchone()
    if row is None:
        raise LookupError(key)
    number, told, finished_at = row
    if finished_at is None:
        _send(number, told, clock)
    with cursor() as run:
        done = by_key(run, company, key)
    if done is None:
        raise LookupError(key)
    return done


def _send(number: int, told: Any, clock: Clock) -> None:
    known: Sequence[Mapping[str, Any]] = json.loads(told) if isinstance(told, str) else told
    outcomes = send_all(known, f"act-{number}", clock)
    if not any(one.state in UNDER_WAY for one in outcomes):
        with cursor() as run:
            run.execute(_FINISH, [clock.now(), json.dumps([asdict(one) for one in outcomes]), number])


def unfinished() -> list[tuple[int, str]]:
    """(company, key) of acts that a crash left unfinished."""
    with cursor() as run:
        return [(company, key) for company, key in run.execute(_UNFINISHED)]
