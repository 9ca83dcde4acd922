from datetime import date

import polars as pl
import pytest

from suyuan.rules import Duty, LawRefused, RulesError, Trial, calendar, compute, law, parse_draft, try_draft, with_draft
from tests.rules.histories import CARMAKER, DISMANTLER, OUTLET, UTILISER, companies, event, history

TODAY = date(2026, 11, 22)
HEAD = """[draft]
id = "draft_1"
zh = "草案"
en = "Draft"
number = "草案一"
number_en = "Draft 1"
from = 2025-01-01
to = 2025-12-31
status = "open"
source = ["a draft"]
"""
ADDED = """[[add]]
id = "outlet.handover_soon"
zh = "网点及时移交"
en = "outlets hand over soon"
status = "open"
source = ["a draft"]
owed_by = ["outlet_operator"]
when = ["outlet_received"]
fulfilled_by = ["outlet_handed_over"]
measured = "occurred_on"
period = 90
unit = "calendar_day"
"""
HISTORY = history(
    event("utiliser_received", UTILISER, date(2025, 5, 6), date(2025, 6, 3), "A"),
    event("utiliser_received", UTILISER, date(2026, 2, 2), date(2026, 3, 10), "B"),
    event("vehicle_certified", CARMAKER, date(2025, 5, 6), date(2025, 5, 20), "V"),
    event("outlet_received", OUTLET, date(2025, 5, 6), date(2025, 5, 20), "C"),
    event("outlet_handed_over", OUTLET, date(2025, 9, 1), date(2025, 9, 1), "C"),
    event("battery_removed", DISMANTLER, date(2025, 6, 2), date(2025, 6, 2), "D"),
)


def change(**settings: str) -> str:
    """A change of the receipt of utilisers, as a table."""
    return '[[change]]\nduty = "utiliser.receipt"\n' + "".join(f"{key} = {value}\n" for key, value in settings.items())


def tried(text: str, batches: int = 1) -> Trial:
    """What a draft would have changed in the history above."""
    draft = parse_draft(HEAD + text, "draft.toml")
    parts = [HISTORY] if batches == 1 else [HISTORY.filter(pl.col("object") == name) for name in "ABCDV"]
    return try_draft(law(), draft, calendar(), parts, companies(), TODAY)


def changes(trial: Trial) -> dict[tuple[str, str], int]:
    """Duty, change and count."""
    return {(duty, what): count for duty, what, count in trial.changes.rows()}


# Thirty working days from 6 May 2025 end on 18 June; it was reported on 3 June, after nineteen.
@pytest.mark.parametrize(
    ("settings", "moved", "due", "late"),
    [
        ({"period": "15"}, 1, date(2025, 5, 27), [(UTILISER, 0, 1)]),
        ({"period": "20"}, 1, date(2025, 6, 4), []),
        ({"unit": '"calendar_day"'}, 1, date(2025, 6, 5), []),
        ({"unit": '"month"', "period": "1"}, 1, date(2025, 6, 6), []),
        # 25 calendar days end on 31 May 2025, a holiday; 3 June is the next working day
        ({"unit": '"calendar_day"', "period": "25"}, 1, date(2025, 5, 31), [(UTILISER, 0, 1)]),
        ({"unit": '"calendar_day"', "period": "25", "last_day": '"next_working_day"'}, 1, date(2025, 6, 3), []),
        ({"first_day": '"same_day"'}, 1, date(2025, 6, 17), []),
        ({"period": "30"}, 0, None, []),
    ],
)
def test_a_draft_changes_how_a_period_is_counted(
    settings: dict[str, str], moved: int, due: date | None, late: list[tuple[int, int, int]]
) -> None:
    trial = tried(change(**settings))
    assert changes(trial) == ({("utiliser.receipt", "moves"): 1} if moved else {})
    assert trial.rows["due_on_after"].to_list() == ([due] if moved else [])
    assert trial.companies.rows() == late


def test_a_draft_changes_who_owes() -> None:
    trial = tried(change(owed_by='["carmaker"]'))
    assert changes(trial) == {("utiliser.receipt", "vanishes"): 1}
    receipt = '[[change]]\nduty = "outlet.receipt"\nowes = "reporter"\n'
    table = HISTORY.with_columns(principal=pl.when(pl.col("object") == "C").then(CARMAKER).cast(pl.Int64))
    draft = parse_draft(HEAD + receipt, "draft.toml")
    found = try_draft(law(), draft, calendar(), [table], companies(), TODAY)
    assert changes(found) == {("outlet.receipt", "other_company"): 1}
    assert found.rows.select("company", "company_after").row(0) == (CARMAKER, OUTLET)


def test_a_draft_changes_the_kind_of_event() -> None:
    trial = tried(change(when='["battery_removed"]', owed_by='["dismantler"]'))
    assert changes(trial) == {("utiliser.receipt", "vanishes"): 1, ("utiliser.receipt", "appears"): 1}
    assert sorted(trial.rows["object"]) == ["A", "D"]


