from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from suyuan import rules
from suyuan.events.vocabulary import vocabulary
from suyuan.rules import Duty, InForce, LawRefused, NotInForce, RulesError, Status, Value, standing
from suyuan.rules.law_files import facts_words
from suyuan.rules.statuses import weakest
from tests.rules.laws import DUTY, INSTRUMENT, VALUE, line_of, read

LAW = INSTRUMENT + VALUE + DUTY


def test_a_small_law_is_read() -> None:
    law = read(LAW)
    found = law.value("share.least", date(2024, 5, 1))
    assert isinstance(found, InForce)
    assert (found.told, found.value.unit, found.value.version) == (0.5, "1", "share.least@2020-01-01")
    assert found.value.place == f"law/0.toml:{line_of(LAW, '[[value]]')}"
    duty = law.duty("report.receipt", date(2024, 5, 1))
    assert isinstance(duty, Duty)
    assert duty.period
    assert (duty.period.count, duty.kinds, duty.owed_by) == (10, ("utiliser_received",), ("utiliser",))


# What is changed in the law above, what it is refused with, and the start of the line that is named.
REFUSED = [
    ('unit = "1"', "", "rules.missing_unit", "value ="),
    ('unit = "working_day"', "", "rules.missing_unit", "period ="),
    ('unit = "working_day"', 'unit = "weeks"', "rules.unknown_word", "unit ="),
    ("period = 10\n", "", "rules.unit_without_period", "unit ="),
    ("period = 10", "period = 0", "rules.period_count", "period ="),
    ("period = 10", "period = 1.5", "rules.wrong_type", "period ="),
    ('"utiliser_received"', '"utiliser_recieved"', "rules.unknown_kind", "when ="),
    ("when =", 'starts = 2020-01-01\nwhen =', "rules.one_trigger", "[[duty]]"),
    ('when = ["utiliser_received"]', "", "rules.one_trigger", "[[duty]]"),
    ('when = ["utiliser_received"]', 'yearly = "03-31"', "rules.missing_key", "[[duty]]"),
    ('when = ["utiliser_received"]\nperiod = 10\nunit = "working_day"',
     'yearly = "02-29"\nfulfilled_by = ["annual_report_filed"]', "rules.month_day", "yearly ="),
    ('when = ["utiliser_received"]\nperiod = 10\nunit = "working_day"',
     'check = "everything"', "rules.unknown_word", "check ="),
    ('owed_by = ["utiliser"]', 'owed_by = ["utilizer"]', "rules.unknown_word", "owed_by ="),
    ('owed_by = ["utiliser"]', "owed_by = []", "rules.missing_key", "[[duty]]"),
    ("when =", 'where = { colour = ["red"] }\nwhen =', "rules.unknown_column", "where ="),
    ("when =", "where = { utiliser_kind = [] }\nwhen =", "rules.wrong_type", "where ="),
    ("when =", 'by = "me"\nwhen =', "rules.unknown_word", "by ="),
    ("when =", 'same_as = "x"\nwhen =', "rules.two_periods", "same_as ="),
    ("when =", 'doubts = { colour = "open" }\nwhen =', "rules.unknown_word", "doubts ="),
    ("when =", 'doubts = { unit = "sure" }\nwhen =', "rules.unknown_word", "doubts ="),
    ("when =", 'whem = 1\nwhen =', "rules.unknown_key", "whem ="),
    ("when =", 'note_zh = "仅中文"\nwhen =', "rules.missing_key", "[[duty]]"),
    ('id = "report.receipt"', 'id = "Report"', "rules.bad_name", "id ="),
    ("value = 0.5", "value = nan", "rules.wrong_type", "value ="),
    ("value = 0.5", "value = [1]", "rules.wrong_type", "value ="),
    ("value = 0.5\n", "", "rules.missing_key", "[[value]]"),
    ('bound = "at_least"', 'bound = "about"', "rules.unknown_word", "bound ="),
    ("from = 2020-01-01", "", "rules.missing_key", "[instrument]"),
    ("from = 2020-01-01", "from = 2020-01-01\nto = 2019-01-01", "rules.ends_before_start", "to ="),
    ("from = 2020-01-01", 'from = "2020"', "rules.wrong_type", "from ="),
    ("when =", "from = 2019-12-31\nwhen =", "rules.outside_instrument", "from ="),
    ("period = 10", "edition = 0\nperiod = 10", "rules.edition", "edition ="),
    ("period = 10", "past = false\nperiod = 10", "rules.wrong_type", "past ="),
    ("article =", "article = 7 #", "rules.wrong_type", "article ="),
    ("[[duty]]", "[[dutty]]", "rules.unknown_key", "[[dutty]]"),
    ("[instrument]", "[[instrument]]\n[[instrument]]", "rules.one_instrument", "[[instrument]]"),
    ("period = 10", "period = ", "rules.not_toml", "period ="),
    ('en = "Act"', 'en = """Act\n"""', "rules.long_text", 'en = """'),
    ('status = "read"\nsource = ["X1"]\nowed', 'status = "sure"\nsource = ["X1"]\nowed', "rules.unknown_word",
     'status = "sure"'),
    ('source = ["X1"]\nowed_by', "owed_by", "rules.missing_key", "[[duty]]"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "start"), REFUSED)
