"""A case from its opening to its closing: what is written down, who sees it, what contradicts it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import transaction
from psycopg.errors import InsufficientPrivilege

from suyuan.kernel import Language, sentence
from suyuan.rules import Period, Unit, law
from suyuan.server.cases.queries import attachments as attachment_reads
from suyuan.server.cases.queries import cases as reads
from suyuan.server.cases.queries.actors import Actor, Authority
from suyuan.server.cases.queries.attachments import attachment, attachments, content
from suyuan.server.cases.queries.papers import paper
from suyuan.server.cases.queries.subjects import Subjects
from suyuan.server.cases.queries.telling import case_json, whole_json
from suyuan.server.cases.queries.thread import thread
from suyuan.server.cases.services.orders import InspectionRecord
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal, TooLarge
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import company_number
from tests.server.cases.docket import (
    FUJIAN,
    GUANGDONG,
    GUANGZHOU,
    NATION,
    PDF,
    PNG,
    SHENZHEN,
    ZHEJIANG,
    Docket,
    days,
    member,
    plan,
    record,
)

WHOLE = reads.Wanted()


def listed(scope: Scope, wanted: reads.Wanted = WHOLE) -> list[int]:
    with cursor() as run:
        return [row.number for row in reads.page(run, scope, wanted).rows]


def sees(scope: Scope, number: int) -> bool:
    try:
        with cursor() as run:
            reads.case(run, scope, number)
    except Missing:
        return False
    return True


# ---------------------------------------------------------------- from the opening to the end


def test_a_case_from_the_finding_to_the_outcome(docket: Docket) -> None:
    maker = member(docket.cast.maker)
    number = docket.open(title="packs that nobody received")
    row = docket.step(number, SHENZHEN, "notice", letter="explanation", note="see also the list attached")
    assert (row.fold.state, row.fold.due_on) == ("awaiting_answer", date(2026, 12, 4))
    paper_of_store = docket.attach(number, maker, "receipt.pdf", PDF)
    row = docket.step(number, maker, "answer", note="they are here", attachments=[paper_of_store.number])
    assert (row.fold.state, row.fold.due_on) == ("answered", None)
    photo = docket.attach(number, SHENZHEN).number
    assert docket.inspected(number, photo).fold.planned is False
    row = docket.step(number, SHENZHEN, "order", letter="rectification", period=days(5), basis=["scrap.with_battery"])
    assert row.fold.due_on == date(2026, 11, 27)
    docket.step(number, maker, "report_done", note="done")
    docket.step(number, SHENZHEN, "fail_review", note="one is missing", period=Period(3, Unit.CALENDAR_DAY))
    docket.step(number, maker, "report_done", note="now it is there")
    docket.step(number, SHENZHEN, "pass_review", note="seen")
    docket.step(number, SHENZHEN, "decide", outcome="rectified", note="in order")
    row = docket.step(number, SHENZHEN, "close")
    assert (row.fold.state, row.fold.outcome, row.fold.closed_at) == ("closed", "rectified", docket.clock.now())
    whole = docket.whole(number, SHENZHEN)
    assert [step.version for step in whole.thread] == list(range(1, 13))
    assert {step.actor_name for step in whole.thread} == {SHENZHEN.name, maker.name}
    assert docket.step(number, SHENZHEN, "reopen", note="new facts").fold.outcome is None


def test_a_letter_says_what_where_why_until_when_and_on_which_basis(docket: Docket) -> None:
    number = docket.told()
    step = docket.whole(number, member(docket.cast.maker)).thread[0]
    body = step.body
    assert body["deadline"] == {
        **{"count": 10, "unit": "working_day", "from": "2026-11-22", "due_on": "2026-12-04", "official": True},
        "period_status": "inferred",
    }
    for text in (body["text_zh"], body["text_en"]):
        assert docket.cast.maker.code in text
        assert "2026-12-04" in text
        assert "440300" in text
        assert "{" not in text
        assert text.count("1. ") == 1
    assert {one["id"] for one in body["basis"]} >= {"traceability.regime"}
    versions = {one.version: one.weakest.value for one in law().values["traceability.regime"]}
    assert all(versions.get(one["version"], one["status"]) == one["status"] for one in body["basis"])
    assert sentence(f"rules.short_{body['basis'][0]['status']}", language=Language.EN) in body["text_en"]


def test_a_deadline_into_a_year_without_a_calendar_is_provisional(docket: Docket) -> None:
    number = docket.open()
    row = docket.step(number, SHENZHEN, "notice", letter="explanation", period=days(60))
    assert row.fold.due_official is False
    assert docket.whole(number, SHENZHEN).thread[-1].body["deadline"]["period_status"] is None
    assert listed(NATION.scope, replace(WHOLE, overdue_on=row.fold.due_on)) == []
    assert row.fold.due_on is not None
    assert listed(NATION.scope, replace(WHOLE, overdue_on=row.fold.due_on + timedelta(days=1))) == [number]


def test_an_inspection_puts_both_kinds_of_evidence_side_by_side(docket: Docket) -> None:
    number = docket.bring_to("inspected")
    whole = docket.whole(number, SHENZHEN)
    assert [one.told["finding"] for one in whole.online] == [docket.finding]
    assert whole.online[0].told["records"]
    (onsite,) = whole.onsite
    assert onsite.record is not None
    assert [item["result"] for item in onsite.record["items"]] == ["met", "met", "met", "not_met"]
    assert [item["lacks_photo"] for item in onsite.record["items"]] == [True, False, True, False]
    assert {one["side"] for one in onsite.record["signatures"]} == {"authority", "company"}
    told = whole_json(whole, docket.clock.today(), Language.EN)
    assert told["online"]
    assert told["onsite"]


def test_a_plan_is_hidden_until_the_inspection_is_entered(docket: Docket) -> None:
    number = docket.told()
    maker = member(docket.cast.maker)
    before = case_json(docket.whole(number, maker).case, docket.clock.today(), Language.EN, outside=True)
    docket.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)
    docket.step(number, SHENZHEN, "share", division="350000", note="they know the buyer")
    whole = docket.whole(number, maker)
    assert whole.onsite == []
    after = case_json(whole.case, docket.clock.today(), Language.EN, outside=True)
    assert {name for name in after if after[name] != before[name]} == {"version"}
    docket.step(number, maker, "answer", note="nobody keeps us from answering")
    photo = docket.attach(number, SHENZHEN).number
    docket.step(number, SHENZHEN, "enter_inspection", record=record(photo), attachments=[photo])
    assert [one.plan is None and one.record is not None for one in docket.whole(number, maker).onsite] == [True]


SPOILT: list[tuple[str, Callable[[InspectionRecord], InspectionRecord]]] = [
    ("cases.inspection_of_the_future", lambda r: replace(r, on=date(2026, 11, 23))),
    ("cases.items_missing", lambda r: replace(r, items=r.items[1:])),
    ("cases.items_missing", lambda r: replace(r, items=[*r.items, r.items[0]])),
    ("cases.no_such_item", lambda r: replace(r, items=[*r.items, replace(r.items[0], item="outlet.area")])),
    ("cases.result_unknown", lambda r: replace(r, items=[replace(r.items[0], result="fine"), *r.items[1:]])),
    ("cases.remark_missing", lambda r: replace(r, items=[*r.items[:3], replace(r.items[3], remark="")])),
    ("cases.photo_not_attached", lambda r: replace(r, items=[replace(r.items[0], photos=[999]), *r.items[1:]])),
    ("cases.signature_missing", lambda r: replace(r, signatures=r.signatures[:1])),
    ("cases.signature_missing", lambda r: replace(r, signatures=r.signatures[1:], refused="absent")),
    ("cases.signature_wrong", lambda r: replace(r, signatures=[replace(r.signatures[0], name=" "), *r.signatures])),
    (
        "cases.signature_wrong",
        lambda r: replace(r, signatures=[replace(r.signatures[0], method="drawn"), *r.signatures]),
    ),
    (
        "cases.signature_wrong",
        lambda r: replace(r, signatures=[replace(r.signatures[0], at=datetime(2027, 1, 1, tzinfo=UTC))]),
    ),
]


def test_a_record_of_an_inspection_that_cannot_be_is_refused(docket: Docket) -> None:
    number = docket.told()
    docket.step(number, SHENZHEN, "plan_inspection", plan=plan(), seen=False)
    photo = docket.attach(number, SHENZHEN).number
    for code, change in SPOILT:
        with pytest.raises(Refusal) as refused:
            docket.step(number, SHENZHEN, "enter_inspection", record=change(record(photo)), attachments=[photo])
        assert refused.value.code == code


def test_a_company_that_does_not_sign_is_written_down(docket: Docket) -> None:
    number = docket.bring_to("inspecting")
    photo = docket.attach(number, SHENZHEN).number
    unsigned = record(photo)
    unsigned = replace(unsigned, signatures=unsigned.signatures[:1], refused="the manager had left")
    docket.step(number, SHENZHEN, "enter_inspection", record=unsigned, attachments=[photo])
    found = docket.whole(number, SHENZHEN).onsite[0].record
    assert found is not None
    assert found["refused"] == "the manager had left"


# ---------------------------------------------------------------- opening


def test_who_leads_follows_from_place_and_weight(docket: Docket) -> None:
    number = docket.open(NATION)
    row = docket.whole(number, NATION).case
    assert row.fold.lead == Authority(Level.CITY, "440300")
    assert (row.place, row.company) == ("440300", docket.cast.maker.number)
    assert row.fold.shares == {"330000"}  # the other side of the hand-over
    docket.step(number, SHENZHEN, "decide", outcome="merged", note="into another")
    docket.step(number, SHENZHEN, "close")
    wide = docket.open(NATION, lead=Authority(Level.PROVINCE, "440000"))
    assert docket.whole(wide, NATION).case.fold.lead == Authority(Level.PROVINCE, "440000")


def test_a_late_duty_becomes_a_case(docket: Docket) -> None:
    duty = docket.late_duty()
    number = docket.open(GUANGDONG, subjects=Subjects((), (duty,)))
    (subject,) = docket.whole(number, GUANGDONG).online
    assert (subject.told["duty"], subject.told["state"]) == ("outlet.handover", "overdue")
    row = docket.step(number, SHENZHEN, "add_subjects", subjects=Subjects((docket.finding,)))
    assert len(docket.whole(number, SHENZHEN).online) == 2
    assert row.fold.state == "open"
    docket.owner("UPDATE supervision_duty SET fulfilled_on = '2026-10-12' WHERE event = %s", duty[0])
    docket.step(number, SHENZHEN, "decide", outcome="unfounded", note="it was in time")
    docket.step(number, SHENZHEN, "close")
    with pytest.raises(Refusal) as refused:
        docket.open(GUANGDONG, subjects=Subjects((), (duty,)))
    assert refused.value.code == "cases.duty_not_late"


def test_what_cannot_be_opened(docket: Docket) -> None:
    with pytest.raises(Forbidden) as forbidden:
        docket.open(member(docket.cast.maker))
    assert forbidden.value.code == "cases.only_authorities_open"
    with pytest.raises(Missing):
        docket.open(FUJIAN)  # nothing of it lies there
    with pytest.raises(Refusal):
        docket.open(SHENZHEN, title="a" * 201)
    with pytest.raises(Forbidden) as forbidden:
        docket.open(SHENZHEN, lead=Authority(Level.PROVINCE, "440000"))
    assert forbidden.value.code == "cases.authority_out_of_reach"
    with pytest.raises(Refusal) as refused:
        docket.open(company=docket.cast.carmaker.code)
    assert refused.value.code == "cases.several_companies"
    number = docket.open()
    with pytest.raises(Conflict) as conflict:
        docket.open()
    assert (conflict.value.code, conflict.value.data["number"]) == ("cases.already_taken_up", number)
    docket.owner("UPDATE supervision_finding SET judgement = 'false_positive'")
    docket.owner("UPDATE cases_case SET closed_at = now()")
    with pytest.raises(Refusal) as refused:
        docket.open()
    assert refused.value.code == "cases.finding_false"


def test_the_case_is_about_the_company_that_is_named(docket: Docket) -> None:
    number = docket.open(ZHEJIANG, company=docket.cast.utiliser.code)
    row = docket.whole(number, ZHEJIANG).case
    assert row.company == company_number(Scope.of_nation(), docket.cast.utiliser.code)
    assert row.fold.lead == Authority(Level.CITY, "330800")
    assert row.fold.shares == {"440000"}


# ---------------------------------------------------------------- conflicts


def test_who_has_not_read_the_last_step_is_told_what_he_missed(docket: Docket) -> None:
    number = docket.told()
    docket.step(number, member(docket.cast.maker), "answer", note="it was lost")
    with pytest.raises(Conflict) as conflict:
        docket.step(number, SHENZHEN, "order", letter="rectification", version=2)
    assert conflict.value.code == "cases.changed"
    assert conflict.value.data["current"] == 3
    assert conflict.value.data["changes"] == [f"3 answer, maker, {docket.clock.now().isoformat(timespec='seconds')}"]
    assert docket.step(number, SHENZHEN, "order", letter="rectification", version=3).fold.version == 4
    with pytest.raises(Refusal):
        docket.step(number, SHENZHEN, "note", note="?", version=99)


def test_internal_steps_do_not_trouble_the_company(docket: Docket) -> None:
    number = docket.told()
    docket.step(number, SHENZHEN, "note", note="they have lied before")
    assert docket.step(number, member(docket.cast.maker), "answer", note="lost", version=2).fold.version == 4


def test_fields_are_those_of_the_step(docket: Docket) -> None:
    number = docket.told()
    for code, kind, more in (
        ("cases.field_missing", "note", {}),
        ("cases.field_missing", "plan_inspection", {"plan": plan()}),
        ("cases.field_not_taken", "note", {"note": "x", "outcome": "warned"}),
        ("cases.field_not_taken", "note", {"note": "x", "seen": True}),
        ("cases.no_such_step", "dance", {}),
        ("cases.no_such_step", "open", {}),
        ("cases.no_such_letter", "notice", {"letter": "rectification"}),
        ("cases.no_such_outcome", "decide", {"outcome": "fined", "note": "x"}),
        ("cases.period_too_long", "extend", {"note": "x", "period": days(400)}),
        ("cases.no_such_provision", "notice", {"letter": "talk", "basis": ["law.of.the.jungle"]}),
        ("cases.no_such_division", "share", {"division": "999900", "note": "x"}),
        ("cases.shared_already", "share", {"division": "330000", "note": "x"}),
        ("cases.not_shared_with", "stop_sharing", {"division": "350000", "note": "x"}),
        ("cases.text_wrong", "note", {"note": "x" * 10_001}),
        ("cases.text_wrong", "note", {"note": "x\0"}),
    ):
        with pytest.raises(Refusal) as refused:
            docket.step(number, SHENZHEN, kind, **more)
        assert refused.value.code == code


# ---------------------------------------------------------------- up, down, across


def test_a_case_goes_up_and_down_and_is_kept_in_sight(docket: Docket) -> None:
    number = docket.open()
    up = {"authority": Authority(Level.NATION, None), "note": "two provinces"}
    assert docket.step(number, SHENZHEN, "escalate", **up).fold.lead == Authority(Level.NATION, None)
    assert sees(SHENZHEN.scope, number)
    with pytest.raises(Forbidden):
        docket.step(number, SHENZHEN, "notice", letter="explanation")
    docket.step(number, NATION, "hand_down", authority=Authority(Level.PROVINCE, "350000"), note="neutral")
    assert docket.step(number, FUJIAN, "notice", letter="explanation").fold.state == "awaiting_answer"
    with pytest.raises(Forbidden):
        docket.step(number, FUJIAN, "hand_down", authority=Authority(Level.CITY, "440300"), note="not inside")
    with pytest.raises(Forbidden):
        docket.step(number, FUJIAN, "escalate", authority=Authority(Level.CITY, "350100"), note="not above")
    assert docket.step(number, NATION, "take_over", note="too slow").fold.lead == Authority(Level.NATION, None)


def test_two_provinces_share_a_case(docket: Docket) -> None:
    number = docket.open()
    docket.step(number, SHENZHEN, "stop_sharing", division="330000", note="not needed")
    assert not sees(ZHEJIANG.scope, number)
    docket.step(number, SHENZHEN, "share", division="330000", note="the buyer is there")
    docket.step(number, ZHEJIANG, "note", note="the buyer has closed")
    assert [step.actor_name for step in docket.whole(number, SHENZHEN).thread][-1] == ZHEJIANG.name
    with pytest.raises(Forbidden):
        docket.step(number, ZHEJIANG, "notice", letter="explanation")


# ---------------------------------------------------------------- who sees what


def test_every_read_keeps_to_its_scope(docket: Docket) -> None:
    """Each read of the room with every scope: the case is Shenzhen's, shared with Zhejiang, not yet told."""
    number, maker = docket.open(), docket.cast.maker
    inside = docket.attach(number, SHENZHEN).number
    docket.step(number, SHENZHEN, "note", note="internal", attachments=[inside])
    right = {"nation": NATION, "guangdong": GUANGDONG, "shenzhen": SHENZHEN, "zhejiang": ZHEJIANG}
    wrong = {
        "fujian": FUJIAN,
        "guangzhou": GUANGZHOU,
        "company": member(maker),
        "other": member(docket.cast.utiliser),
        "outlet": Actor(SHENZHEN.kind, "o", "o", Scope.of_outlet(maker.number, maker.sites["F1"])),
    }
    for actor in right.values():
        assert _read(docket, number, inside, actor) == (True, 2, 1)
    for actor in wrong.values():
        assert _read(docket, number, inside, actor) == (False, 0, 0)
    docket.step(number, SHENZHEN, "notice", letter="explanation")
    assert _read(docket, number, inside, member(maker)) == (True, 1, 0)
    assert not sees(member(docket.cast.utiliser).scope, number)
    assert not sees(wrong["outlet"].scope, number)


