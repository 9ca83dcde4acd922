"""Outlets of a company: filed, altered, verified, closed; what concerns others is like what does not exist."""

import re
from datetime import date

import pytest
from django.test import Client

from suyuan.server.accounts.models import Role
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.outlets import Outlet, Wanted, outlets_listed
from suyuan.server.registry.queries.own_outlets import Sought, own_outlet, own_outlets, own_outlets_counted
from suyuan.server.registry.services.outlet_acts import commission_outlet, withdraw_outlet
from suyuan.server.registry.services.outlet_filing import file_outlet
from suyuan.server.supervision.queries.outlets import outlet_stock
from tests.server.cast import Cast
from tests.server.ledger.acting import pack
from tests.server.registry.outlet_rows import author, row
from tests.server.supervision.watching import Watched
from tests.server.web.people import person

TODAY = date(2026, 11, 22)
ENTRY = {
    "name": "新网点(模拟)",
    "code": "N1",
    "kind": "outlet_collection",
    "division": "330200",
    "address": "模拟路9号",
    "phone": "0574-9",
    "hours": "Mo-Fr 09:00-17:00",
    "chemistries": ["B", "E"],
    "conditions": ["*"],
    "brands": "启明",
    "datum": "wgs84",
}


@pytest.fixture
def officer(cast: Cast) -> Client:
    """The data officer of the operator."""
    return person("wang@example.com", Role.DATA_OFFICER, cast.collector.scope).client("en")


def listed() -> dict[str, Outlet]:
    with cursor() as run:
        return {one.code: one for one in outlets_listed(run, Wanted(), date(2100, 1, 1)).rows}


def filed(cast: Cast, code: str = "O1", **changes: str | None) -> int:
    file_outlet(author(cast.collector), row(cast.collector.code, code, valid_from="2026-01-01", **changes))
    return listed()[code].site


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def deeds() -> list[tuple[str, str]]:
    with cursor() as run:
        return run.execute(
            "SELECT act, subject FROM accounts_deed WHERE act LIKE 'outlet.%' ORDER BY number"
        ).fetchall()


def own(scope: Scope, sought: Sought | None = None) -> list[str]:
    with cursor() as run:
        rows = own_outlets(run, scope, TODAY, sought).rows
        assert own_outlets_counted(run, scope, TODAY, sought) == len(rows)
    return [one.code for one in rows]


def test_an_outlet_is_filed(cast: Cast, officer: Client) -> None:
    assert "No outlet has been filed yet" in text(officer, "/w/outlets")
    assert 'name="code"' in text(officer, "/w/outlets/new")
    answer = officer.post("/w/outlets/new", ENTRY)
    made = listed()["N1"]
    assert (answer.status_code, answer["Location"]) == (302, f"/w/outlets/{made.site}")
    assert (made.company, made.chemistries, made.conditions, made.brands) == (
        cast.collector.number,
        ["B", "E"],
        ["*"],
        ["启明"],
    )
    page = text(officer, f"/w/outlets/{made.site}")
    assert "Filed: 新网点(模拟)" in page
    assert 'value="启明"' in page
    assert ("outlet.filed", "N1") in deeds()
    assert "新网点(模拟)" in text(officer, "/w/outlets")


def test_everything_that_is_wrong_is_said_beside_its_field(cast: Cast, officer: Client) -> None:
    bad = {**ENTRY, "division": "99", "hours": "whenever", "capacity_kg": "-5", "longitude": "east"}
    answer = officer.post("/w/outlets/new", bad)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="invalid"') >= 4
    assert 'value="whenever"' in page
    assert listed() == {}
    assert deeds() == []
    assert officer.post("/w/outlets/new", {"name": "x"}).status_code == 422


def test_a_number_that_is_used_is_not_taken_over(cast: Cast, officer: Client) -> None:
    filed(cast)
    answer = officer.post("/w/outlets/new", {**ENTRY, "code": "O1"})
    assert answer.status_code == 422
    assert "is that of another site of yours" in answer.content.decode()
    assert listed()["O1"].version == 1


