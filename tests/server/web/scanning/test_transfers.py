"""The pages of hand-overs: given with one button, confirmed with one, and a stranger finds nothing there."""

import re

import pytest
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.handover.queries.notes import note, notes
from suyuan.server.handover.queries.standing import standings
from tests.server.api.face import pack_code
from tests.server.cast import Cast
from tests.server.handover.setting import take_in
from tests.server.web.people import person

FORM = {"key": "0123456789", "save": "1"}


@pytest.fixture
def clerk(cast: Cast) -> Client:
    return person("clerk@example.com", Role.CLERK, cast.collector.scope).client("en")


@pytest.fixture
def works(cast: Cast) -> Client:
    return person("works@example.com", Role.CLERK, cast.utiliser.scope).client("en")


def text_of(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_given_and_confirmed(cast: Cast, clerk: Client, works: Client) -> None:
    codes = take_in(cast.collector, 20)
    assert "No hand-overs yet" in text_of(clerk.get("/w/transfers"))
    address = clerk.post("/w/transfers", {**FORM, "code": codes, "mass_kg": "6000"}).headers["Location"]
    assert clerk.post("/w/transfers", {**FORM, "code": codes}).headers["Location"] == address  # sent twice
    (made,) = notes(cast.collector.scope)
    shown = text_of(clerk.get(address))
    assert "Let the other side scan this" in shown
    assert re.search(r'<path d="M\d', shown)
    assert works.get(address).status_code == 404
    assert works.get(f"{address}?code={'A' * 16}").status_code == 404
    found = text_of(works.get(f"{address}?code={made.code}"))
    assert found.count('<option value="missing">') == 20
    fates = {f"fate-{code}": "received" for code in codes} | {f"fate-{codes[0]}": "missing"}
    told = {"do": "accept", "note_code": made.code, "mass_kg": "5900", "extra": pack_code(99), **fates}
    assert works.post(address, told).status_code == 302
    after = text_of(works.get(address))
    assert "both reports are in the ledger" in after
    assert "1 did not come" in after
    assert "1 extra" in after
    assert [one.mine for one in standings(cast.utiliser.scope, codes[:3])] == [False, True, True]
    assert "both sides reported" in text_of(clerk.get("/w/transfers"))
    assert "T00000001" in text_of(works.get("/w/transfers"))


def test_the_paper(cast: Cast, clerk: Client, works: Client) -> None:
    codes = take_in(cast.collector, 2)
    address = clerk.post("/w/transfers", {**FORM, "code": codes}).headers["Location"]
    paper = clerk.get(f"{address}/note.pdf")
    assert paper.content.startswith(b"%PDF-")
    assert works.get(f"{address}/note.pdf").status_code == 404
    official = person("official@example.com", Role.OFFICIAL, cast.zhejiang.scope).client("en")
    assert official.get(f"{address}/note.pdf").status_code == 200
    elsewhere = person("far@example.com", Role.OFFICIAL, cast.guangdong.scope).client("en")
    assert elsewhere.get(f"{address}/note.pdf").status_code == 404


def test_taken_back_and_refused(cast: Cast, clerk: Client, works: Client) -> None:
    codes = take_in(cast.collector, 1)
    refused = clerk.post("/w/transfers", {**FORM, "code": [*codes, pack_code(9)]})
    assert refused.status_code == 422
    assert "are not held by the giver" in text_of(refused)
    assert notes(cast.collector.scope) == []
    told = {**FORM, "code": codes, "receiver": cast.utiliser.code}
    address = clerk.post("/w/transfers", told).headers["Location"]
    assert "waits for the receiver" in text_of(works.get("/w/transfers"))
    assert works.post(address, {"do": "accept", "day": "2020-01-01"}).status_code == 422
    assert clerk.post(address, {"do": "cancel", "remark": "wrong lorry"}).status_code == 302
    assert "wrong lorry" in text_of(clerk.get(address))
    assert works.post(address, {"do": "accept"}).status_code == 409
    assert note(cast.collector.scope, 1).state == "cancelled"


def test_who_may(cast: Cast, clerk: Client) -> None:
    codes = take_in(cast.collector, 1)
    viewer = person("viewer@example.com", Role.VIEWER, cast.collector.scope).client("en")
    assert viewer.post("/w/transfers", {**FORM, "code": codes}).status_code == 403
    address = clerk.post("/w/transfers", {**FORM, "code": codes}).headers["Location"]
    assert viewer.get(address).status_code == 200
    assert viewer.post(address, {"do": "cancel"}).status_code == 403
    stranger = person("else@example.com", Role.ADMIN, cast.repairer.scope).client("en")
    for act in ("accept", "cancel"):
        assert stranger.post(address, {"do": act}).status_code == 404
    assert stranger.get("/w/transfers/999").status_code == 404
    assert Client().get("/w/transfers").status_code == 302
