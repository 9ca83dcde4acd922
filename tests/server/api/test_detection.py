"""Findings over HTTP: listed in pages, opened to their records, counted; for authorities, by their place."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.services.detecting import detect
from suyuan.server.supervision.services.judging import judge
from tests.server.api.face import Face
from tests.server.cast import Cast
from tests.server.ledger.acting import VIN
from tests.server.supervision.detector_plays import given, made, stored
from tests.server.supervision.watching import Watched


@pytest.fixture
def nation(cast: Cast, clock: FixedClock) -> Face:
    """Three findings: of a maker in Guangdong and a utiliser in Zhejiang, of a dismantler and an outlet in Zhejiang."""
    watched = Watched()
    given(watched, cast, made(watched, cast))
    hidden = {"vin": VIN, "scrapped_on": date(2026, 6, 1), "missing_reason": "lost"}
    watched.report("vehicle_scrapped", cast.dismantler, [hidden])
    stored(watched, cast, 13, first=100)
    with transaction.atomic(), cursor() as run:
        detect(run, clock=clock)
    return Face(cast.nation)


def numbers(face: Face, **asked: Any) -> dict[str, int]:
    return {item["finding"]: item["number"] for item in face.get("/findings", **asked).json["items"]}


def test_findings_come_in_pages(nation: Face) -> None:
    every = numbers(nation)
    assert every.keys() == {"handover.without_receipt", "scrap.without_pack", "outlet.over_limit"}
    first = nation.get("/findings", limit=2).json
    rest = nation.get("/findings", limit=2, cursor=first["next"]).json
    assert [item["number"] for item in (*first["items"], *rest["items"])] == sorted(every.values())
    assert rest["next"] is None
    wrong = nation.get("/findings", limit=2, cursor=first["next"], severity="high")
    assert (wrong.status, wrong.json["code"]) == (422, "kit.cursor_invalid")


def test_findings_are_filtered(nation: Face, cast: Cast) -> None:
    assert numbers(nation, finding="outlet.over_limit").keys() == {"outlet.over_limit"}
    assert numbers(nation, severity="medium").keys() == {"handover.without_receipt"}
    assert numbers(nation, company=cast.utiliser.code).keys() == {"handover.without_receipt"}
    assert numbers(nation, company=cast.swapper.code) == {}
    assert nation.get("/findings", severity="grave").status == 422


def test_a_finding_opens_to_its_records(nation: Face, cast: Cast) -> None:
    told = nation.get(f"/findings/{numbers(nation)['outlet.over_limit']}").json
    assert (told["company"], told["site"], told["records"]) == (cast.collector.code, "O1", 13)
    assert told["figures"] == {"on": "2026-02-01", "stock_kg": 5200.0, "limit_kg": 5000}
    assert [basis["status"] for basis in told["basis"]] == ["read"]
    assert len({line["record"] for line in told["evidence"]}) == 13
    chinese = Face(cast.nation, "zh").get(f"/findings/{told['number']}").json
    assert chinese["title"] == "网点贮存量超过限值"


def test_findings_are_seen_by_the_authorities_of_their_place_only(nation: Face, cast: Cast) -> None:
    every = numbers(nation)
    for actor, names in (
        (cast.zhejiang, set(every)),
        (cast.guangdong, {"handover.without_receipt"}),
        (cast.collector, set[str]()),
    ):
        face = Face(actor)
        assert set(numbers(face)) == names
        for name, number in every.items():
            answer = face.get(f"/findings/{number}")
            assert answer.status == (200 if name in names else 404)
            assert name in names or answer.json["code"] == "supervision.finding_not_found"
        opened = {one["finding"] for one in face.get("/detectors").json["items"] if one["open"]}
        assert opened == names


def test_false_positives_are_counted_by_detector(nation: Face, cast: Cast, clock: FixedClock) -> None:
    number = numbers(nation)["handover.without_receipt"]
    with transaction.atomic(), cursor() as run:
        judge(run, number, "false_positive", "came by another way", "Zhang", clock)
    told = nation.get("/detectors").json
    assert told["looked_on"] == "2026-11-22"
    assert [one["finding"] for one in told["items"]] == list(detectors())
    counted = {one["finding"]: one["false_positives"] for one in told["items"]}
    assert (counted.pop("handover.without_receipt"), set(counted.values())) == (1, {0})
    shown = nation.get(f"/findings/{number}").json
    assert [(said["judgement"], said["by"]) for said in shown["judgements"]] == [("false_positive", "Zhang")]
    assert shown["judgement"] == "false_positive"
