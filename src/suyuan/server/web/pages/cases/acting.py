"""Who acts before these pages, and what his forms say, as the orders of the rooms."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from suyuan.rules import Period, Unit
from suyuan.server.accounts.models import Role
from suyuan.server.cases.queries.actors import Actor, ActorKind, Authority
from suyuan.server.cases.queries.subjects import Subjects
from suyuan.server.cases.services.attaching import LARGEST_BYTES
from suyuan.server.cases.services.orders import Plan, Signatory, StepOrder
from suyuan.server.kit.problems import Missing, Refusal, TooLarge
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.web.actor import Actor as Visitor

OF_AUTHORITIES: Final = (Role.ADMIN, Role.OFFICIAL)
OF_COMPANIES: Final = (Role.ADMIN, Role.DATA_OFFICER)
MOST_INSPECTORS: Final = 3
"""Lines of a form for who inspects."""

_DIGITS: Final = 18
"""Of a number that the database can hold."""


def case_actor(visitor: Visitor) -> Actor:
    """The person before the page, as the room knows who acts.

    For an authority its officials and administrators act, for a company its administrators and data officers.
    """
    able = OF_AUTHORITIES if visitor.is_authority else OF_COMPANIES
    return Actor(ActorKind.PERSON, str(visitor.person), visitor.name, visitor.scope, visitor.role in able)


def subjects_in(keys: Sequence[str]) -> Subjects:
    """Findings and duties by the keys of their rows: ``f12``, ``d<record>:<duty>``.

    Raises
    ------
    Missing
        ``cases.subject_not_found`` for a key that nothing has.
    """
    findings: list[int] = []
    duties: list[tuple[UUID, str]] = []
    for key in keys:
        kind, rest = key[:1], key[1:]
        record, _, duty = rest.partition(":")
        if kind == "f" and _is_number(rest):
            findings.append(int(rest))
        elif kind == "d" and duty and "\0" not in duty:
            duties.append((_uuid(record, key), duty))
        else:
            raise Missing("cases.subject_not_found", subject=key[:80])
    return Subjects(tuple(findings), tuple(duties))


def step_order(told: QueryDict, attachments: Sequence[int]) -> StepOrder:
    """The step that a form asks for.

    Raises
    ------
    Refusal
        ``web_cases.not_a_number``, ``web_cases.not_a_day``, ``cases.authority_malformed``.
    """
    subjects = subjects_in(told.getlist("subject"))
    return StepOrder(
        kind=told.get("step", "")[:40],
        version=number_in(told, "known") or 0,
        note=told.get("note", "").replace("\r\n", "\n").strip(),
        seen=told["seen"] == "1" if "seen" in told else None,
        letter=told.get("letter") or None,
        period=_period(told),
        basis=told.getlist("basis"),
        outcome=told.get("outcome") or None,
        authority=_authority(told.get("authority", "")),
        division=told.get("division") or None,
        subjects=subjects if len(subjects) else None,
        plan=_plan(told),
        attachments=attachments,
    )


def number_in(told: QueryDict, name: str) -> int | None:
    """A whole number of a form; None where nothing was typed.

    Raises
    ------
    Refusal
        ``web_cases.not_a_number``.
    """
    typed = told.get(name, "").strip()
    if not typed:
        return None
    if not _is_number(typed):
        raise Refusal("web_cases.not_a_number", value=typed[:40])
    return int(typed)


def day_in(told: QueryDict, name: str) -> date:
    """A day of a form.

    Raises
    ------
    Refusal
        ``web_cases.not_a_day``.
    """
    typed = told.get(name, "").strip()
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refusal("web_cases.not_a_day", value=typed[:40]) from None


def read_file(file: "UploadedFile[bytes]") -> tuple[str, bytes]:
    """Name and bytes of a file of a form; raises `TooLarge` (``cases.attachment_too_large``) before it is read."""
    if (file.size or 0) > LARGEST_BYTES:
        raise TooLarge("cases.attachment_too_large", limit=LARGEST_BYTES >> 20)
    return file.name or "-", file.read()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def _uuid(text: str, key: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Missing("cases.subject_not_found", subject=key[:80]) from None


def _period(told: QueryDict) -> Period | None:
    count = number_in(told, "count")
    unit = told.get("unit") or Unit.WORKING_DAY.value
    if count is None:
        return None
    if not count or unit not in list(Unit):
        raise Refusal("web_cases.not_a_number", value=f"{count} {unit[:20]}")
    return Period(count, Unit(unit))


def _authority(text: str) -> Authority | None:
    """``province:440000``; ``nation:`` for the nation's."""
    level, _, division = text.partition(":")
    if not level:
        return None
    try:
        return Authority.of(Scope(Level(level), division or None))
    except ValueError:
        raise Refusal("cases.authority_malformed", level=level[:20], division=division[:20]) from None


def _plan(told: QueryDict) -> Plan | None:
    if "plan_on" not in told:
        return None
    lines = [(told.get(f"inspector-{line}", ""), told.get(f"office-{line}", "")) for line in range(MOST_INSPECTORS)]
    inspectors = [Signatory(name.strip(), office.strip()) for name, office in lines if name.strip()]
    return Plan(day_in(told, "plan_on"), told.get("place", "").strip(), told.getlist("checklist"), inspectors)
