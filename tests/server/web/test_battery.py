"""One battery from all sides: what is shown to whom, what may be done now, and corrections with their reason."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from suyuan.server.accounts.models import Access, Role
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.queries.life import life
from tests.server.answers.folding import Folded
from tests.server.api import face
from tests.server.api.face import Face
from tests.server.cast import Cast
from tests.server.ledger.acting import VIN, cell, module, pack
from tests.server.web.people import person

TABS = ("life", "tree", "tests", "evidence", "corrections", "readers")


@pytest.fixture
def lives(cast: Cast) -> Folded:
    """A pack that was in a vehicle, was tested, taken out and handed over."""
    made = Folded(cast)
    code = made.installed(1, date(2020, 5, 10), sold_in="440300")
    told = {"code": code, "tested_on": datetime(2023, 5, 1, 10, tzinfo=UTC), "soh": 0.74, "method": "GB/T"}
    made.watched.report("assessed", cast.laboratory, [told])
    made.removed(code, date(2024, 6, 1))
    made.handed(code, date(2024, 6, 20))
    made.fold()
    return made


def client_of(lives: Folded, name: str, role: Role = Role.DATA_OFFICER) -> Client:
    return person(f"{name}-{role}@example.com", role, getattr(lives.cast, name).scope).client("en")


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.content.decode()


def test_every_side_is_one_click_away_and_is_logged(lives: Folded) -> None:
    maker = client_of(lives, "maker")
    sides = {tab: text(maker, f"/w/b/{pack(1)}?tab={tab}") for tab in TABS}
    for shown in sides.values():
        assert all(f'href="?tab={tab}"' in shown for tab in TABS)
    assert sides["life"].index("battery removed") < sides["life"].index("vehicle produced")
    assert "days of which nothing" in sides["life"] or 'class="gap"' in sides["life"]
    assert module(1) in sides["tree"]
    assert cell(1) in sides["tree"]
    assert "74.0%" in sides["tests"]
    assert f"/w/b/{pack(1)}/proof/" in sides["evidence"]
    assert "maker" in sides["readers"]
    assert {f"battery.{tab}" for tab in TABS} <= set(
        Access.objects.filter(subject=pack(1), person__isnull=False).values_list("act", flat=True)
    )


def told(page: str, code: str) -> list[str]:
    """What a page says, without what is different at each visit."""
    lines = page.replace(code, "").splitlines()
    return [line for line in lines if "data-error-id" not in line and "csrf" not in line]


def test_who_may_not_open_it_gets_what_an_unknown_code_gets(lives: Folded) -> None:
    stranger = client_of(lives, "swapper")
    for address in ("/w/b/{}", "/w/b/{}?tab=tree", "/w/b/{}/parts"):
        mine, unknown = (told(text(stranger, address.format(code), 404), code) for code in (pack(1), pack(999)))
        assert mine == unknown
    assert not Access.objects.filter(subject=pack(1)).exists()
    assert Client(headers={"accept": "text/html"}).get(f"/w/b/{pack(1)}").status_code == 302
    assert text(client_of(lives, "zhejiang", Role.OFFICIAL), f"/w/b/{pack(1)}")
    assert text(client_of(lives, "maker"), "/w/b/" + "9" * 300, 404)


def test_what_can_be_done_now_and_why_the_rest_cannot(lives: Folded) -> None:
    dismantler = text(client_of(lives, "dismantler"), f"/w/b/{pack(1)}")
    assert "What can be reported now" in dismantler
    utiliser = text(client_of(lives, "utiliser"), f"/w/b/{pack(1)}")
    allowed, refused = utiliser.split("Not now, because")
    assert "received" in allowed.lower()
    assert "its stage is: removed" in refused
    assert "What can be reported now" not in text(client_of(lives, "nation", Role.OFFICIAL), f"/w/b/{pack(1)}")
    assert "What it may report" not in text(client_of(lives, "maker", Role.VIEWER), f"/w/b/{pack(1)}")


def test_a_vehicle_and_its_packs_lead_to_each_other(lives: Folded) -> None:
    carmaker = client_of(lives, "carmaker")
    assert pack(1) in text(carmaker, f"/w/b/{VIN}")
    assert text(carmaker, f"/w/b/{pack(1)}/parts")
    part = carmaker.get(f"/w/b/{pack(1)}/parts", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<ul")
    assert module(1) in part


def test_a_search_leads_here(lives: Folded) -> None:
    assert client_of(lives, "maker").get(f"/search?q={pack(1)}")["Location"] == f"/w/b/{pack(1)}"
    assert Client(headers={"accept": "text/html"}).get(f"/search?q={pack(1)}")["Location"] == f"/b/{pack(1)}"


def test_a_correction_needs_a_reason_and_ones_own_record(cast: Cast) -> None:
    assert Face(cast.maker).submit(face.pack(1, order_no="A-6")).status < 300
    code = face.pack_code(1)
    with cursor() as run:
        found = life(run, cast.maker.scope, code)
    assert found is not None
    (made,) = found.events
    address, told = f"/w/b/{code}/amend", {"record": made.id, "field": "order_no", "value": "A-7"}
    maker = person("maker@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")
    assert made.id in text(maker, f"/w/b/{code}?tab=corrections&record={made.id}")
    assert maker.post(address, told).status_code == 422
    assert maker.post(address, {**told, "reason": "other"}).status_code == 422
    assert maker.post(address, {**told, "field": "soh", "reason": "typing"}).status_code == 422
    for scope, role, status in (
        (cast.swapper.scope, Role.DATA_OFFICER, 404),
        (cast.maker.scope, Role.VIEWER, 403),
        (cast.guangdong.scope, Role.OFFICIAL, 403),
    ):
        other = person(f"{role}-{status}@example.com", role, scope).client("en")
        assert other.post(address, {**told, "reason": "typing"}).status_code == status
    wish = {**told, "reason": "typing", "reason_text": "read it wrong"}
    shown = maker.post(address, wish, follow=True).content.decode()
    assert "It was corrected" in shown, shown[shown.index("<main") : shown.index("<main") + 1500]
    assert "read it wrong" in shown
    assert 'class="struck">order number A-6<' in text(maker, f"/w/b/{code}")
    assert maker.post(address, {**told, "reason": "typing"}).status_code == 404  # that record stands no more
