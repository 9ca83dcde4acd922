"""The counter of a server elsewhere hands on what the user wishes; the server is made of paper."""

import json
from pathlib import Path

import httpx
import polars as pl

from suyuan.cli.counter import Targets, Wish
from suyuan.cli.remote import Remote
from suyuan.client import Client

RECEIPT = {"number": 7, "state": "accepted", "finished": True, "groups": [], "received_at": "2026-11-22T02:00:00Z"}


class Paper:
    """Answers everything alike and remembers what was asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked = answer, list[httpx.Request]()

    def counter(self) -> Remote:
        return Remote(Client("http://paper.example", "sy_x", transport=httpx.MockTransport(self._hear)))

    def _hear(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, content=self.answer)


def test_a_mapping_goes_along_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "packs.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    paper = Paper(json.dumps(RECEIPT).encode())
    answer, known = paper.counter().submit(file, Wish(kind="pack_produced", mapping={"编码": "pack_code", "b": ""}))
    assert (answer["number"], known) == (7, True)
    asked = paper.asked[0].url.params
    assert json.loads(asked["mapping"]) == {"编码": "pack_code", "b": ""}
    assert (asked["kind"], asked["name"], asked["mode"]) == ("pack_produced", "packs.csv", "good_rows")
    paper.counter().submit(file, Wish())
    assert "mapping" not in paper.asked[1].url.params
    keys = [request.headers["Idempotency-Key"] for request in paper.asked]
    assert keys[0] != keys[1]  # the same bytes read otherwise are something else


def test_a_recall_says_whose_batch_is_meant() -> None:
    paper = Paper(b'{"code": "X", "count": 2}\n')
    frames = list(paper.counter().recall(Targets(batch="B1", batch_company="91350900587527783P")))
    assert pl.concat(frames)["count"].sum() == 2
    asked = paper.asked[0].url.params
    assert (asked["material"], asked["material_company"]) == ("B1", "91350900587527783P")
    list(paper.counter().recall(Targets(batch="B1")))
    assert "material_company" not in paper.asked[1].url.params
