"""Qualifications: entered with their source, ended once, withdrawn with a reason; and who may do and see it."""

from collections.abc import Mapping
from datetime import date

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.qualifications import (
    Qualification,
    Wanted,
    qualification,
    qualification_kinds,
    qualifications,
)
from suyuan.server.registry.services.qualifications import (
    import_qualifications,
    import_sheet,
    read_qualifications,
    withdraw_qualification,
)
from suyuan.server.registry.services.sieve import Imported
from suyuan.sheets import findings
from tests.server.cast import NATION, Cast
from tests.server.counting import queries_of

WHO = "key:abc"
DAY = date(2026, 5, 1)


def row(cast: Cast, **changes: object) -> dict[str, object]:
    """A discharge permit of the utiliser."""
    usual: dict[str, object] = {
        "company": cast.utiliser.code,
        "kind": "discharge_permit",
        "reference": "91330800-P",
        "valid_from": DAY,
        "status": "simulated",
        "source": "made up for a test",
    }
    return {**usual, **changes}


def entered(*rows: Mapping[str, object], by: Scope = NATION, clock: FixedClock | None = None) -> Imported:
    return import_qualifications(by, WHO, list(rows), *([clock] if clock else []))


def codes(done: Imported) -> set[str]:
    """What was found; each has its sentence in both languages."""
    for code, data, value, name in done.findings.select("code", "data", "value", "field").iter_rows():
        for language in Language:
            text = sentence(code, {"value": value, "field": name, **findings.unpack(data)}, language)
            assert text != code
            assert "{" not in text
    return set(done.findings["code"])


def listed(scope: Scope = NATION, **wanted: object) -> list[Qualification]:
    with cursor() as run:
        return list(qualifications(run, scope, Wanted(**wanted)).rows)  # type: ignore[arg-type]  # as the test says


def test_a_row_is_entered_once_with_its_source_and_who_entered_it(cast: Cast, clock: FixedClock) -> None:
    assert entered(row(cast), clock=clock).entered == 1
    assert entered(row(cast), clock=clock).entered == 1  # known word for word: nothing changes
    (one,) = listed()
    assert (one.company, one.sort, one.entered_by, one.entered_at) == (cast.utiliser.code, "permit", WHO, clock.now())
    assert one.holds(DAY)
    assert not one.holds(date(2026, 4, 30))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"company": None}, "registry.value_missing"),
        ({"company": "91440300X"}, "registry.company_unknown"),
        ({"kind": "licence_to_kill"}, "qualifications.kind_unknown"),
        ({"status": "rumoured"}, "qualifications.status_unknown"),
        ({"source": " "}, "registry.value_missing"),
        ({"kind": "industry_conditions"}, "qualifications.category_missing"),
        ({"kind": "industry_conditions", "category": "magic"}, "qualifications.category_unknown"),
        ({"category": "echelon"}, "qualifications.category_strange"),
        ({"kind": "pilot_region"}, "registry.value_missing"),
        ({"kind": "pilot_region", "division": "990000"}, "codes.division_province"),
        ({"amount_yuan": 5.0}, "qualifications.amount_strange"),
        ({"kind": "administrative_penalty", "amount_yuan": -1.0}, "qualifications.amount_impossible"),
        ({"valid_to": date(2026, 4, 30)}, "registry.validity_reversed"),
    ],
)
def test_a_row_that_is_wrong_is_named(cast: Cast, changes: dict[str, object], code: str) -> None:
    done = entered(row(cast, **changes), row(cast, kind="project_filing"))
    assert done.entered == 1
    assert codes(done) == {code}
    assert [one.kind for one in listed()] == ["project_filing"]


def test_a_row_gets_its_last_day_once_with_a_source_of_its_own(cast: Cast, clock: FixedClock) -> None:
    list_row = row(cast, kind="industry_conditions", category="echelon", batch="4")
    assert entered(list_row).entered == 1
    removed = {**list_row, "valid_to": date(2026, 7, 29), "source": "announcement 2026 No. 20"}
    assert import_qualifications(NATION, "key:other", [removed], clock).entered == 1
    (one,) = listed()
    assert (one.valid_to, one.ended_by, one.ended_at) == (date(2026, 7, 29), "key:other", clock.now())
    assert (one.source, one.end_source) == ("made up for a test", "announcement 2026 No. 20")
    assert codes(entered({**list_row, "valid_to": date(2027, 1, 1)})) == {"qualifications.ended_before"}
    assert codes(entered({**removed, "batch": "5"})) == {"qualifications.known_otherwise"}
    assert [one.kind for one in listed(on=date(2026, 7, 29))] == ["industry_conditions"]
    assert listed(on=date(2026, 7, 30)) == []


