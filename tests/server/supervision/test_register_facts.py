"""What the register says of companies decides their duties: lists, the kind of a utiliser, for whom an outlet acts."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.registry.services.qualifications import import_qualifications, withdraw_qualification
from suyuan.server.supervision.queries.findings import Sought, findings
from suyuan.server.supervision.services.detecting import detect
from tests.server.cast import NATION, Cast
from tests.server.ledger.acting import pack
from tests.server.supervision.test_detecting import handed, made
from tests.server.supervision.watching import Watched, executed, following, of_rule, rebuilt, received

IN_OLD_REGIME = date(2026, 3, 2)


def qualified(
    cast: Cast, kind: str, category: str = "", since: date = date(2025, 1, 1), to: date | None = None
) -> None:
    row = {
        "company": cast.utiliser.code,
        "kind": kind,
        "category": category,
        "valid_from": since,
        "valid_to": to,
        "status": "simulated",
        "source": "made up",
    }
    import_qualifications(NATION, "test", [row]).or_raise()


def test_a_utiliser_of_known_kind_has_the_limit_of_its_kind(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    """Under the old regime: 30 working days, but 15 for echelon use."""
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), IN_OLD_REGIME)])
    following(clock)
    (unknown,) = of_rule("utiliser.receipt")
    assert of_rule("utiliser.receipt_echelon") == []
    qualified(cast, "utiliser_kind", "echelon")
    following(clock)  # the entry in the register is enough; nothing new was reported
    (known,) = of_rule("utiliser.receipt_echelon")
    assert of_rule("utiliser.receipt") == []
    assert known["due_on"] < unknown["due_on"]
    assert rebuilt(clock).clean
    executed("UPDATE registry_qualification SET withdrawn_at = now(), withdrawn_by = 'test', reason = 'wrong'")
    following(clock)
    assert of_rule("utiliser.receipt") == [unknown]


def test_who_is_both_or_was_listed_later_is_of_unknown_kind(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    watched.report("utiliser_received", cast.utiliser, [received(pack(1), IN_OLD_REGIME)])
    qualified(cast, "industry_conditions", "echelon", IN_OLD_REGIME + timedelta(days=1))
    following(clock)
    assert len(of_rule("utiliser.receipt")) == 1
    qualified(cast, "utiliser_kind", "echelon")
    qualified(cast, "industry_conditions", "recycling")
    following(clock)
    assert len(of_rule("utiliser.receipt")) == 1
    assert of_rule("utiliser.receipt_echelon") == []


@pytest.mark.parametrize(("to", "years"), [(None, [2025, 2026]), (date(2025, 6, 30), [2025])])
def test_a_listed_company_owes_a_report_for_each_year_it_begins_listed(
    cast: Cast, watched: Watched, clock: FixedClock, to: date | None, years: list[int]
) -> None:
    following(clock)
    assert of_rule("listed.annual_report") == []
    qualified(cast, "industry_conditions", "recycling", date(2024, 5, 1), to)
    following(clock)
    owed = of_rule("listed.annual_report")
    assert {row["company"] for row in owed} == {cast.utiliser.number}
    assert [row["due_on"].year for row in owed] == years
    assert rebuilt(clock).clean


def test_the_duty_of_an_outlet_stands_under_the_one_company_it_acts_for(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    site = cast.collector.sites["O1"]
    row = {"code": pack(1), "received_on": date(2026, 5, 4), "site": "O1", "site_no": site}
    watched.report("outlet_received", cast.collector, [row])
    following(clock)
    assert [one["company"] for one in of_rule("outlet.receipt")] == [cast.collector.number]
    commission(site, cast.carmaker.number, "2026-05-05")
    following(clock)
    assert [one["company"] for one in of_rule("outlet.receipt")] == [cast.collector.number]  # from the day after on
    commission(site, cast.carmaker.number, "2025-01-01")
    following(clock)
    assert [one["company"] for one in of_rule("outlet.receipt")] == [cast.carmaker.number]
    commission(site, cast.maker.number, "2025-01-01")
    following(clock)
    assert [one["company"] for one in of_rule("outlet.receipt")] == [cast.collector.number]  # shared: nobody can tell
    assert rebuilt(clock).clean


def commission(site: int, company: int, since: str) -> None:
    """The outlet acts for the company, which has agreed."""
    executed(
        "INSERT INTO registry_outlet_commission (site, company, valid_from, recorded_at, author, agreed_at, agreed_by)"
        " VALUES (%s, %s, %s, now(), 'test', now(), 'test')",
        [site, company, since],
    )


def not_entitled(clock: FixedClock) -> int:
    with transaction.atomic(), cursor() as run:
        detect(run, clock=clock)
        return len(findings(run, NATION, Sought("destination.not_entitled")).rows)


def test_a_utiliser_without_a_permit_in_force_on_the_day_is_not_entitled(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    handed(watched, cast, made(watched, cast, 1), cast.utiliser, date(2026, 6, 1), "retired")
    assert not_entitled(clock) == 0  # the register holds no permits of anybody: it cannot tell
    qualified(cast, "discharge_permit", since=date(2026, 6, 2))
    assert not_entitled(clock) == 1
    qualified(cast, "environmental_assessment", since=date(2026, 5, 1), to=date(2026, 6, 1))
    assert not_entitled(clock) == 0
    (number,) = executed("SELECT number FROM registry_qualification WHERE kind = 'environmental_assessment'")[0]
    withdraw_qualification(NATION, "test", number, "of another company", clock)
    assert not_entitled(clock) == 1


def test_the_worker_looks_again_when_a_permit_is_entered(cast: Cast, watched: Watched, clock: FixedClock) -> None:
    handed(watched, cast, made(watched, cast, 1), cast.utiliser, date(2026, 6, 1), "retired")

    def seen() -> int:
        for _ in range(10):
            if not following(clock).anything:
                break
        with cursor() as run:
            return len(findings(run, NATION, Sought("destination.not_entitled")).rows)

    assert seen() == 0
    qualified(cast, "discharge_permit", since=date(2026, 6, 2))
    assert seen() == 1


def test_before_permits_were_required_and_of_who_is_no_utiliser_none_is_asked(
    cast: Cast, watched: Watched, clock: FixedClock
) -> None:
    qualified(cast, "discharge_permit", since=date(2026, 11, 1))
    handed(watched, cast, made(watched, cast, 1), cast.utiliser, date(2026, 3, 31), "retired")
    handed(watched, cast, made(watched, cast, 2), cast.collector, date(2026, 6, 1), "retired")
    assert not_entitled(clock) == 0
