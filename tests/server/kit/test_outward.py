"""Requests that leave the house: never into networks that are not public, never on, never elsewhere."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from suyuan.kernel import Language, sentence
from suyuan.server.kit import outward
from suyuan.server.kit.outward import AddressRefused, Destination, check_url, destination, networks, post

LOCAL = networks(["127.0.0.0/8"])


@pytest.fixture
def house() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A small server that keeps what it is sent and answers 302 under /away."""
    kept: list[tuple[str, bytes]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append((self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(302 if self.path == "/away" else 204)
            if self.path == "/away":
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}", kept
    server.shutdown()
    server.server_close()
    thread.join()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@example.org/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "gopher://127.0.0.1",
        "https://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        check_url(url)
    assert all("{" not in sentence(refusal.value.code, refusal.value.data, language) for language in Language)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::"),
        *("2002:0a00:0001::1", "64:ff9b::a00:1", "ff02::1", "240.0.0.1"),
    ],
)
def test_no_name_leads_into_our_own_networks(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)
    with pytest.raises(AddressRefused, match="not_public"):
        destination("https://example.org/hook", ())


def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(AddressRefused, match="not_public"):
        destination("https://example.org/hook", ())


def test_a_public_address_is_taken_with_encryption_only(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34")
    to = destination("https://example.org:8443/hook?a=1", ())
    assert (to.address, to.port, to.path, to.host) == ("93.184.216.34", 8443, "/hook?a=1", "example.org")
    with pytest.raises(AddressRefused, match="not_encrypted"):
        destination("http://example.org/hook", ())


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(AddressRefused, match="unknown_host"):
        destination("https://nowhere.invalid/", ())


def test_what_is_allowed_is_sent_and_redirects_are_not_followed(house: tuple[str, list[tuple[str, bytes]]]) -> None:
    url, kept = house
    with pytest.raises(AddressRefused):
        destination(url, ())
    allowed = (*LOCAL, *networks(["::1/128"]))
    to = destination(url + "/hook", allowed)
    local = type(to)(to.scheme, to.host, to.port, to.path, "127.0.0.1")
    assert post(local, b"body", {"X": "y"}) == 204
    away = type(to)(to.scheme, to.host, to.port, "/away", "127.0.0.1")
    assert post(away, b"again", {}) == 302
    assert [body for _, body in kept] == [b"body", b"again"]
    assert kept[0][0] == url.removeprefix("http://")


def test_the_connection_goes_to_the_address_that_was_looked_at(
    house: tuple[str, list[tuple[str, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is resolved again would lead elsewhere by now."""
    url, kept = house
    resolve_to(monkeypatch, "127.0.0.1")
    to = destination(url, LOCAL)
    monkeypatch.undo()
    elsewhere = Destination(to.scheme, "nowhere.invalid", to.port, to.path, to.address)
    assert post(elsewhere, b"x", {}) == 204  # the name is not looked up again
    assert kept == [(f"nowhere.invalid:{to.port}", b"x")]


def test_who_answers_a_byte_at_a_time_does_not_keep_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "WHOLE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = threading.Event()

        def drip() -> None:
            link, _ = listener.accept()
            with link, contextlib.suppress(OSError):
                while not done.wait(0.05):
                    link.sendall(b"H")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises((OSError, http.client.HTTPException)):
            post(Destination("http", "localhost", port, "/", "127.0.0.1"), b"x", {})
        done.set()
        thread.join()


def test_who_begins_a_greeting_without_end_does_not_keep_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a handshake that comes a byte at a time each byte is in time."""
    monkeypatch.setattr(outward, "WHOLE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = threading.Event()

        def drip() -> None:
            link, _ = listener.accept()
            with link, contextlib.suppress(OSError):
                link.sendall(b"\x16\x03\x03\x40\x00")  # a handshake record of 16 KiB is announced
                while not done.wait(0.05):
                    link.sendall(b"\x02")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises((OSError, http.client.HTTPException)):
            post(Destination("https", "localhost", port, "/", "127.0.0.1"), b"x", {})
        assert time.monotonic() - began < 5
        done.set()
        thread.join()
