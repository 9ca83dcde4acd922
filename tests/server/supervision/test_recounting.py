"""Last days that reach into a year without an official calendar move when its notice is out; both values stay."""

from datetime import date
from pathlib import Path

import pytest

from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import FixedClock
from tests.server.cast import Cast
from tests.server.ledger.acting import pack
from tests.server.supervision.watching import Watched, duties, executed, following, rebuilt, received

LATE_2026 = """year = 2027
status = "official"
source = "made up for this test"
holidays = [
  { zh = "元旦", en = "New Year", from = 2027-01-01, to = 2027-01-03 },
  { zh = "春节", en = "Spring Festival", from = 2027-02-05, to = 2027-02-12 },
]
"""
TRACE = """
SELECT r.version, t.started_on, t.due_on, t.official, t.new_due_on, t.new_official, t.duties
  FROM supervision_recount t JOIN supervision_rule r ON r.number = t.rule ORDER BY t.number
"""


@pytest.fixture
def provisional(cast: Cast, clock: FixedClock, watched: Watched, years: Path) -> Watched:
    """Receipts whose 30 calendar days end before, and after, the turn of the year."""
    for number, day in enumerate((date(2026, 11, 2), date(2026, 11, 2), date(2026, 11, 20)), 1):
        watched.report("utiliser_received", cast.utiliser, [received(pack(number), day)])
    clock.at = clock.at.replace(month=12, day=3)
    watched.report("utiliser_received", cast.utiliser, [received(pack(9), date(2026, 12, 2))])
    watched.report("utiliser_received", cast.utiliser, [received(pack(10), date(2026, 12, 2))])
    following(clock)
    return watched


def test_a_day_in_an_unpublished_year_is_provisional(provisional: Watched) -> None:
    told = {(row["started_on"], row["due_on"], row["official"]) for row in duties()}
    assert told == {
        (date(2026, 11, 2), date(2026, 12, 2), True),
        (date(2026, 11, 20), date(2026, 12, 21), True),  # 20 December is a Sunday
        (date(2026, 12, 2), date(2027, 1, 1), False),
    }


def test_an_official_year_moves_it_and_leaves_a_trace(clock: FixedClock, provisional: Watched, years: Path) -> None:
    (years / "2027.toml").write_text(LATE_2026, encoding="utf-8")
    followed = following(clock)
    assert followed.recounted == 2
    moved = {(row["due_on"], row["official"]) for row in duties(started_on=date(2026, 12, 2))}
    assert moved == {(date(2027, 1, 4), True)}
    assert executed(TRACE) == [
        ("utiliser.receipt@2026-04-01", date(2026, 12, 2), date(2027, 1, 1), False, date(2027, 1, 4), True, 2)
    ]
    assert rebuilt(clock).clean
    assert not following(clock).anything


def test_a_rebuild_leaves_the_same_trace(clock: FixedClock, provisional: Watched, years: Path) -> None:
    (years / "2027.toml").write_text(LATE_2026, encoding="utf-8")
    report = rebuilt(clock, check=False)
    assert (report.clean, report.recounted) == (True, 2)
    assert len(executed(TRACE)) == 1


def test_a_check_says_that_the_calendar_was_not_taken_in(clock: FixedClock, provisional: Watched, years: Path) -> None:
    (years / "2027.toml").write_text(LATE_2026, encoding="utf-8")
    assert rebuilt(clock).duties.different == 2
    assert executed(TRACE) == []


def test_a_spoilt_calendar_stops_the_worker_and_names_the_file(
    clock: FixedClock, provisional: Watched, years: Path
) -> None:
    (years / "2027.toml").write_text("year = 2027\nstatus = 'sure'\n", encoding="utf-8")
    with pytest.raises(SuyuanError) as refused:
        following(clock)
    assert "2027.toml" in str(refused.value.data["file"])
    assert {row["official"] for row in duties()} == {True, False}
