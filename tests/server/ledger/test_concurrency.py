"""Two clients claim the same thing at the same moment: one wins, the other hears why, nobody waits for ever."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from suyuan.codes import split_code
from suyuan.events.admission import CODES
from suyuan.events.records import Batch
from suyuan.server.ledger.queries.containers import Container, containers
from suyuan.server.ledger.services import withdraw
from tests.events.examples import battery_code, vin
from tests.events.histories import Row as Cells
from tests.events.histories import batch_of
from tests.server.ledger.book import Book, hexes
from tests.server.ledger.test_append import D

PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Told:
    """What one client heard; `attempts` counts how often it had to start again."""

    admitted: int
    refused: int
    duplicate: int
    codes: frozenset[str]
    attempts: int


def tree(pack: int, cells: range, module: int | None = None, packs: int = 1) -> list[list[Cells]]:
    """Records of packs with their cells in one module each; only the first pack has the cells named."""
    made = []
    for n in range(packs):
        base: Cells = {"pack_code": battery_code("P", pack + n), "produced_on": D[0]}
        base["module_code"] = battery_code("M", (pack if module is None else module) + n)
        inside = cells if n == 0 else range(1_000_000 + 1000 * (pack + n), 1_000_000 + 1000 * (pack + n) + len(cells))
        made.append([{**base, "cell_code": battery_code("C", c)} for c in inside])
    return made


class Race:
    """Clients with connections of their own that start at the same moment."""

    def __init__(self, dsn: str) -> None:
        self.books = [Book.open(dsn, seed) for seed in (1, 2, 3)]
        for number, book in enumerate(self.books):
            book.submission = 1_000_000 * number
            book.connection.execute("SET lock_timeout = '30s'")
            book.connection.commit()

    def run(self, *batches: Batch) -> list[Told]:
        start = threading.Barrier(len(batches))
        with ThreadPoolExecutor(len(batches)) as pool:
            told = [pool.submit(self.send, book, one, start) for book, one in zip(self.books, batches, strict=False)]
            return [one.result(PATIENCE_S) for one in told]

    @staticmethod
    def send(book: Book, batch: Batch, start: threading.Barrier) -> Told:
        start.wait(PATIENCE_S)
        for attempt in range(1, 6):
            try:
                done = book.append(batch)
            except psycopg.errors.UniqueViolation:  # somebody first wrote the row of a new vehicle
                continue
            found = done.contradictions
            codes = frozenset(CODES[code] for code, bars in zip(found.code, found.refuses, strict=True) if bars)
            refused = ~done.admitted & ~done.duplicate
            return Told(int(done.admitted.sum()), int(refused.sum()), int(done.duplicate.sum()), codes, attempt)
        raise AssertionError("no end of trying again")

    def close(self) -> None:
        for book in self.books:
            book.connection.close()


@pytest.fixture
def race(clean_database: str) -> Iterator[Race]:
    made = Race(clean_database)
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Claim:
    """One client appends a batch while another withdraws a record."""

    race: Race
    batch: Batch
    record: str
    start: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))

    def both(self) -> tuple[Told, bool]:
        with ThreadPoolExecutor(2) as pool:
            sent = pool.submit(Race.send, self.race.books[2], self.batch, self.start)
            withdrawn = pool.submit(self.take_back, self.race.books[1])
            return sent.result(PATIENCE_S), withdrawn.result(PATIENCE_S)

    def take_back(self, book: Book) -> bool:
        self.start.wait(PATIENCE_S)
        filing = book.filing()
        with book.connection.transaction(), book.connection.cursor() as run:
            return bool(withdraw(run, {self.record: "twice"}, filing).records)


def binding(pack: int, vehicle: int) -> Cells:
    return {"vin": vin(vehicle), "pack_code": battery_code("P", pack), "produced_on": D[1]}


def assert_one_won(told: list[Told], code: str) -> None:
    """Each record in dispute was admitted once; the loser was told `code`."""
    assert min(one.refused for one in told) == 0, told
    assert max(one.refused for one in told) == 1, told
    loser = max(told, key=lambda one: one.refused)
    assert code in loser.codes, told


def test_the_same_pack_twice(race: Race) -> None:
    """The same reporter repeats himself; another one is refused."""
    for n in range(15):
        cells = range(100 * n, 100 * n + 60)
        told = race.run(batch_of("pack_produced", tree(n, cells)), batch_of("pack_produced", tree(n, cells)))
        assert sorted((one.admitted, one.duplicate) for one in told) == [(0, 1), (1, 0)]
    for n in range(100, 115):
        cells = range(100 * n, 100 * n + 60)
        told = race.run(batch_of("pack_produced", tree(n, cells), 1), batch_of("pack_produced", tree(n, cells), 2))
        assert_one_won(told, "events.already_reported")
    assert race.books[0].rebuild().clean


@pytest.mark.parametrize("packs", [(1, 1), (1, 20), (20, 20)], ids=["small", "small and bulk", "bulk"])
def test_overlapping_cells_of_two_packs(race: Race, packs: tuple[int, int]) -> None:
    for n in range(12):
        base = 100 * n
        first = tree(1000 * n, range(base, base + 60), packs=packs[0])
        second = tree(1000 * n + 500, range(base + 59, base + 90), packs=packs[1])
        told = race.run(batch_of("pack_produced", first, 1), batch_of("pack_produced", second, 2))
        assert_one_won(told, "events.second_parent")
        assert sum(one.admitted for one in told) == sum(packs) - 1
    births = [(child, parent) for _, child, parent in race.books[0].births()]
    assert len(births) == len({child for child, _ in births})
    assert race.books[0].rebuild().clean


def test_crossing_parents_of_one_module(race: Race) -> None:
    """A pack's tree claims the module while a product is made of it."""
    for n in range(12):
        module, product, pack = battery_code("M", 5000 + n), battery_code("P", 9000 + n), battery_code("P", n)
        received: Cells = {"code": module, "received_on": D[0] - timedelta(days=1)}
        race.books[0].report("utiliser_received", [received], reporter=2)
        made: Cells = {"making_no": "N", "made_on": D[1], "product_code": product, "source_code": module}
        packed = batch_of("pack_produced", tree(n, range(100 * n, 100 * n + 20), 5000 + n), 1)
        told = race.run(packed, batch_of("product_made", [[made]], 2))
        assert sum(one.admitted for one in told) == 1, told
        if told[0].admitted:  # the module is in a pack of somebody else's now
            assert told[1].codes == {"events.wrong_holder"}
        else:
            assert told[0].codes & {"events.second_parent", "events.part_not_available"}
        with race.books[0].connection.transaction(), race.books[0].connection.cursor() as run:
            now = containers(run, [split_code(module)])
        assert now == {split_code(module): Container(split_code(pack if told[0].admitted else product))}
    assert race.books[0].rebuild().clean


