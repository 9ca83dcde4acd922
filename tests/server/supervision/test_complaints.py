"""Reports of the public: taken without a login, seen by who they concern, decided, and turned into findings."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.test import override_settings

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.problems import Conflict, Missing, TooMany, Unavailable
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.complaints import (
    Complaint,
    complaint,
    complaint_acts,
    complaint_file,
    complaint_files,
    complaints,
)
from suyuan.server.supervision.queries.findings import Sought, findings
from suyuan.server.supervision.services import complaints as service
from suyuan.server.supervision.services.complaints import (
    A_SENDER_AN_HOUR,
    Evidence,
    Report,
    admit_report,
    complain,
    decide,
    open_contact,
)
from suyuan.server.supervision.services.detecting import detect
from tests.server.cast import Cast
from tests.server.ledger.acting import pack

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def reported(clock: FixedClock, subject: str, about: object, words: str = "the door is shut", **more: object) -> UUID:
    with transaction.atomic(), cursor() as run:
        return complain(run, Report(subject=subject, about=str(about), words=words, **more), "api", clock)  # type: ignore[arg-type]  # checked by the room


def seen(scope: Scope, *, decided: bool = False) -> list[Complaint]:
    with cursor() as run:
        return list(complaints(run, scope, decided=decided).rows)


def concluded(scope: Scope, number: int, outcome: str, clock: FixedClock) -> None:
    with transaction.atomic(), cursor() as run:
        decide(run, scope, number, outcome, ("looked at it", "official"), clock.now())


def test_a_report_is_seen_by_those_it_concerns(cast: Cast, clock: FixedClock) -> None:
    site = cast.collector.sites["O1"]
    reported(clock, "outlet_entry", site)
    reported(clock, "outlet", site, division="440300")
    reported(clock, "company", cast.maker.code)
    reported(clock, "battery", pack(1))
    reported(clock, "company", "nobody knows", division="330100")
    assert [one.subject for one in seen(cast.nation.scope)] == [
        "outlet_entry",
        "outlet",
        "company",
        "battery",
        "company",
    ]
    assert [one.number for one in seen(cast.zhejiang.scope)] == [1, 2, 5]
    assert [one.number for one in seen(cast.guangdong.scope)] == [3, 4]
    assert [one.number for one in seen(cast.collector.scope)] == [1]
    assert [one.number for one in seen(Scope.of_outlet(cast.collector.number, site))] == [1]
    assert seen(cast.maker.scope) == []
    battery = seen(cast.guangdong.scope)[1]
    assert (battery.battery, battery.company) == (pack(1), cast.maker.code)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(subject="king", about="1", words="x"), "complaints.subject_unknown"),
        (Report(subject="outlet", about="999999", words="x"), "complaints.outlet_unknown"),
        (Report(subject="outlet", about="x", words="x"), "complaints.outlet_unknown"),
        (Report(subject="battery", about="x", words="x"), "complaints.battery_code"),
        (Report(subject="company", about="x", words=" "), "complaints.words_missing"),
        (Report(subject="company", about="x", words="x" * 4001), "complaints.too_long"),
        (Report(subject="company", about="x", words="x", happened_on=date(2027, 1, 1)), "complaints.day_ahead"),
        (Report(subject="company", about="x", words="x", evidence=[Evidence("a", b"MZ")]), "complaints.file_form"),
        (
            Report(subject="company", about="x", words="x", evidence=[Evidence("a", PNG)] * 4),
            "complaints.too_many_files",
        ),
        (
            Report(subject="company", about="x", words="x", evidence=[Evidence("a", PNG + bytes(2 << 20))]),
            "complaints.file_too_large",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused(cast: Cast, clock: FixedClock, report: Report, code: str) -> None:
    with pytest.raises(SuyuanError) as refusal, transaction.atomic(), cursor() as run:
        complain(run, report, "api", clock)
    assert refusal.value.code == code
    for language in Language:
        text = sentence(code, refusal.value.data, language)
        assert text != code
        assert "{" not in text
    assert seen(cast.nation.scope) == []


def test_a_contact_is_sealed_and_opened_by_authorities_only(cast: Cast, clock: FixedClock) -> None:
    reported(clock, "outlet_entry", cast.collector.sites["O1"], contact="13800000000")
    with cursor() as run:
        ((sealed,),) = run.execute("SELECT sealed FROM supervision_complaint_contact").fetchall()
    assert b"138000" not in bytes(sealed)
    (found,) = seen(cast.zhejiang.scope)
    assert found.has_contact
    assert "138000" not in repr(found)
    for stranger in (cast.collector, cast.guangdong):
        with pytest.raises(Missing), transaction.atomic(), cursor() as run:
            open_contact(run, stranger.scope, 1, stranger.name, clock.now())
    with transaction.atomic(), cursor() as run:
        assert open_contact(run, cast.zhejiang.scope, 1, "zhejiang", clock.now()) == "13800000000"
        assert [act.act for act in complaint_acts(run, cast.nation.scope, 1)] == ["received", "contact_opened"]
    with override_settings(SECRET_KEY="another"), pytest.raises(Unavailable), transaction.atomic(), cursor() as run:
        open_contact(run, cast.zhejiang.scope, 1, "zhejiang", clock.now())


def test_evidence_is_kept_as_it_came(cast: Cast, clock: FixedClock) -> None:
    reported(clock, "company", cast.maker.code, evidence=[Evidence("door.png", PNG), Evidence("x.pdf", b"%PDF-1.7")])
    with cursor() as run:
        files = complaint_files(run, cast.guangdong.scope, 1)
        assert [(one.name, one.form) for one in files] == [("door.png", "image/png"), ("x.pdf", "application/pdf")]
        assert complaint_file(run, cast.guangdong.scope, 1, 0) == ("door.png", "image/png", PNG)
        for scope, place in ((cast.guangdong.scope, 2), (cast.zhejiang.scope, 0), (cast.maker.scope, 0)):
            with pytest.raises(Missing):
                complaint_file(run, scope, 1, place)


def test_a_report_is_decided_once(cast: Cast, clock: FixedClock) -> None:
    reported(clock, "outlet_entry", cast.collector.sites["O1"])
    with pytest.raises(Missing):
        concluded(cast.guangdong.scope, 1, "founded", clock)
    for scope, outcome in ((cast.collector.scope, "founded"), (cast.zhejiang.scope, "maybe")):
        with pytest.raises(SuyuanError):
            concluded(scope, 1, outcome, clock)
    concluded(cast.zhejiang.scope, 1, "settled", clock)
    with pytest.raises(Conflict):
        concluded(cast.zhejiang.scope, 1, "founded", clock)
    assert seen(cast.zhejiang.scope) == []
    assert [one.outcome for one in seen(cast.zhejiang.scope, decided=True)] == ["settled"]
    with cursor() as run:
        acts = complaint_acts(run, cast.nation.scope, 1)
    assert [(act.act, act.author) for act in acts] == [("received", "api"), ("decided", "official")]


def test_reports_become_a_finding_until_they_are_unfounded(cast: Cast, clock: FixedClock) -> None:
    def found(scope: Scope) -> list[int | None]:
        with transaction.atomic(), cursor() as run:
            detect(run, clock=clock)
            return [one.site for one in findings(run, scope, Sought(detector="public.complaint")).rows]

    assert found(cast.zhejiang.scope) == []
    for _ in range(2):
        reported(clock, "outlet", cast.collector.sites["O1"])
    assert found(cast.zhejiang.scope) == [cast.collector.sites["O1"]]
    assert found(cast.guangdong.scope) == []
    for number in (1, 2):
        concluded(cast.nation.scope, number, "unfounded", clock)
    assert found(cast.zhejiang.scope) == []


def test_a_flood_is_slowed_down_and_names_nobody(
    cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def knock(sender: str) -> None:
        with cursor() as run:
            admit_report(run, sender, clock)

    for _ in range(A_SENDER_AN_HOUR):
        knock("203.0.113.7")
    with pytest.raises(TooMany):
        knock("203.0.113.7")
    knock("203.0.113.8")
    with cursor() as run:
        marks = [bytes(mark) for (mark,) in run.execute("SELECT mark FROM supervision_complaint_rate")]
    assert len(marks) == 3
    assert not [mark for mark in marks if b"203" in mark]
    clock.advance(timedelta(hours=2))
    knock("203.0.113.7")
    with cursor() as run:
        assert len(run.execute("SELECT mark FROM supervision_complaint_rate").fetchall()) == 2
    monkeypatch.setattr(service, "ALL_AN_HOUR", 1)
    with pytest.raises(TooMany):
        knock("203.0.113.9")


def test_nothing_can_be_taken_away(cast: Cast, clock: FixedClock) -> None:
    reported(clock, "outlet", cast.collector.sites["O1"], contact="x", evidence=[Evidence("a.png", PNG)])
    tables = ("complaint", "complaint_file", "complaint_contact", "complaint_act")
    with cursor(OWNER_ALIAS) as run:
        for table in tables:
            statement = "SELECT has_table_privilege('suyuan_app', %s, 'DELETE')"
            assert run.execute(statement, [f"supervision_{table}"]).fetchone() == (False,)
    with cursor() as run:
        assert complaint(run, cast.nation.scope, 1).files == 1