def test_a_law_file_that_cannot_be_is_refused_with_file_and_line(old: str, new: str, code: str, start: str) -> None:
    assert old in LAW
    text = new.join(LAW.rsplit(old, 1))
    with pytest.raises(LawRefused) as refused:
        read(text)
    assert refused.value.code == code
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start)]
    if code not in ("rules.one_instrument",):
        assert (refused.value.file, refused.value.line in lines) == ("law/0.toml", True), refused.value.data


def other(text: str, name: str = "other") -> str:
    """The same file under another instrument's name."""
    return text.replace('id = "act"', f'id = "{name}"')


def test_versions_that_hold_on_one_day_are_refused_at_the_second() -> None:
    later = other(INSTRUMENT.replace("2020-01-01", "2021-06-01") + VALUE)
    with pytest.raises(LawRefused) as refused:
        read(INSTRUMENT + VALUE, later)
    found = refused.value
    assert (found.code, found.file, found.line) == ("rules.overlap", "law/1.toml", line_of(later, "[[value]]"))
    assert found.data["other"] == f"law/0.toml:{line_of(INSTRUMENT + VALUE, '[[value]]')}"


def test_versions_that_touch_are_taken_in_any_order_of_files() -> None:
    first = INSTRUMENT.replace("from = 2020-01-01", "from = 2020-01-01\nto = 2021-05-31") + VALUE
    second = other(INSTRUMENT.replace("2020-01-01", "2021-06-01") + VALUE.replace("0.5", "0.6"))
    for files in ((first, second), (second, first)):
        law = read(*files)
        told = [law.value("share.least", day) for day in (date(2021, 5, 31), date(2021, 6, 1))]
        assert [one.told for one in told if isinstance(one, InForce)] == [0.5, 0.6]


def test_one_value_keeps_one_unit() -> None:
    first = INSTRUMENT.replace("from = 2020-01-01", "from = 2020-01-01\nto = 2021-05-31") + VALUE
    second = other(INSTRUMENT.replace("2020-01-01", "2021-06-01") + VALUE.replace('"1"', '"t"'))
    with pytest.raises(LawRefused, match=r"rules\.unit_differs"):
        read(first, second)


def test_an_instrument_stands_once() -> None:
    with pytest.raises(LawRefused, match=r"rules\.twice"):
        read(INSTRUMENT, INSTRUMENT)


def borrowing(name: str, of: str) -> str:
    """A duty that takes its period over from another."""
    text = DUTY.replace("report.receipt", name).replace("period = 10", f'same_as = "{of}"')
    return text.replace('unit = "working_day"\n', "")


