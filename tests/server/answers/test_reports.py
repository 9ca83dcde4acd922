"""A report comes back by its id with the same numbers; its figures equal the rows; it opens in a spreadsheet."""

import hashlib
import io
import time
from datetime import date

import openpyxl
import pytest
from django.db import transaction

from suyuan.kernel import Language
from suyuan.server.answers.queries import printing
from suyuan.server.answers.queries.areas import area_of
from suyuan.server.answers.queries.papers import FORMS, report_file
from suyuan.server.answers.queries.periods import parse_period
from suyuan.server.answers.queries.reports import Kept, find, reports
from suyuan.server.answers.queries.rows import Wanted, total
from suyuan.server.answers.services.reporting import Order, make_report
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal
from suyuan.server.kit.scope import Scope
from tests.server.answers.folding import CLOCK, TODAY, Folded

NATION = Scope.of_nation()
OCTOBER = Order("monthly", "2026-10", "a test")


@pytest.fixture
def lives(folded: Folded) -> Folded:
    """Two packs, one of them lost sight of."""
    folded.installed(1, date(2026, 2, 1), sold_in="440300")
    lost = folded.installed(2, date(2026, 2, 1), "1M8GDM9AXKP042788", sold_in="330100")
    folded.removed(lost, date(2026, 6, 1), "1M8GDM9AXKP042788")
    folded.handed(lost, date(2026, 6, 3))
    folded.fold()
    return folded


def made(scope: Scope = NATION, order: Order = OCTOBER) -> Kept:
    with transaction.atomic(), cursor() as run:
        return make_report(run, scope, area_of(scope), order, CLOCK)


def test_the_same_report_again_is_the_same_report(lives: Folded) -> None:
    first = made()
    assert made().id == first.id
    lives.installed(3, date(2026, 10, 1), "LSVAA2186E2100001")
    lives.fold()
    second = made()
    assert second.id != first.id
    with cursor() as run:
        again = find(run, NATION, first.id)
        assert [one.id for one in reports(run, NATION, limit=10).rows] == [second.id, first.id]
        assert reports(run, NATION, limit=1).following is not None
    assert again.text == first.text
    assert hashlib.sha256(again.text).digest() == again.digest
    assert again.content["data_version"] != second.content["data_version"]


def test_its_figures_equal_the_rows(lives: Folded) -> None:
    kept, period = made(), parse_period("2026-10", TODAY)
    values = {row["measure"]: row["value"] for row in kept.content["figures"] if row["level"] == "area"}
    with cursor() as run:
        nation = area_of(NATION)
        for measure in ("in_service", "retired", "collected", "overdue", "unaccounted"):
            assert values[measure] == total(run, NATION, nation, period, Wanted(measure))[0]
    assert values["unaccounted"] == len(kept.content["unaccounted"]) == 1
    for row in kept.content["balance"]:
        for unit in ("packs", "energy_wh", "mass_g"):
            came = row[f"opening_{unit}"] + row[f"entered_{unit}"]
            assert came == row[f"left_{unit}"] + row[f"unaccounted_{unit}"] + row[f"closing_{unit}"]


@pytest.mark.parametrize("language", list(Language))
def test_the_workbook_has_numbers_and_definitions(lives: Folded, language: Language) -> None:
    kept = made()
    book = openpyxl.load_workbook(io.BytesIO(report_file(kept, "xlsx", language)))
    about, figures, *_, unaccounted, definitions = book.worksheets
    assert about["B2"].value == str(kept.id)
    values = [row[4] for row in figures.iter_rows(min_row=2, values_only=True)]
    assert all(value is None or isinstance(value, int | float) for value in values)
    assert len(values) == len(kept.content["figures"])
    assert unaccounted.max_row == 2
    assert definitions.max_row > 7


def test_paper_and_figures(lives: Folded) -> None:
    kept = made()
    for form in FORMS:
        assert report_file(kept, form, Language.ZH)
    assert report_file(kept, "json", Language.ZH) == kept.text
    page = report_file(kept, "pdf", Language.ZH)
    assert page.startswith(b"%PDF")
    assert page == report_file(kept, "pdf", Language.ZH)


def test_two_thousand_rows_are_printed_in_three_seconds() -> None:
    rows = [
        (f"9SMPB01000000185A{number:07d}", "已报移交,超过期限", "2026-08-03", number, 1.5) for number in range(2000)
    ]
    begin = time.process_time()
    printed = printing.printed(
        "报表", [("编号", "1")], [printing.Table("t", "表", ("编码", "原因", "自", "n", "kWh"), rows)], "页"
    )
    assert time.process_time() - begin < 3
    assert printed.count(b"/Type /Page\n") > 20


def test_a_report_is_for_its_scope_alone(lives: Folded) -> None:
    cast = lives.cast
    kept = made(cast.guangdong.scope)
    assert kept.area == "440000"
    with cursor() as run:
        assert find(run, NATION, kept.id).id == kept.id
        assert [one.id for one in reports(run, cast.guangdong.scope, limit=5).rows] == [kept.id]
        for stranger in (cast.zhejiang.scope, cast.maker.scope, Scope.of_outlet(cast.collector.number, 1)):
            with pytest.raises(Missing):
                find(run, stranger, kept.id)
            assert not reports(run, stranger, limit=5).rows
    of_company = made(cast.dismantler.scope)
    with cursor() as run:
        assert find(run, cast.zhejiang.scope, of_company.id).area == cast.dismantler.code
        with pytest.raises(Missing):
            find(run, cast.guangdong.scope, of_company.id)


@pytest.mark.parametrize(
    ("template", "period", "code"),
    [
        ("weekly", "2026-10", "answers.no_such_report"),
        ("monthly", "2026", "answers.period_of_another"),
        ("monthly", "2027-01", "answers.period_ahead"),
    ],
)
def test_reports_that_cannot_be(lives: Folded, template: str, period: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        made(order=Order(template, period, "a test"))


@pytest.mark.parametrize(("template", "period"), [("monthly", "2026-10"), ("quarterly", "2026-Q3"), ("yearly", "2025")])
def test_without_a_period_it_is_the_last_that_ended(lives: Folded, template: str, period: str) -> None:
    assert made(order=Order(template, None, "a test")).period == period
