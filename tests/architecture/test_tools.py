"""The tools that judge the rest: what they call a failure, what they keep, what they keep out."""

from pathlib import Path

import pytest

from benchmarks.run import Figure, Measurement, Run, number, page, put_in, read_figure, verdict
from scripts.compile_messages import compile_all, compiled
from scripts.test import PYTEST_SUMMARY, Outcome, environment, report

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "room.a"\nmsgstr "{n} 行"\n'


@pytest.mark.parametrize(("strict", "well"), [(False, True), (True, False)])
def test_what_is_left_out_is_said_and_fails_only_where_asked(
    strict: bool, well: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = {"style": Outcome(True), "distribution": Outcome(True, left_out="no PostgreSQL")}
    assert report(outcomes, strict) is well
    assert "LEFT OUT, NOT CHECKED HERE: distribution" in capsys.readouterr().out


def test_a_failed_step_fails_the_run_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert report({"style": Outcome(True), "types": Outcome(False)}, strict=False) is False
    assert "FAILED: types" in capsys.readouterr().out


def test_pytest_own_summary_closes_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    found = PYTEST_SUMMARY.match("=========== 2 failed, 155 passed in 5.70s ===========")
    assert found
    report({"suite": Outcome(True, summaries=[found[1]])}, strict=False)
    assert capsys.readouterr().out.splitlines()[-1] == "pytest: 2 failed, 155 passed in 5.70s"


def test_a_developers_own_settings_stay_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SUYUAN_POSTGRES", "DATABASE_URL", "PGHOST", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("UV_CACHE_DIR", "kept")
    seen = environment(tmp_path)
    assert "mine" not in seen.values()
    assert seen["UV_CACHE_DIR"] == "kept"
    assert seen["SUYUAN_HOME"].startswith(str(tmp_path))


def test_equal_texts_compile_to_equal_bytes_and_are_written_once(tmp_path: Path) -> None:
    source = tmp_path / "room.po"
    source.write_text(PO, encoding="utf-8")
    assert compile_all(tmp_path) == [tmp_path / "room.mo"]
    assert compile_all(tmp_path) == []
    assert (tmp_path / "room.mo").read_bytes() == compiled(source)
    source.write_text(PO.replace("行", "列"), encoding="utf-8")
    assert compile_all(tmp_path) == [tmp_path / "room.mo"]


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure(what="a", value=0.7, at_least=0.5, aim=1.0), "met"),
        (Figure(what="a", value=1.0, at_least=0.5, aim=1.0), "aim met"),
        (Figure(what="a", value=0.4, at_least=0.5, aim=1.0), "**missed**"),
        (Figure(what="a", value=30, at_most=40, aim=25), "met"),
        (Figure(what="a", value=24, at_most=40, aim=25), "aim met"),
        (Figure(what="a", value=41, at_most=40), "**missed**"),
        (Figure(what="a", value=41), "–"),
    ],
)
def test_a_figure_is_held_against_its_bar(figure: Figure, said: str) -> None:
    assert verdict(figure) == said


def test_only_figures_are_read_as_figures() -> None:
    assert read_figure('{"what": "a", "value": 1.5}') == {"what": "a", "value": 1.5}
    assert read_figure('{"note": "no figure"}') is None
    assert read_figure("{ half a line") is None
    assert read_figure("plain") is None
    assert (number(7_900_000.0), number(0.7149)) == ("7,900,000", "0.715")


def test_what_was_measured_by_itself_takes_its_place_and_says_when() -> None:
    def run(date: str, *parts: tuple[str, float]) -> Run:
        measurements = [
            Measurement(name=name, status=0, seconds=seconds, figures=[], lines=[]) for name, seconds in parts
        ]
        return Run(
            date=date, revision="r", machine="m", software="s", load_before=1, load_after=2, measurements=measurements
        )

    whole = run("2026-01-01", ("a", 1.0), ("c", 1.0))
    put_in(whole, run("2026-02-02", ("b", 2.0), ("c", 2.0)))
    assert [(part["name"], part["seconds"]) for part in whole["measurements"]] == [("a", 1.0), ("b", 2.0), ("c", 2.0)]
    text = page({"standard": whole})
    assert text.count("Measured by itself: 2026-02-02, revision r; load 1 before, 2 after.") == 2
