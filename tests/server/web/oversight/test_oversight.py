"""Every number of the overview equals the rows that it opens, the picture closes, and nobody sees what is not his."""

import re
from html import unescape

import pytest
from django.test import Client

from suyuan.kernel import Language
from suyuan.server.accounts.models import Access, Role
from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import area_of
from suyuan.server.answers.queries.measures import measures
from suyuan.server.answers.queries.periods import parse_period
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.web.components.sankey import STOCK, UNACCOUNTED
from suyuan.server.web.pages.oversight.flowing import picture
from suyuan.server.web.pages.oversight.overview import SIX
from suyuan.server.web.pages.oversight.question import Question
from tests.server.answers.folding import TODAY, Folded
from tests.server.web.oversight.living import YEAR
from tests.server.web.people import Somebody, person

LINK = re.compile(r'<a[^>]*href="(/g/rows\?[^"]+)"[^>]*>(?:<span[^>]*>[^<]*</span>)?([0-9,]+)</a>')
COUNT = re.compile(r'class="count" role="status">([0-9,]+)')
NEXT = re.compile(r'href="(\?[^"]+)" rel="next"')


def text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return unescape(answer.content.decode())


def row_count(browser: Client, address: str) -> tuple[int, int]:
    """What the page of rows says, and how many rows it and the pages behind it really have."""
    shown, found = 0, None
    path, page = address.partition("?")[0], text(browser, f"{address}&size=2")
    while True:
        found = found or int(COUNT.findall(page)[0].replace(",", ""))
        shown += page.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>")
        following = NEXT.findall(page)
        if not following:
            return found, shown
        page = text(browser, path + following[0])


@pytest.mark.parametrize("area", ["", "&area=330000", "&area=330100", "&area=440000"])
def test_every_number_equals_the_rows_that_it_opens(lives: Folded, minister: Somebody, area: str) -> None:
    browser = minister.client("en")
    links: dict[str, str] = {}
    for address in (f"/g?period={YEAR}{area}", f"/g?period={YEAR}{area}&tab=table", f"/g/flows?period={YEAR}{area}"):
        links |= dict(LINK.findall(text(browser, address)))
    assert len(links) >= 3
    for address, number in sorted(links.items()):
        found, shown = row_count(browser, address)
        assert found == shown == int(number.replace(",", "")), address


def test_every_rate_opens_to_its_numerator(lives: Folded, minister: Somebody) -> None:
    browser = minister.client("en")
    page = text(browser, f"/g?period={YEAR}")
    for what in ("collected", "in_time"):
        address = f"/g/rows?of={what}"
        beside = rf'href="{re.escape(address)}">[^<]*</a> <small>([0-9,]+) / [0-9,]+</small>'
        numerator = int(re.findall(beside, page)[0].replace(",", ""))
        assert row_count(browser, address) == (numerator, numerator)


def test_every_number_is_explained_in_both_languages(lives: Folded, minister: Somebody) -> None:
    for tag, language in (("zh-CN", Language.ZH), ("en", Language.EN)):
        page = text(minister.client(tag), "/g")
        for name in SIX:
            told = measures()[name]
            for label in (told.title, told.definition, told.formula, told.source):
                assert label.in_language(language) in page, (tag, name)


@pytest.mark.parametrize(
    ("division", "unit"), [(None, "packs"), ("330000", "packs"), ("330100", "kg"), ("440000", "kwh")]
)
def test_the_picture_closes_at_every_stage(lives: Folded, division: str | None, unit: str) -> None:
    nation = Scope.of_nation()
    about = Question(nation, area_of(nation, division), parse_period(YEAR, TODAY), Language.ZH, YEAR)
    with cursor() as run:
        moved = asking.flows(run, about.area, about.period)
    flows = picture(about, moved, unit).flows
    passed = {f"s{one.no}" for one in at.stages().every if one.no not in (0, *range(at.RECYCLED, at.UNACCOUNTED + 1))}
    for node in passed:
        came = sum(flow.amount for flow in flows if flow.target == node)
        went = sum(flow.amount for flow in flows if flow.origin == node)
        assert came == pytest.approx(went), node
    assert all(flow.origin != flow.target for flow in flows)
    if division is None:
        assert any(flow.target == UNACCOUNTED and flow.amount == 1 for flow in flows)
        assert any(flow.target == STOCK for flow in flows)


def test_down_from_the_nation_to_a_company(lives: Folded, minister: Somebody) -> None:
    browser, code = minister.client("en"), lives.cast.dismantler.code
    assert 'href="/g?area=330000"' in text(browser, "/g")
    assert 'href="/g?area=330300"' in text(browser, "/g?area=330000")
    city = text(browser, "/g?area=330300")
    assert f'href="/g?area={code}"' in city
    company = text(browser, f"/g?area={code}")
    assert f'href="/g/enterprises/{code}"' in company
    for above in ("Zhejiang", "温州市"):
        assert above in company


