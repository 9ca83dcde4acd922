"""The form of a step: which step is offered, and what can be chosen in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import psycopg

from suyuan.codes.divisions import national
from suyuan.kernel import Language
from suyuan.rules import Unit, law
from suyuan.rules.duties import State
from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.allowed import Allowed
from suyuan.server.cases.queries.cases import CaseRow, cases_about
from suyuan.server.cases.queries.checklists import for_roles
from suyuan.server.cases.queries.letters import letters
from suyuan.server.cases.queries.procedure import Step, procedure
from suyuan.server.cases.queries.view import Whole
from suyuan.server.cases.queries.wording import authority_name
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries.register import code_and_roles
from suyuan.server.supervision.queries import duties
from suyuan.server.supervision.queries.alerts import Desk, alerts
from suyuan.server.supervision.queries.catalogue import detectors

USUAL: Final = {
    "open": ("notice",),
    "awaiting_answer": ("answer", "message"),
    "answered": ("order", "message"),
    "rectifying": ("report_done", "message"),
    "reviewing": ("pass_review", "message"),
    "reviewed": ("decide", "message"),
    "decided": ("close", "message"),
}
"""What is usually done next; offered if it may be done by who looks."""

RECORD: Final = "enter_inspection"
"""The step whose form is a page of its own."""

MOST_CANDIDATES: Final = 50


@dataclass(frozen=True, slots=True)
class Option:
    """One of several: what is sent, and its words."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of one step, with everything that can be chosen in it."""

    step: Step
    title: str
    letters: Sequence[Option] = ()
    units: Sequence[str] = ()
    outcomes: Sequence[Option] = ()
    authorities: Sequence[Option] = ()
    divisions: Sequence[Option] = ()
    lists: Sequence[tuple[str, str, int]] = ()
    candidates: Sequence[Option] = ()
    provisions: Sequence[Option] = ()

    @property
    def fields(self) -> dict[str, str]:
        """Its fields, each ``needed`` or ``free``."""
        return {name: "needed" if name in self.step.needed else "free" for name in self.step.fields}


def chosen_step(found: Whole, asked: str) -> Step | None:
    """The step whose form is shown: the one asked for, else the usual next one; None if nothing may be done."""
    may = {one.name: one for one in able(found.choices.steps)}
    wanted = (asked, *USUAL.get(found.case.fold.state, ()))
    return next((may[name] for name in wanted if name in may and name != RECORD), None)


def able(steps: Sequence[Allowed]) -> list[Step]:
    """What may be done now."""
    return [one.step for one in steps if one.reason is None]


def step_form(
    run: psycopg.Cursor[Row], scope: Scope, found: Whole, step: Step, on: date, language: Language
) -> StepForm:
    """The form of a step."""
    case, takes = found.case, step.fields
    return StepForm(
        step=step,
        title=step.title.in_language(language),
        letters=_letters(step, language) if "letter" in takes else [],
        units=[unit.value for unit in Unit] if "period" in takes else [],
        outcomes=_outcomes(language) if "outcome" in takes else [],
        authorities=_authorities(scope, case, step, on, language) if "authority" in takes else [],
        divisions=_divisions(case, step, on) if "division" in takes else [],
        lists=_lists(case, on, language) if "plan" in takes else [],
        candidates=_candidates(run, scope, case, on, language) if "subjects" in takes else [],
        provisions=_provisions(language) if "basis" in takes else [],
    )


def title_of(detector: str, language: Language) -> str:
    """What a finding is called."""
    known = detectors().get(detector)
    return known.title.in_language(language) if known else detector


def duty_title(version: str, language: Language) -> str:
    """What a duty is called."""
    return law().version(version).title.in_language(language)


def _letters(step: Step, language: Language) -> list[Option]:
    return [Option(one.name, one.title.in_language(language)) for one in letters().values() if one.step == step.name]


def _outcomes(language: Language) -> list[Option]:
    return [Option(name, title.in_language(language)) for name, title in procedure().outcomes.items()]


def _authorities(scope: Scope, case: CaseRow, step: Step, on: date, language: Language) -> list[Option]:
    """Above the lead for a step upwards, else inside the reach of who looks."""
    lead = case.fold.lead
    if step.name == "escalate":
        above = [] if lead.level is not Level.CITY else [Authority.of(Scope.of_province(lead.division or ""))]
        reach = [*above, Authority(Level.NATION, None)]
    else:
        reach = [Authority.of(_scope_of(code)) for code in _inside(scope, on)]
    return [
        Option(f"{one.level.value}:{one.division or ''}", authority_name(one, on, language))
        for one in reach
        if one != lead
    ]


def _divisions(case: CaseRow, step: Step, on: date) -> list[Option]:
    """Provinces and cities that a case can be shared with, or is."""
    shares, known = case.fold.shares, national()
    if step.name == "stop_sharing":
        return [Option(code, known.name(code, on) or code) for code in sorted(shares)]
    taken = {*shares, case.fold.lead.division}
    return [Option(code, known.name(code, on) or code) for code in _inside(Scope.of_nation(), on) if code not in taken]


def _inside(scope: Scope, on: date) -> list[str]:
    """Provinces and cities inside a territory, each province before its cities."""
    known, prefix = national(), scope.division_prefix or ""
    codes = []
    for province in known.provinces(on):
        cities = [one.code for one in known.children(province.code, on) if one.code.endswith("00")]
        codes += [code for code in (province.code, *cities) if code.startswith(prefix)]
    return codes


def _scope_of(code: str) -> Scope:
    return Scope.of_province(code) if code.endswith("0000") else Scope.of_city(code)


def _lists(case: CaseRow, on: date, language: Language) -> list[tuple[str, str, int]]:
    """Checklists for the roles of the company: name, title, how many items."""
    known = code_and_roles(case.company, on)
    some = for_roles(known[1] if known else ())
    return [(one.name, one.title.in_language(language), len(one.items)) for one in some]


def _provisions(language: Language) -> list[Option]:
    """Every value and duty of the law room, as it stands now."""
    told = law()
    newest = [
        *((name, versions[-1].title) for name, versions in sorted(told.values.items())),
        *((name, versions[-1].title) for name, versions in sorted(told.duties.items())),
    ]
    return [Option(name, f"{title.in_language(language)} ({name})") for name, title in newest]


def _candidates(run: psycopg.Cursor[Row], scope: Scope, case: CaseRow, on: date, language: Language) -> list[Option]:
    """Findings and overdue duties of the company that no open case is about yet."""
    some = alerts(run, scope, Desk(company=case.company_code), limit=MOST_CANDIDATES).rows
    wanted = duties.Wanted(company=case.company_code, state=State.OVERDUE)
    late = {
        (UUID(one.record), one.duty): one for one in duties.page(run, scope, wanted, on, limit=MOST_CANDIDATES).rows
    }
    taken = cases_about(run, scope, [one.number for one in some], list(late))
    found = [
        Option(f"f{one.number}", f"{one.number} · {title_of(one.detector, language)}")
        for one in some
        if one.number not in taken
    ]
    return found + [
        Option(f"d{one.record}:{one.duty}", f"{duty_title(one.version, language)} · {one.object or '-'} · {one.due_on}")
        for key, one in late.items()
        if key not in taken
    ]
