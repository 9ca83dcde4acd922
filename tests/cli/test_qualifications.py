"""Qualifications, standing duties and calendars at the command line."""

from pathlib import Path

from icalendar import Calendar

from suyuan.cli.exits import Exit
from suyuan.server.kit.clock import FixedClock
from tests.cli.runner import run
from tests.server.cast import Cast
from tests.server.supervision.test_feeds import MONDAY, owed
from tests.server.supervision.watching import following


def table(cast: Cast, folder: Path) -> Path:
    path = folder / "资质.csv"
    path.write_text(
        "企业代码,资质类别,综合利用类别,批次,起始日期,可信程度,来源\n"
        f"{cast.utiliser.code},规范条件企业名单,再生利用,3,2026-05-01,模拟,公告\n"
        f"{cast.utiliser.code},没有的类别,,,2026-05-02,模拟,公告\n",
        encoding="utf-8",
    )
    return path


def test_a_table_is_entered_listed_shown_and_withdrawn(cast: Cast, tmp_path: Path) -> None:
    answer = run("qualification", "import", table(cast, tmp_path), "-f", "json")
    assert answer.code == Exit.PARTLY
    assert (answer.json["rows"], answer.json["entered"]) == (2, 1)
    assert {one["row"] for one in answer.json["findings"]} == {3}
    (one,) = run("qualification", "list", "--org", cast.utiliser.code, "-f", "json").json
    assert (one["kind"], one["entered_by"]) == ("industry_conditions", "operator")
    assert run("qualification", "list", "--on", "2026-04-30", "-f", "json").json == []
    for lang in ("zh", "en"):
        shown = run("qualification", "show", str(one["number"]), "--lang", lang)
        assert "公告" in shown.out
        assert shown.code == Exit.OK
    assert run("qualification", "show", "99999").code == Exit.NOT_FOUND
    assert run("qualification", "withdraw", str(one["number"]), "--reason", "误录").code == Exit.OK
    assert run("qualification", "list", "-f", "json").json == []
    assert len(run("qualification", "list", "--withdrawn", "-f", "json").json) == 1


def test_standing_duties_are_listed(cast: Cast, clock: FixedClock) -> None:
    following(clock)
    rows = run("deadline", "standing", "-f", "json").json
    assert {row["duty"] for row in rows} == {"outlets.information"}
    assert len(run("deadline", "standing", "--org", cast.maker.code, "-f", "json").json) == 1
    assert run("deadline", "standing", "--ended", "-f", "json").json == []
    assert run("deadline", "standing", "--org", "9" * 9).code == Exit.NOT_FOUND


def test_a_calendar_is_written(cast: Cast, tmp_path: Path) -> None:
    owed(cast.utiliser.number, MONDAY)
    target = tmp_path / "f.ics"
    assert run("deadline", "ics", "--org", cast.utiliser.code, "-o", target).code == Exit.OK
    (event,) = Calendar.from_ical(target.read_bytes()).walk("VEVENT")
    assert event.decoded("DTSTART") == MONDAY
    assert run("deadline", "ics", "--org", "9" * 9).code == Exit.NOT_FOUND