def _read(docket: Docket, number: int, file: int, actor: Actor) -> tuple[bool, int, int]:
    """Whether the case is seen, how many steps and attachments of it; all reads agree."""
    scope, today = actor.scope, docket.clock.today()
    seen = sees(scope, number)
    assert (number in listed(scope)) is seen
    with transaction.atomic(), cursor() as run:
        assert bool(reads.counts(run, scope, today)) is seen
        assert (number in reads.cases_about(run, scope, every_finding(run)).values()) is seen
        if not seen:
            for read in (
                lambda: thread(run, scope, number),
                lambda: attachments(run, scope, number),
                lambda: attachment(run, scope, number, file),
                lambda: paper(run, scope, number, 1),
                lambda: docket.whole(number, actor),
            ):
                with pytest.raises(Missing):
                    read()
            return seen, 0, 0
        steps, files = thread(run, scope, number), attachments(run, scope, number)
        if not files:
            for hidden in (
                lambda: attachment(run, scope, number, file),
                lambda: paper(run, scope, number, 1),  # the opening, which is internal
            ):
                with pytest.raises(Missing):
                    hidden()
        assert reads.version_seen(run, scope, number) == steps[-1].version
    return seen, len(steps), len(files)


def every_finding(run: psycopg.Cursor[Row]) -> list[int]:
    return [number for (number,) in run.execute("SELECT number FROM supervision_finding").fetchall()]


