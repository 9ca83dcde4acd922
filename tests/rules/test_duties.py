from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.rules import Duty, Form, RulesError, calendar, compute, deadline, law, parse_notice
from suyuan.rules.duties import COLUMNS, State, recounted
from tests.rules.histories import CARMAKER, DEALER, DISMANTLER, OUTLET, ROLES, UTILISER, companies, event, history
from tests.rules.laws import DUTY, INSTRUMENT, read

TODAY = date(2026, 11, 22)


def duties(*events: dict[str, object], on: date = TODAY, roles: pl.DataFrame | None = None) -> list[dict[str, object]]:
    """The duties of a history under the law of the package."""
    table = companies() if roles is None else roles
    return compute(law(), calendar(), history(*events), table, on).to_dicts()


def only(*events: dict[str, object], on: date = TODAY, roles: pl.DataFrame | None = None) -> dict[str, object]:
    """The one duty of a history."""
    found = duties(*events, on=on, roles=roles)
    assert len(found) == 1, [one["version"] for one in found]
    return found[0]


@pytest.mark.parametrize(
    ("received", "on", "state", "late"),
    [
        (date(2025, 2, 14), TODAY, State.IN_TIME, 0),
        (date(2025, 2, 15), TODAY, State.LATE, 1),
        (date(2025, 3, 16), TODAY, State.LATE, 30),
    ],
)
def test_a_report_is_due_fifteen_working_days_after_the_certificate(
    received: date, on: date, state: State, late: int
) -> None:
    found = only(event("vehicle_certified", CARMAKER, date(2025, 1, 20), received), on=on)
    assert found["version"] == "vehicle.certificate@2018-08-01"
    assert (found["due_on"], found["official"], found["status"]) == (date(2025, 2, 14), True, "read")
    assert (found["state"], found["late_days"], found["fulfilled_on"]) == (state, late, received)


def test_what_has_not_arrived_yet_is_not_known() -> None:
    late = event("vehicle_certified", CARMAKER, date(2025, 1, 20), date(2025, 3, 1))
    assert duties(late, on=date(2025, 2, 28)) == []
    assert only(late, on=date(2025, 3, 1))["state"] == State.LATE


def test_the_law_of_the_day_of_the_event_holds_whenever_it_is_reported() -> None:
    last_of_a = only(event("utiliser_received", UTILISER, date(2026, 3, 31), date(2026, 5, 14)))
    first_of_b = only(event("utiliser_received", UTILISER, date(2026, 4, 1), date(2026, 5, 14)))
    assert (last_of_a["version"], last_of_a["due_on"]) == ("utiliser.receipt@2018-08-01", date(2026, 5, 15))
    assert (first_of_b["version"], first_of_b["due_on"]) == ("utiliser.receipt@2026-04-01", date(2026, 5, 6))
    assert (last_of_a["state"], first_of_b["state"]) == (State.IN_TIME, State.LATE)
    assert duties(event("utiliser_received", UTILISER, date(2018, 7, 31))) == []


def test_thirty_calendar_days_end_on_a_working_day() -> None:
    found = only(event("utiliser_received", UTILISER, date(2026, 9, 1)))
    assert (found["due_on"], found["status"]) == (date(2026, 10, 8), "inferred")


def test_a_period_that_is_not_published_makes_nobody_late() -> None:
    found = only(event("vehicle_sold", CARMAKER, date(2026, 5, 1), date(2026, 11, 1)))
    assert (found["due_on"], found["official"], found["late_days"]) == (None, None, None)
    assert (found["state"], found["status"]) == (State.FULFILLED, "open")


def test_the_limit_of_an_article_nobody_could_check_says_that_it_is_recalled() -> None:
    assert only(event("vehicle_sold", CARMAKER, date(2025, 5, 6)))["status"] == "recalled"


def test_who_owes_depends_on_the_role() -> None:
    sale = ("vehicle_sold", date(2025, 5, 6))
    assert only(event(sale[0], CARMAKER, sale[1]))["duty"] == "vehicle.sale"
    assert only(event(sale[0], DEALER, sale[1]))["duty"] == "vehicle.sale_independent"
    assert duties(event(sale[0], DISMANTLER, sale[1])) == []
    both = companies((CARMAKER, "dealer", None, None))
    assert only(event(sale[0], CARMAKER, sale[1]), roles=both)["duty"] == "vehicle.sale"