@pytest.mark.parametrize(("fined_on", "barred"), [(date(2026, 4, 2), True), (date(2026, 3, 31), False)])
def test_a_company_fined_within_two_years_is_remarked_on(cast: Cast, fined_on: date, barred: bool) -> None:
    """The bar is one of Order 73, which is in force from 1 April 2026 on."""
    penalty = row(cast, kind="administrative_penalty", valid_from=fined_on, valid_to=fined_on, amount_yuan=50_000.0)
    done = entered(penalty, row(cast, kind="industry_conditions", category="recycling"))
    assert done.entered == 2
    assert codes(done) == ({"qualifications.barred"} if barred else set())


def test_a_wrong_row_is_withdrawn_with_a_reason_and_stays(cast: Cast, clock: FixedClock) -> None:
    entered(row(cast))
    (one,) = listed()
    with pytest.raises(Refusal, match="reason_missing"):
        withdraw_qualification(NATION, WHO, one.number, " ", clock)
    withdraw_qualification(NATION, "key:late", one.number, "another company", clock)
    assert listed() == []
    (gone,) = listed(withdrawn=True)
    assert (gone.withdrawn_by, gone.withdrawn_at, gone.reason) == ("key:late", clock.now(), "another company")
    assert not gone.holds(DAY)
    with pytest.raises(Missing):
        withdraw_qualification(NATION, WHO, one.number, "again", clock)
    assert entered(row(cast, note="right now")).entered == 1  # the place is free again


def test_who_may_enter_withdraw_and_see(cast: Cast) -> None:
    """The utiliser is seated in Zhejiang: its authority and the nation may, Guangdong and companies may not."""
    assert codes(entered(row(cast), by=cast.guangdong.scope)) == {"registry.outside_scope"}
    assert codes(entered(row(cast), by=cast.utiliser.scope)) == {"registry.outside_scope"}
    assert entered(row(cast), by=cast.zhejiang.scope).entered == 1
    (one,) = listed(cast.zhejiang.scope)
    assert listed(cast.utiliser.scope) == [one]
    assert listed(cast.guangdong.scope) == listed(cast.maker.scope) == []
    with cursor() as run, pytest.raises(Missing):
        qualification(run, cast.maker.scope, one.number)
    with pytest.raises(Forbidden):
        withdraw_qualification(cast.utiliser.scope, WHO, one.number, "mine", FixedClock(one.entered_at))
    with pytest.raises(Missing):
        withdraw_qualification(cast.guangdong.scope, WHO, one.number, "not mine", FixedClock(one.entered_at))


def test_nothing_can_be_deleted_or_rewritten(cast: Cast) -> None:
    entered(row(cast))
    for statement in ("DELETE FROM registry_qualification", "UPDATE registry_qualification SET source = 'x'"):
        with (
            pytest.raises((ProgrammingError, IntegrityError, SuyuanError, Exception), match="permission denied"),
            transaction.atomic(),
            cursor() as run,
        ):
            run.execute(statement)


def test_a_table_with_chinese_headings_is_read_row_by_row(cast: Cast) -> None:
    text = (
        "企业代码,资质类别,综合利用类别,批次,罚款金额(元),起始日期,可信程度,来源\n"
        f"{cast.utiliser.code},规范条件企业名单,再生利用,3,,2026-05-01,已核实,公告\n"
        f"{cast.utiliser.code},行政处罚,,,很多,2026-05-02,已核实,公告\n"
        f"{cast.utiliser.code},行政处罚,,,12000.50,2026-05-03,已核实,公告\n"
        "91330800MA00000000,行政处罚,,,,2026-05-04,已核实,公告\n"
    )
    sheet = read_qualifications(text.encode(), "资质.csv")
    done = import_sheet(NATION, WHO, sheet)
    assert done.entered == 2
    refused = done.findings.filter(done.findings["severity"] == "refuse")
    assert {1, 3} == set(refused["row"])
    assert {(one.kind, one.category, one.batch) for one in listed()} == {
        ("industry_conditions", "recycling", "3"),
        ("administrative_penalty", "", ""),
    }


def test_many_rows_cost_as_many_statements_as_two(cast: Cast) -> None:
    counted = []
    for number, size in enumerate((2, 400)):
        rows = [row(cast, reference=f"{number}-{n}") for n in range(size)]
        with queries_of() as seen:
            assert entered(*rows).entered == size
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_pages_follow_each_other(cast: Cast) -> None:
    entered(*(row(cast, reference=str(n)) for n in range(5)))
    with cursor() as run:
        first = qualifications(run, NATION, Wanted(), limit=3)
        rest = qualifications(run, NATION, Wanted(), limit=3, cursor=first.following)
    assert len({one.reference for one in [*first.rows, *rest.rows]}) == 5
    assert rest.following is None


def test_every_kind_has_both_titles() -> None:
    assert all(one.label.zh and one.label.en for one in qualification_kinds().values())