def test_this_file_tries_every_read_that_takes_a_scope() -> None:
    taking = {
        name
        for module in (reads, attachment_reads)
        for name, read in vars(module).items()
        if callable(read) and getattr(read, "__module__", "") == module.__name__ and "scope" in _parameters(read)
    }
    assert taking == {"page", "case", "cases_about", "version_seen", "counts", "attachments", "attachment"}


def _parameters(read: object) -> tuple[str, ...]:
    code = getattr(read, "__code__", None)
    return code.co_varnames[: code.co_argcount] if code else ()


def test_lists_filter_and_page(docket: Docket) -> None:
    first = docket.told()
    second = docket.open(SHENZHEN, subjects=Subjects((), (docket.late_duty(),)))
    assert listed(SHENZHEN.scope) == [second, first]
    assert listed(SHENZHEN.scope, reads.Wanted(state="open")) == [second]
    assert listed(SHENZHEN.scope, reads.Wanted(company=docket.cast.carmaker.code)) == []
    with cursor() as run:
        page = reads.page(run, SHENZHEN.scope, WHOLE, limit=1)
        rest = reads.page(run, SHENZHEN.scope, WHOLE, limit=1, cursor=page.following)
        with pytest.raises(Refusal):
            reads.page(run, SHENZHEN.scope, reads.Wanted(unfinished=True), limit=1, cursor=page.following)
        assert reads.counts(run, SHENZHEN.scope, date(2027, 6, 1)) == {"open": (1, 0), "awaiting_answer": (1, 1)}
    assert [row.number for row in (*page.rows, *rest.rows)] == [second, first]


