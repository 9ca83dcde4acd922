"""The client against a server that listens on 127.0.0.1 for as long as the test lasts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections

from suyuan.client import Client, Conflict, Forbidden, NotFound, Rejected, Unavailable
from suyuan.client.connection import Patience
from suyuan.kernel import Language
from suyuan.server.wsgi import application
from tests.server.api.face import cell_code, pack, pack_code
from tests.server.cast import CELL_PREFIX, PACK_PREFIX, Cast


class Silent(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serving() -> Iterator[str]:
    """A server of one thread, its address; gone when the block ends."""
    with make_server("127.0.0.1", 0, application, WSGIServer, Silent) as server:

        def serve() -> None:
            try:
                server.serve_forever(poll_interval=0.02)
            finally:
                connections.close_all()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture
def url(cast: Cast) -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def client(url: str, cast: Cast) -> Iterator[Client]:
    with Client(url, cast.maker.token) as made:
        yield made


def test_records_go_in_and_a_battery_comes_out(client: Client) -> None:
    sent = client.submit([pack(1)], kind="pack_produced", name="一号.json")
    assert (sent.state, sent.exit_code, sent.raw["name"]) == ("accepted", 0, "一号.json")
    assert client.submit([pack(1)], kind="pack_produced").number == sent.number
    assert client.battery(pack_code(1)).show()["state"] == "produced"
    assert client.battery(cell_code(1)).life()["events"][0]["kind"] == "pack_produced"
    tree = client.battery(pack_code(1)).tree(expand=True)
    assert len(tree["children"][0]["children"]) == 4
    assert client.battery(pack_code(1)).tree(date(2026, 9, 30))["cells"] == 0
    rows = list(client.recall(prefix=CELL_PREFIX))
    assert sum(row["count"] for row in rows) == 8
    assert [found.number for found in client.submissions.list()] == [sent.number]


def test_a_file_is_sent_as_it_is(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "packs.csv"
    path.write_text(f"pack_code,produced_on\n{pack_code(1)},2026-10-01\nwrong,2026-10-01\n")
    tried = client.submit(path, dry_run=True, kind="pack_produced")
    assert tried.state == "tried"
    sent = client.submit(path, kind="pack_produced")
    assert sent.number != tried.number
    assert sent.exit_code in (4, 5)
    assert client.submissions.original(sent.number).content == path.read_bytes()
    assert client.submissions.original(sent.number).name == "packs.csv"
    assert [finding["code"] for finding in client.submissions.findings(sent.number)]
    assert client.submissions.confirm(sent.number).raw["confirmed_at"]


def test_what_comes_back_can_be_kept(client: Client, tmp_path: Path) -> None:
    client.submit([pack(1)], kind="pack_produced")
    table = client.recall_csv(tmp_path / "recall.csv", prefix=CELL_PREFIX).read_text("utf-8-sig")
    assert table.splitlines()[0].startswith("lot,code,count")
    saved = client.template("stocked").save(tmp_path)
    assert (saved.name, saved.read_bytes()[:2]) == ("stocked.xlsx", b"PK")
    assert client.vocabulary()["kinds"]
    assert client.templates()


def test_each_refusal_is_of_its_kind(client: Client, url: str, cast: Cast) -> None:
    number = client.submit([pack(1)], kind="pack_produced").number
    with Client(url, cast.carmaker.token, Language.ZH) as stranger:
        for ask in (stranger.battery(pack_code(1)).show, lambda: stranger.submissions.get(number)):
            with pytest.raises(NotFound) as caught:
                ask()
            assert caught.value.exit_code == 3
            assert "没有" in caught.value.detail
    with Client(url) as nobody, pytest.raises(Forbidden) as caught_forbidden:
        nobody.battery(pack_code(1)).show()
    assert (caught_forbidden.value.exit_code, caught_forbidden.value.code) == (6, "accounts.key_missing")
    client.submissions.confirm(number)
    with pytest.raises(Conflict) as caught_conflict:
        client.submissions.undo(number, "too late")
    assert caught_conflict.value.exit_code == 8
    with pytest.raises(Rejected) as caught_rejected:
        list(client.recall(prefix="short"))
    assert (caught_rejected.value.exit_code, caught_rejected.value.data["name"]) == (4, "prefix")


def test_the_register_and_the_codes(client: Client, cast: Cast) -> None:
    assert client.me()["company"]["code"] == cast.maker.code
    assert [site["code"] for site in client.sites()] == ["F1", "W1"]
    assert client.filings([PACK_PREFIX])[0]["model"] == "P-8"
    assert client.explain(pack_code(1))["valid"]
    assert [verdict["valid"] for verdict in client.validate([pack_code(1), "x"])] == [True, False]
    filed = client.file_code({"prefix": "9SMPB0400000ZZ", "model": "P-9", "filed_on": "2026-11-01"})
    assert filed["company"] == cast.maker.number


def test_a_file_taken_back_can_be_sent_again(client: Client) -> None:
    first = client.submit([pack(1)], kind="pack_produced")
    assert client.submissions.undo(first.number, "wrong file").state == "undone"
    second = client.submit([pack(1)], kind="pack_produced")
    assert second.number != first.number
    assert second.state == "accepted"
    assert client.submit([pack(1)], kind="pack_produced").number == second.number


def test_a_server_that_is_gone_cannot_be_reached(cast: Cast) -> None:
    with serving() as address:
        pass
    with Client(address, patience=Patience(attempts=2, pause=lambda _: None)) as left, pytest.raises(Unavailable) as no:
        left.ready()
    assert (no.value.exit_code, no.value.code) == (7, "client.unreachable")
    assert address in no.value.message()
