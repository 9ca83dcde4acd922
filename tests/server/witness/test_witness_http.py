import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from suyuan.server.witness import http_server
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import Site
from suyuan.tlog import KeyType, VerifierKey, open_note
from suyuan.tlog.witness import LARGEST_REQUEST_BYTES
from tests.server.witness.watching import post, recorded, request, serving, trust_file, witness, write_log
from tests.tlog.cast import LOG, NATION, VECTORS, read_json, signed


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    write_log(tmp_path / "files", 300)
    with serving(Site("/w1", {"checkpoints": LogFolder(tmp_path / "files")}, witness(tmp_path))) as url:
        yield url


def raw(address: str, sent: bytes, patience_s: float = 5.0) -> bytes:
    """What the server sends until it closes the connection."""
    parts = urlsplit(address)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=patience_s) as connection:
        connection.sendall(sent)
        while part := connection.recv(65_536):
            received += part
    return received


def test_published_requests_get_their_published_answers(tmp_path: Path) -> None:
    vectors = read_json(VECTORS / "witness.json")
    key = VerifierKey(vectors["origin"], KeyType.ED25519, bytes.fromhex(vectors["public_key"]))
    made = witness(tmp_path, key)
    with serving(Site("", {}, made)) as url, httpx.Client(trust_env=False) as client:
        for case in vectors["requests"]:
            answer = client.post(f"{url}/add-checkpoint", content=case["body"].encode())
            assert answer.status_code == case["status"], case["name"]
            if case["status"] == 409 and "answer" in case:
                assert answer.headers["Content-Type"] == "text/x.tlog.size"
                assert answer.text == case["answer"]
            if case["status"] == 200:
                note = case["body"].partition("\n\n")[2].encode()
                assert NATION.verifier in open_note(note + answer.content, [NATION.verifier, key]).keys


def test_a_connection_serves_request_after_request(address: str) -> None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    for old, new in ((0, 3), (3, 5), (5, 9)):
        connection.request("POST", "/w1/add-checkpoint", request(old, signed(new)))
        answer = connection.getresponse()
        assert (answer.status, answer.read().startswith(b"\xe2\x80\x94 witness.example/nation ")) == (200, True)
    connection.request("GET", "/w1/checkpoints/checkpoint")
    assert connection.getresponse().read() == bytes(signed(300))
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/w1/health", 200),
        ("GET", "/w1/checkpoints/checkpoint", 200),
        ("HEAD", "/w1/checkpoints/tile/0/000", 200),
        ("GET", "/w1/checkpoints/tile/entries/001.p/44", 200),
        ("GET", "/w1/checkpoints/tile/0/009", 404),
        ("GET", "/w1/add-checkpoint", 405),
        ("POST", "/w1/checkpoints/checkpoint", 404),
        ("POST", "/add-checkpoint", 404),
        ("GET", "/w1/records.sqlite3", 404),
        ("GET", "/w1/checkpoints/../records.sqlite3", 404),
        ("GET", "/w1/checkpoints/%2e%2e/records.sqlite3", 404),
        ("GET", "/w1/checkpoints/tile/..%2f..%2fkeys", 404),
        ("GET", "/w1/checkpoints/%ff", 404),
        ("GET", "/w1/checkpoints/%00", 404),
        ("PUT", "/w1/add-checkpoint", 501),
    ],
)
def test_every_path_has_its_answer(address: str, method: str, path: str, status: int) -> None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == status
    assert b"SQLite" not in body
    if method == "HEAD":
        assert (body, answer.headers["Content-Length"]) == (b"", "8192")
    connection.close()


def test_the_largest_body_is_read_and_a_larger_one_is_not(address: str) -> None:
    assert post(address, b"x" * LARGEST_REQUEST_BYTES).status_code == 400
    head = b"POST /w1/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    assert raw(address, head % (LARGEST_REQUEST_BYTES + 1)).startswith(b"HTTP/1.1 413 ")
    assert raw(address, head % 10**30).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "headers",
    [b"", b"Content-Length: -1\r\n", b"Content-Length: 1\r\nContent-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"],
)
def test_a_body_needs_one_length(address: str, headers: bytes) -> None:
    answer = raw(address, b"POST /w1/add-checkpoint HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_headers_without_end_are_refused(address: str) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(200))
    assert raw(address, b"GET /w1/health HTTP/1.1\r\n" + many + b"\r\n").startswith(b"HTTP/1.1 431 ")
    assert b" 414 " in raw(address, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n")


def drips(connection: socket.socket, longest_s: float) -> bool:
    """Send a byte now and then; whether the other side closed."""
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        try:
            connection.sendall(b"a")
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("beginning", [b"", b"POST /w1/add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold 0"])
def test_whoever_drips_is_closed(address: str, beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_S", 0.4)
    parts = urlsplit(address)
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(beginning or b"G")
        assert drips(connection, 4.0)
    assert time.monotonic() - began < 3
    assert httpx.get(f"{address}/health", trust_env=False).status_code == 200


def test_too_many_connections_are_closed_and_room_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "MOST_CONNECTIONS", 3)
    with serving(Site("", {}, witness(tmp_path))) as url:
        parts = urlsplit(url)
        held = [socket.create_connection((parts.hostname, parts.port), timeout=5) for _ in range(3)]
        time.sleep(0.2)
        assert raw(url, b"") == b""
        for connection in held:
            connection.close()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
                break
            except httpx.TransportError:
                time.sleep(0.05)
        else:
            pytest.fail("no room came back")


def test_many_at_once_are_decided_one_after_the_other(tmp_path: Path) -> None:
    made = witness(tmp_path)
    with serving(Site("", {}, made)) as url, ThreadPoolExecutor(8) as crew:
        answers = list(crew.map(lambda size: post(url, request(0, signed(size))), range(1, 17)))
    cosigned = [size for size, answer in enumerate(answers, 1) if answer.status_code == 200]
    assert len(cosigned) == 1
    held = recorded(made)
    assert held is not None
    assert held.size == cosigned[0]
    assert {answer.text for answer in answers if answer.status_code == 409} == {f"{cosigned[0]}\n"}


def test_a_failure_inside_promises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = witness(tmp_path)
    made.records.close()
    with serving(Site("", {}, made)) as url:
        answer = post(url, request(0, signed(5)))
    assert answer.status_code == 500
    assert answer.text == "internal error\n"


def test_files_alone_are_served_without_a_witness(tmp_path: Path) -> None:
    write_log(tmp_path / "files", 5)
    trust_file(tmp_path / "logs", LOG.verifier)
    with serving(Site("", {"prov": LogFolder(tmp_path / "files")})) as url:
        assert post(url, request(0, signed(5))).status_code == 404
        assert httpx.get(f"{url}/prov/checkpoint", trust_env=False).content == bytes(signed(5))
