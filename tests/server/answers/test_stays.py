"""Where each pack was from when to when follows from its records, whatever is corrected or withdrawn."""

from datetime import date, timedelta

import pytest

from suyuan.server.answers.queries import stages as at
from tests.server.answers.folding import Folded, rebuilt, stays
from tests.server.ledger.acting import VIN
from tests.server.supervision.watching import executed

SHENZHEN, HANGZHOU, WENZHOU, QUZHOU = "440300", "330100", "330300", "330800"
LIMIT = timedelta(days=int(at.limit().value) + 1)


def test_a_whole_life(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10), sold_in="110100")
    folded.removed(code, date(2025, 3, 1))
    folded.handed(code, date(2025, 3, 20))
    folded.utilised(code, date(2025, 3, 30))
    folded.fold()
    assert stays(code) == [
        (at.MADE, date(2020, 5, 7), date(2020, 5, 10), SHENZHEN, at.OUTSIDE, 0),
        (at.IN_USE, date(2020, 5, 10), date(2020, 5, 11), HANGZHOU, at.MADE, 0),
        (at.IN_USE, date(2020, 5, 11), date(2025, 3, 1), "110100", at.IN_USE, 0),
        (at.RETIRED, date(2025, 3, 1), date(2025, 3, 30), WENZHOU, at.IN_USE, 0),
        (at.UTILISING, date(2025, 3, 30), None, QUZHOU, at.RETIRED, 0),
    ]
    assert executed("SELECT arrived_on FROM answers_stay WHERE came_stage = 3 AND stage = 4") == [(date(2025, 3, 30),)]
    assert rebuilt().clean


@pytest.mark.parametrize(("days", "unaccounted"), [(60, False), (61, False), (62, True)])
def test_what_nobody_received_is_unaccounted_behind_the_limit(folded: Folded, days: int, unaccounted: bool) -> None:
    code = folded.installed(1, date(2020, 5, 10))
    folded.removed(code, date(2025, 3, 1))
    folded.handed(code, date(2025, 3, 20))
    folded.utilised(code, date(2025, 3, 20) + timedelta(days=days))
    folded.fold()
    found = [row for row in stays(code) if row[0] == at.UNACCOUNTED]
    until = date(2025, 3, 20) + timedelta(days=days)
    expected = [(at.UNACCOUNTED, date(2025, 3, 20) + LIMIT, until, WENZHOU, at.RETIRED, at.NOT_RECEIVED)]
    assert found == (expected if unaccounted else [])
    assert rebuilt().clean


def test_a_pack_whose_vehicle_was_scrapped_without_it_is_unaccounted(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10), sold_in="110100")
    folded.watched.report("vehicle_scrapped", folded.cast.dismantler, [{"vin": VIN, "scrapped_on": date(2026, 5, 1)}])
    folded.fold()
    last = stays(code)[-1]
    assert last == (at.UNACCOUNTED, date(2026, 5, 1) + LIMIT, None, "110100", at.IN_USE, at.SCRAPPED_WITHOUT_IT)


def test_a_pack_that_was_listed_when_its_vehicle_was_scrapped_is_with_the_dismantler(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10), sold_in="110100")
    row = {"vin": VIN, "scrapped_on": date(2026, 5, 1), "pack_code": code}
    folded.watched.report("vehicle_scrapped", folded.cast.dismantler, [row])
    folded.fold()
    assert all(row[0] != at.UNACCOUNTED for row in stays(code))


def test_a_withdrawn_record_leaves_no_trace_in_the_folds(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10))
    folded.fold()
    before = stays(code), executed("SELECT * FROM answers_flow ORDER BY 1, 2, 3, 4, 5")
    done = folded.watched.report(
        "battery_removed", folded.cast.dismantler, [{"code": code, "vin": VIN, "removed_on": date(2025, 3, 1)}]
    )
    folded.fold()
    assert stays(code) != before[0]
    folded.watched.withdraw(done, folded.cast.dismantler)
    folded.watched.announce(folded.cast.dismantler)
    folded.fold()
    assert (stays(code), executed("SELECT * FROM answers_flow ORDER BY 1, 2, 3, 4, 5")) == before
    assert rebuilt().clean


def test_a_rebuild_mends_what_is_wrong_and_a_check_only_says_so(folded: Folded) -> None:
    code = folded.installed(1, date(2020, 5, 10))
    folded.fold()
    right = stays(code)
    executed("UPDATE answers_stay SET division = '110000' WHERE stage = 3")
    executed("UPDATE answers_flow SET packs = packs + 1 WHERE area = 'CN'")
    executed("UPDATE answers_duty SET duties = duties + 1")
    report = rebuilt()
    assert not report.clean
    assert report.stays.different == 1
    assert report.steps.different > 0
    assert stays(code) != right
    rebuilt(check=False)
    assert stays(code) == right
    assert rebuilt().clean
