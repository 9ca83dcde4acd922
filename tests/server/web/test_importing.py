"""Bulk reporting on a page: check, mend, report, complete, take back; by those who may."""

import io
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client

from suyuan.events.templates import all_templates
from suyuan.kernel import Language
from suyuan.server.accounts.models import Role
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services import store, work
from suyuan.server.web.pages.importing import views
from suyuan.server.web.pages.importing.causes import basis_of
from suyuan.sheets import Format, read, write_table
from tests.server.api.test_receipts import integrate, log
from tests.server.cast import Cast
from tests.server.submissions.files import csv, pack, packs
from tests.server.submissions.test_submissions import events, spoiled
from tests.server.submissions.test_trying import wide
from tests.server.web.people import person

__all__ = ["log"]

SEND = "/w/import/send"


@pytest.fixture
def officer(cast: Cast) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope).client("en")


def upload(browser: Client, body: bytes, name: str = "packs.csv", **more: str) -> str:
    """Send a file; the address of its page."""
    answer = browser.post(SEND, {"file": SimpleUploadedFile(name, body), **more})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def number_of(address: str) -> int:
    return int(address.rpartition("/")[2])


def test_three_steps_to_a_receipt(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(spoiled()))
    page = text(officer, address)
    assert "2 can be reported and 1 need correction" in page
    assert "Report 2 good records" in page
    assert "Checked, not reported" in page
    assert "GB/T 34014-2017" in page
    assert re.search(r"row \d+ +<code", page)
    assert events() == 0
    done = officer.post(f"{address}/report", {"mode": "good_rows"})["Location"]
    assert events() == 2
    receipt = text(officer, done)
    assert "2 records are in the ledger; 1 were faulty" in receipt
    assert queries.get(cast.maker.scope, number_of(done)).received_id in receipt
    assert officer.post(f"{done}/confirm").status_code == 302
    assert "Confirmed at" in text(officer, done)
    assert f'href="{done}"' in text(officer, address)  # the check leads to its receipt
    assert upload(officer, csv(spoiled())) == done
    assert "reported before" in text(officer, done)


def test_the_receipt_gets_its_proof_and_picture(cast: Cast, officer: Client, log: Path) -> None:
    done = officer.post(f"{upload(officer, csv(packs([1])))}/report", {})["Location"]
    early = text(officer, f"{done}?part=receipt")
    assert "every 3s" in early
    assert officer.get(f"{done}/receipt.pdf").status_code == 409
    integrate(log)
    part = text(officer, f"{done}?part=receipt")
    assert "data:image/svg+xml" in part
    assert "every 3s" not in part
    assert officer.get(f"{done}/receipt.pdf").content.startswith(b"%PDF-")
    held = officer.get(f"{done}/receipt.json").content
    verdict = Client().post("/verify?lang=en", {"text": held.decode()})
    assert verdict.status_code == 200
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.carmaker.scope).client("en")
    for form in ("pdf", "json"):
        assert stranger.get(f"{done}/receipt.{form}").status_code == 404


def test_corrected_rows_complete_the_batch(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(spoiled()))
    done = officer.post(f"{address}/report", {"mode": "good_rows"})["Location"]
    number = number_of(done)
    bad = officer.get(f"{done}/bad-rows")
    name = bad["Content-Disposition"].partition('filename="')[2].rstrip('"')
    assert name.endswith(f"-{number}-bad-rows.xlsx")
    assert read(bad.content, all_templates()).height == 8
    again = upload(officer, csv(packs([2])), name.replace("xlsx", "csv"))  # the name says what it completes
    assert f"Completes {number}" in text(officer, again)
    completed = officer.post(f"{again}/report", {})["Location"]
    assert queries.get(cast.maker.scope, number_of(completed)).completes == number
    page = text(officer, done)
    assert "The batch is complete" in page
    assert f'href="{completed}"' in page


def test_bad_rows_of_the_check_complete_what_was_reported_from_it(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(spoiled()))
    name = officer.get(f"{address}/bad-rows")["Content-Disposition"].partition('filename="')[2].rstrip('"')
    done = officer.post(f"{address}/report", {"mode": "good_rows"})["Location"]
    again = upload(officer, csv(packs([2])), name)
    assert queries.get(cast.maker.scope, number_of(again)).completes == number_of(done)


def test_a_batch_of_somebody_else_is_not_completed(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(spoiled()))
    done = officer.post(f"{address}/report", {})["Location"]
    number = done.rpartition("/")[2]
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.carmaker.scope).client("en")
    answer = stranger.post(SEND, {"file": SimpleUploadedFile("a.csv", csv(packs([9]))), "completes": number})
    assert answer.status_code == 404
    named = upload(stranger, csv(packs([9])), f"pack_produced-{number}-bad-rows.csv")
    assert queries.get(cast.carmaker.scope, number_of(named)).completes is None


