from datetime import date

import pytest

from suyuan.kernel import Language
from suyuan.rules import (
    Duty,
    RulesError,
    calendar,
    compute,
    explain,
    explain_rule,
    explain_value,
    explanation_json,
    law,
    parse_draft,
    with_draft,
)
from suyuan.rules.explaining import value_text
from tests.rules.histories import CARMAKER, UTILISER, companies, event, history
from tests.rules.test_drafts import HEAD, change

TODAY = date(2026, 11, 22)


def sentences(row: dict[str, object], language: Language) -> list[str]:
    """The explanation of a duty, sentence by sentence."""
    return [step["message"] for step in explanation_json(explain(law(), calendar(), row), language)["steps"]]


def row(received: date = date(2025, 2, 17)) -> dict[str, object]:
    """A duty that arose on 20 January 2025."""
    table = history(event("vehicle_certified", CARMAKER, date(2025, 1, 20), received, name="R-7"))
    return compute(law(), calendar(), table, companies(), TODAY).row(0, named=True)


def test_a_duty_says_rule_version_source_event_skipped_days_and_end() -> None:
    assert sentences(row(), Language.EN) == [
        "Rule: report vehicle and battery after the certificate of conformity "
        "(version vehicle.certificate@2018-08-01).",
        "Source: Interim provisions on traceability of traction batteries of new-energy vehicles, "
        "MIIT Announcement 2018 No. 35, Art. 8; in force from 2018-08-01 to 2026-03-31.",
        "How sure: read in a mirror of the text or another source, not in the official text (P4, P11).",
        "It arose on 2025-01-20 from: vehicle certificate of conformity, record R-7.",
        "Period: 15 working days.",
        "The day after is day 1.",
        "2025-01-25, Saturday: weekend, not counted.",
        "2025-01-28, Tuesday: Spring Festival, not counted.",
        "2025-01-29, Wednesday: Spring Festival, not counted.",
        "2025-01-30, Thursday: Spring Festival, not counted.",
        "2025-01-31, Friday: Spring Festival, not counted.",
        "2025-02-01, Saturday: Spring Festival, not counted.",
        "2025-02-02, Sunday: Spring Festival, not counted.",
        "2025-02-03, Monday: Spring Festival, not counted.",
        "2025-02-04, Tuesday: Spring Festival, not counted.",
        "2025-02-09, Sunday: weekend, not counted.",
        "Last day: 2025-02-14.",
        "Fulfilled on 2025-02-17, 3 calendar days late.",
    ]


def test_it_says_the_same_in_chinese() -> None:
    told = sentences(row(), Language.ZH)
    assert len(told) == len(sentences(row(), Language.EN))
    assert told[1].startswith("依据：新能源汽车动力蓄电池回收利用溯源管理暂行规定，工业和信息化部公告2018年第35号")
    assert "2025-01-28（星期二）：春节放假，不计。" in told
    assert told[-2:] == ["截止日：2025-02-14。", "已于 2025-02-17 履行，逾期 3 个自然日。"]


def test_the_form_for_programs_has_each_skipped_day_with_its_reason() -> None:
    told = explanation_json(explain(law(), calendar(), row()), Language.EN)
    assert (told["version"], told["due"], told["due_status"]) == (
        "vehicle.certificate@2018-08-01",
        "2025-02-14",
        "official",
    )
    assert [(day["date"], day["reason"]) for day in told["skipped"]][:2] == [
        ("2025-01-25", "weekend"),
        ("2025-01-28", "holiday"),
    ]
    assert "2025-02-08" not in {day["date"] for day in told["skipped"]}  # a make-up Saturday counts


def steps(version: str, start: date, **others: object) -> set[str]:
    """The codes of an explanation."""
    found = explain(law(), calendar(), {"version": version, "started_on": start, **others})
    return {step.code for step in found.steps}


def test_what_is_not_sure_is_said_part_by_part() -> None:
    told = sentences({"version": "utiliser.receipt@2026-04-01", "started_on": date(2026, 9, 1)}, Language.EN)
    assert "How sure: second hand: press or third parties, not the official text (G1)." in told
    assert "Less sure is the unit (working or calendar days): inferred, not stated in so many words." in told
    assert "2026-10-07, Wednesday: National Day, not counted." in told
    assert "2026-09-05, Saturday: weekend, not counted." not in told  # calendar days count


