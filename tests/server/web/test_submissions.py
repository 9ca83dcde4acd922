"""Submissions and receipts: each batch with its counts, its files for its sender alone, records beside earlier ones."""

from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from suyuan.server.accounts.models import Access, Role
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions.models import Submission
from suyuan.tlog import parse_receipt
from tests.server.api.face import Face, pack, pack_code
from tests.server.api.test_receipts import integrate, log
from tests.server.cast import Cast
from tests.server.web.people import person

__all__ = ["log"]

BROKEN = {**pack(2), "produced_on": "2999-01-01"}


@pytest.fixture
def officer(cast: Cast) -> Client:
    return person("officer@example.com", Role.DATA_OFFICER, cast.maker.scope, "Wang").client("en")


@pytest.fixture
def sent(cast: Cast) -> int:
    """A batch of one good and one refused record."""
    answer = Face(cast.maker).submit(pack(1), BROKEN)
    assert answer.status < 300
    number: int = answer.json["number"]
    return number


def seen(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def test_the_list_tells_what_became_of_each_batch(officer: Client, sent: int) -> None:
    text = seen(officer, "/w/submissions")
    assert f'href="/w/submissions/{sent}"' in text
    assert "maker" in text  # the label of the key that sent it
    assert f"/w/submissions/{sent}/bad-rows" in text
    assert f"/w/submissions/{sent}" not in seen(officer, "/w/submissions?f.state=accepted")
    assert f"/w/submissions/{sent}" not in seen(officer, "/w/submissions?f.channel=web")
    assert f"/w/submissions/{sent}" in seen(officer, "/w/submissions?f.kind=pack_produced&f.mend=yes")


def test_pages_go_on_behind_the_last_batch(cast: Cast, officer: Client) -> None:
    numbers = [Face(cast.maker).submit(pack(serial)).json["number"] for serial in (1, 2, 3)]
    text = seen(officer, "/w/submissions?size=2")
    assert f'"/w/submissions/{numbers[0]}"' not in text
    (address,) = [part.split('"')[0] for part in text.split('href="') if "after=" in part.split('"')[0]][:1]
    rest = seen(officer, "/w/submissions" + address.replace("&amp;", "&"))
    assert f'"/w/submissions/{numbers[0]}"' in rest
    assert f'"/w/submissions/{numbers[2]}"' not in rest


def test_a_batch_with_its_files(officer: Client, sent: int) -> None:
    text = seen(officer, f"/w/submissions/{sent}")
    for said in (
        "Take the batch back",
        "Accept the result",
        "wait to be corrected",
        f'name="completes" value="{sent}"',
    ):
        assert said in text
    bad = officer.get(f"/w/submissions/{sent}/bad-rows")
    book = load_workbook(BytesIO(bad.content))
    assert bad["Content-Disposition"].startswith("attachment")
    assert pack_code(2) in {cell.value for row in book.worksheets[0].iter_rows() for cell in row}
    original = officer.get(f"/w/submissions/{sent}/original")
    assert original["Content-Type"] == "application/octet-stream"
    assert pack_code(1).encode() in original.content
    acts = set(Access.objects.filter(subject=str(sent)).values_list("act", flat=True))
    assert acts >= {"submission", "submission.bad_rows", "submission.original"}


def test_what_was_brought_again_no_longer_waits(cast: Cast, officer: Client, sent: int) -> None:
    again = Face(cast.maker).submit(pack(2)).json["number"]
    assert f"/w/submissions/{sent}/bad-rows" in seen(officer, "/w/submissions?f.mend=yes")
    Submission.objects.filter(number=again).update(completes=sent)
    assert f"/w/submissions/{sent}" not in seen(officer, "/w/submissions?f.mend=yes")
    text = seen(officer, f"/w/submissions/{sent}")
    assert "1 of them brought again" in text
    assert f'href="/w/submissions/{again}"' in text


def test_a_receipt_is_checked_again_whenever_it_is_looked_at(cast: Cast, officer: Client, log: Path) -> None:
    number = Face(cast.maker).submit(pack(1)).json["number"]
    assert "receipt.json" not in seen(officer, f"/w/submissions/{number}")
    assert officer.get(f"/w/submissions/{number}/receipt.json").status_code == 409
    integrate(log)
    text = seen(officer, f"/w/submissions/{number}")
    assert f"/w/submissions/{number}/receipt.pdf" in text
    assert "Checked again at" in text
    assert text.count('class="status status-good"') == 2  # of the batch, and of its receipt
    whole = officer.get(f"/w/submissions/{number}/receipt.json")
    assert officer.get(f"/w/submissions/{number}/receipt.pdf").content[:5] == b"%PDF-"
    official = person("gd@example.com", Role.OFFICIAL, cast.guangdong.scope).client("en")
    bare = official.get(f"/w/submissions/{number}/receipt.json")
    assert parse_receipt(whole.content).secret
    assert not parse_receipt(bare.content).secret
    assert Access.objects.filter(act="receipt", subject=str(number)).count() == 3


def test_a_record_is_compared_with_the_report_before(cast: Cast, officer: Client) -> None:
    first = Face(cast.maker).submit(pack(1)).json["number"]
    told = {"record_id": _record_of(officer, first), "field": "order_no", "value": "L-7", "reason": "misread"}
    later = Face(cast.maker).post(
        "/submissions",
        {"kind": "correction", "records": [{**told, "corrected_on": str(SYSTEM_CLOCK.today())}]},
        query={"wait": 10},
    )
    number = later.json["number"]
    assert later.json["admitted"] == 1, later.json
    listed = seen(officer, f"/w/submissions/{number}/records")
    assert f"Compare with batch {first}" in listed
    (record,) = {part.split('"')[0] for part in listed.split(f"/w/submissions/{number}/records/")[1:]}
    text = seen(officer, f"/w/submissions/{number}/records/{record}")
    assert "<ins>L-7</ins>" in text
    assert "this record is a correction" in text
    assert seen(officer, f"/w/submissions/{first}").count("Corrected or withdrawn later") == 1
    seen(officer, f"/w/submissions/{first}/records/{record}", 404)


def _record_of(officer: Client, number: int) -> str:
    text = seen(officer, f"/w/submissions/{number}/records")
    assert "First report" in text
    return text.split(f"/w/submissions/{number}/records/")[1].split('"')[0]


def test_another_scope_sees_what_is_unknown(cast: Cast, officer: Client, sent: int) -> None:
    record = _record_of(officer, sent)
    stranger = person("other@example.com", Role.ADMIN, cast.carmaker.scope).client("en")
    zhejiang = person("zj@example.com", Role.OFFICIAL, cast.zhejiang.scope).client("en")
    outlet = Scope.of_outlet(cast.maker.number, cast.maker.sites["W1"])
    clerk = person("clerk@example.com", Role.CLERK, outlet).client("en")
    ends = ("", "/original", "/bad-rows", "/receipt.json", "/receipt.pdf", "/records", f"/records/{record}")
    for who in (stranger, zhejiang, clerk):
        assert f"/w/submissions/{sent}" not in seen(who, "/w/submissions")
        for end in ends:
            assert who.get(f"/w/submissions/{sent}{end}").status_code == 404
            assert who.get(f"/w/submissions/999999{end}").status_code == 404
    assert Client().get("/w/submissions").status_code in (302, 401)


def test_an_authority_sees_the_batch_and_not_its_files(cast: Cast, sent: int) -> None:
    official = person("gd@example.com", Role.OFFICIAL, cast.guangdong.scope).client("en")
    assert f"/w/submissions/{sent}" in seen(official, "/w/submissions")
    text = seen(official, f"/w/submissions/{sent}")
    assert "for its sender only" in text
    assert "Take the batch back" not in text
    for end in ("original", "bad-rows"):
        assert official.get(f"/w/submissions/{sent}/{end}").status_code == 403
    assert Access.objects.filter(act="submission", subject=str(sent)).count() == 1


def test_a_viewer_changes_nothing(cast: Cast, sent: int) -> None:
    viewer = person("viewer@example.com", Role.VIEWER, cast.maker.scope).client("en")
    text = seen(viewer, f"/w/submissions/{sent}")
    assert "Take the batch back" not in text
    assert 'type="file"' not in text
