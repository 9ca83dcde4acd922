"""Corrections and withdrawals in any order leave the folds that plain Python says, and a clean rebuild."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.events.admission import CODES
from suyuan.events.check import Context
from suyuan.events.memory import Ledger
from suyuan.events.vocabulary import FieldType, vocabulary
from suyuan.server.kit import schema
from suyuan.server.kit.connection import Row
from suyuan.server.ledger import services
from suyuan.server.ledger.services import Correction
from tests.events.examples import NOW, TODAY, company
from tests.events.histories import DAYS, Report, batch_of, reports
from tests.events.histories import Row as Cells
from tests.server.ledger.book import Book, hexes
from tests.server.ledger.test_folds import same_folds, same_verdict

CONTEXT = Context(TODAY, NOW, companies={company(n): n for n in range(1, 4)}, sites={"S1": 1, "S2": 2})


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The n-th record that holds, or the whole submission of it."""

    number: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Redating:
    """The n-th record that holds happened on another day."""

    number: int
    day: int


@dataclass(slots=True)
class Stage:
    """The two ledgers, and what was reported under which id."""

    book: Book
    memory: Ledger = field(default_factory=Ledger)
    said: dict[str, tuple[str, int, list[list[Cells]]]] = field(default_factory=dict)
    submissions: dict[str, int] = field(default_factory=dict)

    def report(self, report: Report) -> None:
        batch = report.batch()
        told = self.book.append(batch)
        ids = np.zeros((len(batch), 16), np.uint8)
        ids[told.admitted] = told.ids
        names = [
            name if good else f"no {n}" for n, (name, good) in enumerate(zip(hexes(ids), told.admitted, strict=True))
        ]
        same_verdict(told, self.memory.apply(batch, names))
        for name, rows, good in zip(names, report.rows, told.admitted.tolist(), strict=True):
            if good:
                self.said.setdefault(name, (report.kind, report.reporter, []))[2].append(list(rows))
                self.submissions[name] = self.book.submission

    def holding(self, number: int) -> str | None:
        names = [name for name in sorted(self.said) if self.memory.valid(name)]
        return names[number % len(names)] if names else None

    def withdraw(self, act: Withdrawal) -> None:
        name = self.holding(act.number)
        if name is None:
            return
        filing = self.book.filing(self.said[name][1])
        with self.book.connection.transaction(), self.book.connection.cursor() as run:
            if act.whole:
                done = services.withdraw_submission(run, self.submissions[name], "twice", filing)
            else:
                done = services.withdraw(run, {name: "wrong"}, filing)
        assert bool(done.records) != bool(done.objections)
        for old in done.records:
            self.memory.withdraw(old)

    def correct(self, act: Redating) -> None:
        name = self.holding(act.number)
        if name is None:
            return
        kind, reporter, rows = self.said[name]
        time = vocabulary().kinds[kind].time
        is_day = vocabulary().kinds[kind].fields[time].type is FieldType.DATE
        day = DAYS[act.day]
        value = day.isoformat() if is_day else f"{day.isoformat()} 12:00:00"
        when = day if is_day else NOW.replace(year=day.year, month=day.month, day=day.day)
        right: list[list[Cells]] = [[{**row, time: when} for row in record] for record in rows]
        done = self.book.correct([Correction(name, time, value, "day")], reporter, CONTEXT)
        if not done.records and not {one.code for one in done.objections if one.refuses} & set(CODES):
            return  # refused by the check of the record itself
        new = done.records.get(name, "none")
        verdict = self.memory.apply(batch_of(kind, right, reporter), [new] * len(right), [name] * len(right))
        assert verdict.admitted.all() == bool(done.records)
        if done.records:
            self.said[new] = (kind, reporter, right)
            self.submissions[new] = self.book.submission


@pytest.fixture(scope="module")
def connection(database: str) -> Iterator["psycopg.Connection[Row]"]:
    schema.empty_tables()  # once: every history is rolled back
    with psycopg.connect(database) as opened:
        yield opened


_numbers = st.integers(0, 30)
_acts = st.one_of(
    reports(),
    reports(),
    reports(),
    st.builds(Withdrawal, _numbers, st.booleans()),
    st.builds(Redating, _numbers, st.integers(0, len(DAYS) - 1)),
)


@given(st.lists(_acts, min_size=3, max_size=18))
@settings(max_examples=100)
def test_amended_histories_fold_alike(
    connection: "psycopg.Connection[Row]", acts: list[Report | Withdrawal | Redating]
) -> None:
    with connection.transaction(force_rollback=True):
        stage = Stage(Book(connection))
        for act in acts:
            if isinstance(act, Report):
                stage.report(act)
            elif isinstance(act, Withdrawal):
                stage.withdraw(act)
            else:
                stage.correct(act)
        same_folds(stage.book, stage.memory)
        with connection.cursor() as run:
            report = services.rebuild(run, check=True)
        assert report.clean, report
