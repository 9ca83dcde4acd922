from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from suyuan.server.witness import web
from suyuan.server.witness.asking import ask, obtain
from suyuan.server.witness.errors import Unreachable
from suyuan.server.witness.http_server import Site
from suyuan.tlog import TlogError, add_cosignatures
from suyuan.tlog.proofs import Proof
from tests.server.witness.watching import serving, witness
from tests.tlog.cast import NATION, STRANGER, signed, tree

URL = "http://witness.example/w1"
# The example body of C2SP tlog-witness v1.0.0 (CC BY 4.0).
EXAMPLE = """— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
"""  # noqa: E501


def client(act: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(act))


def answering(status: int, content: bytes = b"", **headers: str) -> httpx.Client:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client(lambda _: httpx.Response(status, content=content, headers=named))


def test_the_answer_of_the_specification_is_understood() -> None:
    answer = ask(URL, signed(5), 0, (), answering(200, EXAMPLE.encode()))
    assert answer.is_cosigned
    assert [signature.name for signature in answer.signatures] == [f"witness.example/w{n}" for n in (1, 1, 2)]


def test_the_request_is_what_the_specification_says() -> None:
    seen: list[httpx.Request] = []

    def act(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=EXAMPLE.encode())

    proof = tree(5).consistency(3)
    ask(URL + "/", signed(5), 3, proof, client(act))
    assert (seen[0].method, str(seen[0].url)) == ("POST", f"{URL}/add-checkpoint")
    lines = seen[0].content.decode().split("\n")
    assert lines[0] == "old 3"
    assert lines[len(proof) + 1] == ""
    assert "\n".join(lines[len(proof) + 2 :]).encode() == bytes(signed(5))


def test_a_conflict_names_the_size_of_the_witness() -> None:
    answer = ask(URL, signed(5), 0, (), answering(409, b"3\n", content_type="text/x.tlog.size"))
    assert (answer.is_cosigned, answer.size) == (False, 3)


def test_a_conflict_of_roots_names_no_size() -> None:
    answer = ask(URL, signed(5), 5, (), answering(409, b"tlog.root_differs\n", content_type="text/plain"))
    assert (answer.status, answer.size, answer.said) == (409, None, "tlog.root_differs")


@pytest.mark.parametrize("content", [b"3", b"03\n", b"-1\n", b"3\n\n", b"", b"x\n", b"99999999999999999999\n"])
def test_a_size_in_another_form_is_no_answer(content: bytes) -> None:
    with pytest.raises(Unreachable) as refusal:
        ask(URL, signed(5), 0, (), answering(409, content, content_type="text/x.tlog.size"))
    assert refusal.value.code == "witness.answer_form"


@pytest.mark.parametrize("content", [b"", b"ok\n", EXAMPLE.encode()[:-1], b"\xff\n", EXAMPLE.encode() + b"\n"])
def test_signatures_in_another_form_are_no_answer(content: bytes) -> None:
    with pytest.raises(Unreachable) as refusal:
        ask(URL, signed(5), 0, (), answering(200, content))
    assert refusal.value.code == "witness.answer_form"


@pytest.mark.parametrize("status", [204, 301, 302, 500, 502, 503])
def test_other_statuses_are_no_answer(status: int) -> None:
    with pytest.raises(Unreachable):
        ask(URL, signed(5), 0, (), answering(status, location="http://elsewhere.example/"))


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_is_an_answer(status: int) -> None:
    answer = ask(URL, signed(5), 0, (), answering(status, b"why\x1b[31m\n"))
    assert (answer.status, answer.is_cosigned, answer.size) == (status, False, None)
    assert answer.said == "why [31m"


def test_a_large_answer_is_not_read() -> None:
    with pytest.raises(Unreachable) as refusal:
        ask(URL, signed(5), 0, (), answering(200, b"x" * 300_000))
    assert refusal.value.code == "witness.answer_size"


def test_a_slow_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LONGEST_S", -1.0)
    with pytest.raises(Unreachable) as refusal:
        ask(URL, signed(5), 0, (), answering(200, EXAMPLE.encode()))
    assert refusal.value.code == "witness.answer_slow"


def test_nobody_there_is_said() -> None:
    def act(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unreachable) as refusal:
        ask(URL, signed(5), 0, (), client(act))
    assert refusal.value.code == "witness.no_answer"


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(Unreachable):
        ask("nonsense", signed(5), 0, ())


def test_obtaining_starts_again_from_the_witness_s_size(tmp_path: Path) -> None:
    proved: list[int] = []

    def prove(old_size: int) -> Proof:
        proved.append(old_size)
        return tree(9).consistency(old_size)

    with serving(Site("", {}, witness(tmp_path))) as address:
        assert obtain(address, signed(4), prove, 0).is_cosigned
        answer = obtain(address, signed(9), prove, 0)
    assert proved == [4]
    cosigned = add_cosignatures(signed(9), answer.signatures, [NATION.verifier])
    assert len(cosigned.signatures) == 2
    with pytest.raises(TlogError):
        add_cosignatures(signed(9), answer.signatures, [STRANGER.verifier])


def test_a_witness_that_is_ahead_is_not_asked_for_ever(tmp_path: Path) -> None:
    with serving(Site("", {}, witness(tmp_path))) as address:
        assert obtain(address, signed(9), lambda _: (), 0).is_cosigned
        answer = obtain(address, signed(4), lambda _: (), 0)
    assert (answer.status, answer.size) == (409, 9)
