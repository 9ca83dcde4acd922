"""Every detector fires where it should, and its twin shows where it must not."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from suyuan.codes.keys import split_code
from suyuan.events.policy import DEFAULT, FINDING
from suyuan.rules import law
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.catalogue import CatalogueError, detectors, parse_catalogue
from suyuan.server.supervision.queries.findings import FindingRow, Sought, finding, findings, judgements, tallies
from suyuan.server.supervision.services.detecting import detect
from suyuan.server.supervision.services.judging import judge
from tests.server.cast import Actor, Cast
from tests.server.ledger.acting import OTHER_VIN, VIN, cell, module, pack, pack_rows
from tests.server.supervision import detector_plays
from tests.server.supervision.watching import Watched, received

Play = Callable[[Cast, Watched], object]
MADE = date(2026, 4, 2)


def detected(clock: FixedClock) -> None:
    with transaction.atomic(), cursor() as run:
        detect(run, clock=clock)


def found(scope: Scope | None = None, *, gone: bool = False) -> list[FindingRow]:
    with cursor() as run:
        return list(findings(run, scope or Scope.of_nation(), Sought(gone=gone)).rows)


def made(watched: Watched, cast: Cast, number: int = 1) -> str:
    """A pack in the maker's hands."""
    tree = {module(number): [cell(2 * number), cell(2 * number + 1)]}
    watched.report("pack_produced", cast.maker, pack_rows(pack(number), tree, MADE), [0, 0])
    return pack(number)


def handed(
    watched: Watched, cast: Cast, code: str, to: Actor, day: date, kind: str = "transferred_out", **more: object
) -> object:
    """The maker hands a battery to somebody."""
    when = "retired_on" if kind == "retired" else "handed_over_on"
    rows = [{"code": code, when: day, "party": to.code, "party_no": to.number, **more}]
    return watched.report(kind, cast.maker, rows)


def taken(watched: Watched, cast: Cast, code: str, day: date, **more: object) -> object:
    return watched.report("utiliser_received", cast.utiliser, [received(code, day, **more)])


def noted(watched: Watched, cast: Cast, outcome: str, mass_kg: float = 400.0) -> object:
    """The maker hands a battery over with a note of 400 kg, and the receiver says what came."""
    sides = [uuid4(), cast.maker.number, cast.utiliser.number, mass_kg]
    code = made(watched, cast)
    with cursor() as run:
        row = run.execute(_NOTE, sides).fetchone()
        assert row is not None
        run.execute(_NOTED, [row[0], *split_code(code), outcome])
    return handed(watched, cast, code, cast.utiliser, date(2026, 11, 1), document_no=f"T{row[0]:08d}")


_NOTE = """
INSERT INTO handover_note (id, giver, receiver, key, made_at, handed_over_on, expires_at, state, accepted_at, mass_kg,
                           received_mass_kg)
VALUES (%s, %s, %s, 'key', now(), '2026-11-01', now(), 'reported', now(), 400, %s) RETURNING number
"""
_NOTED = "INSERT INTO handover_pack (note, lot, serial, place, listed, outcome) VALUES (%s, %s, %s, 1, true, %s)"


def in_vehicle(watched: Watched, cast: Cast, number: int = 1) -> str:
    code = made(watched, cast, number)
    watched.report("stocked", cast.maker, [{"code": code, "stocked_on": date(2026, 4, 3)}])
    car = {"vin": VIN, "pack_code": code, "produced_on": date(2026, 4, 20), "vehicle_model": "X1"}
    watched.report("vehicle_produced", cast.carmaker, [car])
    return code


def removed(watched: Watched, cast: Cast, code: str, vin: str) -> None:
    watched.report("battery_removed", cast.dismantler, [{"code": code, "vin": vin, "removed_on": date(2026, 6, 1)}])


def scrapped(watched: Watched, cast: Cast, day: date, **more: object) -> None:
    watched.report("vehicle_scrapped", cast.dismantler, [{"vin": VIN, "scrapped_on": day, **more}])


def busy(watched: Watched, cast: Cast, first: date, days: int) -> None:
    rows = [received(pack(100 + n), first + timedelta(days=n)) for n in range(days)]
    watched.report("utiliser_received", cast.utiliser, rows)


