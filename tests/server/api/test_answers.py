"""Totals and reports over HTTP: as described, only for one's scope, and not sent twice where nothing changed."""

import pytest

from suyuan.server.answers.jobs import Folder
from suyuan.server.kit.clock import FixedClock
from suyuan.server.supervision.jobs import Follower
from tests.server.api.face import Face, pack
from tests.server.cast import Cast


@pytest.fixture
def nation(cast: Cast, clock: FixedClock) -> Face:
    """The nation, above a maker with three packs."""
    assert Face(cast.maker).submit(pack(1), pack(2), pack(3)).json["admitted"] == 3
    Follower(clock).once()
    assert Folder(clock).once().packs == 3
    return Face(cast.nation)


def test_the_overview_explains_each_number(nation: Face) -> None:
    told = nation.get("/answers/overview").json
    assert told["area"] == {"level": "nation", "code": "CN", "name": "the nation"}
    assert {one["measure"] for one in told["figures"]} >= {"in_service", "collection_rate", "unaccounted", "overdue"}
    assert all(one["explain"]["definition"] for one in told["figures"])


def test_flows_close_and_open_to_their_batteries(nation: Face) -> None:
    told = nation.get("/answers/flows", period="all").json
    made = next(node for node in told["nodes"] if node["stage"] == "made")
    assert (made["entered"]["packs"], made["closing"]["packs"]) == (3, 3)
    step = {"of": "step", "stage": "outside", "to_stage": "made", "period": "all"}
    first = nation.get("/answers/batteries", limit=2, **step).json
    rest = nation.get("/answers/batteries", limit=2, cursor=first["next"], **step).json
    assert len({one["code"] for one in first["items"] + rest["items"]}) == 3
    assert rest["next"] is None


def test_an_answer_that_did_not_change_is_not_sent_again(nation: Face, cast: Cast, clock: FixedClock) -> None:
    first = nation.get("/answers/overview")
    mark = first.headers["ETag"]
    assert nation.get("/answers/overview", mark=mark).status == 304
    Face(cast.maker).submit(pack(4))
    Folder(clock).once()
    assert nation.get("/answers/overview", mark=mark).status == 200


def test_others_see_their_own(nation: Face, cast: Cast) -> None:
    for actor, entered in ((cast.guangdong, 3), (cast.zhejiang, 0), (cast.maker, 3), (cast.utiliser, 0)):
        nodes = Face(actor).get("/answers/flows", period="all").json["nodes"]
        assert sum(node["entered"]["packs"] for node in nodes) == entered
    assert Face(cast.zhejiang).get("/answers/overview", division="440000").status == 403
    assert Face(cast.zhejiang).get("/answers/trend", company=cast.maker.code).status == 404
    assert Face(cast.guangdong).get("/answers/ranking", by="division", measure="in_service").status == 200


def test_reports_are_made_listed_and_fetched(nation: Face, cast: Cast) -> None:
    made = nation.post("/reports", {"template": "monthly"})
    assert made.status == 201
    path = f"/reports/{made.json['id']}"
    assert [one["id"] for one in nation.get("/reports").json["items"]] == [made.json["id"]]
    for form, begins in (("json", b"{"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        assert nation.get(path, format=form).body.startswith(begins)
    assert Face(cast.zhejiang).get(path).status == 404
    assert nation.post("/reports", {"template": "weekly"}).status == 422


def test_a_number_is_explained_in_the_reader_s_language(nation: Face, cast: Cast) -> None:
    assert "denominator" in nation.get("/answers/explain/collection_rate").json["definition"]
    assert "分母" in Face(cast.nation, "zh").get("/answers/explain/collection_rate").json["definition"]