def test_a_period_is_taken_over_from_another_duty() -> None:
    law = read(INSTRUMENT + DUTY + borrowing("b", "report.receipt") + borrowing("c", "b"))
    assert law.duties["c"][0].period == law.duties["report.receipt"][0].period


def test_a_period_that_nobody_published_is_taken_over_as_such() -> None:
    bare = DUTY.replace('period = 10\nunit = "working_day"\n', "")
    law = read(INSTRUMENT + bare + borrowing("b", "report.receipt"))
    assert not law.duties["b"][0].published


def test_a_better_reading_leaves_the_old_version_to_what_arose_under_it() -> None:
    old = DUTY.replace("period = 10", "past = true\nperiod = 10")
    new = DUTY.replace("period = 10", "edition = 2\nperiod = 20")
    law = read(INSTRUMENT + old + new)
    now = law.duty("report.receipt", date(2024, 1, 1))
    assert isinstance(now, Duty)
    counts = {}
    for version in (now.version, "report.receipt@2020-01-01"):
        kept = law.version(version)
        assert isinstance(kept, Duty)
        assert kept.period
        counts[version] = kept.period.count
    assert counts == {"report.receipt@2020-01-01/2": 20, "report.receipt@2020-01-01": 10}
    assert [one.version for one in law.every_duty()] == ["report.receipt@2020-01-01/2"]


def test_a_version_has_a_name_of_its_own() -> None:
    old = DUTY.replace("period = 10", "past = true\nperiod = 10")
    with pytest.raises(LawRefused, match=r"rules\.edition_needed"):
        read(INSTRUMENT + old + DUTY)
    with pytest.raises(LawRefused, match=r"rules\.twice"):
        read(INSTRUMENT + old + old)
    borrowed = borrowing("b", "report.receipt").replace("same_as", "past = true\nsame_as")
    with pytest.raises(LawRefused, match=r"rules\.past_reference"):
        read(INSTRUMENT + DUTY + borrowed)


def test_a_circle_of_duties_is_refused() -> None:
    text = INSTRUMENT + borrowing("a", "b") + borrowing("b", "c") + borrowing("c", "a")
    with pytest.raises(LawRefused) as refused:
        read(text)
    assert refused.value.code == "rules.circle"
    assert text.splitlines()[refused.value.line - 1].startswith("same_as")


def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(LawRefused, match=r"rules\.unknown_reference"):
        read(INSTRUMENT + borrowing("a", "nobody"))


def test_a_circle_of_instruments_is_refused() -> None:
    first, second = (
        INSTRUMENT.replace('id = "act"', f'id = "{name}"\nrepeals = ["{of}"]')
        for name, of in (("first", "second"), ("second", "first"))
    )
    with pytest.raises(LawRefused, match=r"rules\.circle"):
        read(first, second)
    with pytest.raises(LawRefused, match=r"rules\.unknown_word"):
        read(first)


# ---------------------------------------------------------------- the law of the package


def told(name: str, on: date) -> object:
    found = rules.value(name, on=on)
    return found if isinstance(found, NotInForce) else found.told


@pytest.mark.parametrize(
    ("name", "on", "expected"),
    [
        ("recovery.lithium", date(2024, 6, 1), 0.85),
        ("recovery.lithium", date(2025, 6, 1), 0.90),
        ("recovery.nickel_cobalt_manganese", date(2026, 11, 22), 0.98),
        ("energy.lithium_carbonate", date(2026, 11, 22), 2200),
        ("outlet.collection.stock", date(2026, 3, 31), 5),
        ("outlet.central.fleet", date(2020, 1, 1), 8000),
        ("scrap.with_battery", date(2026, 4, 1), True),
        ("scrap.swap_models_exempt", date(2026, 4, 1), True),
        ("use.prohibited.electric_bicycle", date(2026, 4, 1), True),
        ("category.echelon_list", date(2026, 7, 29), True),
        ("category.echelon_list", date(2026, 7, 30), False),
        ("category.echelon_use", date(2026, 3, 31), True),
        ("category.echelon_use", date(2026, 4, 1), True),
        ("category.echelon_use", date(2026, 7, 30), False),
        ("category.existing_products_keep_regime", date(2026, 7, 30), True),
        ("capacity.echelon", date(2026, 7, 29), 1000),
        ("recovery.rare_earth", date(2026, 1, 1), None),
        ("penalty.reporting", date(2026, 11, 22), None),
    ],
)
def test_what_holds_on_a_day(name: str, on: date, expected: object) -> None:
    assert told(name, on) == expected