FIRES: dict[str, Play] = {
    "life.broken_order": lambda c, w: removed(w, c, made(w, c), VIN),
    "life.strange_holder": lambda c, w: w.report(
        "product_delivered",
        c.utiliser,
        [{"product_code": made(w, c), "delivered_on": date(2026, 6, 1), "application_field": "storage"}],
    ),
    "vehicle.two": lambda c, w: removed(w, c, in_vehicle(w, c), OTHER_VIN),
    "part.second_parent": lambda c, w: [
        made(w, c, 1),
        w.report("pack_produced", c.maker, pack_rows(pack(2), {module(1): [cell(90)]}, MADE), [0]),
    ],
    "handover.without_receipt": lambda c, w: handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1)),
    "receipt.without_handover": lambda c, w: taken(w, c, made(w, c), date(2026, 9, 1)),
    "handover.mass_differs": lambda c, w: [
        handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1), mass_kg=400.0),
        taken(w, c, pack(1), date(2026, 9, 9), mass_kg=370.0),
    ],
    "handover.disputed": lambda c, w: noted(w, c, "missing"),
    "scrap.without_pack": lambda c, w: scrapped(w, c, date(2026, 4, 1), missing_reason="lost"),
    "destination.not_entitled": lambda c, w: handed(w, c, made(w, c), c.repairer, date(2026, 11, 1), "retired"),
    "company.silent": lambda c, w: busy(w, c, date(2026, 7, 1), 21),
}  # fmt: skip
TWINS: dict[str, list[Play]] = {
    "life.broken_order": [lambda c, w: removed(w, c, in_vehicle(w, c), VIN)],
    "life.strange_holder": [
        lambda c, w: (
            [
                handed(w, c, made(w, c), c.utiliser, date(2026, 5, 1)),
                taken(w, c, pack(1), date(2026, 5, 9)),
                w.report(
                    "product_delivered",
                    c.utiliser,
                    [{"product_code": pack(1), "delivered_on": date(2026, 6, 1), "application_field": "storage"}],
                ),
            ]
        )
    ],
    "vehicle.two": [lambda c, w: removed(w, c, in_vehicle(w, c), VIN)],
    "part.second_parent": [lambda c, w: [made(w, c, 1), made(w, c, 2)]],
    "handover.without_receipt": [
        lambda c, w: handed(w, c, made(w, c), c.utiliser, date(2026, 9, 23)),  # 60 days before the day of the tests
        lambda c, w: (
            [
                handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1)),
                taken(w, c, pack(1), date(2026, 11, 20)),
            ]
        ),
    ],
    "receipt.without_handover": [
        lambda c, w: ([handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1)), taken(w, c, pack(1), date(2026, 9, 9))])
    ],
    "handover.disputed": [lambda c, w: noted(w, c, "received", 380.0)],
    "handover.mass_differs": [
        lambda c, w: (
            [
                handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1), mass_kg=400.0),
                taken(w, c, pack(1), date(2026, 9, 9), mass_kg=380.0),
            ]
        ),
        lambda c, w: (
            [
                handed(w, c, made(w, c), c.utiliser, date(2026, 9, 1), mass_kg=400.0),
                taken(w, c, pack(1), date(2026, 9, 9)),
            ]
        ),
    ],
    "scrap.without_pack": [
        lambda c, w: scrapped(w, c, date(2026, 3, 31), missing_reason="lost"),  # the day before the rule
        lambda c, w: scrapped(w, c, date(2026, 4, 1), missing_reason="swap_model"),
        lambda c, w: scrapped(w, c, date(2026, 6, 1), pack_code=in_vehicle(w, c)),
    ],
    "destination.not_entitled": [
        lambda c, w: handed(w, c, made(w, c), c.utiliser, date(2026, 11, 1), "retired"),
        lambda c, w: handed(w, c, made(w, c), c.repairer, date(2026, 3, 31), "retired"),
    ],
    "company.silent": [
        lambda c, w: busy(w, c, date(2026, 7, 1), 19),
        lambda c, w: busy(w, c, date(2026, 8, 4), 21),  # the last day is the ninetieth before
    ],
}
FIRES |= detector_plays.FIRES
TWINS |= detector_plays.TWINS
CASES = [(name, play) for name, plays in TWINS.items() for play in plays]
ALL = [*FIRES.items(), *detector_plays.ALSO_FIRES]