def test_two_carmakers_bind_one_pack(race: Race) -> None:
    for n in range(20):
        race.books[0].report("pack_produced", *tree(n, range(100 * n, 100 * n + 4)))
        told = race.run(*(batch_of("vehicle_produced", [[binding(n, 2 * n + who)]], 5 + who) for who in (0, 1)))
        assert_one_won(told, "events.bound_elsewhere")
    assert race.books[0].rebuild().clean


@pytest.mark.parametrize("bulk", [1, 300])
def test_two_packs_on_the_same_new_vehicle(race: Race, bulk: int) -> None:
    """Both are admitted, one after the other: the second starts again and sees the vehicle."""
    for n in range(8):
        packs = range(5000 * n, 5000 * n + 2 * bulk)
        race.books[0].report(
            "pack_produced", *([{"pack_code": battery_code("P", m), "produced_on": D[0]}] for m in packs)
        )
        bound = [[binding(m, 1000 * n + place % bulk)] for place, m in enumerate(packs)]
        told = race.run(*(batch_of("vehicle_produced", rows, 5) for rows in (bound[:bulk], bound[: -bulk - 1 : -1])))
        assert [one.admitted for one in told] == [bulk, bulk]
    assert race.books[0].query("SELECT count(*) FROM ledger_state WHERE stage = 20") == [(8 * bulk,)]
    race.books[0].connection.commit()
    assert race.books[0].rebuild().clean


def test_a_withdrawal_meets_a_record_that_builds_on_it(race: Race) -> None:
    """Either the pack is withdrawn and unknown to the carmaker, or bound and no longer to be withdrawn."""
    for n in range(15):
        made = race.books[0].report("pack_produced", *tree(n, range(100 * n, 100 * n + 30)))
        claim = Claim(race, batch_of("vehicle_produced", [[binding(n, n)]], 5), hexes(made.ids)[0])
        bound, gone = claim.both()
        assert (bound.admitted == 1) != gone
        assert gone == ("events.unknown_object" in bound.codes)
    assert race.books[0].rebuild().clean
