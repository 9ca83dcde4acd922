"""Reading duties: who sees which, in pages that neither lose nor repeat, in the state that the rules say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import transaction

from suyuan.kernel import Language
from suyuan.rules import Form, calendar, compute, law
from suyuan.rules.duties import State
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries import duties as reads
from suyuan.server.supervision.queries.history import Portion, events_between, roles
from suyuan.server.supervision.queries.wording import duty_json, explained_json
from suyuan.server.supervision.services.facts import Fact, enter_fact
from tests.server.cast import Cast
from tests.server.ledger.acting import VIN, ids_of, pack
from tests.server.supervision.watching import Watched, following, received

WHOLE = reads.Wanted()


@dataclass(frozen=True)
class Scene:
    """Three duties in Zhejiang (one at a site there), one of a fact, and who may see each."""

    of_utiliser: str
    of_collector: str
    of_fact: str
    scopes: dict[str, Scope]


@pytest.fixture
def scene(cast: Cast, clock: FixedClock, watched: Watched) -> Scene:
    """A utiliser in Quzhou, a collector in Ningbo with an outlet, a carmaker in Hangzhou with a certified model."""
    took = watched.report("utiliser_received", cast.utiliser, [received(pack(1), date(2026, 9, 1))])
    arrival = {"code": pack(2), "received_on": date(2026, 6, 20), "site_no": cast.collector.sites["O1"], "site": "O1"}
    collected = watched.report("outlet_received", cast.collector, [arrival])
    with transaction.atomic(), cursor() as run:
        fact = enter_fact(run, Fact(cast.carmaker.number, "model_certified", date(2026, 5, 6), "QJ-1"), clock=clock)
    following(clock)
    sites = cast.collector.sites
    scopes = {
        "nation": Scope.of_nation(),
        "zhejiang": Scope.of_province("330000"),
        "guangdong": Scope.of_province("440000"),
        "quzhou": Scope.of_city("330800"),
        "ningbo": Scope.of_city("330200"),
        "utiliser": cast.utiliser.scope,
        "collector": cast.collector.scope,
        "outlet": Scope.of_outlet(cast.collector.number, sites["O1"]),
        "other outlet": Scope.of_outlet(cast.collector.number, sites["O2"]),
        "carmaker": cast.carmaker.scope,
        "maker": cast.maker.scope,
    }
    return Scene(ids_of(took)[0], ids_of(collected)[0], str(fact), scopes)


SEEN = {
    "nation": "ucf",
    "zhejiang": "ucf",
    "guangdong": "",
    "quzhou": "u",
    "ningbo": "c",
    "utiliser": "u",
    "collector": "c",
    "outlet": "c",
    "other outlet": "",
    "carmaker": "f",
    "maker": "",
}
RULES = {"u": "utiliser.receipt", "c": "outlet.receipt", "f": "carmaker.dismantling_information"}


def listed(scope: Scope, on: date) -> set[str]:
    with cursor() as run:
        return {row.record for row in reads.page(run, scope, WHOLE, on, limit=50).rows}


def one(scope: Scope, on: date, record: str, duty: str) -> bool:
    try:
        with cursor() as run:
            return reads.explained(run, scope, UUID(record), duty, on).duty.record == record
    except Missing:
        return False


@pytest.mark.parametrize("who", SEEN)
def test_every_read_keeps_to_its_scope(clock: FixedClock, scene: Scene, who: str) -> None:
    """Every public read of the room, with the right and the wrong scopes."""
    scope, on = scene.scopes[who], clock.today()
    records = {"u": scene.of_utiliser, "c": scene.of_collector, "f": scene.of_fact}
    mine = set(SEEN[who])
    assert listed(scope, on) == {records[name] for name in mine}
    assert {name for name, record in records.items() if one(scope, on, record, RULES[name])} == mine
    with cursor() as run:
        assert sum(reads.counts(run, scope, on).values()) == len(mine)
        facts = {row.subject for row in reads.facts(run, scope)}
    assert facts == ({"QJ-1"} if "f" in mine else set())


def test_this_file_tries_every_read_that_takes_a_scope() -> None:
    taking: set[str] = {
        name
        for name, read in vars(reads).items()
        if callable(read) and getattr(read, "__module__", "") == reads.__name__ and "scope" in _parameters(read)
    }
    assert taking == {"page", "explained", "counts", "facts"}


def _parameters(read: Callable[..., object]) -> tuple[str, ...]:
    code = getattr(read, "__code__", None)
    return code.co_varnames[: code.co_argcount] if code else ()


def test_a_site_in_the_province_shows_a_stranger_s_duty_there(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    """A collector seated in Guangdong that runs an outlet in Ningbo: both provinces see it, Jiangsu does not."""
    with cursor() as run:
        run.execute("UPDATE registry_company SET division = '440300' WHERE number = %s", [cast.collector.number])
    arrival = {"code": pack(2), "received_on": date(2026, 6, 20), "site_no": cast.collector.sites["O1"], "site": "O1"}
    watched.report("outlet_received", cast.collector, [arrival])
    following(clock)
    seen = {code: len(listed(Scope.of_province(code), clock.today())) for code in ("330000", "440000", "320000")}
    assert seen == {"330000": 1, "440000": 1, "320000": 0}


# ---------------------------------------------------------------- pages, states


def many(cast: Cast, watched: Watched) -> None:
    """Receipts and removals on many days, so that every state occurs."""
    rows = [received(pack(n), date(2026, 1, 1) + timedelta(days=20 * n)) for n in range(1, 16)]
    watched.report("utiliser_received", cast.utiliser, rows)
    gone = [{"code": pack(50 + n), "vin": VIN, "removed_on": date(2026, 8, n)} for n in range(1, 6)]
    watched.report("battery_removed", cast.dismantler, gone)


def test_pages_neither_lose_nor_repeat(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    many(cast, watched)
    following(clock)
    found: list[tuple[str, str]] = []
    token: str | None = None
    for _ in range(20):
        with cursor() as run:
            page = reads.page(run, Scope.of_nation(), WHOLE, clock.today(), limit=4, cursor=token)
        found += [(row.record, row.duty) for row in page.rows]
        token = page.following
        if token is None:
            break
    assert len(found) == len(set(found)) == 25
    with cursor() as run:
        first = reads.page(run, Scope.of_nation(), WHOLE, clock.today(), limit=4).following
        with pytest.raises(Refusal):
            reads.page(run, Scope.of_nation(), reads.Wanted(duty="x"), clock.today(), limit=4, cursor=first)


def test_the_state_is_the_one_that_the_rules_say(cast: Cast, clock: FixedClock, watched: Watched) -> None:
    many(cast, watched)
    with transaction.atomic(), cursor() as run:
        enter_fact(run, Fact(cast.carmaker.number, "model_certified", date(2026, 5, 6), "late"), clock=clock)
        enter_fact(run, Fact(cast.carmaker.number, "model_certified", date(2026, 11, 6), "soon"), clock=clock)
    following(clock)
    on = clock.today()
    with transaction.atomic(), cursor() as run:
        history = events_between(run, law().part(Form.EVENT), Portion())
        states = {(row.record, row.duty): (row.state, row.late_days) for row in _all(run, on)}
        kept = {state.value: count for state, count in _by_state(run, on).items() if count}
        assert reads.counts(run, Scope.of_nation(), on) == kept
        held = roles(run)
    table = compute(law().part(Form.EVENT), calendar(), history, held, on)
    for event, duty, state, late in table.select("event", "duty", "state", "late_days").iter_rows():
        assert states[event, duty] == (State(state), late)
    assert {state for state, _ in states.values()} == set(State) - {State.VOID}


def _all(run: psycopg.Cursor[Row], on: date) -> Sequence[reads.DutyRow]:
    return reads.page(run, Scope.of_nation(), WHOLE, on, limit=500).rows


def _by_state(run: psycopg.Cursor[Row], on: date) -> dict[State, int]:
    """How many rows the listing of each state has."""
    return {
        state: len(reads.page(run, Scope.of_nation(), reads.Wanted(state=state), on, limit=500).rows) for state in State
    }


def test_overdue_is_not_overdue_on_the_last_day(cast: Cast, clock: FixedClock) -> None:
    with transaction.atomic(), cursor() as run:
        enter_fact(run, Fact(cast.carmaker.number, "model_certified", date(2026, 5, 6), "m"), clock=clock)
    following(clock)
    overdue = reads.Wanted(state=State.OVERDUE)
    with cursor() as run:
        last = reads.page(run, Scope.of_nation(), overdue, date(2026, 11, 6), limit=5)
        behind = reads.page(run, Scope.of_nation(), overdue, date(2026, 11, 9), limit=5)
    assert (len(last.rows), [row.late_days for row in behind.rows]) == (0, [3])


def test_one_duty_explains_itself_in_both_languages(cast: Cast, clock: FixedClock, scene: Scene) -> None:
    with cursor() as run:
        found = reads.explained(run, Scope.of_nation(), UUID(scene.of_utiliser), RULES["u"], clock.today())
    for language, word in ((Language.ZH, "综合利用企业接收"), (Language.EN, "received by a utiliser")):
        told = explained_json(found, language)
        steps = told["steps"]
        assert isinstance(steps, list)
        assert any(word in step["message"] for step in steps)
        assert told["state"] == "fulfilled_late"
        assert told["object"] == pack(1)
    plain = duty_json(found.duty, Language.EN)
    assert plain["due_on"] == "2026-10-08"  # 30 days after 1 September, moved on behind the National Day holidays
    assert plain["late_days"] == 45