@pytest.fixture(autouse=True)
def accepting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy under which a second parent is accepted with a finding."""
    monkeypatch.setitem(DEFAULT.general, "events.second_parent", FINDING)


def test_every_detector_of_the_catalogue_is_tried() -> None:
    elsewhere = {"public.complaint"}  # tried with the complaints
    assert FIRES.keys() == TWINS.keys() == detectors().keys() - elsewhere


@pytest.mark.parametrize(("name", "play"), ALL, ids=[f"{name}-{n}" for n, (name, _) in enumerate(ALL)])
def test_it_fires(cast: Cast, clock: FixedClock, watched: Watched, name: str, play: Play) -> None:
    play(cast, watched)
    detected(clock)
    mine = [row for row in found() if row.detector == name]
    assert len(mine) == 1
    with cursor() as run:
        row, evidence = finding(run, Scope.of_nation(), mine[0].number)
    assert row.records == len(evidence) > 0
    detected(clock)
    assert [row.number for row in found() if row.detector == name] == [mine[0].number]


@pytest.mark.parametrize(("name", "play"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_its_twin_does_not(cast: Cast, clock: FixedClock, watched: Watched, name: str, play: Play) -> None:
    play(cast, watched)
    detected(clock)
    assert [row for row in found() if row.detector == name] == []


def test_days_that_run_backwards_are_a_broken_order(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """A hand-over dated before the pack was made; a receipt dated before the hand-over; and a day later than both."""
    handed(watched, cast, pack(1), cast.utiliser, MADE - timedelta(days=1))
    made(watched, cast, 1)
    handed(watched, cast, made(watched, cast, 2), cast.utiliser, date(2026, 5, 5))
    taken(watched, cast, pack(2), date(2026, 5, 4))
    handed(watched, cast, made(watched, cast, 3), cast.utiliser, date(2026, 5, 5))
    taken(watched, cast, pack(3), date(2026, 5, 5))
    detected(clock)
    keys = []
    with cursor() as run:
        for row in found():
            if row.detector == "life.broken_order":
                keys += sorted({code for code, _ in finding(run, Scope.of_nation(), row.number)[1]})
    assert sorted(keys) == [pack(1), pack(2)]


def test_a_handover_that_is_reported_at_last_ends_the_finding(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    taken(watched, cast, made(watched, cast), date(2026, 9, 9))
    detected(clock)
    assert [row.detector for row in found()] == ["receipt.without_handover"]
    handed(watched, cast, pack(1), cast.utiliser, date(2026, 9, 1))
    detected(clock)
    assert found() == []


# ---------------------------------------------------------------- life of a finding


def test_similar_findings_merge_and_go_when_nothing_speaks_for_them(
    cast: Cast, clock: FixedClock, watched: Watched
) -> None:
    for number in (1, 2, 3):
        handed(watched, cast, made(watched, cast, number), cast.utiliser, date(2026, 9, 1))
    detected(clock)
    (one,) = found()
    assert (one.records, one.company, one.party) == (3, cast.maker.number, cast.utiliser.number)
    taken(watched, cast, pack(1), date(2026, 11, 20))
    detected(clock)
    assert [(row.number, row.records) for row in found()] == [(one.number, 2)]
    for number in (2, 3):
        taken(watched, cast, pack(number), date(2026, 11, 20))
    detected(clock)
    assert found() == []
    (gone,) = found(gone=True)
    assert (gone.number, gone.gone_at, gone.records) == (one.number, clock.now(), 0)


def test_a_false_positive_is_counted_and_stays_judged(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    FIRES["handover.without_receipt"](cast, watched)
    detected(clock)
    (one,) = found()
    with transaction.atomic(), cursor() as run:
        judge(run, one.number, "false_positive", "received on paper", "Zhang", clock)
        with pytest.raises(Missing):
            judge(run, 999, "confirmed", "", "Zhang", clock)
    detected(clock)
    with cursor() as run:
        (tally,) = tallies(run, Scope.of_nation())
        said = judgements(run, Scope.of_nation(), one.number)
        with pytest.raises(Missing):
            judgements(run, cast.maker.scope, one.number)
    assert (tally.open, tally.confirmed, tally.false_positives) == (1, 0, 1)
    assert [(judged.judgement, judged.by, judged.at) for judged in said] == [("false_positive", "Zhang", clock.now())]
    with transaction.atomic(), cursor() as run:
        judge(run, one.number, "confirmed", "it never came", "Li", clock)
        assert [judged.by for judged in judgements(run, Scope.of_nation(), one.number)] == ["Zhang", "Li"]
        assert tallies(run, Scope.of_nation())[0].false_positives == 0


def test_findings_are_for_the_authorities_concerned(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """A maker in Guangdong and a utiliser in Zhejiang."""
    FIRES["handover.without_receipt"](cast, watched)
    detected(clock)
    (one,) = found()
    seeing = [Scope.of_nation(), Scope.of_province("440000"), Scope.of_province("330000"), Scope.of_city("330800")]
    blind = [
        Scope.of_province("320000"),
        Scope.of_city("330200"),
        cast.maker.scope,
        cast.utiliser.scope,
        Scope.of_outlet(cast.maker.number, cast.maker.sites["W1"]),
    ]
    for scope in (*seeing, *blind):
        assert bool(found(scope)) is (scope in seeing)
        with cursor() as run:
            assert bool(tallies(run, scope)) is (scope in seeing)
            if scope in seeing:
                assert finding(run, scope, one.number)[0] == one
            else:
                with pytest.raises(Missing):
                    finding(run, scope, one.number)


def test_a_finding_about_a_place_is_for_its_province(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """Fewer packs at their end in Zhejiang than expected; both figures and the denominator stand with it."""
    FIRES["retirement.below_expected"](cast, watched)
    detected(clock)
    (one,) = [row for row in found() if row.detector == "retirement.below_expected"]
    assert (one.company, one.division, one.records) == (None, "330000", 11)
    assert one.figures == {"fleet_vehicles": 160, "expected": 23.0, "reported": 11, "on": "2026-11-22"}
    for scope, sees in (
        (Scope.of_province("330000"), True),
        (Scope.of_province("440000"), False),
        (Scope.of_city("330100"), False),
        (cast.carmaker.scope, False),
    ):
        assert (one in found(scope)) is sees


def test_a_sum_shows_what_was_added_up(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    FIRES["recycler.mass_balance"](cast, watched)
    FIRES["outlet.over_limit"](cast, watched)
    detected(clock)
    told = {row.detector: row.figures for row in found()}
    assert told["recycler.mass_balance"] == {
        "year": 2026,
        "material": "lithium",
        "fed_kg": 4.0,
        "least_kg": 3.6,
        "made_kg": 3.0,
    }
    assert told["outlet.over_limit"] == {"on": "2026-02-01", "stock_kg": 5200.0, "limit_kg": 5000}


def test_findings_are_sought_by_detector_severity_and_company(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    FIRES["handover.without_receipt"](cast, watched)
    FIRES["scrap.without_pack"](cast, watched)
    detected(clock)

    def sought(**asked: Any) -> set[str]:
        with cursor() as run:
            return {row.detector for row in findings(run, Scope.of_nation(), Sought(**asked)).rows}

    assert {"handover.without_receipt", "scrap.without_pack"} <= sought()
    assert sought(detector="scrap.without_pack") == {"scrap.without_pack"}
    assert sought(detector="scrap.without_pack", severity="medium") == set()
    assert "handover.without_receipt" not in sought(severity="high")
    assert "handover.without_receipt" in sought(company=cast.utiliser.code)
    assert "scrap.without_pack" not in sought(company=cast.utiliser.code)


# ---------------------------------------------------------------- the catalogue

ENTRY = """[[finding]]
name = "a.b"
zh = "甲"
en = "A"
severity = "low"
evidence = "silent"
status = "inferred"
basis = ["traceability.regime"]
"""


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"silent"', '"loud"', "evidence"),
        ('"low"', '"grave"', "severity"),
        ('"inferred"', '"certain"', "status"),
        ('"traceability.regime"', '"traceability.dream"', "basis"),
        ('en = "A"', 'en = "A"\nroles = ["king"]', "roles"),
        ('en = "A"', 'en = "A"\nwhile = "nothing"', "while"),
        ('en = "A"', 'en = "A"\ncolour = "red"', "colour"),
        ('en = "A"', 'en = "A"\nlimits.lithium = "recovery.dream"', "limits"),
        ('en = "A"', 'en = "A"\nfields."use.dream" = ["dream"]', "fields"),
        ('en = "A"', 'en = "A"\nsurvival = [1.0, 0.5, 0.6]', "survival"),
        ('en = "A"', 'en = "A"\nsurvival = [0.9, 0.5]', "survival"),
    ],
)
def test_a_catalogue_that_cannot_be_is_refused(old: str, new: str, key: str) -> None:
    assert parse_catalogue(ENTRY, law()).keys() == {"a.b"}
    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(ENTRY.replace(old, new), law())
    assert refused.value.data == {"name": "a.b", "key": key}
    with pytest.raises(CatalogueError):
        parse_catalogue(ENTRY + ENTRY, law())