def test_a_provisional_end_and_one_that_moved_say_so() -> None:
    version, start = "utiliser.receipt_echelon@2018-08-01", date(2026, 12, 15)
    assert "rules.step_provisional" in steps(version, start)
    assert "rules.step_provisional" not in steps(version, date(2026, 11, 2))
    assert "rules.step_due_before" in steps(version, start, due_on=date(2027, 1, 4))
    assert "rules.step_due_before" not in steps(version, start, due_on=date(2027, 1, 5))


def test_a_period_that_is_not_published_is_said_to_be() -> None:
    found = explain(law(), calendar(), {"version": "battery.swap@2026-04-01", "started_on": date(2026, 9, 1)})
    assert found.deadline is None
    assert "rules.step_no_period" in {step.code for step in found.steps}
    assert "The period is not published." in [step["message"] for step in explanation_json(found, Language.EN)["steps"]]


def test_fixed_and_yearly_duties_say_their_day() -> None:
    assert "rules.step_fixed" in steps("vehicle.existing@2018-08-01", date(2018, 8, 1))
    told = sentences({"version": "listed.annual_report@2025-01-01", "started_on": date(2026, 1, 1)}, Language.EN)
    assert "Last day: 2026-03-31." in told


def test_a_draft_says_that_it_is_no_law() -> None:
    drafted = with_draft(law(), parse_draft(HEAD + change(period="15"), "draft.toml"))
    table = history(event("utiliser_received", UTILISER, date(2025, 5, 6)))
    found = compute(drafted, calendar(), table, companies(), TODAY).row(0, named=True)
    told = explanation_json(explain(drafted, calendar(), found), Language.EN)
    assert "This version is a draft: Draft. It is not law." in [step["message"] for step in told["steps"]]


def test_every_rule_and_value_of_the_law_can_be_explained_in_both_languages() -> None:
    for language in Language:
        for rule in law().every_duty():
            told = explanation_json(explain_rule(law(), rule), language)
            assert all(step["message"] != step["code"] for step in told["steps"])
            started = explain(law(), calendar(), {"version": rule.version, "started_on": rule.validity.start})
            assert all(step["message"] != step["code"] for step in explanation_json(started, language)["steps"])
        for several in law().values.values():
            for one in several:
                assert one.validity.start
                answer = law().value(one.id, one.validity.start)
                told = explanation_json(explain_value(law(), answer), language)
                assert all(step["message"] != step["code"] for step in told["steps"])
                assert value_text(one, language)


@pytest.mark.parametrize(
    ("name", "day", "english", "chinese"),
    [
        ("recovery.lithium", date(2026, 1, 1), "at least 90 %", "取值不低于 90%"),
        ("impurity.copper", date(2026, 1, 1), "below 1.5 %", "取值低于 1.5%"),
        ("outlet.collection.stock", date(2026, 1, 1), "at most 5 t", "取值不超过 5 t"),
        ("outlet.central.fleet", date(2026, 1, 1), "at least 8,000 vehicles", "取值不低于 8,000 辆"),
        ("scrap.with_battery", date(2026, 5, 1), "yes", "是"),
        ("penalty.coding", date(2026, 5, 1), "not published", "未公布"),
    ],
)
def test_a_value_reads_well(name: str, day: date, english: str, chinese: str) -> None:
    value = next(one for one in law().values[name] if day in one.validity)
    assert (value_text(value, Language.EN), value_text(value, Language.ZH)) == (english, chinese)


def test_nothing_in_force_is_explained_with_its_neighbours() -> None:
    told = explanation_json(explain_value(law(), law().value("capacity.echelon", date(2026, 8, 1))), Language.EN)
    assert [step["message"] for step in told["steps"]] == [
        "On 2026-08-01 no rule “capacity.echelon” is in force.",
        "The last version before ended on 2026-07-29.",
    ]


def test_a_value_has_no_deadline() -> None:
    with pytest.raises(RulesError, match=r"rules\.not_a_duty"):
        explain(law(), calendar(), {"version": "recovery.lithium@2025-01-01", "started_on": TODAY})
    assert isinstance(law().version("vehicle.sale@2018-08-01"), Duty)