@pytest.mark.parametrize(
    ("name", "on", "ended", "begins"),
    [
        ("outlet.collection.stock", date(2026, 4, 1), date(2026, 3, 31), None),
        ("scrap.with_battery", date(2026, 3, 31), None, date(2026, 4, 1)),
        ("capacity.echelon", date(2026, 7, 30), date(2026, 7, 29), None),
        ("recovery.lithium", date(2018, 1, 1), None, date(2020, 1, 1)),
    ],
)
def test_nothing_in_force_is_an_answer(name: str, on: date, ended: date | None, begins: date | None) -> None:
    assert told(name, on) == NotInForce(name, on, ended, begins)


def test_a_name_that_does_not_exist_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(RulesError) as error:
        rules.value("recovery.lithum", on=date(2026, 1, 1))
    assert "recovery.lithium" in str(error.value.data["near"])
    with pytest.raises(RulesError, match=r"rules\.unknown_rule"):
        rules.law().duty("zzz", date(2026, 1, 1))


# Deadlines of the announcement of 2018 and of Order 73 as the fact base gives them: count, unit, status.
PERIODS = {
    ("vehicle.existing", 2020): (12, "month", "read"),
    ("vehicle.certificate", 2020): (15, "working_day", "read"),
    ("vehicle.import", 2020): (15, "working_day", "read"),
    ("vehicle.sale", 2020): (30, "working_day", "recalled"),
    ("vehicle.sale_independent", 2020): (30, "working_day", "read"),
    ("battery.replacement", 2020): (30, "working_day", "read"),
    ("battery.replacement_independent", 2020): (30, "working_day", "read"),
    ("outlet.receipt", 2020): (30, "working_day", "read"),
    ("outlet.handover", 2020): (30, "working_day", "read"),
    ("dismantler.scrap", 2020): (15, "working_day", "read"),
    ("dismantler.removal", 2020): (15, "working_day", "read"),
    ("dismantler.handover", 2020): (15, "working_day", "read"),
    ("utiliser.product", 2020): (15, "working_day", "read"),
    ("utiliser.receipt_echelon", 2020): (15, "working_day", "read"),
    ("utiliser.handover_echelon", 2020): (15, "working_day", "read"),
    ("utiliser.receipt", 2020): (30, "working_day", "read"),
    ("utiliser.treatment", 2020): (30, "working_day", "read"),
    ("vehicle.certificate", 2027): (20, "calendar_day", "second_hand"),
    ("utiliser.receipt", 2027): (30, "calendar_day", "second_hand"),
    ("utiliser.product", 2027): (30, "calendar_day", "second_hand"),
    ("utiliser.material", 2027): (30, "calendar_day", "second_hand"),
    ("carmaker.dismantling_information", 2027): (6, "month", "second_hand"),
}
UNPUBLISHED = {
    *("vehicle.sale", "battery.production", "battery.swap", "battery.replacement", "outlet.receipt"),
    *("outlet.handover", "dismantler.scrap", "dismantler.removal", "dismantler.handover"),
}


def test_every_deadline_of_the_fact_base_is_there_with_its_status() -> None:
    for (name, year), (count, unit, status) in PERIODS.items():
        duty = rules.law().duty(name, date(year, 1, 1))
        assert isinstance(duty, Duty), name
        assert duty.period, name
        assert (duty.period.count, duty.period.unit, duty.status) == (count, unit, status), name


