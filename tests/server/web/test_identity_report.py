"""A problem reported from the page of a battery: without a login, of any code, kept for the authorities alone."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.services import complaints
from suyuan.server.web.pages import identity_report
from tests.server.api.face import pack_code
from tests.server.cast import Cast

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def sent(code: str = "", language: str = "en", **told: object) -> tuple[int, str]:
    address = f"/b/{code or pack_code(1)}/report?lang={language}"
    answer = Client().post(address, {"words": "The label was glued over another one.", **told})
    return answer.status_code, answer.content.decode()


def kept() -> list[tuple[str, str, str]]:
    with cursor() as run:
        return run.execute("SELECT subject, about, words FROM supervision_complaint ORDER BY number").fetchall()


def test_the_form_needs_no_login_and_no_script(cast: Cast) -> None:
    answer = Client(headers={"Accept-Language": "zh"}).get(f"/b/{pack_code(1)}/report")
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "<script" not in text
    assert "反映问题" in text
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_report_with_a_photo_is_taken(cast: Cast) -> None:
    photo = SimpleUploadedFile("a.png", PNG)
    status, page = sent(place="Shenzhen", contact="13800000000", evidence=photo)
    assert (status, "Received" in page) == (200, True)
    assert kept() == [("battery", pack_code(1), "The label was glued over another one.")]
    assert "13800000000" not in page


def test_whether_there_is_such_a_battery_is_not_told(cast: Cast) -> None:
    strip = [page.replace(pack_code(n), "CODE") for n in (1, 77) for _, page in [sent(pack_code(n))]]
    numbers = [page.partition('translate="no">')[2] for page in strip]
    assert len(numbers) == 2
    assert len(kept()) == 2


def test_what_is_wrong_is_said_and_the_words_stay(cast: Cast) -> None:
    status, page = sent(evidence=SimpleUploadedFile("a.exe", b"MZ"))
    assert status == 422
    assert "The label was glued over another one." in page
    assert 'role="alert"' in page
    assert sent(words="  ")[0] == 422
    assert kept() == []


def test_too_much_is_refused_before_it_is_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_report, "LARGEST_REQUEST", 1000)
    status, page = sent(words="x" * 2000)
    assert (status, "Too large" in page, "xxx" in page) == (413, True, False)
    assert kept() == []


def test_a_flood_is_slowed_down(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complaints, "A_SENDER_AN_HOUR", 2)
    assert [sent()[0] for _ in range(3)] == [200, 200, 429]
    assert len(kept()) == 2
    late = Client().post(f"/b/{pack_code(1)}/report", {"words": "again"})
    assert 0 < int(late["Retry-After"]) <= 3601


def test_words_are_shown_as_words(cast: Cast) -> None:
    _, page = sent(words="<script>alert(1)</script>", evidence=SimpleUploadedFile("a.exe", b"MZ"))
    assert "<script>alert" not in page


def test_who_sends_too_often_is_not_read_either(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complaints, "A_SENDER_AN_HOUR", 0)
    monkeypatch.setattr(identity_report, "LARGEST_REQUEST", 1000)
    status, page = sent(words="x" * 2000)
    assert (status, "xxx" in page) == (413, False)
