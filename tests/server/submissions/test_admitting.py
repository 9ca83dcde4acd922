"""Records are admitted under the law of the day on which they arrive."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from suyuan import rules
from suyuan.events.policy import DEFAULT
from suyuan.kernel import Severity
from suyuan.rules.records import Law
from suyuan.server.kit.clock import FixedClock
from suyuan.server.submissions import services
from suyuan.server.submissions.services import Order
from suyuan.server.submissions.services.admitting import policy_for, policy_on
from tests.server.api.face import pack
from tests.server.cast import Cast
from tests.server.counting import queries_of

LAST_OF_OLD = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)  # 23:59 in China
FIRST_OF_NEW = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)


@pytest.fixture
def lenient_since_2026(monkeypatch: pytest.MonkeyPatch) -> Iterator[Law]:
    """A law whose new regime accepts a second parent with a finding; the old one refuses it."""
    known = rules.law()
    changed = tuple(
        replace(one, answer=Severity.FINDING)
        if (one.instrument, one.contradiction) == ("order_73", "events.second_parent")
        else one
        for one in known.admissions
    )
    made = replace(known, admissions=changed)
    monkeypatch.setattr(rules, "law", lambda: made)
    policy_on.cache_clear()
    yield made
    policy_on.cache_clear()


def test_the_day_in_china_decides(lenient_since_2026: Law) -> None:
    old, new = policy_for(LAST_OF_OLD), policy_for(FIRST_OF_NEW)
    assert old.severity("pack_produced", "events.second_parent") is Severity.REFUSE
    assert new.severity("pack_produced", "events.second_parent") is Severity.FINDING
    assert policy_for(datetime(2018, 7, 1, tzinfo=UTC)) is DEFAULT


@pytest.mark.parametrize(("at", "admitted"), [(LAST_OF_OLD, 0), (FIRST_OF_NEW, 1)])
def test_the_same_record_is_refused_under_one_regime_and_admitted_with_a_finding_under_the_other(
    cast: Cast, lenient_since_2026: Law, at: datetime, admitted: int
) -> None:
    """The second pack has the modules of the first one."""
    import json

    clock = FixedClock(at)
    first = pack(1, produced_on="2026-03-01")
    second = {**pack(2, produced_on="2026-03-01"), "modules": first["modules"]}
    for record, expected in ((first, 1), (second, admitted)):
        body = json.dumps({"kind": "pack_produced", "records": [record]}).encode()
        done = services.receive(cast.maker.number, body, Order(name="x.json", channel="api"), clock=clock)
        assert done.admitted == expected, done.groups
    assert [group["severity"] for group in done.groups if group["code"] == "events.second_parent"] == (
        ["finding"] if admitted else ["refuse"]
    )


def test_asking_for_the_policy_costs_no_query(cast: Cast) -> None:
    policy_on.cache_clear()
    with queries_of() as seen:
        for minute in range(50):
            policy_for(datetime(2026, 11, 22, 2, minute, tzinfo=UTC))
    assert seen == []
    assert policy_on.cache_info().misses == 1