def test_an_entry_is_altered(cast: Cast, officer: Client) -> None:
    site = filed(cast)
    same = {**ENTRY, "code": "Z9", "commissioned_by": cast.carmaker.code, "reason": "new telephone"}
    assert officer.post(f"/w/outlets/{site}/change", same).status_code == 302
    changed = listed()
    assert set(changed) == {"O1"}
    assert (changed["O1"].version, changed["O1"].phone, changed["O1"].makers) == (2, "0574-9", [])
    page = text(officer, f"/w/outlets/{site}")
    assert "new telephone" in page
    assert "Saved as a new version" in page
    officer.post(f"/w/outlets/{site}/change", same)
    assert "Nothing was different" in text(officer, f"/w/outlets/{site}")
    assert listed()["O1"].version == 2
    wrong = officer.post(f"/w/outlets/{site}/change", {**same, "hours": "late"})
    assert (wrong.status_code, 'value="late"' in wrong.content.decode()) == (422, True)


def test_what_the_form_shows_is_what_stands(cast: Cast, officer: Client) -> None:
    """Sent back as it came, an entry makes no new version."""
    whole = {"chemistries": "B E", "conditions": "whole", "brands": "启明;钱江", "capacity_kg": "4800"}
    site = filed(cast, **whole, area_m2="35.5", capacity_packs="12", days="2026-12-01 off")
    page = text(officer, f"/w/outlets/{site}")
    form = page[page.index(f'action="/w/outlets/{site}/change"') :]
    form = form[: form.index("</form>")]
    told: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input[^>]*? name="([a-z0-9_]+)" value="([^"]*)"(?![^>]*type="checkbox")', form):
        told.setdefault(name, []).append(value)
    for name in ("chemistries", "conditions"):
        told[name] = re.findall(rf'name="{name}" value="([^"]*)" checked', form)
    for name in ("kind", "datum"):
        told[name] = re.findall(r'<option value="([^"]*)" selected', form[form.index(f'name="{name}"') :])[:1]
    officer.post(f"/w/outlets/{site}/change", told)
    assert "Nothing was different" in text(officer, f"/w/outlets/{site}")
    assert listed()["O1"].version == 1


def test_it_is_verified_and_closed(cast: Cast, officer: Client) -> None:
    site = filed(cast)
    seen = {"way": "call", "seen_on": "2026-11-20", "correct": "0", "note": "the hours differ"}
    assert officer.post(f"/w/outlets/{site}/verify", seen).status_code == 302
    assert "Found wrong on 2026-11-20" in text(officer, f"/w/outlets/{site}")
    refused = officer.post(f"/w/outlets/{site}/verify", {**seen, "seen_on": "2999-01-01"})
    assert refused.status_code == 422
    assert officer.post(f"/w/outlets/{site}/verify", {**seen, "seen_on": "soon"}).status_code == 422
    assert officer.post(f"/w/outlets/{site}/withdraw", {"last_day": "2026-11-01", "reason": " "}).status_code == 422
    closed = {"last_day": "2026-11-01", "reason": "moved"}
    assert officer.post(f"/w/outlets/{site}/withdraw", closed).status_code == 302
    page = text(officer, f"/w/outlets/{site}")
    assert "Closed since 2026-11-01" in page
    assert "cannot be altered" in page
    assert officer.post(f"/w/outlets/{site}/change", ENTRY).status_code == 409
    assert officer.post(f"/w/outlets/{site}/withdraw", closed).status_code == 409
    assert [act for act, _ in deeds()] == ["outlet.verified", "outlet.withdrawn"]


def test_a_maker_agrees_and_ends(cast: Cast, officer: Client) -> None:
    site = filed(cast)
    maker = person("qian@example.com", Role.DATA_OFFICER, cast.carmaker.scope).client("en")
    assert maker.get(f"/w/outlets/{site}").status_code == 404
    assert officer.post(f"/w/outlets/{site}/commission", {"maker": cast.carmaker.code}).status_code == 302
    assert "not agreed yet" in text(officer, f"/w/outlets/{site}")
    page = text(maker, f"/w/outlets/{site}")
    assert "They say that they act for your company" in page
    assert f'action="/w/outlets/{site}/change"' not in page
    assert "What was done" not in page
    assert maker.post(f"/w/outlets/{site}/commission").status_code == 302
    assert "agreed" in text(officer, f"/w/outlets/{site}")
    assert "甬江网点(模拟)" in text(maker, "/w/outlets")
    assert maker.post(f"/w/outlets/{site}/change", ENTRY).status_code == 409
    assert maker.post(f"/w/outlets/{site}/withdraw", {"last_day": "2026-12-01", "reason": "x"}).status_code == 403
    assert maker.post(f"/w/outlets/{site}/end").status_code == 302
    assert officer.post(f"/w/outlets/{site}/commission", {"maker": "nobody"}).status_code == 404