def test_repairs_are_shown_and_confirmed(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(wide()))
    page = text(officer, address)
    assert "full-width to ordinary characters" in page
    assert pack(2) in page  # what would stand there afterwards
    mended = officer.post(f"{address}/check", {"repair": ["full_width", "no such kind"]})["Location"]
    assert "All 2 records" in text(officer, mended)
    assert queries.get(cast.maker.scope, number_of(mended)).repairs == ["full_width"]


def test_fix_all_like_this(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(packs([1, 2]).with_columns(produced_on=pl.lit("yesterday"))))
    assert "Fix all like this" in text(officer, address)
    told = {"field": "produced_on", "before": "yesterday", "after": "2026-01-05"}
    mended = officer.post(f"{address}/check", told)["Location"]
    assert "All 2 records" in text(officer, mended)
    officer.post(f"{mended}/report", {"mode": "all_or_nothing"})
    assert events() == 2


def test_columns_are_explained_once(cast: Cast, officer: Client) -> None:
    names = {"pack_code": "P", "produced_on": "D", "module_code": "M", "cell_code": "C"}
    address = upload(officer, csv(packs([1]).rename(names)), "own.csv")
    assert "not recognised" in text(officer, address)
    assert 'name="map:P"' in text(officer, f"{address}?kind=pack_produced")
    told = {"kind": "pack_produced", **{f"map:{mine}": theirs for theirs, mine in names.items()}}
    again = officer.post(f"{address}/check", told)["Location"]
    assert "All 1 records" in text(officer, again)
    officer.post(f"{again}/report", {})
    assert "All 1 records" in text(officer, upload(officer, csv(packs([2]).rename(names)), "next.csv"))


def test_pasted_rows(cast: Cast, officer: Client) -> None:
    rows = csv(packs([1])).decode().replace(",", "\t")
    answer = officer.post(SEND, {"rows": rows})
    assert "All 1 records" in text(officer, answer["Location"])
    empty = officer.post(SEND, {"rows": "  "})
    assert (empty.status_code, "No file came" in empty.content.decode()) == (422, True)


def test_every_row_of_a_cause(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(packs(range(1, 16)).with_columns(produced_on=pl.lit("yesterday"))))
    group = next(g for g in queries.get(cast.maker.scope, number_of(address)).groups if g["field"] == "produced_on")
    cause = f"{address}/cause?code={group['code']}&field={group['field']}"
    assert "1 to 100 of 120" in text(officer, cause)
    assert "101 to 120 of 120" in text(officer, f"{cause}&after=100")
    text(officer, f"{address}/cause?code=codes.no_such", 404)


def test_take_back(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(packs([1])))
    done = officer.post(f"{address}/report", {})["Location"]
    missing = officer.post(f"{done}/undo", {"reason": " "})
    assert (missing.status_code, "Say why" in missing.content.decode()) == (422, True)
    assert officer.post(f"{done}/undo", {"reason": "wrong day"}).status_code == 302
    assert "was undone" in text(officer, done)
    assert officer.post(f"{done}/undo", {"reason": "again"}).status_code == 409
    with cursor() as run:
        acts = [act for (act,) in run.execute("SELECT act FROM accounts_deed WHERE act LIKE 'submission.%'")]
    assert acts == ["submission.undone"]


def test_progress_cancel_and_the_end(cast: Cast, officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "INLINE_BYTES", 100)
    address = upload(officer, csv(packs([1])))
    number = number_of(address)
    page = text(officer, address)
    assert 'http-equiv="refresh"' in page
    assert "waiting its turn" in page
    Submission.objects.filter(number=number).update(state="working", step="checking", rows=200_000)
    part = text(officer, f"{address}/progress")
    assert "Step 2 of 3" in part
    assert "110,000" in part
    assert "200,000" in part
    Submission.objects.filter(number=number).update(state="received", step="")
    work(number)
    ended = officer.get(f"{address}/progress")
    assert (ended.status_code, ended["HX-Redirect"]) == (204, address)
    waiting = officer.post(f"{address}/report", {})["Location"]
    assert 'max="8" value="0"' in text(officer, f"{waiting}/progress")  # the check has counted the rows
    other = upload(officer, csv(packs([2])))
    assert officer.post(f"{other}/cancel").status_code == 302
    assert "stopped before its end" in text(officer, other)
    assert officer.post(f"{other}/cancel").status_code == 409


class _Unread(io.BytesIO):
    def read(self, *args: object) -> bytes:
        raise AssertionError("it was read")


def test_too_large_is_refused_before_it_is_read(cast: Cast, officer: Client) -> None:
    def post(browser: Client, length: int) -> HttpResponseBase:
        told = {"CONTENT_LENGTH": str(length), "wsgi.input": _Unread()}
        return browser.generic("POST", SEND, b"x", "multipart/form-data; boundary=b", **told)  # type: ignore[arg-type]

    refused = post(officer, views.LARGEST_FILE * 2)
    assert refused.status_code == 413
    assert "none of it was read" in refused.content.decode()  # type: ignore[attr-defined]
    stranger = post(Client(), 64 << 20)
    assert stranger.status_code == 302
    assert "sign-in" in stranger["Location"]


