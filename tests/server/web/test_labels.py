"""The page of codes and labels: a batch is printed in two clicks, again only for a reason, and by those who may."""

from datetime import date

import pytest
from django.conf import settings
from django.test import Client

from suyuan.codes import compose
from suyuan.server.accounts.models import Role
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.batches import batches, print_jobs
from tests.server.cast import PACK_PREFIX, Cast
from tests.server.web.people import person

DAY = date(2026, 10, 1)
ORDER = {"prefix": PACK_PREFIX, "day": DAY.isoformat(), "count": "3", "request": "one"}


@pytest.fixture(autouse=True)
def public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "https://trace.example")


@pytest.fixture
def officer(cast: Cast) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")


def page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/w/labels{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_give_out_and_print(cast: Cast, officer: Client) -> None:
    assert officer.post("/w/labels/codes", ORDER).status_code == 302
    assert officer.post("/w/labels/codes", ORDER).status_code == 302  # the same form twice
    (given,) = batches(cast.maker.scope)
    text = page(officer)
    assert compose(PACK_PREFIX, DAY, 3) in text
    assert f'action="/w/labels/{given.number}/print"' in text
    labels = officer.post(f"/w/labels/{given.number}/print", {"way": "60x40:pdf"})
    assert (labels.status_code, labels.content[:5]) == (200, b"%PDF-")
    assert labels["Content-Disposition"].startswith("attachment; filename=")
    assert print_jobs(cast.maker.scope)[0].actor == "officer@example.com"


def test_again_only_for_a_reason(cast: Cast, officer: Client) -> None:
    officer.post("/w/labels/codes", ORDER)
    (given,) = batches(cast.maker.scope)
    address = f"/w/labels/{given.number}/print"
    assert officer.post(address, {"way": "60x40:pdf", "test": "1"}).status_code == 200
    assert officer.post(address, {"way": "100x70:zpl"}).content[:3] == b"^XA"
    refused = officer.post(address, {"way": "60x40:pdf"})
    assert refused.status_code == 409
    assert "A reprint needs a reason" in refused.content.decode()
    assert 'name="reason"' in refused.content.decode()
    assert 'name="reason"' in page(officer, f"?batch={given.number}")
    told = {"way": "60x40:pdf", "reason": "other", "reason_text": "fell into the lake", "first": "2", "last": "2"}
    assert officer.post(address, told).status_code == 200
    newest = print_jobs(cast.maker.scope)[0]
    assert (newest.kind, newest.reason, newest.note, newest.first) == ("reprint", "other", "fell into the lake", 2)
    assert "fell into the lake" in page(officer)


def test_a_code_is_explained_and_looked_up(cast: Cast, officer: Client) -> None:
    officer.post("/w/labels/codes", ORDER)
    given = page(officer, f"?code={compose(PACK_PREFIX, DAY, 2)}")
    assert "The code is right" in given
    assert "given out in batch" in given
    assert given.count("<tr><td>") >= 8  # one line a field
    other = page(officer, f"?code={compose(PACK_PREFIX, DAY, 9)}")
    assert "not given out to your company" in other
    assert "not reported yet" in other
    composed = page(officer, f"?prefix={PACK_PREFIX}&day=2026-10-01&serial=2")
    assert "given out in batch" in composed
    wrong = page(officer, f"?prefix={PACK_PREFIX}&day=1999-01-01&serial=x")
    assert "The code is wrong" in wrong
    mistyped = page(officer, "?code=" + compose(PACK_PREFIX, DAY, 2).replace("GA1", "GAI"))
    assert compose(PACK_PREFIX, DAY, 2) in mistyped


def test_what_cannot_be_done_is_said(cast: Cast, officer: Client) -> None:
    for wrong, said in (
        ({"count": "many"}, "is no number of codes"),
        ({"day": "x"}, "is no day"),
        ({"prefix": "9"}, "no coding rule"),
    ):
        answer = officer.post("/w/labels/codes", {**ORDER, **wrong})
        assert answer.status_code in (404, 422)
        assert said in answer.content.decode()
    assert officer.post("/w/labels/999/print", {"way": "60x40:pdf"}).status_code == 404
    assert officer.get("/w/labels?batch=999").status_code == 404
    assert batches(cast.maker.scope) == []


def test_without_an_address_it_says_what_is_missing(officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "")
    assert "SUYUAN_PUBLIC_URL" in page(officer)


def test_who_may(cast: Cast, officer: Client) -> None:
    officer.post("/w/labels/codes", ORDER)
    (given,) = batches(cast.maker.scope)
    viewer = person("viewer@example.com", Role.VIEWER, cast.maker.scope).client("en")
    assert compose(PACK_PREFIX, DAY, 1) in page(viewer)
    assert 'action="/w/labels/codes"' not in page(viewer)
    assert viewer.post("/w/labels/codes", ORDER).status_code == 403
    assert viewer.post(f"/w/labels/{given.number}/print", {"way": "60x40:pdf"}).status_code == 403
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.carmaker.scope).client("en")
    assert compose(PACK_PREFIX, DAY, 1) not in page(stranger)
    assert stranger.post(f"/w/labels/{given.number}/print", {"way": "60x40:pdf"}).status_code == 404
    assert stranger.get(f"/w/labels?batch={given.number}").status_code == 404
    looked = page(stranger, f"?code={compose(PACK_PREFIX, DAY, 1)}")
    assert "given out in batch" not in looked
    assert "not filed by your company" in looked
    official = person("official@example.com", Role.OFFICIAL, cast.guangdong.scope).client()
    assert official.get("/w/labels").status_code == 403
    assert Client().get("/w/labels").status_code in (302, 401)
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    clerk = person("clerk@example.com", Role.CLERK, outlet).client("en")
    assert clerk.post("/w/labels/codes", ORDER).status_code in (403, 404)