def test_a_draft_adds_a_duty() -> None:
    trial = tried(ADDED)
    assert changes(trial) == {("outlet.handover_soon", "appears"): 1}
    assert trial.companies.rows() == [(OUTLET, 0, 1)]  # 90 days end on 4 August, handed over on 1 September
    assert trial.rows["due_on_after"].to_list() == [date(2025, 8, 4)]


def test_a_draft_takes_a_duty_away() -> None:
    trial = tried('[[remove]]\nduty = "vehicle.certificate"\n')
    assert changes(trial) == {("vehicle.certificate", "vanishes"): 1}


def test_history_can_come_in_portions() -> None:
    text = change(period="15") + ADDED
    whole, parts = tried(text), tried(text, batches=5)
    assert whole.changes.equals(parts.changes)
    assert whole.companies.equals(parts.companies)


def test_the_law_itself_stays_as_it_was() -> None:
    before = compute(law(), calendar(), HISTORY, companies(), TODAY)
    tried(change(period="15") + ADDED)
    assert compute(law(), calendar(), HISTORY, companies(), TODAY).equals(before)
    assert "outlet.handover_soon" not in law().duties


def test_a_draft_holds_on_its_days_only_and_says_what_it_is() -> None:
    drafted = with_draft(law(), parse_draft(HEAD + change(period="15"), "draft.toml"))
    days = (date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1))
    found = [drafted.duty("utiliser.receipt", day) for day in days]
    told = [(one.period.count, one.version) for one in found if isinstance(one, Duty) and one.period]
    assert told == [
        (30, "utiliser.receipt@2018-08-01"),
        (15, "utiliser.receipt@2025-01-01+draft_1"),
        (15, "utiliser.receipt@2025-01-01+draft_1"),
        (30, "utiliser.receipt@2026-01-01"),
    ]


def test_a_draft_can_be_tried_on_other_days() -> None:
    draft = parse_draft(HEAD + change(period="15") + ADDED, "draft.toml").during(date(2019, 1, 1), None)
    drafted = with_draft(law(), draft)
    counts = [one.period.count for one in drafted.duties["utiliser.receipt"] if one.period]
    assert counts == [30, 15, 15]
    assert drafted.duties["outlet.handover_soon"][0].validity.start == date(2019, 1, 1)


def test_an_unpublished_period_can_be_filled_in() -> None:
    text = '[[change]]\nduty = "vehicle.sale"\nperiod = 20\nunit = "calendar_day"\n'
    draft = parse_draft(HEAD + text, "draft.toml").during(date(2026, 4, 1), None)
    table = history(event("vehicle_sold", CARMAKER, date(2026, 5, 6), date(2026, 6, 30)))
    trial = try_draft(law(), draft, calendar(), [table], companies(), TODAY)
    assert changes(trial) == {("vehicle.sale", "moves"): 1}
    assert trial.companies.rows() == [(CARMAKER, 0, 1)]
    half = parse_draft(HEAD + text.replace("period = 20\n", ""), "draft.toml").during(date(2026, 4, 1), None)
    with pytest.raises(LawRefused) as refused:
        with_draft(law(), half)
    assert (refused.value.code, refused.value.line) == ("rules.draft_incomplete", 11)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('[[change]]\nduty = "utiliser.receipt"\n', "rules.draft_empty_change", 11),
        ('[[change]]\nduty = "utiliser.receipt"\nperiod = 0\n', "rules.period_count", 13),
        ('[[change]]\nduty = "utiliser.receipt"\nunit = "week"\n', "rules.unknown_word", 13),
        ('[[change]]\nduty = "utiliser.receipt"\nstatus = "read"\n', "rules.unknown_key", 13),
        ('[[change]]\nduty = "utiliser.receipt"\nwhen = ["x"]\n', "rules.unknown_kind", 13),
        ('[[change]]\nperiod = 3\n', "rules.missing_key", 11),
        ("[[cange]]\n", "rules.unknown_key", 11),
        ("[draft2]\n", "rules.unknown_key", 11),
        (ADDED.replace("period = 90\n", ""), "rules.unit_without_period", 21),
    ],
)  # fmt: skip
def test_a_draft_that_cannot_be_is_refused_with_its_line(text: str, code: str, line: int) -> None:
    with pytest.raises(LawRefused) as refused:
        parse_draft(HEAD + text, "draft.toml")
    assert (refused.value.code, refused.value.file, refused.value.line) == (code, "draft.toml", line)


def test_a_draft_about_a_duty_that_is_not_there_is_refused() -> None:
    for text in ('[[change]]\nduty = "x"\nperiod = 3\n', '[[remove]]\nduty = "x"\n'):
        with pytest.raises(RulesError, match=r"rules\.unknown_rule"):
            with_draft(law(), parse_draft(HEAD + text, "draft.toml"))
    with pytest.raises(RulesError, match=r"rules\.draft_already_there"):
        with_draft(law(), parse_draft(HEAD + ADDED.replace("outlet.handover_soon", "outlet.receipt"), "draft.toml"))
    with pytest.raises(RulesError, match=r"rules\.no_history"):
        try_draft(law(), parse_draft(HEAD + ADDED, "draft.toml"), calendar(), [], companies(), TODAY)
