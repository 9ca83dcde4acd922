"""Open a case: what it is about, which company, which authority leads it."""

from collections.abc import Collection, Sequence
from typing import Final

import psycopg

from suyuan.kernel.canonical import Json
from suyuan.server.cases.queries.actors import Actor, Authority
from suyuan.server.cases.queries.folding import opened
from suyuan.server.cases.queries.procedure import OPENING, procedure
from suyuan.server.cases.queries.subjects import Subject, Subjects, subjects, taken_up
from suyuan.server.cases.services.orders import Opening
from suyuan.server.cases.services.texts import check_text
from suyuan.server.cases.services.writing import NewStep, taken, write_step
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import companies, company_number

MOST_SUBJECTS: Final = 50
LATE: Final = ("overdue", "fulfilled_late")
_WIDTH: Final = {Level.NATION: 0, Level.PROVINCE: 1, Level.CITY: 2}

_LOCK: Final = "SELECT pg_advisory_xact_lock(7724, 0)"
_SITE: Final = "SELECT division FROM registry_site WHERE number = %s AND company = %s"
_CASE: Final = """
INSERT INTO cases_case (company, site, place, title, opened_at, version, state, level, division, told, planned,
                        changed_at)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s, FALSE, FALSE, %s) RETURNING number
"""
_SUBJECTS: Final = """
INSERT INTO cases_subject (case_number, version, finding, record, duty)
SELECT %s, %s, * FROM unnest(%s::bigint[], %s::uuid[], %s::text[])
"""


def open_case(run: psycopg.Cursor[Row], actor: Actor, opening: Opening, clock: Clock = SYSTEM_CLOCK) -> int:
    """Open a case about findings and overdue duties of one company, inside the caller's transaction; its number.

    Raises
    ------
    Forbidden
        ``cases.only_reads``, ``cases.only_authorities_open``, ``cases.authority_out_of_reach``.
    Missing
        ``cases.subject_not_found``, for what does not exist or lies outside the actor's scope.
    Refusal
        ``cases.no_subject``, ``cases.too_many_subjects``, ``cases.duty_not_late``, ``cases.finding_false``,
        ``cases.several_companies``, ``cases.text_wrong``.
    Conflict
        ``cases.already_taken_up``.
    """
    if not actor.may_act:
        raise Forbidden("cases.only_reads", name=actor.name)
    if not actor.is_authority:
        raise Forbidden("cases.only_authorities_open")
    check_text("title", opening.title, 200)
    check_text("note", opening.note)
    found = examined(run, actor.scope, opening.subjects, clock)
    company = _company(found, opening.company)
    site, place = _place(run, company, found)
    lead = opening.lead or assigned(place, {one.weight for one in found})
    if opening.lead is not None and not actor.scope.covers(lead.scope):
        raise Forbidden("cases.authority_out_of_reach", level=lead.level.value, division=lead.division)
    title = opening.title or str(found[0].told["title_zh"])
    body: dict[str, Json] = {
        "level": lead.level.value,
        "division": lead.division,
        "shares": [*sorted(_shares(actor.scope, lead, place, found, company))],
        "subjects": [one.told for one in found],
    }
    now = clock.now()
    state = procedure().steps[OPENING].target
    row = [company, site, place, title, now, state, lead.level.value, lead.division, now]
    ((number,),) = run.execute(_CASE, row).fetchall()
    new = NewStep(OPENING, opening.note, False, body)
    write_step(run, number, actor, new, opened(taken(new, 1, now)))
    keep_subjects(run, number, 1, opening.subjects)
    return int(number)


