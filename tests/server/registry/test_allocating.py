"""Codes are given out without a gap and never twice: in turn, at the same moment, and when the giver dies."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count

import pytest
from django.db import connections

from suyuan.codes import compose, split_code
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries import serials
from suyuan.server.registry.queries.batches import Batch, batch, batches
from suyuan.server.registry.services import import_filings
from suyuan.server.registry.services.allocating import LARGEST_BATCH, CodeOrder, allocate
from tests.server.cast import CELL_PREFIX, NATION, NOW, PACK_PREFIX, UTILISER_VENDOR, Actor, Cast

DAY = date(2026, 11, 22)


def give(actor: Actor, number: int, **changes: object) -> Batch:
    usual: dict[str, object] = {"prefix": PACK_PREFIX, "produced_on": DAY, "count": number}
    order = CodeOrder(**{**usual, **changes})  # type: ignore[arg-type]  # checked by the service
    return allocate(actor.scope, order, serials, actor.name, FixedClock(NOW))


def refused(kind: type[SuyuanError], actor: Actor, number: int = 1, **changes: object) -> str:
    with pytest.raises(kind) as refusal:
        give(actor, number, **changes)
    return str(refusal.value.code)


def spans(lot: str) -> list[tuple[int, int, bool]]:
    with cursor() as run:
        return run.execute(
            "SELECT first, last, given FROM registry_allocation WHERE lot = %s ORDER BY first", [lot]
        ).fetchall()


def test_batches_follow_each_other(cast: Cast) -> None:
    first, second = give(cast.maker, 3), give(cast.maker, 2)
    assert first.codes == [compose(PACK_PREFIX, DAY, serial) for serial in (1, 2, 3)]
    assert second.codes == [compose(PACK_PREFIX, DAY, serial) for serial in (4, 5)]
    assert give(cast.maker, 1, produced_on=DAY + timedelta(days=1)).first == 1
    assert give(cast.maker, 1, prefix=CELL_PREFIX).first == 1
    assert (first.model, first.actor, first.asked_at) == ("P-8", "maker", NOW)


def test_codes_with_and_without_an_ending_are_counted_apart(cast: Cast) -> None:
    assert give(cast.maker, 2, suffix="RP").codes == [compose(PACK_PREFIX, DAY, n, "RP") for n in (1, 2)]
    assert give(cast.maker, 1).first == 1
    assert refused(Refusal, cast.maker, suffix="RC") == "labels.suffix_wanted"
    common = {"company": cast.utiliser.code, "filed_on": date(2018, 1, 1), "model": "U"}
    import_filings(cast.utiliser.scope, [{**common, "prefix": f"{UTILISER_VENDOR}PB01"}]).or_raise()
    assert refused(Refusal, cast.utiliser, prefix=f"{UTILISER_VENDOR}PB01") == "labels.suffix_wanted"
    given = give(cast.utiliser, 2, prefix=f"{UTILISER_VENDOR}PB01", suffix="RP")
    assert [len(code) for code in given.codes] == [19, 19]


def test_the_same_request_gives_the_same_batch(cast: Cast) -> None:
    first = give(cast.maker, 5, request="order-1")
    assert give(cast.maker, 5, request="order-1") == first
    assert give(cast.maker, 5, request="order-2").first == 6
    assert refused(Conflict, cast.maker, 6, request="order-1") == "labels.request_differs"
    other_day = {"produced_on": DAY + timedelta(days=1)}
    assert refused(Conflict, cast.maker, 5, request="order-1", **other_day) == "labels.request_differs"


def test_what_is_not_ones_own_is_not_given(cast: Cast) -> None:
    assert refused(Missing, cast.carmaker) == "labels.filing_missing"
    assert refused(Forbidden, cast.nation) == "labels.only_companies"
    outlet = Actor("outlet", Scope.of_outlet(cast.maker.number, cast.maker.sites["F1"]), "")
    assert refused(Forbidden, outlet) == "labels.only_companies"
    assert refused(Missing, cast.maker, produced_on=date(2017, 12, 31)) == "labels.filing_missing"
    assert batches(NATION) == []


@pytest.mark.parametrize("number", [0, -1, LARGEST_BATCH + 1])
def test_the_size_of_a_batch(cast: Cast, number: int) -> None:
    assert refused(Refusal, cast.maker, number) == "labels.batch_size"


@pytest.mark.parametrize("day", [date(2010, 12, 31), date(2028, 1, 1)])
def test_a_day_that_codes_cannot_have(cast: Cast, day: date) -> None:
    assert refused(Refusal, cast.maker, produced_on=day) == "labels.day_impossible"


def report(lot: str, *numbers: int) -> None:
    with cursor() as run:
        for serial in numbers:
            run.execute(
                "INSERT INTO ledger_event (lot, serial, id, slot, kind, reporter, record, submission, occurred_at)"
                " VALUES (%s, %s, gen_random_uuid(), 0, 3, 1, 1, 1, now())",
                [lot, serial],
            )


def test_serials_that_were_reported_are_passed_over(cast: Cast) -> None:
    lot = split_code(compose(PACK_PREFIX, DAY, 1))[0]
    report(lot, 1, 2, 9, 9_999_999)
    assert (give(cast.maker, 4).first, give(cast.maker, 4).first) == (3, 10)
    assert spans(lot) == [(1, 2, False), (3, 6, True), (7, 9, False), (10, 13, True)]


def test_cells_in_blocks_are_passed_over(cast: Cast) -> None:
    lot = split_code(compose(CELL_PREFIX, DAY, 1))[0]
    with cursor() as run:
        run.execute("INSERT INTO ledger_block (lot, block, submission, mask) VALUES (%s, 1, 1, 6)", [lot])  # 65 and 66
        assert serials.reported(run, lot, 1, 100) == {65, 66}
        assert [serials.free_from(run, lot, 1, n) for n in (64, 65)] == [1, 67]
        assert [serials.free_from(run, lot, n, 1) for n in (64, 65, 66, 67)] == [64, 67, 67, 67]


def test_a_lot_that_is_used_up(cast: Cast) -> None:
    lot = split_code(compose(PACK_PREFIX, DAY, 1))[0]
    report(lot, 9_999_998)
    with cursor() as run:
        assert serials.free_from(run, lot, 9_999_997, 1) == 9_999_997
        assert serials.free_from(run, lot, 9_999_998, 1) == 9_999_999
        assert serials.free_from(run, lot, 9_999_998, 2) is None
        run.execute("INSERT INTO registry_code_sequence VALUES (%s, 9999998)", [lot])
    assert refused(Conflict, cast.maker, 2) == "labels.lot_exhausted"


def test_the_database_itself_forbids_gaps_and_doubles(cast: Cast) -> None:
    given = give(cast.maker, 5)
    for first, last in ((7, 9), (5, 8), (1, 1), (6, 5)):
        with pytest.raises(Exception, match="registry_allocation"), cursor() as run:
            run.execute(
                "INSERT INTO registry_allocation"
                " (lot, first, last, company, prefix, produced_on, given, actor, asked_at)"
                " VALUES (%s, %s, %s, %s, 'x', now(), true, 'x', now())",
                [given.lot, first, last, given.company],
            )
    for statement in ("DELETE FROM registry_allocation", "UPDATE registry_allocation SET actor = ''"):
        with pytest.raises(Exception, match="permission denied"), cursor() as run:
            run.execute(statement)


def test_only_the_company_and_its_authority_see_a_batch(cast: Cast) -> None:
    given = give(cast.maker, 1)
    for actor in (cast.maker, cast.guangdong, cast.nation):
        assert [one.number for one in batches(actor.scope)] == [given.number]
        assert batch(actor.scope, given.number) == given
    for actor in (cast.carmaker, cast.zhejiang):
        assert batches(actor.scope) == []
        with pytest.raises(Missing, match="batch_not_found"):
            batch(actor.scope, given.number)


def test_many_at_the_same_moment(cast: Cast) -> None:
    clients, each = 6, 8
    start = threading.Barrier(clients)

    def client(_: int) -> list[Batch]:
        start.wait()
        try:
            return [give(cast.maker, 7) for _ in range(each)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(clients) as pool:
        given = [one for some in pool.map(client, range(clients)) for one in some]
    codes = [code for one in given for code in one.codes]
    assert sorted(codes) == [compose(PACK_PREFIX, DAY, serial) for serial in range(1, clients * each * 7 + 1)]


def test_the_same_request_at_the_same_moment(cast: Cast) -> None:
    start = threading.Barrier(4)

    def client(_: int) -> Batch:
        start.wait()
        try:
            return give(cast.maker, 3, request="one order")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(client, range(4)))) == 1


def test_whoever_is_killed_leaves_all_or_nothing(cast: Cast, clean_database: str) -> None:
    """A client that asks again with its request gets each code once, wherever the first attempt was killed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    command = [sys.executable, "-m", "tests.server.registry.giving", str(cast.maker.number), NOW.isoformat()]
    with subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True) as giver:
        assert giver.stdin is not None
        assert giver.stdout is not None
        kept = 0
        for step in count(1):
            print(step, f"r{step}", file=giver.stdin, flush=True)
            end = int(giver.stdout.readline())
            rows = spans(split_code(compose(PACK_PREFIX, DAY, 1))[0])
            assert len(rows) - kept in ({0, 1} if end else {1}), step
            assert give(cast.maker, 10, request=f"r{step}").first == 10 * kept + 1, step
            kept += 1
            if not end:
                break
            assert end == -signal.SIGKILL
    assert kept > 5
    rows = spans(split_code(compose(PACK_PREFIX, DAY, 1))[0])
    assert rows == [(10 * n + 1, 10 * n + 10, True) for n in range(kept)]
