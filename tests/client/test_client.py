"""The client alone: what it sends, when it asks again, and how it names what went wrong."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from suyuan.cli.submit import submit
from suyuan.client import (
    Client,
    ClientError,
    Conflict,
    Forbidden,
    Kept,
    NotFound,
    Rejected,
    Unavailable,
    Unexpected,
)
from suyuan.client.client import SERVER_VARIABLES
from suyuan.client.connection import ATTEMPTS, Patience
from suyuan.client.submissions import Wishes
from suyuan.kernel import Language

RESULT = {"number": 7, "state": "accepted", "finished": True, "groups": []}


class Server:
    """Answers in turn with what it was given (the last one for ever), and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.bodies: list[bytes] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.bodies.append(request.read())
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(self, key: str | None = "sy_key", language: Language = Language.EN) -> Client:
        patience = Patience(pause=self.pauses.append, chance=lambda: 0.5)
        return Client("http://suyuan.example", key, language, transport=httpx.MockTransport(self), patience=patience)


def said(status: int, code: str = "room.what", **headers: str) -> httpx.Response:
    """A problem."""
    body = {"code": code, "data": {"n": 1}, "detail": "A sentence.", "title": "T", "status": status}
    return httpx.Response(status, headers={"content-type": "application/problem+json", **headers}, json=body)


# ---------------------------------------------------------------- what is sent


@pytest.mark.parametrize(("language", "tag"), [(Language.EN, "en"), (Language.ZH, "zh-Hans")])
def test_key_and_language_go_along(language: Language, tag: str) -> None:
    server = Server(httpx.Response(200, json=RESULT))
    server.client(language=language).submissions.get(7)
    (request,) = server.asked
    assert request.url == "http://suyuan.example/api/v1/submissions/7"
    assert request.headers["authorization"] == "Bearer sy_key"
    assert request.headers["accept-language"] == tag


def test_a_file_is_streamed_under_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "移交.csv"
    path.write_bytes(b"code\n" + b"x" * 600_000)
    server = Server(httpx.Response(200, json=RESULT))
    server.client().submit(path)
    (request,) = server.asked
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert request.headers["idempotency-key"] == digest
    assert request.headers["content-length"] == str(path.stat().st_size)
    assert "transfer-encoding" not in request.headers
    assert request.headers["content-type"] == "text/csv"
    assert request.url.params["name"] == "移交.csv"
    assert server.bodies == [path.read_bytes()]


def test_another_wish_is_another_request() -> None:
    server = Server(httpx.Response(200, json=RESULT))
    client = server.client()
    wished: list[Wishes] = [{}, {"mode": "all_or_nothing"}, {"dry_run": True}, {"mapping": {"码": "code"}}]
    for wishes in wished:
        client.submit(b"x", **wishes)
    keys = [request.headers["idempotency-key"] for request in server.asked]
    assert len(set(keys)) == 4
    assert json.loads(server.asked[-1].url.params["mapping"]) == {"码": "code"}
    assert all(key.startswith(hashlib.sha256(b"x").hexdigest()) for key in keys)


def test_records_become_one_document() -> None:
    server = Server(httpx.Response(200, json=RESULT))
    server.client().submit([{"code": "甲"}], kind="stocked")
    assert json.loads(server.bodies[0]) == {"kind": "stocked", "records": [{"code": "甲"}]}
    assert "甲".encode() in server.bodies[0]


def test_a_code_with_a_slash_stays_one_part_of_the_address() -> None:
    server = Server(httpx.Response(200, json={}))
    server.client().battery("LI/2026 7").life()
    assert server.asked[0].url.raw_path == b"/api/v1/batteries/LI%2F2026%207/life"


def test_a_submission_undone_before_is_sent_anew() -> None:
    undone = httpx.Response(200, json={**RESULT, "state": "undone"})
    server = Server(undone, httpx.Response(200, json={**RESULT, "number": 8}))
    assert server.client().submit(b"x").number == 8
    first, second = (request.headers["idempotency-key"] for request in server.asked)
    assert second == f"{first}-after-7"


def test_waiting_looks_again_until_it_is_finished() -> None:
    working = {**RESULT, "state": "working", "finished": False}
    server = Server(
        httpx.Response(202, json=working), httpx.Response(200, json=working), httpx.Response(200, json=RESULT)
    )
    assert server.client().submit(b"x", wait=True).finished
    assert [request.method for request in server.asked] == ["POST", "GET", "GET"]
    assert server.client().submit(b"x").finished


def test_waiting_ends_when_patience_does() -> None:
    server = Server(httpx.Response(202, json={**RESULT, "state": "working", "finished": False}))
    with pytest.raises(Unavailable) as caught:
        server.client().submit(b"x", wait=5.0)
    assert caught.value.code == "client.still_working"
    assert 5 <= sum(server.pauses) < 10


def test_pages_are_fetched_as_they_are_needed() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor")
        return httpx.Response(200, json={"items": [RESULT], "next": None if cursor else "more"})

    server = Server(page)
    found = server.client().submissions.list(state="accepted")
    assert server.asked == []
    assert len(list(found)) == 2
    assert [request.url.params.get("cursor") for request in server.asked] == [None, "more"]
    assert all(request.url.params["state"] == "accepted" for request in server.asked)


