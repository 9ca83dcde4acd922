"""The shared parts: what they are made of, what they refuse, and that each can be shown in both languages."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes.divisions import national
from suyuan.kernel import Language
from suyuan.server.web.actor import Actor
from suyuan.server.web.components import blocks, charts, deadlines, export, genealogy, region, sankey, table, timeline

TODAY = date(2026, 11, 22)
COLUMNS = (
    table.Column("code", "web.key_prefix", "code", filter="text"),
    table.Column("state", "web.approval_state", "status", filter="choice", choices=(("a", "web.role_admin"),)),
    table.Column("made", "web.key_created", "day", sorts=True),
    table.Column("weight", "web.key_life", "number", shown=False),
)


def shown(part: str, language: Language = Language.ZH, query: str = "", **context: object) -> str:
    request = RequestFactory().get(f"/x{query}", headers={"accept-language": "en" if language is Language.EN else "zh"})
    request.actor = Actor(language)  # type: ignore[attr-defined]
    request.session = {}  # type: ignore[assignment]
    return render_to_string(f"web/parts/{part}.html", context, request)


def test_every_province_has_a_tile_and_no_two_share_a_place() -> None:
    places = region.tiles()
    provinces = {tile.division for tile in places if tile.division}
    known = {each.code for each in national().provinces(TODAY)} | {"710000", "810000", "820000"}
    assert provinces == known
    assert len(places) == 35
    assert [tile.name_zh for tile in places if not tile.division] == ["南海诸岛"]
    assert Counter((tile.column, tile.row) for tile in places).most_common(1)[0][1] == 1
    assert max(tile.column for tile in places) <= 12


@given(
    st.dictionaries(st.sampled_from([tile.division for tile in region.tiles() if tile.division]), st.floats(0.1, 1e9))
)
def test_shades_rise_with_the_figures(values: dict[str, float]) -> None:
    made = region.region("web.as_of", values, lambda code: f"/g?at={code}", Language.ZH)
    pairs = sorted((each.value, each.shade) for each in made.tiles if each.value)
    assert [shade for _, shade in pairs] == sorted(shade for _, shade in pairs)
    assert all(1 <= shade <= region.SHADES for _, shade in pairs)
    assert len(pairs) == len(values)


@pytest.mark.parametrize("query", ["", "?tab=table"])
def test_the_tile_map_and_its_table_lead_to_the_same_places(query: str) -> None:
    made = region.region("web.in_stock", {"440000": 12_345}, lambda code: f"/g?at={code}", Language.EN)
    text = shown("region", Language.EN, query, region=made)
    assert text.count('href="/g?at=') == 34
    assert "12,345" in text
    assert "Guangdong" in text
    assert "style=" not in text


def state_of(query: str) -> table.State:
    return table.read_state(RequestFactory().get(f"/x?{query}"), COLUMNS)


def test_a_table_reads_its_address() -> None:
    state = state_of("f.code=0A&f.state=a&sort=-made&dense=1&cols=weight&after=c&size=10")
    assert state.filters == {"code": "0A", "state": "a"}
    assert (state.sorted_by, state.descending, state.dense, state.after, state.size) == ("made", True, True, "c", 10)
    assert state.columns == ("code", "weight")


@pytest.mark.parametrize(
    "query", ["f.state=b", "f.made=1", "sort=code", "sort=-", "size=-1", "size=９", "cols=x", "f.code=%20"]
)
def test_what_an_address_cannot_mean_is_not_said(query: str) -> None:
    state, usual = state_of(query), state_of("")
    assert (state.filters, state.sort, state.size, state.columns) == (
        usual.filters,
        usual.sort,
        usual.size,
        usual.columns,
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_tables_addresses_keep_the_rest(code: str, after: str) -> None:
    query = QueryDict(mutable=True)
    query.update({"f.code": code, "sort": "made"})
    made = table.Table("t", COLUMNS, state_of(query.urlencode()), (), following=after or None)
    again = QueryDict(made.next_url[1:])
    assert again.get("after") == (after or None)
    assert again.get("f.code", "") == code
    assert "f.code" not in made.clear_url


def test_a_table_shows_rows_and_what_can_be_done_with_them() -> None:
    rows = [table.Row("k1", {"code": "=1+1", "state": table.Status("web.role_admin", "bad"), "made": TODAY}, "/b/k1")]
    made = table.Table("t", COLUMNS, state_of(""), rows, "next", table.Count(12_000_000, exact=False),
                       (table.Action("web.save", "/act"),), "/export")  # fmt: skip
    text = shown("table", Language.EN, table=made)
    for part in (
        'href="/b/k1"',
        "2026-11-22",
        "administrator",
        "about 12,000,000",
        'formaction="/act"',
        'rel="next"',
        'action="/export"',
    ):
        assert part in text, part
    assert "Nothing fits" in shown("table", Language.EN, table=table.Table("t", COLUMNS, state_of("f.code=x"), ()))


def test_flows_close_or_are_refused() -> None:
    names = {"made": "生产", "used": "在用"}
    good = [
        sankey.Flow("made", "used", 10, "/r"),
        sankey.Flow("used", sankey.UNACCOUNTED, 3),
        sankey.Flow("used", sankey.STOCK, 7),
    ]
    made = sankey.sankey("web.in_stock", "web.in_stock", good, names, Language.ZH)
    text = shown("sankey", sankey=made, chart_id="flows")
    assert "去向不明" in text
    assert text.count("<tr>") == 4
    with pytest.raises(ValueError, match="used"):
        sankey.sankey("x", "web.in_stock", [*good, sankey.Flow("used", "made2", 1)], names, Language.ZH)


def test_a_chart_has_a_value_for_each_label() -> None:
    made = charts.Chart("line", "Trend", "packs", ["2026-01", "2026-02"], [charts.Series("a", [1, None])])
    assert "2026-02" in shown("chart", chart=made, chart_id="c")
    with pytest.raises(ValueError, match="one value"):
        charts.Chart("line", "Trend", "packs", ["2026-01"], [charts.Series("a", [])])


def test_a_life_is_told_from_its_end_with_its_gaps() -> None:
    first = timeline.Happening("web.role_admin", "truck", "甲公司", date(2024, 1, 1), corrections=("10 kg",))
    last = timeline.Happening(
        "web.role_admin", "recycle", "乙公司", TODAY, datetime(2026, 11, 25, tzinfo=UTC), withdrawn=True
    )
    told = timeline.timeline([first, last])
    assert [type(each).__name__ for each in told] == ["Happening", "Gap", "Happening"]
    text = shown("timeline", Language.EN, timeline=told)
    assert text.index("乙公司") < text.index("1,056 days") < text.index("甲公司")
    assert 'class="struck"' in text


def test_a_family_tree_fetches_what_lies_deep_when_it_is_opened() -> None:
    cell = genealogy.Kin("web.key_label", "CELL", more="/w/tree/CELL")
    pack = genealogy.Kin(
        "web.key_label", "PACK", "/w/b/PACK", parts=(genealogy.Kin("web.key_label", "MOD", parts=(cell,)),), itself=True
    )
    text = shown("genealogy", kin=[pack])
    assert text.index("PACK") < text.index("MOD") < text.index("CELL")
    assert 'hx-get="/w/tree/CELL"' in text
    assert '<a href="/w/tree/CELL">' in text  # the same without a script


def test_deadlines_are_told_in_words() -> None:
    due = {
        TODAY - timedelta(days=2): deadlines.Due(2),
        TODAY + timedelta(days=3): deadlines.Due(1),
        TODAY + timedelta(days=9): deadlines.Due(4, True),
    }
    days = deadlines.strip(due, TODAY, lambda day: f"/d?on={day}")
    assert [(each.tone, each.due.open) for each in days if each.tone != "none"] == [
        ("late", 2),
        ("soon", 1),
        ("fine", 4),
    ]
    text = shown("strip", Language.EN, strip=days)
    assert "2 overdue" in text
    assert "provisional" in text
    weeks = deadlines.month(due, TODAY, TODAY, lambda day: f"/d?on={day}")
    assert [each.day for week in weeks for each in week if each][::29] == [date(2026, 11, 1), date(2026, 11, 30)]
    assert shown("month", month=weeks)


def test_a_job_asks_again_until_it_has_ended() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    running = blocks.Progress(
        "/job/1", "web.loading", 50, 200, "running", start, start + timedelta(seconds=10), "/cancel"
    )
    assert (running.ratio, running.remaining_s) == (0.25, 30)
    assert 'hx-trigger="every 1s"' in shown("progress", progress=running)
    done = blocks.Progress("/job/1", "web.loading", 200, 200, "done", start, start, result="/r")
    assert "hx-get" not in shown("progress", progress=done)
    failed = blocks.Progress("/job/1", "web.loading", 5, None, "failed", start, start, error="ab12")
    assert "ab12" in shown("progress", progress=failed)


@pytest.mark.parametrize("language", list(Language))
def test_small_parts_are_shown(language: Language) -> None:
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    receipt = blocks.ReceiptBlock(
        "42", at, (("web.role_admin", 1234),), "2026.04", "ab" * 32, "cd", "data:,", "/pdf", "/verify"
    )
    assert "1,234" in shown("receipt", language, receipt=receipt)
    assert "3" in shown("withheld", language, withheld=blocks.Withheld(3, "web.not_for_role", "/ask"))
    told = blocks.Explained("web.in_stock", 0.985, "ratio", "web.loading", "web.loading", at, "web.loading", "/rows")
    assert "98.5%" in shown("kpis", language, kpis=[told])
    assert 'value="r1" required' in shown("reasons", language, reasons=[blocks.Reason("r1", "web.role_admin")])
    for state in ("empty", "loading", "forbidden"):
        assert 'class="state' in shown(state, language, code="web.loading")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1, max_size=5))
def test_no_cell_of_an_export_is_a_formula(cells: list[str]) -> None:
    content = export.csv_bytes(["h"] * len(cells), [cells]).decode("utf-8-sig")
    (_, row) = csv.reader(StringIO(content, newline=""))
    for cell in row:
        try:
            float(cell)
        except ValueError:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_long_codes_keep_their_digits_in_a_workbook() -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    book = load_workbook(BytesIO(export.xlsx_bytes(["code", "n"], [["123456789012345678901234", 5], ["=1+1", None]])))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]  # type: ignore[union-attr]
    assert cells[1:] == [["123456789012345678901234", 5], ["=1+1", None]]
    assert book.active.cell(3, 1).data_type == "s"  # type: ignore[union-attr]
