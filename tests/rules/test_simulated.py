"""The duties of a whole simulated fleet: what an independent count of the same files says."""

from datetime import date, datetime

import polars as pl
import pytest

from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.rules import calendar, compute, deadline, law
from suyuan.rules.history import COMPANIES, EVENTS
from suyuan.rules.records import Duty
from suyuan.simulation import Plan, Simulation, Upload, simulate
from tests.simulation.replay import records, table_of

TODAY = date(2027, 12, 31)
PLAN = Plan.province_year(seed=2, vehicles=40)
Story = tuple[list[dict[str, object]], pl.DataFrame]


def _told(kind: Kind, upload: Upload, numbers: dict[str, int]) -> list[dict[str, object]]:
    """The records of a file as events about their main object."""
    rows = []
    for place, found in enumerate(records(kind, table_of(upload))):
        moment = str(found[0][kind.time])
        rows.append(
            {
                "event": f"{upload.order}-{place}",
                "object": str(found[0][kind.main.field]),
                "kind": kind.name,
                "reporter": numbers[upload.company],
                "party": None,
                "principal": None,
                "occurred_on": datetime.fromisoformat(moment).date(),
                "received_on": upload.reported_on,
                "valid": True,
                "utiliser_kind": None,
            }
        )
    return rows


@pytest.fixture(scope="module")
def story() -> Story:
    """All events of a simulated year, and who is who."""
    simulation: Simulation = simulate(PLAN)
    numbers = {company.uscc: company.index + 1 for company in simulation.world.companies}
    events = [
        row
        for upload in simulation.uploads()
        if not vocabulary().kinds[upload.kind].about_record
        for row in _told(vocabulary().kinds[upload.kind], upload, numbers)
    ]
    roles = [(numbers[company.uscc], company.role, None, None) for company in simulation.world.companies]
    table = pl.DataFrame(roles, schema=COMPANIES, orient="row").with_columns(listed=pl.lit("no"))
    return events, table


def test_every_report_of_a_simulated_year_has_the_duties_it_should(story: Story) -> None:
    events, roles = story
    texts = {name: pl.String() for name in ("event", "object", "utiliser_kind")}
    table = compute(law(), calendar(), pl.DataFrame(events, schema={**texts, **EVENTS}), roles, TODAY)
    ours = {tuple(row) for row in table.filter(pl.col("event") == pl.col("fulfilled_by"))
            .select("version", "event", "due_on", "state").rows()}  # fmt: skip
    assert ours == _expected(events, dict(roles.select("company", "role").rows()))
    assert table["state"].n_unique() > 1
    assert len(events) > 200


def _expected(events: list[dict[str, object]], roles: dict[int, str]) -> set[tuple[object, ...]]:
    """The duties that each report fulfils by arriving, counted one by one."""
    expected: set[tuple[object, ...]] = set()
    for one in events:
        day, arrived, reporter = one["occurred_on"], one["received_on"], one["reporter"]
        assert isinstance(day, date)
        assert isinstance(arrived, date)
        assert isinstance(reporter, int)
        for name in law().duties:
            rule = law().duty(name, day)
            if not isinstance(rule, Duty) or rule.fulfilled_by or one["kind"] not in rule.kinds:
                continue
            if roles[reporter] not in rule.owed_by or "" not in rule.where.get("utiliser_kind", ("",)):
                continue
            due = deadline(calendar(), rule.period, day).due if rule.period else None
            state = "fulfilled" if due is None else "fulfilled_in_time" if arrived <= due else "fulfilled_late"
            expected.add((rule.version, one["event"], due, state))
    return expected