def test_a_province_sees_itself_and_nothing_else(lives: Folded, provincial: Somebody) -> None:
    browser = provincial.client("en")
    assert 'href="/g?area=330100"' in text(browser, "/g")
    unknown = text(browser, "/g?area=990000", 404)
    for path in ("/g", "/g/flows", "/g/calendar", "/g/calendar.ics", "/g/wall", "/g/enterprises", "/g/reports"):
        for code in ("440000", "440300", "990000", lives.cast.maker.code):
            assert browser.get(f"{path}?area={code}").status_code == 404, (path, code)
    other = text(browser, "/g?area=440000", 404)
    differs = re.compile(r'value="[^"]{64}"|[0-9a-f]{8,}|990000|440000')
    assert differs.sub("", unknown) == differs.sub("", other)
    assert browser.get("/g/rows?of=unaccounted&area=440000").status_code == 404
    assert browser.get(f"/g/enterprises/{lives.cast.maker.code}").status_code == 404
    assert browser.get("/g/enterprises/000000000000000000").status_code == 404
    assert lives.cast.maker.code not in text(browser, "/g/enterprises")


def test_companies_and_strangers_have_no_supervision(lives: Folded) -> None:
    officer = person("officer@example.com", Role.ADMIN, lives.cast.dismantler.scope).client("en")
    paths = [f"/g{more}" for more in ("", "/wall", "/flows", "/rows?of=overdue", "/calendar", "/reports")]
    for path in [*paths, "/g/enterprises", "/g/reports/compare", f"/g/enterprises/{lives.cast.dismantler.code}"]:
        assert officer.get(path).status_code == 403, path
        assert Client().get(path).status_code == 302, path


def test_who_opened_rows_or_a_profile_is_noted(lives: Folded, minister: Somebody) -> None:
    browser, code = minister.client(), lives.cast.dismantler.code
    text(browser, "/g/rows?of=unaccounted")
    text(browser, f"/g/enterprises/{code}")
    noted = set(Access.objects.filter(person=minister.person.pk).values_list("act", "subject"))
    assert ("company.profile", code) in noted
    assert any(act == "answer.rows" and subject.startswith("unaccounted:") for act, subject in noted)


def test_the_unaccounted_say_why_and_where(lives: Folded, minister: Somebody) -> None:
    page = text(minister.client("en"), "/g/rows?of=unaccounted")
    assert "handed over, and no receipt within the limit" in page
    assert f"/g/enterprises/{lives.cast.dismantler.code}" in page


@pytest.mark.parametrize(
    "query", ["", "of=nothing", "of=stock", "of=stock&stage=99", "of=step&stage=3", "of=due_on", "of=due_on&day=soon"]
)
def test_what_cannot_be_opened_is_refused(lives: Folded, minister: Somebody, query: str) -> None:
    assert "cannot be opened" in text(minister.client("en"), f"/g/rows?{query}", 422)


def test_strange_addresses_are_answered(lives: Folded, minister: Somebody) -> None:
    browser = minister.client("en")
    assert browser.get("/g?period=2199").status_code == 422
    assert browser.get("/g?period=soon").status_code == 422
    assert browser.get("/g/calendar?month=9999-99").status_code == 200
    assert browser.get("/g?measure=x&tab=x&sort=-overdue").status_code == 200
    assert browser.get("/g/rows?of=unaccounted&after=x").status_code == 422


def test_the_profile_of_a_company(lives: Folded, provincial: Somebody) -> None:
    page = text(provincial.client("en"), f"/g/enterprises/{lives.cast.dismantler.code}")
    for said in ("瓯江拆解(模拟)", "dismantling yard", "Qualifications", "Findings", "Cases", "Duties"):
        assert said in page
    listed = text(provincial.client("en"), "/g/enterprises?f.name=瓯江")
    assert lives.cast.dismantler.code in listed
    assert lives.cast.utiliser.code not in listed


def test_the_calendar_counts_what_its_days_open(lives: Folded, minister: Somebody) -> None:
    browser, seen = minister.client("en"), 0
    for month in range(1, 13):
        page = text(browser, f"/g/calendar?month=2026-{month:02d}")
        for address, count in re.findall(r'href="(/g/rows\?of=due_on[^"]+)">[0-9-]+ · ([0-9,]+)', page):
            assert row_count(browser, address) == (int(count), int(count))
            seen += 1
    assert seen
    file = browser.get("/g/calendar.ics")
    assert file["Content-Type"].startswith("text/calendar")
    lines = file.content.decode().split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") > 0


def test_the_wall_goes_on_by_itself_until_it_is_held(lives: Folded, minister: Somebody) -> None:
    browser, slide = minister.client("en"), "/g/wall"
    seen = []
    for _ in range(5):
        answer = browser.get(slide)
        wait_s, _, slide = answer["Refresh"].partition("; url=")
        assert int(wait_s) >= 10
        seen.append(slide)
    assert len(set(seen)) == 5
    assert "Refresh" not in browser.get("/g/wall?slide=trend&stop=1").headers
