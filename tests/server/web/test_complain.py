"""Problems reported by anybody: outlets, companies, batteries; kept for the authorities alone."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from suyuan.server.kit.connection import cursor
from suyuan.server.registry.services.outlet_filing import file_outlet
from suyuan.server.supervision.queries.complaints import complaints
from suyuan.server.supervision.services import complaints as service
from suyuan.server.web.pages import complain
from tests.server.api.face import pack_code
from tests.server.cast import Cast
from tests.server.registry.outlet_rows import author, row

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
HTML = {"accept": "text/html"}
WORDS = "They sent me away."


def sent(**told: object) -> tuple[int, str]:
    usual = {"subject": "battery", "about": pack_code(1), "words": WORDS}
    answer = Client(headers=HTML).post("/complain?lang=en", {**usual, **told})
    return answer.status_code, answer.content.decode()


def kept() -> list[tuple[str, str, str | None, str]]:
    with cursor() as run:
        rows = run.execute("SELECT subject, about, division, words FROM supervision_complaint ORDER BY number")
        return rows.fetchall()


def outlet_of(cast: Cast) -> int:
    file_outlet(author(cast.collector), row(cast.collector.code, "O1"))
    return cast.collector.sites["O1"]


def test_the_form_is_for_anybody(cast: Cast) -> None:
    answer = Client(headers={**HTML, "accept-language": "zh"}).get("/complain")
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "suyuan_session" not in answer.cookies
    for said in ("反映问题", "网点信息有误", "深圳市", "北京市"):
        assert said in text


def test_a_wrong_entry_is_named_and_taken(cast: Cast) -> None:
    site = outlet_of(cast)
    form = Client(headers=HTML).get(f"/complain?subject=outlet_entry&about={site}&lang=en").content.decode()
    assert "The entry of the outlet “甬江网点(模拟)” is wrong" in form
    assert 'id="about"' not in form
    status, page = sent(subject="outlet_entry", about=str(site), words="The telephone is another one.")
    assert (status, "Received" in page) == (200, True)
    assert kept() == [("outlet_entry", str(site), "330200", "The telephone is another one.")]


def test_a_report_with_everything(cast: Cast) -> None:
    status, page = sent(
        subject="company",
        about=cast.collector.code,
        division="330200",
        place="模拟路1号",
        happened_on="2026-11-20",
        contact="13800000000",
        evidence=SimpleUploadedFile("a.png", PNG),
    )
    assert (status, "Received" in page) == (200, True)
    assert "13800000000" not in page
    with cursor() as run:
        (one,) = complaints(run, cast.zhejiang.scope).rows
        assert complaints(run, cast.guangdong.scope).rows == []
        assert complaints(run, cast.maker.scope).rows == []
    assert (one.subject, str(one.happened_on)) == ("company", "2026-11-20")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"words": " "}, "They sent me away."),
        ({"subject": "weather"}, "weather"),
        ({"about": "not a code"}, "not a code"),
        ({"subject": "outlet", "about": "999999"}, "999999"),
        ({"happened_on": "yesterday"}, "“yesterday” is no day"),
        ({"happened_on": "2999-01-01"}, "2999-01-01"),
        ({"evidence": SimpleUploadedFile("a.exe", b"MZ")}, "a.exe"),
        ({"words": "x" * 4001}, "4"),
    ],
)
def test_what_is_wrong_is_said_and_the_words_stay(cast: Cast, told: dict[str, object], said: str) -> None:
    status, page = sent(**{"place": "模拟路", **told})
    assert status in (404, 422)
    assert 'role="alert"' in page
    assert "模拟路" in page
    assert said in page or said == WORDS
    assert kept() == []


def test_whether_there_is_such_a_battery_is_not_told(cast: Cast) -> None:
    assert [sent(about=pack_code(number))[0] for number in (1, 77)] == [200, 200]


def test_too_much_is_refused_before_it_is_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complain, "LARGEST_REQUEST", 1000)
    status, page = sent(words="x" * 2000)
    assert (status, "xxx" in page) == (413, False)
    assert kept() == []


def test_a_flood_is_slowed_down(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "A_SENDER_AN_HOUR", 2)
    assert [sent()[0] for _ in range(3)] == [200, 200, 429]
    assert len(kept()) == 2
    late = Client(headers=HTML).post("/complain", {"subject": "battery", "about": pack_code(1), "words": WORDS})
    assert 0 < int(late["Retry-After"]) <= 3601


def test_words_are_shown_as_words(cast: Cast) -> None:
    _, page = sent(words="<script>alert(1)</script>", about='"><b>')
    assert "<script>alert" not in page
    assert '"><b>' not in page


@pytest.mark.parametrize("about", ["", "x", "0", "99999999999999999999", "%00", "４"])
def test_a_strange_outlet_is_asked_for(cast: Cast, about: str) -> None:
    answer = Client(headers=HTML).get(f"/complain?subject=outlet_entry&about={about}")
    assert answer.status_code == 200
    assert 'id="about"' in answer.content.decode()
