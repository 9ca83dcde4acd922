"""Each request has a number, is counted under its route, and leaves a line without what was asked for."""

import json
import logging
import time
from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from suyuan.server.kit import tally as counters
from suyuan.server.kit.journal import JsonLines
from suyuan.server.kit.observing import HEADER, NO_ROUTE, observing, routes
from suyuan.server.kit.tally import Tally
from tests.server.api.face import Face
from tests.server.api.face import pack as pack_record
from tests.server.cast import Cast

VIN = "LSVAA4182E2123456"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Tally:
    monkeypatch.setattr(counters, "_ours", Tally())
    return counters.tally()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, object]]]:
    """The lines written down for each request, as they leave the program."""
    found: list[dict[str, object]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(JsonLines().format(record)))

    keeper = Keeper()
    log = logging.getLogger("suyuan.request")
    with caplog.at_level(logging.INFO, "suyuan.request"):
        log.addHandler(keeper)
        yield found
        log.removeHandler(keeper)


def ask(path: str, **headers: str) -> HttpResponse:
    response = Client().get(path, headers=headers)
    assert isinstance(response, HttpResponse)
    return response


def test_a_sensible_number_is_kept_and_another_is_made() -> None:
    assert ask("/health", **{HEADER: "proxy-0123.x"})[HEADER] == "proxy-0123.x"
    for strange in ("short", "x" * 65, 'a"b\\c dddddd', "号码号码号码号码号码"):
        made = ask("/health", **{HEADER: strange})[HEADER]
        assert made != strange
        assert len(made) == 16
    assert ask("/health")[HEADER] != ask("/health")[HEADER]


def test_the_line_tells_the_route_and_not_what_was_asked_for(lines: list[dict[str, object]]) -> None:
    response = ask(f"/api/v1/batteries/{VIN}?plate=secret", Authorization="Bearer sy_secret", **{HEADER: "abcd-1234"})
    (line,) = lines
    assert line["request"] == response[HEADER] == "abcd-1234"
    assert (line["method"], line["status"]) == ("GET", 401)
    assert str(line["route"]).startswith("api/v1/batteries/")
    assert not any(word in json.dumps(line) for word in (VIN, "secret", "plate"))


def test_the_line_names_the_submission(cast: Cast, lines: list[dict[str, object]]) -> None:
    face = Face(cast.maker)
    number = face.submit(pack_record(1)).json["number"]
    face.get(f"/submissions/{number}")
    assert [line.get("submission") for line in lines] == [number, number]


def test_every_answer_is_counted_under_its_route(counted: Tally) -> None:
    for _ in range(3):
        ask("/health")
    ask("/nothing/here")
    assert counted.answers()[routes()["health"]].sum() == 3
    assert counted.answers()[routes()[NO_ROUTE]].sum() + counted.answers()[routes()["api/"]].sum() == 1
    assert len(set(routes().values())) == len(routes()) < counters.ROUTES


def test_it_costs_less_than_fifty_microseconds_a_request(counted: Tally) -> None:
    answer = HttpResponse()

    def nothing(_: HttpRequest) -> HttpResponse:
        return answer

    request, observe = RequestFactory().get("/health"), observing(nothing)
    observe(request)  # the routes are read once
    best = min(_seconds(lambda: observe(request)) - _seconds(lambda: nothing(request)) for _ in range(20))
    assert best < 50e-6


def _seconds(act: object, times: int = 200) -> float:
    assert callable(act)
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times