def test_a_role_counts_on_the_day_it_is_held() -> None:
    roles = companies((9, "dealer", date(2025, 5, 6), date(2025, 6, 6)), (9, "dealer", date(2025, 5, 1), None))
    held = [only(event("vehicle_sold", 9, day), roles=roles) for day in (date(2025, 5, 1), date(2025, 6, 7))]
    assert [one["duty"] for one in held] == ["vehicle.sale_independent"] * 2
    assert duties(event("vehicle_sold", 9, date(2025, 4, 30)), roles=roles) == []


def test_an_outlet_reports_on_behalf_of_its_carmaker() -> None:
    receipt = event("outlet_received", OUTLET, date(2025, 5, 6))
    assert only(receipt)["company"] == OUTLET
    assert only({**receipt, "principal": CARMAKER})["company"] == CARMAKER


@pytest.mark.parametrize(("kind", "names"), [
    ("echelon", ["utiliser.receipt_echelon"]),
    ("recycling", ["utiliser.receipt"]),
    (None, ["utiliser.receipt"]),
])  # fmt: skip
def test_a_condition_looks_at_a_column(kind: str | None, names: list[str]) -> None:
    found = duties(event("utiliser_received", UTILISER, date(2025, 5, 6), utiliser_kind=kind))
    assert [one["duty"] for one in found] == names


def test_a_condition_on_a_column_that_is_missing_is_an_error_and_no_silence() -> None:
    table = history(event("utiliser_received", UTILISER, date(2025, 5, 6))).drop("utiliser_kind")
    with pytest.raises(RulesError, match=r"rules\.condition_column"):
        compute(law(), calendar(), table, companies(), TODAY)


def test_duties_that_events_start_can_be_asked_for_alone() -> None:
    roles = companies((7, "carmaker", date(2015, 1, 1), None))
    table = history(event("vehicle_certified", CARMAKER, date(2025, 1, 20)))
    both = [compute(law().part(*forms), calendar(), table, roles, TODAY)["duty"].to_list()
            for forms in ((Form.EVENT,), (Form.FIXED, Form.YEARLY))]  # fmt: skip
    assert both == [["vehicle.certificate"], ["vehicle.existing"]]


def test_what_was_withdrawn_leaves_a_void_duty() -> None:
    found = only(event("vehicle_certified", CARMAKER, date(2025, 1, 20), date(2025, 6, 1), valid=False))
    assert (found["state"], found["fulfilled_on"], found["late_days"]) == (State.VOID, None, None)


REMOVED = event("battery_removed", DISMANTLER, date(2026, 5, 6))


def handed_over(*more: dict[str, object], on: date = TODAY) -> dict[str, object]:
    return next(one for one in duties(REMOVED, *more, on=on) if one["duty"] == "battery.to_utiliser")


def test_another_event_about_the_same_object_fulfils() -> None:
    assert handed_over()["state"] == State.OPEN
    taken = event("utiliser_received", UTILISER, date(2026, 6, 1), date(2026, 6, 20))
    found = handed_over(taken)
    assert (found["state"], found["fulfilled_on"], found["fulfilled_by"]) == (
        State.FULFILLED,
        date(2026, 6, 1),
        taken["event"],
    )


@pytest.mark.parametrize("change", [
    {"object": "C"},
    {"occurred_on": date(2026, 5, 5)},
    {"valid": False},
    {"kind": "vehicle_sold"},
    {"received_on": date(2026, 12, 1)},
])  # fmt: skip
def test_what_does_not_fulfil(change: dict[str, object]) -> None:
    taken = event("utiliser_received", UTILISER, date(2026, 6, 1))
    assert handed_over({**taken, **change})["state"] == State.OPEN


def test_the_first_act_counts() -> None:
    acts = [event("outlet_received", OUTLET, date(2026, 6, day)) for day in (9, 3, 7)]
    assert handed_over(*acts)["fulfilled_on"] == date(2026, 6, 3)


OWN = INSTRUMENT + DUTY + 'fulfilled_by = ["treated"]\nmeasured = "received_on"\n'


@pytest.mark.parametrize(("by", "reporter", "state"), [
    ("owner", UTILISER, State.IN_TIME),
    ("owner", 9, State.OVERDUE),
    ("anyone", 9, State.IN_TIME),
])  # fmt: skip
def test_who_may_fulfil(by: str, reporter: int, state: State) -> None:
    table = history(
        event("utiliser_received", UTILISER, date(2026, 6, 1)),
        event("treated", reporter, date(2026, 6, 2), date(2026, 6, 10)),
    )
    found = compute(read(OWN + f'by = "{by}"\n'), calendar(), table, companies(), TODAY).to_dicts()
    assert [one["state"] for one in found] == [state]