# ---------------------------------------------------------------- attachments


def test_a_file_is_its_side_s_until_a_step_cites_it(docket: Docket) -> None:
    number, maker = docket.told(), member(docket.cast.maker)
    file = docket.attach(number, maker, "C:\\papers\\receipt.pdf", PDF)
    assert (file.name, file.media_type, content(file)) == ("receipt.pdf", "application/pdf", PDF)
    assert docket.whole(number, SHENZHEN).attachments == []
    with pytest.raises(Missing):
        docket.step(number, SHENZHEN, "note", note="theirs", attachments=[file.number])
    docket.step(number, maker, "answer", note="here", attachments=[file.number])
    assert [one.number for one in docket.whole(number, SHENZHEN).attachments] == [file.number]
    assert docket.attach(number, maker, "receipt.pdf", PDF).number == file.number


NO_EVIDENCE = [
    ("page.html", b"<script>alert(1)</script>", "cases.media_not_taken"),
    ("photo.png", b"<script>alert(1)</script>", "cases.media_not_taken"),
    ("photo.svg", b"<svg onload='x'/>", "cases.media_not_taken"),
    ("photo.jpg", PNG, "cases.media_not_taken"),
    ("list.csv", b"a\0b", "cases.media_not_taken"),
    ("photo", PNG, "cases.media_not_taken"),
    ("photo.png", b"", "cases.attachment_empty"),
    ("x" * 201 + ".png", PNG, "cases.text_wrong"),
]


