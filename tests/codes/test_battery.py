"""GB/T 34014: real codes, the date alphabets, what is refused and what is remarked on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes import CodeError, compose, explain, parse
from suyuan.codes.alphabets import day_of, month_of, year_of
from suyuan.kernel import Severity
from tests.codes.strategies import REFERENCE, days, designs, serials

GOOD = "04QCB76836300JBC40000903"

# docs/regulation.md 1.7: codes read from products and reports.
REAL = [
    ("04QCB76836300JBC40000903", "04Q", "C", "B", "76", "836300J", date(2021, 12, 4), "0000903"),
    ("04QCB76830200JD2A0005567", "04Q", "C", "B", "76", "830200J", date(2023, 2, 10), "0005567"),
    ("04QCB76718400JB630001092", "04Q", "C", "B", "76", "718400J", date(2021, 6, 3), "0001092"),
    ("001CB240000003B3C0221953", "001", "C", "B", "24", "0000003", date(2021, 3, 12), "0221953"),
    ("001CB310000009B960502763", "001", "C", "B", "31", "0000009", date(2021, 9, 6), "0502763"),
    ("07HCBC1P22G06AC700002596", "07H", "C", "B", "C1", "P22G06A", date(2022, 7, 31), "0002596"),
    ("03UPE01000011C85A00FTY20", "03U", "P", "E", "01", "000011C", date(2018, 5, 10), "00FTY20"),
    ("04FPE03EQBA5918B61100019", "04F", "P", "E", "03", "EQBA591", date(2018, 11, 6), "1100019"),
]


def first_refusal(text: str, levels: str = "PMC") -> tuple[str, int | None]:
    with pytest.raises(CodeError) as caught:
        parse(text, REFERENCE, levels)
    assert caught.value.text == text
    return caught.value.code, caught.value.position


@pytest.mark.parametrize("fields", REAL, ids=lambda fields: fields[0])
def test_real_codes_are_read(fields: tuple[str, str, str, str, str, str, date, str]) -> None:
    text, vendor, level, chemistry, spec, trace, day, serial = fields
    code = parse(text, REFERENCE)
    assert (code.form, code.vendor, code.level, code.chemistry) == ("24", vendor, level, chemistry)
    assert (code.spec, code.trace, code.produced_on, code.serial) == (spec, trace, day, serial)
    assert (code.text, code.design, code.suffix) == (text, text[:14], None)
    assert [f.code for f in code.findings] == (["codes.serial_letters"] if "F" in serial else [])


@given(designs, days, serials, st.sampled_from([None, "RP", "RM", "RC"]))
def test_composed_codes_parse_and_compose_again(design: str, day: date, serial: str, suffix: str | None) -> None:
    if len(design) == 7 and suffix is None:
        with pytest.raises(CodeError):
            compose(design, day, serial, suffix)
        return
    text = compose(design, day, serial, suffix)
    code = parse(text, REFERENCE)
    assert (code.design, code.produced_on, code.serial, code.suffix) == (design, day, serial, suffix)
    assert compose(code.design, code.produced_on, code.serial, code.suffix) == text


def test_the_date_alphabets_are_those_of_the_standard() -> None:
    years = {year_of(letter, date(2040, 1, 1)): letter for letter in "123456789ABCDEFGHJKLMNPRSTVWXY"}
    # The year after the reference is within reach, so "1" is 2041 already.
    assert years[2041] == "1"
    assert (years[2012], years[2019], years[2020], years[2028], years[2033], years[2034]) == tuple("29AJPR")
    assert (years[2036], years[2037], years[2040]) == tuple("TVY")
    assert [day_of(letter) for letter in "19AHJNPTVY0"] == [1, 9, 10, 17, 18, 22, 23, 26, 27, 30, 31]
    assert [month_of(letter) for letter in "19ABC"] == [1, 9, 10, 11, 12]
    for letter in "IOQUZ":
        assert year_of(letter, REFERENCE) is day_of(letter) is month_of(letter) is None
    assert year_of("0", REFERENCE) is month_of("0") is month_of("D") is None


@given(st.dates(date(2011, 1, 1), date(2101, 12, 31)), st.integers(0, 365 * 28))
def test_a_code_is_read_right_for_twenty_eight_years(day: date, age: int) -> None:
    text = compose("04QCB76836300J", day, 1)
    assert parse(text, day + timedelta(days=age)).produced_on == day


def test_a_year_still_to_come_is_not_taken_for_one_before_2011() -> None:
    assert year_of("J", REFERENCE) == 2028
    assert year_of("2", date(2041, 6, 1)) == 2042
    assert year_of("3", date(2041, 6, 1)) == 2013


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "codes.empty", None),
        ("1.23e+23", "codes.stored_as_number", None),
        ("123456789012345702580224", "codes.stored_as_number", None),
        ("04QCB76\u200b836300JBC40000903", "codes.invisible", 8),
        ("04QＣB76836300JBC40000903", "codes.full_width", 4),
        (" " + GOOD, "codes.separators", 1),
        ("04QCB76836300J\nBC40000903", "codes.separators", 15),
        ("04QCB76836300J-BC40000903", "codes.separators", 15),
        ("04qCB76836300JBC40000903", "codes.lower_case", 3),
        (GOOD[:-1], "codes.length", None),
        ("04QCB76,36300JBC40000903", "codes.character", 8),
        ("04QXB76836300JBC40000903", "codes.level", 4),
        ("04QCH76836300JBC40000903", "codes.chemistry", 5),
        ("04QCB76836300JUC40000903", "codes.year", 15),
        ("04QCB76836300J0C40000903", "codes.year", 15),
        ("04QCB76836300JBD40000903", "codes.month", 16),
        ("04QCB76836300JB040000903", "codes.month", 16),
        ("04QCB76836300JBCO0000903", "codes.day", 17),
        ("04QCB76836300JB2Y0000903", "codes.date", 15),  # 30 February
        ("04QCB76836300JB2X0000903", "codes.date", 15),  # 29 February 2021
        ("04QCB76836300JB400000903", "codes.date", 15),  # 31 April
        ("04QCB76BC40000903XC", "codes.suffix", 18),
        ("04QCB76836300JBC40000903RX", "codes.suffix", 25),
    ],
)
def test_what_is_refused(text: str, code: str, position: int | None) -> None:
    assert first_refusal(text) == (code, position)
    assert explain(text, REFERENCE).raw == text


def test_the_leap_day_of_a_leap_year_is_a_date() -> None:
    assert parse("04QCB76836300JD2W0000903", REFERENCE).produced_on == date(2023, 2, 28)
    assert parse("04QCB76836300JE2X0000903", REFERENCE).produced_on == date(2024, 2, 29)


def test_another_level_than_wanted_is_refused_and_the_wanted_one_is_not() -> None:
    assert first_refusal(GOOD, levels="PM") == ("codes.level_not_wanted", 4)
    assert parse(GOOD, REFERENCE, levels="C").level == "C"


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("04QCB76BC40000903RC", []),
        ("04QCB76BC40000903RP", ["codes.suffix_level"]),
        (GOOD + "RC", ["codes.form_26"]),
        (GOOD + "RM", ["codes.suffix_level", "codes.form_26"]),
        ("04QCB76836300JBC40000000", ["codes.serial_zero"]),
        ("04QCB76836300JGBN0000001", []),
        ("04QCB76836300JGBP0000001", ["codes.date_in_future"]),
        ("04QCB76836300JBC400009O3", ["codes.serial_letters", "codes.near_miss"]),
    ],
)
def test_what_is_accepted_with_a_remark(text: str, remarks: list[str]) -> None:
    explanation = explain(text, REFERENCE)
    assert explanation.valid
    assert [finding.code for finding in explanation.findings] == remarks
    assert all(finding.severity is not Severity.REFUSE for finding in explanation.findings)


def test_a_vendor_is_named_only_by_a_list_handed_in() -> None:
    assert explain(GOOD, REFERENCE).findings == ()
    known = explain(GOOD, REFERENCE, vendors={"04Q": "EVE"})
    assert known.positions[0].data["name"] == "EVE"
    assert known.findings == ()
    unknown = explain(GOOD, REFERENCE, vendors={"001": "CATL"})
    assert [finding.code for finding in unknown.findings] == ["codes.vendor_unknown"]


@pytest.mark.parametrize(
    "text",
    [
        "04QCB76836300J BC40000903",
        "04QCB76836300J\r\nBC40000903",
        "04QCB76836300J-BC40000903",
        "\ufeff" + GOOD,
        GOOD.lower(),
        "04QＣＢ76836300JBC40000903",
        "04QC876836300JBC40000903",
        "04QCB76836300JBC4OOOO9O3",
    ],
)
def test_near_misses_are_explained_and_never_repaired(text: str) -> None:
    explanation = explain(text, REFERENCE)
    assert explanation.raw == text
    assert explanation.suggestion == GOOD
    assert "codes.near_miss" in [finding.code for finding in explanation.findings]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("04QCB76836300JIC40000903", "04QCB76836300J1C40000903"),
        ("04QCB76836300JB1O0000903", "04QCB76836300JB100000903"),
        ("04QCB76836300JB1Q0000903", "04QCB76836300JB100000903"),
        ("04QCB76836300JB1U0000903", "04QCB76836300JB1V0000903"),
        ("04QCB76836300JB1Z0000903", "04QCB76836300JB120000903"),
    ],
)
def test_letters_that_the_date_does_not_use_are_taken_for_what_they_look_like(text: str, meant: str) -> None:
    explanation = explain(text, REFERENCE)
    assert not explanation.valid
    assert explanation.suggestion == meant
    assert parse(meant, REFERENCE).text == meant


def test_no_suggestion_where_the_digits_are_lost_or_another_fault_would_stay() -> None:
    assert explain("1.23e+23", REFERENCE).suggestion is None
    assert explain("123456789012345702580224", REFERENCE).suggestion is None
    assert explain(" 04QXB76836300JBC40000903", REFERENCE).suggestion is None


@pytest.mark.parametrize(
    ("text", "hint", "data"),
    [
        (GOOD[:-1], "codes.hint_short", {"form": "24", "missing": 1}),
        ("04QCB76BC4000090RC", "codes.hint_short", {"form": "19", "missing": 1}),
        (GOOD + "7", "codes.hint_long", {"form": "24", "extra": 1}),
        ("04QCB76836300J", "codes.hint_prefix", {}),
        ("LGWEEUA59JE003435", "codes.hint_vin", {}),
        ("91330800575349959F", "codes.hint_company", {}),
    ],
)
def test_a_wrong_length_says_what_it_may_be(text: str, hint: str, data: dict[str, str | int]) -> None:
    first, second = explain(text, REFERENCE).findings
    assert (first.code, first.data) == ("codes.length", {"length": len(text)})
    assert second.code == hint
    assert data.items() <= second.data.items()


def test_an_invalid_code_is_decoded_as_far_as_it_goes() -> None:
    explanation = explain("04QCB76836300JBC4-000903", REFERENCE)  # 24 characters, but one separates
    assert explanation.positions == ()
    explanation = explain("04QCX76836300JBC40000903", REFERENCE)
    assert (explanation.produced_on, explanation.readable("chemistry")) == (date(2021, 12, 4), None)
    assert explanation.characters("chemistry") == "X"
    assert explain(GOOD[:12], REFERENCE).readable("spec") == "76"
    assert explain(GOOD[:12], REFERENCE).readable("serial") is None


def test_composing_what_is_no_code_is_refused() -> None:
    for design, serial, suffix in [("04QCB76836300", 1, None), ("04QXB76836300J", 1, None), ("04QCB76", 1, "XX")]:
        with pytest.raises(CodeError):
            compose(design, date(2021, 12, 4), serial, suffix)
    for serial in (-1, 10_000_000):
        with pytest.raises(CodeError):
            compose("04QCB76836300J", date(2021, 12, 4), serial)
    with pytest.raises(ValueError, match="2011"):
        compose("04QCB76836300J", date(2010, 12, 31), 1)