def test_the_other_company_of_an_event_can_owe() -> None:
    rule = read(INSTRUMENT + DUTY.replace('"utiliser_received"', '"transferred_out"') + 'owes = "party"\n')
    given = event("transferred_out", DISMANTLER, date(2026, 6, 1), party=UTILISER)
    found = compute(rule, calendar(), history(given), companies(), TODAY)
    assert found["company"].to_list() == [UTILISER]
    for party in (None, DISMANTLER):
        assert compute(rule, calendar(), history({**given, "party": party}), companies(), TODAY).height == 0


def test_duties_come_in_the_order_of_events() -> None:
    start = date(2018, 8, 1)
    days = [start + timedelta(days=n * 37 % 900) for n in range(3000)]
    table = history(*(event("vehicle_certified", CARMAKER, day, obj=f"V{n}") for n, day in enumerate(days)))
    found = compute(law(), calendar(), table, companies(), TODAY)
    assert found["object"].to_list() == table["object"].to_list()


def test_not_yet_due_and_overdue() -> None:
    table = history(event("utiliser_received", UTILISER, date(2026, 11, 2)))  # ten working days: 16 November
    states = {
        day: compute(read(OWN), calendar(), table, companies(), date(2026, 11, day)).row(0, named=True)
        for day in (2, 16, 17, 20)
    }
    assert [(one["state"], one["late_days"]) for one in states.values()] == [
        (State.DUE, 0),
        (State.DUE, 0),
        (State.OVERDUE, 1),
        (State.OVERDUE, 4),
    ]


def test_a_record_that_touches_many_objects_is_one_duty() -> None:
    rows = [event("treated", UTILISER, date(2025, 5, 6), obj=obj, name="t", slot=slot)
            for slot, objects in (("material", "MN"), ("source", "ABC")) for obj in objects]  # fmt: skip
    table = history(*[{k: v for k, v in row.items() if k != "slot"} for row in rows])
    table = table.with_columns(pl.Series("slot", [row["slot"] for row in rows]))
    found = compute(law(), calendar(), table, companies(), TODAY)
    assert found["duty"].to_list() == ["utiliser.treatment"]
    assert found["object"].to_list() == ["M"]


def test_the_day_written_in_the_law_binds_who_was_there() -> None:
    old, new = (7, "carmaker", date(2015, 1, 1), None), (8, "carmaker", date(2019, 1, 1), None)
    done = event("backfill_completed", 7, date(2019, 7, 31), obj="")
    found = only(done, roles=companies(old, new))
    assert (found["duty"], found["company"], found["due_on"]) == ("vehicle.existing", 7, date(2019, 7, 31))
    assert found["state"] == State.IN_TIME
    assert only(event("lost", 7, date(2020, 1, 1)), roles=companies(old, new))["state"] == State.OVERDUE


def test_yearly_reports_are_due_every_year() -> None:
    roles = companies().with_columns(listed=pl.when(pl.col("company") == UTILISER).then(pl.lit("yes")))
    filed = [event("annual_report_filed", UTILISER, day, obj="") for day in (date(2025, 3, 31), date(2026, 4, 1))]
    found = duties(*filed, roles=roles)
    assert [(one["due_on"], one["state"], one["late_days"]) for one in found] == [
        (date(2025, 3, 31), State.IN_TIME, 0),
        (date(2026, 3, 31), State.LATE, 1),
    ]
    assert [one["state"] for one in duties(filed[1], roles=roles)] == [State.OVERDUE, State.LATE]
    assert [one["state"] for one in duties(filed[0], roles=roles, on=date(2026, 3, 31))] == [State.IN_TIME, State.DUE]
    assert duties(*filed) == []


def test_a_last_day_in_a_year_without_a_calendar_is_provisional_and_counted_anew() -> None:
    table = history(event("utiliser_received", UTILISER, date(2026, 12, 15)))
    old = compute(read(INSTRUMENT + DUTY.replace("10", "15")), calendar(), table, companies(), date(2026, 12, 31))
    assert old.select("due_on", "official").row(0) == (date(2027, 1, 5), False)
    text = """year = 2027
status = "official"
source = "made up"
holidays = [ { zh = "元旦", en = "New Year", from = 2027-01-01, to = 2027-01-04 } ]
"""
    told = calendar().with_notice(parse_notice(text, "2027.toml"))
    again = recounted(read(INSTRUMENT + DUTY.replace("10", "15")), told, old)
    assert again.select("due_on", "new_due_on", "official", "new_official").row(0) == (
        date(2027, 1, 5),
        date(2027, 1, 7),
        False,
        True,
    )
    assert recounted(read(INSTRUMENT + DUTY.replace("10", "15")), calendar(), old).height == 0


