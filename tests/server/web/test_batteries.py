"""The list of batteries and its exports: what is found, by whom, and what leaves only with a second person's word."""

import io
import re
from collections.abc import Callable, Iterable
from datetime import date

import polars as pl
import pytest
from django.test import Client

from suyuan.server.accounts.models import Access, Role
from suyuan.server.answers.services.exporting import unfinished_exports, work_export
from tests.server.answers.folding import Folded
from tests.server.cast import Cast
from tests.server.ledger.acting import VIN
from tests.server.web.people import person

PLAIN = {"order": "1", "all": "1", "query": "", "column": ["code", "model", "stage"], "form": "csv"}


@pytest.fixture
def lives(cast: Cast) -> Folded:
    """A pack in a vehicle, one handed over and never received, one in stock."""
    made = Folded(cast)
    made.installed(1, date(2020, 5, 10), sold_in="440300")
    lost = made.installed(2, date(2020, 5, 10), "1M8GDM9AXKP042788")
    made.removed(lost, date(2024, 6, 1), "1M8GDM9AXKP042788")
    made.handed(lost, date(2024, 6, 20))
    made.made(3, date(2020, 5, 10))
    made.fold()
    return made


@pytest.fixture
def officer(lives: Folded) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, lives.cast.maker.scope).client("en")


def codes(client: Client, query: str = "", at: str = "w") -> list[str]:
    answer = client.get(f"/{at}/batteries{query}")
    assert answer.status_code == 200
    return re.findall(r'<th scope="row" class="first"><a href="/w/b/([^"]+)">', answer.content.decode())


def serials(client: Client, query: str = "", at: str = "w") -> list[int]:
    return [int(code[-7:]) for code in codes(client, query, at)]


FOUND: tuple[tuple[str, list[int]], ...] = (
    ("", [1, 2, 3]),
    ("?f.stage=installed", [1]),
    ("?f.stage=in_stock", [2]),
    ("?f.attention=lost", [2]),
    ("?f.attention=awaited", [2]),
    ("?f.stage=out_of_use&f.attention=to_hand_over", []),
    (f"?f.vin={VIN}", [1]),
    ("?f.division=4403&sort=code", [1, 3]),
    ("?f.division=深圳", [1, 3]),
    ("?f.made_on=2018-05", [1, 2, 3]),
    ("?f.made_on=2018-06..2019", []),
    ("?f.holder=瓯江", [2]),
    ("?f.holder=nobody", []),
    ("?f.chemistry=B", [1, 2, 3]),
    ("?f.chemistry=E", []),
    ("?f.kind=module", []),
    ("?f.since=365&f.stage=removed", [2]),
    ("?f.trouble=odd", []),
    ("?f.soh=80", []),
    ("?f.code=9SMPB010000001", [1, 2, 3]),
    ("?f.code=9SMPB01000000185A0000002", [2]),
    ("?f.code=9SMPB01000000185A000000", [1, 2, 3]),
    ("?sort=-code", [3, 2, 1]),
    ("?sort=since", [1, 3, 2]),
    ("?f.stage=nonsense", [1, 2, 3]),
)


def streamed(answer: object) -> bytes:
    """The whole of an answer that is sent in parts."""
    parts: Iterable[bytes] = getattr(answer, "streaming_content")  # noqa: B009 - the client's own class hides it
    return b"".join(parts)


def test_filters_find(officer: Client) -> None:
    assert {query: serials(officer, query) for query, _ in FOUND} == dict(FOUND)


def test_pages_go_by_key_and_counts_are_told(officer: Client) -> None:
    first = officer.get("/w/batteries?size=2").content.decode()
    assert "3 rows" in first or ">3 " in first
    following = re.search(r'href="(\?[^"]*after=[^"]+)"', first)
    assert following is not None
    assert serials(officer, following[1].replace("&amp;", "&")) == [3]
    assert officer.get("/w/batteries?after=forged").status_code == 422


def test_a_filter_that_cannot_be_read_is_told(officer: Client) -> None:
    text = officer.get("/w/batteries?f.made_on=yesterday").content.decode()
    assert "yesterday is no day" in text
    assert "Atlantis is no place" in officer.get("/w/batteries?f.division=Atlantis").content.decode()