def test_what_is_no_evidence_is_not_taken(docket: Docket) -> None:
    number = docket.open()
    for name, body, code in NO_EVIDENCE:
        with pytest.raises(Refusal) as refused:
            docket.attach(number, SHENZHEN, name, body)
        assert (name, refused.value.code) == (name, code)


def test_who_may_not_bring_files(docket: Docket) -> None:
    number = docket.open(NATION)
    docket.step(number, NATION, "take_over", note="ours")
    docket.step(number, NATION, "stop_sharing", division="440300", note="alone")
    assert sees(GUANGDONG.scope, number)  # of its place
    with pytest.raises(Forbidden):
        docket.attach(number, GUANGDONG)
    with pytest.raises(TooLarge):
        docket.attach(number, NATION, "film.mp4", b"\0\0\0\x18ftyp" + bytes(21 << 20))
    docket.step(number, NATION, "decide", outcome="unfounded", note="nothing")
    docket.step(number, NATION, "close")
    with pytest.raises(Conflict):
        docket.attach(number, NATION)


# ---------------------------------------------------------------- nothing goes away


def test_the_application_can_neither_alter_nor_delete(docket: Docket) -> None:
    docket.told()
    for statement in (
        "DELETE FROM cases_case",
        "UPDATE cases_case SET title = 'x'",
        "UPDATE cases_step SET note = 'x'",
        "DELETE FROM cases_step",
        "DELETE FROM cases_attachment",
        "UPDATE cases_attachment SET name = 'x'",
        "DELETE FROM cases_subject",
        "DELETE FROM cases_citation",
        "DELETE FROM log_paper",
    ):
        with pytest.raises(InsufficientPrivilege), transaction.atomic(), cursor() as run:
            run.execute(statement)