@pytest.mark.parametrize("column", ["event", "object", "kind", "reporter", "occurred_on", "valid"])
def test_a_table_without_a_column_is_refused(column: str) -> None:
    with pytest.raises(RulesError, match=r"rules\.column_missing"):
        compute(law(), calendar(), history(REMOVED).drop(column), companies(), TODAY)


def test_a_table_with_times_for_days_is_refused() -> None:
    table = history(REMOVED).with_columns(pl.col("occurred_on").cast(pl.Datetime))
    with pytest.raises(RulesError, match=r"rules\.column_type"):
        compute(law(), calendar(), table, companies(), TODAY)


def test_names_can_be_texts_numbers_or_bytes_but_no_structures() -> None:
    taken = event("utiliser_received", UTILISER, date(2026, 6, 1))
    table = history(REMOVED, taken)
    plain = compute(law(), calendar(), table, companies(), TODAY)
    for name in (pl.col("object").cast(pl.Binary), pl.col("object").cast(pl.Categorical), pl.col("object").hash()):
        found = compute(law(), calendar(), table.with_columns(name.alias("object")), companies(), TODAY)
        assert found.drop("object").equals(plain.drop("object"))
    with pytest.raises(RulesError, match=r"rules\.column_type"):
        compute(law(), calendar(), table.with_columns(object=pl.struct("object", "kind")), companies(), TODAY)


def test_an_empty_history_has_no_duties() -> None:
    found = compute(law(), calendar(), history(), companies(), TODAY)
    assert (found.height, tuple(found.columns)) == (0, COLUMNS)


# ---------------------------------------------------------------- column work agrees with one by one

KINDS = ("vehicle_certified", "vehicle_sold", "battery_removed", "transferred_out", "utiliser_received", "treated")
EVENT = st.builds(
    lambda kind, who, day, later, obj, valid, use: event(
        kind, who, day, day + timedelta(days=later), obj, valid=valid, utiliser_kind=use
    ),
    st.sampled_from(KINDS),
    st.sampled_from(list(ROLES)),
    st.dates(date(2018, 7, 1), date(2026, 10, 1)),
    st.integers(0, 120),
    st.sampled_from("ABC"),
    st.booleans(),
    st.sampled_from([None, "echelon", "recycling"]),
)


def one_by_one(events: list[dict[str, object]]) -> set[tuple[object, ...]]:
    """The duties that each event fulfils by its own report, with their last days."""
    found: set[tuple[object, ...]] = set()
    for one in events:
        day, company = one["occurred_on"], one["reporter"]
        assert isinstance(day, date)
        assert isinstance(company, int)
        for name in law().duties:
            rule = law().duty(name, day)
            if not isinstance(rule, Duty) or rule.fulfilled_by or one["kind"] not in rule.kinds:
                continue
            wanted = rule.where.get("utiliser_kind", (one["utiliser_kind"] or "",))
            if ROLES[company] in rule.owed_by and (one["utiliser_kind"] or "") in wanted:
                due = deadline(calendar(), rule.period, day).due if rule.period else None
                found.add((rule.version, company, one["event"], one["object"], due))
    return found


@settings(max_examples=50)
@given(st.lists(EVENT, max_size=12, unique_by=lambda one: str(one["event"])))
def test_columns_say_what_single_events_say(events: list[dict[str, object]]) -> None:
    table = compute(law(), calendar(), history(*events), companies(), date(2027, 6, 1))
    reported = table.filter(pl.col("duty").cast(pl.String) != "battery.to_utiliser")
    ours = {tuple(row) for row in reported.select("version", "company", "event", "object", "due_on").rows()}
    assert ours == one_by_one(events)
    assert reported.height == len(ours)


@settings(max_examples=50)
@given(st.lists(EVENT, max_size=12, unique_by=lambda one: str(one["event"])), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(events: list[dict[str, object]], dice: object) -> None:
    mixed = list(events)
    dice.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
    both = [compute(law(), calendar(), history(*order), companies(), TODAY) for order in (events, mixed)]
    first, second = (table.drop("fulfilled_by").sort("version", "event", "object").to_dicts() for table in both)
    assert first == second


def test_a_fact_of_the_register_starts_a_duty_about_its_model() -> None:
    certified = [event("model_certified", CARMAKER, date(2026, 4, 1), obj=model) for model in ("M1", "M2")]
    filed = event("dismantling_information_filed", CARMAKER, date(2026, 9, 30), obj="M2")
    found = {one["object"]: (one["due_on"], one["state"]) for one in duties(*certified, filed)}
    assert found == {"M1": (date(2026, 10, 8), State.OVERDUE), "M2": (date(2026, 10, 8), State.IN_TIME)}
