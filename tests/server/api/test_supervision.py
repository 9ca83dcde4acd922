"""Duties over HTTP: listed in pages, explained one by one, and only those of one's scope."""

import pytest

from suyuan.server.kit.clock import FixedClock
from suyuan.server.supervision.jobs import Follower
from tests.server.api.face import Face, pack
from tests.server.cast import Cast


@pytest.fixture
def maker(cast: Cast, clock: FixedClock) -> Face:
    """The battery maker, with three packs reported, and the duties that follow."""
    face = Face(cast.maker)
    assert face.submit(pack(1), pack(2), pack(3)).json["admitted"] == 3
    follower = Follower()
    assert follower.once().changed == 3
    assert not follower.once().anything
    return face


def test_duties_come_in_pages(maker: Face) -> None:
    first = maker.get("/duties", limit=2).json
    rest = maker.get("/duties", limit=2, cursor=first["next"]).json
    items = [*first["items"], *rest["items"]]
    assert rest["next"] is None
    assert len({item["record"] for item in items}) == 3
    assert {(item["duty"], item["state"], item["due_on"]) for item in items} == {
        ("battery.production", "fulfilled", None)
    }


def test_filters_and_their_cursors_belong_together(maker: Face, cast: Cast) -> None:
    assert len(maker.get("/duties", state="fulfilled", company=cast.maker.code).json["items"]) == 3
    for query in ({"state": "overdue"}, {"duty": "vehicle.sale"}, {"company": cast.utiliser.code}):
        assert maker.get("/duties", **query).json == {"items": [], "next": None}
    token = maker.get("/duties", limit=1).json["next"]
    wrong = maker.get("/duties", limit=1, cursor=token, state="fulfilled")
    assert (wrong.status, wrong.json["code"]) == (422, "kit.cursor_invalid")


def test_one_duty_is_explained_in_the_reader_s_language(maker: Face, cast: Cast) -> None:
    one = maker.get("/duties").json["items"][0]
    path = f"/duties/{one['record']}/{one['duty']}"
    told = maker.get(path).json
    assert told["version"] == "battery.production@2026-04-01"
    assert told["recounts"] == []
    assert any("pack produced" in step["message"] for step in told["steps"])
    chinese = Face(cast.maker, "zh").get(path).json
    assert any("电池包生产" in step["message"] for step in chinese["steps"])


def test_nobody_sees_the_duties_of_others(maker: Face, cast: Cast) -> None:
    one = maker.get("/duties").json["items"][0]
    path = f"/duties/{one['record']}/{one['duty']}"
    for actor, allowed in ((cast.nation, True), (cast.guangdong, True), (cast.zhejiang, False), (cast.utiliser, False)):
        assert bool(Face(actor).get("/duties").json["items"]) is allowed
        answer = Face(actor).get(path)
        assert answer.status == (200 if allowed else 404)
        assert allowed or answer.json["code"] == "supervision.duty_not_found"
    assert Face().get("/duties").status == 401