def test_a_limit_that_nobody_could_read_has_no_period() -> None:
    for name in UNPUBLISHED:
        duty = rules.law().duty(name, date(2026, 4, 1))
        assert isinstance(duty, Duty)
        assert (duty.period, duty.status) == (None, Status.OPEN), name


def test_what_is_recalled_or_open_is_said_to_be() -> None:
    law = rules.law()
    everything: list[Duty | Value] = [*law.every_duty(), *(one for several in law.values.values() for one in several)]
    for one in everything:
        assert one.sources, one.version
        assert one.status is not Status.VERIFIED, one.version  # no official text was at hand yet
        if isinstance(one, Value) and one.told is None:
            assert one.status is Status.OPEN
    recalled = {one.version for several in law.values.values() for one in several if one.status is Status.RECALLED}
    assert recalled == {
        "process_water.reuse@2020-01-01",
        "recovery.material_repair@2020-01-01",
        "recovery.nickel_cobalt_manganese@2020-01-01",
        "recovery.rare_earth@2020-01-01",
        "utiliser.research_share@2020-01-01",
    }


def test_order_73_repeals_the_four_rules_before_it() -> None:
    law = rules.law()
    order = law.instruments["order_73"]
    assert len(order.repeals) == 4
    for name in order.repeals:
        assert law.instruments[name].validity.end == date(2026, 3, 31)
    assert order.validity.start == date(2026, 4, 1)


def test_days_in_regime_a_are_working_days_and_in_regime_b_calendar_days_by_inference() -> None:
    law = rules.law()
    for duty in law.every_duty():
        if duty.instrument == "order_73" and duty.period and duty.period.unit != "month":
            assert duty.period.unit == "calendar_day"
            assert duty.doubts["unit"] is Status.INFERRED
        if duty.instrument == "announcement_2018_35" and duty.id != "vehicle.existing" and duty.period:
            assert duty.period.unit == "working_day"


def test_kinds_roles_and_versions_of_the_law_exist() -> None:
    law = rules.law()
    for duty in law.every_duty():
        assert set(duty.kinds) | set(duty.fulfilled_by) <= set(vocabulary().kinds) | set(law.facts)
        for kind in duty.kinds:
            if kind in vocabulary().kinds and duty.owes == "reporter":
                assert set(duty.owed_by) & set(vocabulary().kinds[kind].reporters), duty.version
        assert law.version(duty.version) == duty
    with pytest.raises(RulesError, match=r"rules\.unknown_version"):
        law.version("vehicle.sale@2001-01-01")


def test_a_version_cannot_be_changed() -> None:
    duty = rules.law().every_duty()[0]
    with pytest.raises(FrozenInstanceError):
        duty.id = "other"  # type: ignore[misc]  # that it cannot be is the test
    assert len(rules.law().digest) == 64
    assert read(LAW).digest != read(LAW.replace("0.5", "0.6")).digest


def test_the_weakest_part_decides() -> None:
    duty = rules.law().duty("vehicle.certificate", date(2026, 5, 1))
    assert isinstance(duty, Duty)
    assert (duty.status, duty.weakest) == (Status.SECOND_HAND, Status.OPEN)
    assert weakest([Status.VERIFIED]).sure
    assert not Status.READ.sure


def test_every_source_of_the_law_stands_on_the_page_of_sources() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "regulation.md").read_text(encoding="utf-8")
    listed = {key for row in page.rpartition("## Sources")[2].splitlines() if row.startswith("|")
              for key in row.split("|")[1].strip().split(", ")}  # fmt: skip
    law = rules.law()
    ruled: list[Duty | Value] = [*law.every_duty(), *(one for several in law.values.values() for one in several)]
    used = {key for one in ruled for key in one.sources} | {
        key for one in law.instruments.values() for key in one.sources
    }
    assert used - listed == set()


def test_the_checks_that_law_files_may_name_exist() -> None:
    assert set(facts_words().checks) == set(standing._CHECKS)