# ---------------------------------------------------------------- what went wrong


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (400, Rejected, 4),
        (401, Forbidden, 6),
        (403, Forbidden, 6),
        (404, NotFound, 3),
        (409, Conflict, 8),
        (413, Rejected, 4),
        (415, Rejected, 4),
        (422, Rejected, 4),
        (500, Unexpected, 1),
        (502, Unavailable, 7),
        (503, Unavailable, 7),
        (429, Unavailable, 7),
    ],
)
def test_a_problem_is_an_error_of_its_kind(status: int, kind: type[ClientError], exit_code: int) -> None:
    with pytest.raises(kind) as caught:
        Server(said(status)).client().submissions.get(1)
    error = caught.value
    assert type(error) is kind
    assert (error.exit_code, error.status, error.code, error.data) == (exit_code, status, "room.what", {"n": 1})
    assert error.message(Language.ZH) == "A sentence."


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html="<h1>nginx</h1>"),
        httpx.Response(404, headers={"content-type": "application/problem+json"}, text="["),
        httpx.Response(404, headers={"content-type": "application/problem+json"}, json=[]),
    ],
)
def test_an_answer_of_somebody_else(answer: httpx.Response) -> None:
    with pytest.raises(NotFound) as caught:
        Server(answer).client().submissions.get(1)
    assert caught.value.code == "client.strange_answer"
    assert "404" in caught.value.message()


@pytest.mark.parametrize("answer", [httpx.Response(200, html="hello"), httpx.Response(200, json=[1])])
def test_a_success_that_makes_no_sense(answer: httpx.Response) -> None:
    with pytest.raises(Unexpected):
        Server(answer).client().submissions.get(1)


# ---------------------------------------------------------------- asking again


@pytest.mark.parametrize("hindrance", [said(503), said(429), httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_a_passing_hindrance_is_waited_out(hindrance: httpx.Response | Exception) -> None:
    server = Server(hindrance, hindrance, httpx.Response(200, json=RESULT))
    assert server.client().submissions.get(7).number == 7
    assert len(server.asked) == 3
    assert len(server.pauses) == 2
    assert server.pauses[0] < server.pauses[1]


@pytest.mark.parametrize("answer", [said(500), said(502), said(404), said(409), said(422)])
def test_nothing_else_is_asked_twice(answer: httpx.Response) -> None:
    server = Server(answer)
    with pytest.raises(ClientError):
        server.client().submissions.get(7)
    assert len(server.asked) == 1


def test_patience_ends() -> None:
    server = Server(httpx.ConnectError("refused"))
    with pytest.raises(Unavailable) as caught:
        server.client().submissions.get(7)
    assert len(server.asked) == ATTEMPTS
    assert "refused" in caught.value.message()
    assert "http://suyuan.example" in caught.value.message(Language.ZH)


def test_the_server_names_the_pause() -> None:
    server = Server(said(503, **{"retry-after": "3"}), httpx.Response(200, json=RESULT))
    server.client().submissions.get(7)
    assert 3 <= server.pauses[0] <= 4
    server = Server(said(503, **{"retry-after": "86400"}), httpx.Response(200, json=RESULT))
    server.client().submissions.get(7)
    assert server.pauses[0] < 15


def test_a_submission_is_repeated_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    server = Server(httpx.ReadTimeout("slow"), said(503), httpx.Response(200, json=RESULT))
    server.client().submit(path)
    assert server.bodies == [b"abc"] * 3
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 1


def test_what_may_have_happened_is_not_done_twice() -> None:
    server = Server(httpx.ReadTimeout("slow"), httpx.Response(200, json=RESULT))
    with pytest.raises(Unavailable):
        server.client().submissions.undo(7, "wrong file")
    assert len(server.asked) == 1
    never_sent = Server(httpx.ConnectTimeout("slow"), httpx.Response(200, json=RESULT))
    assert never_sent.client().submissions.undo(7, "wrong file").number == 7


def test_a_stream_that_breaks_is_an_error() -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"lot": "a"}\n'
        raise httpx.ReadError("cut")

    rows = Server(httpx.Response(200, content=broken())).client().recall(prefix="9SMCB030000001")
    assert next(rows) == {"lot": "a"}
    with pytest.raises(Unavailable):
        next(rows)


# ---------------------------------------------------------------- beside


def test_the_environment_names_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SERVER_VARIABLES, "SUYUAN_KEY", "SUYUAN_LANG"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Rejected) as caught:
        Client.from_env()
    assert caught.value.code == "client.no_url"
    monkeypatch.setenv("SUYUAN_LANG", "zh")
    for name in reversed(SERVER_VARIABLES):  # the older name works, the newer one stands before it
        monkeypatch.setenv(name, f"http://{name.lower()}.example")
        with Client.from_env() as client:
            assert name.lower() in str(client._connection._http.base_url)


def test_the_command_line_reads_the_same_names() -> None:
    server = next(option for option in submit.params if option.name == "server")
    assert server.envvar == list(SERVER_VARIABLES)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a.xlsx"', "a.xlsx"),
        ("attachment; filename*=utf-8''%E7%A7%BB%E4%BA%A4.xlsx", "移交.xlsx"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment", "usual"),
    ],
)
def test_a_file_keeps_its_name_and_stays_in_its_folder(header: str, name: str, tmp_path: Path) -> None:
    kept = Kept.of(httpx.Response(200, headers={"content-disposition": header}, content=b"x"), "usual")
    assert kept.name == name
    assert kept.save(tmp_path) == tmp_path / name


def test_no_django_is_needed() -> None:
    from tests.architecture.house import python

    code = (
        "import sys, suyuan.client; print(sorted({m.partition('.')[0] for m in sys.modules} & {'django', 'psycopg'}))"
    )
    assert python(code).strip() == "[]"
