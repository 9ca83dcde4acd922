"""VIN, company codes and divisions: published and real vectors, and an independent oracle."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from suyuan.codes import (
    CodeError,
    Register,
    Tier,
    check_company,
    check_division,
    check_uscc,
    check_vin,
    division,
    national,
    parse_division,
    parse_duns,
    parse_uscc,
    parse_vin,
    read_vendors,
)
from suyuan.codes.uscc import ALPHABET, organisation_check, uscc_check
from suyuan.codes.vin import VALUES, YEAR_LETTERS, check_digit, model_year
from suyuan.kernel import SuyuanError
from tests.codes.strategies import REFERENCE


@pytest.mark.parametrize(("text", "year"), [("LGWEEUA59JE003435", 2018), ("1M8GDM9AXKP042788", 2019)])
def test_real_vins(text: str, year: int) -> None:
    vin = parse_vin(text, REFERENCE)
    assert (vin.maker, vin.description, vin.indicator) == (text[:3], text[3:9], text[9:])
    assert (vin.model_year, vin.findings) == (year, ())


@given(st.text("".join(VALUES), min_size=17, max_size=17), st.sampled_from(YEAR_LETTERS), st.integers(0, 16))
def test_a_vin_with_its_check_digit_is_accepted_and_another_digit_is_not(text: str, year: str, at: int) -> None:
    text = text[:9] + year + text[10:]
    good = text[:8] + check_digit(text) + text[9:]
    assert check_vin(good) == ()
    wrong = "1" if good[8] != "1" else "2"
    assert [finding.code for finding in check_vin(good[:8] + wrong + good[9:])][-1] == "codes.vin_check"


def test_the_year_of_a_vehicle_is_not_that_of_a_battery() -> None:
    assert [model_year(letter, REFERENCE) for letter in "ABHJTVW1Y"] == [
        2010, 2011, 2017, 2018, 2026, 2027, 1998, 2001, 2000,
    ]  # fmt: skip
    assert model_year("W", date(2027, 1, 1)) == 2028
    assert [model_year(letter, REFERENCE) for letter in "UZ0IOQ"] == [None] * 6


@pytest.mark.parametrize("text", ["TEST1234567890123", "LGWEEUA58JE003435", "OIQ45678901234567"])
def test_numbers_of_test_benches_pass_only_when_lenient(text: str) -> None:
    with pytest.raises(CodeError):
        parse_vin(text, REFERENCE)
    vin = parse_vin(text, REFERENCE, strict=False)
    assert [finding.code for finding in vin.findings] == ["codes.vin_not_standard"]


@pytest.mark.parametrize("text", ["TEST123456789012", "TEST12345678901234", "test1234567890123", "TEST 234567890123"])
def test_lenient_is_not_careless(text: str) -> None:
    with pytest.raises(CodeError):
        parse_vin(text, REFERENCE, strict=False)


@pytest.mark.parametrize("text", ["91330800575349959F", "91110105MA009PJM56", "91110000600037341L"])
def test_real_credit_codes(text: str) -> None:
    code = parse_uscc(text)
    assert (code.authority, code.entity_class, code.division) == (text[0], text[1], text[2:8])
    assert (code.organisation, code.check, code.findings) == (text[8:17], text[17], ())
    assert check_company(text) == ()


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_an_independent_implementation_agrees_on_credit_codes(body: str) -> None:
    digits = "".join(character if character.isdigit() else str(ord(character) % 10) for character in body[:8])
    body = digits + body[8:]
    good = body + uscc_check(body)
    assert oracle.is_valid(good) == all(f.code == "codes.uscc_organisation" for f in check_uscc(good))
    for check in ALPHABET:
        accepted = all(finding.code == "codes.uscc_organisation" for finding in check_uscc(body + check))
        assert accepted == (oracle.calc_check_digit(body) == check)


def test_letters_may_name_the_authority_but_not_the_division() -> None:
    for authority, accepted in [("N1330800", True), ("9Y330800", True), ("91A30800", False)]:
        body = authority + "575349959"
        assert (check_uscc(body + uscc_check(body)) == ()) is accepted


def test_the_organisation_code_inside_is_a_finding_of_its_own() -> None:
    assert organisation_check("57534995") == "9"
    body = "91330800575349958"
    (finding,) = check_uscc(body + uscc_check(body))
    assert (finding.code, finding.position, finding.data["expected"]) == ("codes.uscc_organisation", 17, "9")


def test_a_company_is_eighteen_characters_or_nine_digits() -> None:
    assert check_company("123456789") == ()
    assert parse_duns("123456789") == "123456789"
    assert [finding.code for finding in check_company("12345678X")] == ["codes.duns_character"]
    assert [finding.code for finding in check_company("1234567890")] == ["codes.company_length"]
    for text in ("12345678", "12345678X", "１23456789"):
        with pytest.raises(CodeError):
            parse_duns(text)


# docs/regulation.md 10.2
PROVINCES = (
    "11 北京 12 天津 13 河北 14 山西 15 内蒙古 21 辽宁 22 吉林 23 黑龙江 31 上海 32 江苏 33 浙江 34 安徽 35 福建 "
    "36 江西 37 山东 41 河南 42 湖北 43 湖南 44 广东 45 广西 46 海南 50 重庆 51 四川 52 贵州 53 云南 54 西藏 "
    "61 陕西 62 甘肃 63 青海 64 宁夏 65 新疆 71 台湾 81 香港 82 澳门"
)


def test_the_register_has_every_province_and_no_other() -> None:
    words = PROVINCES.split()
    expected = dict(zip(words[::2], words[1::2], strict=True))
    found = {entry.code[:2]: entry.name for entry in national().provinces(REFERENCE)}
    assert found.keys() == expected.keys()
    assert all(found[code].startswith(name) for code, name in expected.items())


def test_a_division_has_a_name_a_tier_and_parents() -> None:
    city = division("330800", REFERENCE)
    assert city is not None
    assert (city.name, city.tier, city.verified) == ("衢州市", Tier.PREFECTURE, False)
    assert national().name("110105", REFERENCE) == "朝阳区"
    county = national().parent("110105", REFERENCE)
    assert county is not None
    assert (county.code, county.tier) == ("110100", Tier.PREFECTURE)
    province = national().parent("330800", REFERENCE)
    assert province is not None
    assert province.code == "330000"
    assert national().parent("330000", REFERENCE) is None
    assert national().parent("339999", REFERENCE) == province
    assert "330800" in [entry.code for entry in national().children("330000", REFERENCE)]


def test_the_days_of_a_division_count() -> None:
    register = Register.from_csv(
        "code,name,valid_from,valid_to,status\n"
        "990000,甲省,,,verified\n990100,旧市,,2019-12-31,verified\n990100,新市,2020-01-01,,verified\n"
        "990101,旧县,,2019-12-31,verified\n"
    )
    before, after = date(2019, 12, 31), date(2020, 1, 1)
    assert [register.name("990100", day) for day in (before, after)] == ["旧市", "新市"]
    assert check_division("990101", before, register) == ()
    assert [finding.code for finding in check_division("990101", after, register)] == ["codes.division_not_valid"]
    assert parse_division("990101", after, register) is None
    assert [entry.name for entry in register.children("990100", before)] == ["旧县"]
    assert register.children("990100", after) == []


def test_an_unknown_county_is_a_warning_and_an_unknown_province_a_refusal() -> None:
    assert [finding.code for finding in check_division("339999", REFERENCE)] == ["codes.division_unknown"]
    assert parse_division("339999", REFERENCE) is None
    for text in ("009999", "3308", "33080O", "３30800"):
        with pytest.raises(CodeError):
            parse_division(text, REFERENCE)


def test_a_list_of_vendors_is_read_or_refused_with_its_line() -> None:
    assert read_vendors("code,name\n001,CATL\n04Q,EVE\n") == {"001": "CATL", "04Q": "EVE"}
    for text in ("code,name\n001,CATL\n001,EVE\n", "code,name\n001,CATL\n4Q,EVE\n", "code\n\n001\n001\n"):
        with pytest.raises(SuyuanError) as caught:
            read_vendors(text)
        assert caught.value.code == "codes.vendor_list"
