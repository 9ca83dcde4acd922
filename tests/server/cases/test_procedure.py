"""The table of steps: each may be taken by whom and from where it says, and by nobody else and from nowhere else."""

import re
from datetime import date
from pathlib import Path

import pytest

from suyuan.rules import law
from suyuan.server.cases.queries.actors import Actor, Standing
from suyuan.server.cases.queries.basis import least_sure, provisions
from suyuan.server.cases.queries.checklists import checklists, for_roles, parse_checklists
from suyuan.server.cases.queries.letters import letters, parse_letters
from suyuan.server.cases.queries.procedure import CLOSED, ProcedureError, packaged, parse_procedure, procedure
from suyuan.server.kit.problems import Conflict, Forbidden
from tests.server.cases.docket import FUJIAN, GUANGDONG, SHENZHEN, Docket, member

STATES = tuple(procedure().states)
STEPS = [step for step in procedure().steps.values() if step.by]


@pytest.mark.parametrize("state", STATES)
def test_a_state_allows_what_the_table_says(docket: Docket, state: str) -> None:
    number = docket.bring_to(state)
    whole = docket.whole(number, SHENZHEN)
    assert whole.case.fold.state == state
    assert whole.choices.standing is Standing.LEAD
    allowed = {one.step.name for one in whole.choices.steps if one.reason is None}
    assert allowed == {
        step.name for step in STEPS if state in step.sources and Standing.LEAD in step.by and step.planned is not True
    }
    for one in whole.choices.steps:
        if one.reason is None or one.step.name == "enter_inspection":
            continue
        refused = Conflict if Standing.LEAD in one.step.by else Forbidden
        with pytest.raises(refused) as found:
            docket.step(number, SHENZHEN, one.step.name, note="because")
        assert found.value.code == one.reason.code


def test_who_stands_how_to_a_case_may_what_the_table_says(docket: Docket) -> None:
    number = docket.told()
    docket.step(number, SHENZHEN, "share", division="350000", note="they know the buyer")
    only_reads = Actor(SHENZHEN.kind, "x", "a reader", SHENZHEN.scope, may_act=False)
    people = {
        Standing.LEAD: SHENZHEN,
        Standing.ABOVE: GUANGDONG,
        Standing.SHARER: FUJIAN,
        Standing.COMPANY: member(docket.cast.maker),
    }
    for own, actor in people.items():
        choices = docket.whole(number, actor).choices
        assert choices.standing is own
        codes = {one.step.name: one.reason.code if one.reason else None for one in choices.steps}
        assert {name for name, code in codes.items() if code != "cases.not_his_step"} == {
            step.name for step in STEPS if own in step.by
        }
        for step in STEPS:
            if own not in step.by:
                with pytest.raises(Forbidden):
                    docket.step(number, actor, step.name)
    assert {one.reason.code for one in docket.whole(number, only_reads).choices.steps if one.reason} == {
        "cases.only_reads"
    }
    with pytest.raises(Forbidden):
        docket.step(number, only_reads, "note", note="hello")


def test_every_state_can_be_reached_and_left() -> None:
    for state in STATES:
        assert any(step.target == state for step in procedure().steps.values())
        assert any(state in step.sources and step.target not in (None, state) for step in STEPS)
    assert all(CLOSED not in step.sources for step in STEPS if step.name != "reopen")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('to = "awaiting_answer"', 'to = "nowhere"'),
        ('by = ["lead", "company"]', 'by = ["anybody"]'),
        ('from = ["decided"]', 'from = ["begun"]'),
        ('seen = "choice"', 'seen = "perhaps"'),
        ('fields = ["note!", "period!"]', 'fields = ["note!", "wish"]'),
        ('name = "bulletin"', 'name = "notice"'),
    ],
)
def test_a_procedure_that_cannot_be_is_refused(old: str, new: str) -> None:
    text = packaged("procedure.toml")
    assert old in text
    with pytest.raises(ProcedureError):
        parse_procedure(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{company}（{code}）", "{wishes}"),
        ("by {due}", "soon"),
        ('basis = ["traceability.regime"]', 'basis = ["law.of.the.jungle"]'),
        ('step = "notice"', 'step = "message"'),
        ('name = "talk"', 'name = "explanation"'),
    ],
)
def test_letters_that_cannot_be_are_refused(old: str, new: str) -> None:
    text = packaged("letters.toml")
    assert old in text
    with pytest.raises(ProcedureError):
        parse_letters(text.replace(old, new, 1))


def test_letters_and_checklists_cover_what_is_needed() -> None:
    assert {one.step for one in letters().values()} == {"notice", "order", "bulletin"}
    assert {one.name for one in for_roles(["utiliser"])} == {"records", "utiliser"}
    assert {one.name for one in for_roles(["laboratory"])} == {"records"}
    text = packaged("checklists.toml")
    with pytest.raises(ProcedureError):
        parse_checklists(text.replace("coding.original_kept", "coding.none", 1))
    with pytest.raises(ProcedureError):
        parse_checklists(text.replace('roles = ["dismantler"]', 'roles = ["baker"]', 1))
    assert all(item.id.startswith(f"{one.name}.") for one in checklists().values() for item in one.items)


def test_a_provision_comes_with_its_status_on_the_day() -> None:
    old, new = (provisions(["scrap.with_battery"], day)[0] for day in (date(2026, 3, 1), date(2026, 4, 1)))
    assert (old["in_force"], new["in_force"]) == (False, True)
    told = law().values["scrap.with_battery"][-1]
    assert (new["version"], new["status"]) == (told.version, told.weakest.value)
    assert least_sure([new, {"status": "open"}]).value == "open"
    assert least_sure([]).value == "open"


def test_the_page_has_the_table_of_the_program() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "cases.md").read_text(encoding="utf-8")
    for step in procedure().steps.values():
        (row,) = re.findall(rf"^\| `{step.name}` {step.title.zh} \|(.+)\|$", text, re.M)
        by, sources, target, seen = (cell.strip() for cell in row.split("|"))
        assert by == (", ".join(sorted(step.by)) or "opener")
        everywhere = step.sources == set(STATES) - {CLOSED}
        assert sources == "any but closed" if everywhere else set(re.findall(r"`(\w+)`", sources)) == step.sources
        assert (target.strip("`"), seen) == (step.target or "stays", step.seen)