def examined(
    run: psycopg.Cursor[Row], scope: Scope, asked: Subjects, clock: Clock, limit: int = MOST_SUBJECTS
) -> list[Subject]:
    """What a case shall be about, each of which may be seen, is late or not called false, and in no open case yet."""
    run.execute(_LOCK)
    if not len(asked):
        raise Refusal("cases.no_subject")
    if len(asked) > limit:
        raise Refusal("cases.too_many_subjects", limit=limit)
    found = subjects(run, scope, asked, clock.today())
    _check_all_there(asked, found)
    for one in found:
        if one.told["kind"] == "duty" and one.told["state"] not in LATE:
            raise Refusal("cases.duty_not_late", record=str(one.told["record"]), duty=str(one.told["duty"]))
        if one.told.get("judgement") == "false_positive":
            raise Refusal("cases.finding_false", finding=str(one.told["finding"]))
    known = taken_up(run, asked)
    if known is not None:
        raise Conflict("cases.already_taken_up", number=known[0], subject=known[1])
    return found


def _check_all_there(asked: Subjects, found: Sequence[Subject]) -> None:
    findings = {one.told["finding"] for one in found if one.told["kind"] == "finding"}
    duties = {(one.told["record"], one.told["duty"]) for one in found if one.told["kind"] == "duty"}
    gone = [str(number) for number in asked.findings if number not in findings]
    gone += [f"{record} {duty}" for record, duty in asked.duties if (str(record), duty) not in duties]
    if gone:
        raise Missing("cases.subject_not_found", subject=gone[0])


def keep_subjects(run: psycopg.Cursor[Row], number: int, version: int, asked: Subjects) -> None:
    """Note what a case is about, from this step on."""
    duties, findings = list(dict.fromkeys(asked.duties)), list(dict.fromkeys(asked.findings))
    nothing = [None] * len(duties)
    records = [*([None] * len(findings)), *(record for record, _ in duties)]
    names = [*([None] * len(findings)), *(duty for _, duty in duties)]
    run.execute(_SUBJECTS, [number, version, [*findings, *nothing], records, names])


def _company(found: Sequence[Subject], code: str | None) -> int:
    """The company that all subjects concern."""
    common = frozenset.intersection(*(one.companies for one in found))
    first = found[0].told["company"]
    company = company_number(Scope.of_nation(), code) if code else first if first in common else min(common, default=0)
    if company not in common or not isinstance(company, int):
        raise Refusal("cases.several_companies", subjects=len(found))
    return company


def _place(run: psycopg.Cursor[Row], company: int, found: Sequence[Subject]) -> tuple[int | None, str | None]:
    """The site that all subjects share, if the company runs it, and the division: of the site, else of the seat."""
    sites = {one.site for one in found}
    site = next(iter(sites)) if len(sites) == 1 else None
    rows = run.execute(_SITE, [site, company]).fetchall() if site is not None else []
    if rows:
        return site, rows[0][0]
    seat = companies(Scope.of_nation(), [company])["division"][0]
    return None, seat


def assigned(place: str | None, weights: Collection[str]) -> Authority:
    """The authority by the table of assignment: the highest level that one of the subjects asks for."""
    if place is None:
        return Authority(Level.NATION, None)
    table = procedure()
    level = min((table.levels[weight] for weight in weights), key=_WIDTH.__getitem__)
    if level is Level.CITY and place[:2] not in table.municipalities and place[2:4] != "00":
        return Authority.of(Scope.of_city(place))
    return Authority(Level.NATION, None) if level is Level.NATION else Authority.of(Scope.of_province(place))


def _shares(opener: Scope, lead: Authority, place: str | None, found: Sequence[Subject], company: int) -> set[str]:
    """The provinces of the other companies concerned, and the opener where he would lose sight of the case."""
    others = frozenset().union(*(one.companies for one in found)) - {company}
    seats = companies(Scope.of_nation(), sorted(others))["division"].drop_nulls().to_list() if others else []
    wanted = {f"{seat[:2]}0000" for seat in seats if lead.seat and seat[:2] != lead.seat[:2]}
    prefix = opener.division_prefix or ""
    if not any((division or "").startswith(prefix) for division in (place, lead.division, *wanted)):
        wanted.add(prefix.ljust(6, "0"))
    return wanted