@pytest.mark.parametrize("act", ["change", "verify", "withdraw", "commission", "end"])
def test_an_outlet_of_others_is_like_an_unknown_one(cast: Cast, act: str) -> None:
    site = filed(cast)
    stranger = person("li@example.com", Role.ADMIN, cast.repairer.scope).client("en")
    for number in (site, 999_999, 99_999_999_999):
        assert stranger.get(f"/w/outlets/{number}").status_code == 404
        assert stranger.post(f"/w/outlets/{number}/{act}", {"last_day": "2026-12-01", "reason": "x"}).status_code == 404
    assert "甬江网点" not in text(stranger, "/w/outlets")
    assert deeds() == []


@pytest.mark.parametrize("role", [Role.CLERK, Role.VIEWER])
def test_other_roles_only_look(cast: Cast, role: Role) -> None:
    site = filed(cast)
    for scope in (cast.collector.scope, Scope.of_outlet(cast.collector.number, site)):
        reader = person(f"{role}{scope.level}@example.com", role, scope).client("en")
        assert "/w/outlets/new" not in text(reader, "/w/outlets")
        page = text(reader, f"/w/outlets/{site}")
        assert "may only look" in page
        assert "/change" not in page
        assert reader.get("/w/outlets/new").status_code == 403
        assert reader.post("/w/outlets/new", ENTRY).status_code == 403
        for act in ("change", "verify", "withdraw", "commission", "end"):
            assert reader.post(f"/w/outlets/{site}/{act}", ENTRY).status_code == 403


def test_the_page_is_for_companies(cast: Cast) -> None:
    assert Client(headers={"accept": "text/html"}).get("/w/outlets").status_code == 302
    official = person("gov@example.com", Role.OFFICIAL, cast.zhejiang.scope).client()
    assert official.get("/w/outlets").status_code == 403
    assert official.get("/w/outlets/new").status_code == 403


def test_which_outlets_concern_whom(cast: Cast, clock: FixedClock) -> None:
    site = filed(cast)
    filed(cast, "O2", kind="outlet_central", name="大网点")
    withdraw_outlet(author(cast.collector), listed()["O2"].site, date(2026, 10, 1), "moved", clock)
    assert own(cast.collector.scope) == ["O1", "O2"]
    assert own(cast.collector.scope, Sought(part="大")) == ["O2"]
    assert own(cast.collector.scope, Sought(part="%")) == []
    assert own(cast.collector.scope, Sought(kind="outlet_central")) == ["O2"]
    assert own(Scope.of_outlet(cast.collector.number, site)) == ["O1"]
    assert own(cast.zhejiang.scope) == ["O1", "O2"]
    assert own(cast.guangdong.scope) == own(cast.carmaker.scope) == []
    commission_outlet(author(cast.collector), site, cast.carmaker.code, TODAY, clock)
    assert own(cast.carmaker.scope) == ["O1"]
    assert own(cast.maker.scope) == []
    with cursor() as run, pytest.raises(Missing):
        own_outlet(run, cast.maker.scope, site, TODAY)


def test_stock_stands_beside_the_limit(cast: Cast) -> None:
    watched = Watched()
    site = filed(cast, capacity_kg="1000")
    given = {"received_on": date(2026, 3, 1), "site": "O1", "site_no": site}
    rows = [{**given, "code": pack(number), "mass_kg": 600.0} for number in (1, 2)]
    watched.report("outlet_received", cast.collector, rows)
    officer = person("wang@example.com", Role.DATA_OFFICER, cast.collector.scope).client("en")
    assert "Over the capacity filed" in text(officer, "/w/outlets")
    assert "2 batteries, 1,200 kg in store" in text(officer, f"/w/outlets/{site}")
    with cursor() as run:
        assert [one.batteries for one in outlet_stock(run, cast.collector.scope, TODAY, sites=[site])] == [2]
        assert outlet_stock(run, cast.collector.scope, TODAY, sites=[]) == []
        assert outlet_stock(run, cast.carmaker.scope, TODAY, sites=[site]) == []