def test_what_is_dangerous_is_refused_with_a_reason(cast: Cast, officer: Client) -> None:
    bomb, macro = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (80 << 20))
    with zipfile.ZipFile(macro, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/vbaProject.bin", b"x")
    for body, code in ((bomb.getvalue(), "sheets.zip_bomb"), (macro.getvalue(), "sheets.macro")):
        page = text(officer, upload(officer, body, "a.xlsx"))
        assert code in page
        assert "Report" not in page.partition('<section class="panel"')[2]
    assert events() == 0


def test_formulas_in_what_comes_back_are_text(cast: Cast, officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "WORKSHEET_ROWS", 0)
    address = upload(officer, csv(packs([1]).with_columns(module_code=pl.lit("=cmd|'/c calc'!A1"))))
    lines = officer.get(f"{address}/bad-rows").content.decode("utf-8-sig")
    assert ",=cmd" not in lines
    assert "'=cmd" in lines


def test_templates(cast: Cast, officer: Client) -> None:
    page = text(officer, "/w/import/templates")
    assert "/w/import/templates/pack_produced.xlsx" in page
    assert "/w/import/templates/vehicle_scrapped.xlsx" not in page
    for form, begin in (("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        got = officer.get(f"/w/import/templates/pack_produced.{form}")
        assert got.content.startswith(begin)
        assert "attachment" in got["Content-Disposition"]
    text(officer, "/w/import/templates/no_such.xlsx", 404)
    filled = read(officer.get("/w/import/templates/pack_produced.xlsx").content, all_templates())
    assert filled.template is not None
    assert filled.template.kind == "pack_produced"


def test_who_may(cast: Cast, officer: Client) -> None:
    address = upload(officer, csv(spoiled()))
    viewer = person("viewer@example.com", Role.VIEWER, cast.maker.scope).client("en")
    assert f"{address}/report" not in text(viewer, address)
    assert "can look, but not report" in text(viewer, "/w/import")
    stranger = person("other@example.com", Role.DATA_OFFICER, cast.carmaker.scope).client("en")
    outlet = Scope.of_outlet(cast.collector.number, cast.collector.sites["O1"])
    clerk = person("clerk@example.com", Role.CLERK, outlet).client("en")
    official = person("official@example.com", Role.OFFICIAL, cast.guangdong.scope).client("en")
    for end in ("", "/progress", "/bad-rows", "/receipt.pdf", "/cause?code=codes.character&field=cell_code"):
        assert stranger.get(f"{address}{end}").status_code == 404
        assert clerk.get(f"{address}{end}").status_code == 404
        assert official.get(f"{address}{end}").status_code == 403
        assert Client().get(f"{address}{end}").status_code == 302
    for end in ("/report", "/check", "/cancel", "/undo", "/confirm"):
        assert viewer.post(f"{address}{end}", {"reason": "x"}).status_code == 403
        assert stranger.post(f"{address}{end}", {"reason": "x"}).status_code == 404
        assert clerk.post(f"{address}{end}", {"reason": "x"}).status_code == 404
        assert official.post(f"{address}{end}").status_code == 403
    assert viewer.post(SEND, {"rows": "a"}).status_code == 403
    assert stranger.get("/w/import/999999").status_code == stranger.get(address).status_code == 404
    assert Submission.objects.count() == 1


def test_both_languages_and_empty(cast: Cast) -> None:
    browser = person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope).client("zh-CN")
    assert "还没有报送过" in text(browser, "/w/import")
    page = text(browser, upload(browser, csv(spoiled())))
    assert "2 条可导入，1 条需修改" in page
    assert "汽车动力蓄电池编码规则" in page
    assert "packs.csv" in text(browser, "/w/import")


def test_on_what_a_cause_rests() -> None:
    day = date(2026, 11, 22)
    vin = basis_of("codes.vin_check", day, Language.EN)
    assert vin is not None
    assert (vin.number, vin.status) == ("GB 16735-2019", "recalled")
    assert basis_of("sheets.error_cell", day, Language.EN) is None
    held = basis_of("events.wrong_holder", day, Language.ZH)
    assert held is not None
    assert held.status
    assert basis_of("events.wrong_holder", date(2010, 1, 1), Language.ZH) is None


def test_its_own_table_comes_back_unchanged(cast: Cast, officer: Client) -> None:
    address = upload(officer, write_table(packs([1]), Format.XLSX), "packs.xlsx")
    assert "All 1 records" in text(officer, address)
    assert queries.get(cast.maker.scope, number_of(address)).state == State.TRIED
