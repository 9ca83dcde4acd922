from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from tests.cli.runner import run

YEAR = """year = 2027
status = "official"
source = "a made-up notice"
holidays = [
  { zh = "元旦", en = "New Year", from = 2027-01-01, to = 2027-01-05, worked = [2026-12-27] },
]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("SUYUAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_holds_on_a_day_is_shown_with_its_source_and_status() -> None:
    answer = run("rules", "show", "recovery.lithium", "--on", "2026-11-22", "-f", "json")
    assert answer.code == Exit.OK
    (told,) = answer.json
    expected = {
        "id": "recovery.lithium",
        "is": "value",
        "value": 0.9,
        "unit": "1",
        "bound": "at_least",
        "says": "at least 90 %",
        "version": "recovery.lithium@2025-01-01",
        "from": "2025-01-01",
        "to": None,
        "status": "read",
        "sources": ["P9", "G1"],
    }
    assert {key: told[key] for key in expected} == expected


def test_the_beginning_of_a_name_shows_all_that_begin_so() -> None:
    told = run("rules", "show", "utiliser.", "--on", "2020-01-01", "-f", "json").json
    assert {one["id"]: one.get("period") for one in told if one["is"] == "duty"} == {
        "utiliser.handover_echelon": 15,
        "utiliser.product": 15,
        "utiliser.receipt": 30,
        "utiliser.receipt_echelon": 15,
        "utiliser.treatment": 30,
    }


@pytest.mark.parametrize(("language", "words"), [
    ("en", ["period not published", "not known", "every year, month 3, day 31", "second hand"]),
    ("zh", ["期限未公布", "不明", "每年 3 月 31 日", "转述"]),
])  # fmt: skip
def test_the_table_says_how_sure_each_line_is(language: str, words: list[str]) -> None:
    shown = run("rules", "show", "--on", "2026-11-22", "--lang", language, COLUMNS="400").out
    assert [word for word in words if word not in shown] == []


def test_nothing_in_force_and_nothing_known_are_told_apart() -> None:
    ended = run("rules", "show", "outlet.collection", "--on", "2026-04-01")
    assert (ended.code, "in force" in ended.told) == (Exit.NOT_FOUND, True)
    unknown = run("rules", "show", "no.such", "--on", "2026-04-01")
    assert (unknown.code, "There is no rule" in unknown.told) == (Exit.NOT_FOUND, True)


def test_a_duty_is_explained_with_its_deadline() -> None:
    answer = run("rules", "explain", "vehicle.certificate", "--start", "2025-01-20", "-f", "json")
    assert answer.code == Exit.OK
    told = answer.json
    assert (told["version"], told["due"], told["due_status"]) == (
        "vehicle.certificate@2018-08-01",
        "2025-02-14",
        "official",
    )
    assert len(told["skipped"]) == 10
    without = run("rules", "explain", "vehicle.certificate", "--on", "2026-05-01", "-f", "json").json
    assert (without["version"], without["due"]) == ("vehicle.certificate@2026-04-01", None)
    kept = run("rules", "explain", "vehicle.certificate@2018-08-01", "--start", "2026-11-02", "-f", "json").json
    assert kept["due"] == "2026-11-23"


def test_a_value_is_explained_also_where_nothing_is_in_force() -> None:
    assert "at least 90 %" in run("rules", "explain", "recovery.lithium", "--on", "2026-01-01").out
    assert "at least 85 %" in run("rules", "explain", "recovery.lithium@2020-01-01").out
    gone = run("rules", "explain", "capacity.echelon", "--on", "2026-08-01")
    assert (gone.code, "ended on 2026-07-29" in gone.out) == (Exit.OK, True)
    late = run("rules", "explain", "vehicle.import", "--on", "2026-08-01")
    assert (late.code, "ended on 2026-03-31" in late.out) == (Exit.OK, True)


@pytest.mark.parametrize("name", ["recovery.lithum", "no.such", "vehicle.sale@1999-01-01"])
def test_a_rule_that_is_not_there_is_not_found(name: str) -> None:
    assert run("rules", "explain", name).code == Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("arguments", "due", "status"),
    [
        (("2025-01-20", 15), "2025-02-14", "official"),
        (("2026-02-10", 15), "2026-03-09", "official"),
        (("2026-09-15", 15), "2026-10-12", "official"),
        (("2026-12-15", 15), "2027-01-05", "provisional"),
        (("2026-01-31", 1, "--unit", "month"), "2026-02-28", "official"),
        (("2026-09-01", 30, "--unit", "calendar_day"), "2026-10-01", "official"),
        (("2026-09-01", 30, "--unit", "calendar_day", "--last-day", "next_working_day"), "2026-10-08", "official"),
    ],
)
def test_a_period_is_counted(arguments: tuple[object, ...], due: str, status: str) -> None:
    told = run("calendar", "add", *arguments, "-f", "json").json
    assert set(told) == {"due", "status", "skipped"}
    assert (told["due"], told["status"]) == (due, status)


def test_a_period_must_be_one() -> None:
    assert run("calendar", "add", "2026-01-31", 0).code == Exit.USAGE
    assert run("calendar", "add", "31.1.2026", 1).code == Exit.USAGE
    assert run("calendar", "add", "1969-01-31", 1).code == Exit.REJECTED


def test_the_known_years_and_the_holidays_of_one_are_shown() -> None:
    years = run("calendar", "show", "-f", "json").json
    assert [(one["year"], one["status"]) for one in years] == [(year, "official") for year in range(2018, 2027)]
    shown = run("calendar", "show", 2026, "-f", "json").json
    assert {"zh": "春节", "en": "Spring Festival", "from": "2026-02-15", "to": "2026-02-23",
            "worked": ["2026-02-14", "2026-02-28"]} in shown  # fmt: skip
    assert "Spring Festival" in run("calendar", "show", 2026).out
    assert "春节" in run("calendar", "show", 2026, "--lang", "zh").out
    assert run("calendar", "show", 2027).code == Exit.NOT_FOUND


def test_a_year_that_is_imported_counts_from_then_on(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notice.toml"
    path.write_text(YEAR)
    answer = run("calendar", "import", path, "-f", "json")
    assert answer.code == Exit.OK
    assert [day["date"] for day in answer.json["changed"]] == ["2026-12-27", "2027-01-01", "2027-01-04", "2027-01-05"]
    assert answer.json["replaced"] is None
    told = run("calendar", "add", "2026-12-15", 15, "-f", "json").json
    assert (told["due"], told["status"]) == ("2027-01-07", "official")
    assert run("calendar", "show", 2027).code == Exit.OK
    again = run("calendar", "import", path, "-f", "json").json
    assert (again["changed"], again["replaced"]) == ([], None)
    assert [one.name for one in (home / "calendar").iterdir()] == ["2027.toml"]


def test_what_an_import_replaces_is_kept(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notice.toml"
    path.write_text(YEAR.replace("official", "provisional").replace("2027-01-05", "2027-01-03"))
    assert run("calendar", "import", path).code == Exit.OK
    assert run("calendar", "add", "2026-12-15", 15, "-f", "json").json["status"] == "provisional"
    path.write_text(YEAR)
    told = run("calendar", "import", path, "-f", "json").json
    assert [(day["date"], day["before"], day["after"]) for day in told["changed"]] == [
        ("2027-01-04", "workday", "holiday"),
        ("2027-01-05", "workday", "holiday"),
    ]
    assert "2027-01-03" in Path(told["replaced"]).read_text()
    assert len(list((home / "calendar").iterdir())) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2027-01-05", "2026-01-05", "line 5"),
        ("year = 2027", "year = 2026", "line 5"),
        ("official", "perhaps", "line 2"),
        ("]\n", "", "line"),
    ],
)
def test_a_year_that_cannot_be_is_refused_and_nothing_is_kept(
    old: str, new: str, said: str, tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "notice.toml"
    path.write_text(new.join(YEAR.rsplit(old, 1)))
    answer = run("calendar", "import", path)
    assert (answer.code, said in answer.told, "notice.toml" in answer.told) == (Exit.REJECTED, True, True)
    assert not home.exists()


def test_a_guess_does_not_replace_a_notice(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "notice.toml"
    guess = YEAR.replace("2027", "2026").replace("2026-12-27", "2025-12-27").replace("official", "provisional")
    path.write_text(guess)
    assert run("calendar", "import", path).code == Exit.REJECTED
    assert not home.exists()


def test_the_duties_of_an_event_are_told_with_their_last_days() -> None:
    answer = run("deadline", "calc", "utiliser_received", "2026-09-01", "-f", "json")
    assert answer.code == Exit.OK
    assert [(one["duty"], one["due"], one["due_status"], one["status"]) for one in answer.json] == [
        ("utiliser.receipt", "2026-10-08", "official", "inferred")
    ]
    both = run("deadline", "calc", "battery_removed", "2026-05-06", "-f", "json").json
    assert {one["duty"]: one["due"] for one in both} == {"battery.to_utiliser": None, "dismantler.removal": None}
    assert "period not published" in run("deadline", "calc", "battery_removed", "2026-05-06").out


def test_only_the_duties_of_one_role_are_told() -> None:
    told = run("deadline", "calc", "vehicle_sold", "2025-05-06", "--actor", "dealer", "-f", "json").json
    assert [one["duty"] for one in told] == ["vehicle.sale_independent"]
    none = run("deadline", "calc", "vehicle_sold", "2025-05-06", "--actor", "utiliser")
    assert (none.code, "No duty arises" in none.out) == (Exit.OK, True)
    assert run("deadline", "calc", "vehicle_sold", "2025-05-06", "--actor", "king").code == Exit.USAGE
    assert run("deadline", "calc", "vehicle_flown", "2025-05-06").code == Exit.USAGE
    late = run("deadline", "calc", "utiliser_received", "2026-12-15", "--lang", "zh").out
    assert "2027-01-14 (暂定)" in late  # no weekend, but a holiday notice could still move it