def test_each_sees_what_is_open_to_him_and_no_more(lives: Folded, officer: Client) -> None:
    cast = lives.cast
    for actor, found in ((cast.carmaker, [1, 2]), (cast.dismantler, [2]), (cast.utiliser, [2]), (cast.swapper, [])):
        client = person(f"{actor.name}@example.com", Role.VIEWER, actor.scope).client("en")
        assert serials(client) == found, actor.name
    nation = person("nation@example.com", Role.OFFICIAL, cast.nation.scope).client("en")
    assert serials(nation, at="g") == [1, 2, 3]
    zhejiang = person("zhejiang@example.com", Role.OFFICIAL, cast.zhejiang.scope).client("en")
    assert serials(zhejiang, at="g") == [1, 2]
    assert nation.get("/w/batteries?f.stage=installed")["Location"] == "/g/batteries?f.stage=installed"
    assert officer.get("/g/batteries")["Location"].startswith("/w/batteries")
    assert Client(headers={"accept": "text/html"}).get("/w/batteries").status_code == 302
    assert Access.objects.filter(act="battery.list", person__isnull=False).exists()


def exported(client: Client, **changes: object) -> tuple[int, str]:
    answer = client.post("/w/batteries/export", {**PLAIN, **changes})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return int(answer["Location"].rpartition("/")[2]), answer["Location"]


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_an_export_is_written_by_a_worker_and_fetched(officer: Client, form: str) -> None:
    number, address = exported(officer, form=form)
    assert "Waits for its turn" in officer.get(address).content.decode()
    assert officer.get(f"{address}/file").status_code == 409
    assert unfinished_exports() == [number]
    assert work_export(number)
    assert not work_export(number)
    assert f"{address}/file" in officer.get(f"{address}/part").content.decode()
    answer = officer.get(f"{address}/file")
    content = streamed(answer)
    readers: dict[str, Callable[[io.BytesIO], pl.DataFrame]] = {
        "csv": pl.read_csv,
        "xlsx": pl.read_excel,
        "parquet": pl.read_parquet,
    }
    frame = readers[form](io.BytesIO(content))
    assert frame.columns == ["Code", "Model", "Stage"]
    assert [int(code[-7:]) for code in frame["Code"]] == [1, 2, 3]
    assert Access.objects.filter(act="export.batteries", subject=str(number)).count() == 1


def test_only_chosen_rows_or_what_the_filter_finds(officer: Client) -> None:
    chosen = codes(officer)[1:2]
    page = officer.post("/w/batteries/export", {"row": chosen, "query": ""}).content.decode()
    assert f'name="row" value="{chosen[0]}"' in page
    number, address = exported(officer, query="f.stage=installed")
    work_export(number)
    content = streamed(officer.get(f"{address}/file"))
    assert content.decode("utf-8-sig").count("\r\n") == 2
    assert officer.post("/w/batteries/export", {"query": ""}).status_code == 422
    assert officer.post("/w/batteries/export", {**PLAIN, "form": "exe"}).status_code == 422


def test_vehicles_leave_only_with_a_second_persons_approval(lives: Folded, officer: Client) -> None:
    admin = person("admin@example.com", Role.ADMIN, lives.cast.maker.scope).client("en")
    wish = {"column": ["code", "vehicle"]}
    assert officer.post("/w/batteries/export", {**PLAIN, **wish}).status_code == 422
    number, address = exported(officer, **wish, purpose="recall")
    assert officer.post(f"{address}/begin").status_code == 409
    assert not work_export(number)
    asked = re.search(r"/w/approvals/(\d+)/decide", admin.get("/w/approvals").content.decode())
    assert asked is not None
    admin.post(f"/w/approvals/{asked[1]}/decide", {"grant": "1"})
    assert officer.post(f"/w/approvals/{asked[1]}/fetch").status_code == 404
    assert admin.post(f"{address}/begin").status_code == 404
    assert officer.post(f"{address}/begin").status_code == 302
    assert officer.post(f"{address}/begin").status_code == 409
    assert work_export(number)
    content = streamed(officer.get(f"{address}/file"))
    assert VIN in content.decode("utf-8-sig")


def test_an_export_is_its_askers_alone(lives: Folded, officer: Client) -> None:
    number, address = exported(officer)
    colleague = person("colleague@example.com", Role.ADMIN, lives.cast.maker.scope).client("en")
    for path in ("", "/part", "/file"):
        assert colleague.get(f"{address}{path}").status_code == 404
    assert colleague.post(f"{address}/cancel").status_code == 404
    assert officer.post(f"{address}/cancel").status_code == 302
    assert not work_export(number)
    assert "cancelled" in officer.get("/w/batteries/exports").content.decode()
