"""Print labels: of a batch of codes, or of one code. Each print is kept with who, when and, for a reprint, why."""

import threading
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import psycopg
from django.db import transaction

from suyuan.codes.battery import parse
from suyuan.codes.keys import HEAD_OF_LOT, compose_code, split_code
from suyuan.kernel import Language
from suyuan.labels.facts import Facts, address_of
from suyuan.labels.sheets import Form, Printed, design_of
from suyuan.labels.sheets import print_labels as printed_labels
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries.batches import batch
from suyuan.server.registry.queries.register import companies, filings
from suyuan.server.registry.services.allocating import Book, lock

LARGEST_PRINT: Final = 2_000  # about ten seconds
MOST_NAMED: Final = 20
REASONS: Final = ("damaged", "misprint", "wrong_design", "repair", "other")
"""Why labels are printed again; their words are ``labels.reason_...``."""
_ONE_AT_A_TIME: Final = threading.Lock()  # the library that paints pages takes one thread at a time
_SAMPLE_SERIAL: Final = "0000000"  # never given out


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOrder:
    """What is to be printed: a batch, some of its serials, or one code.

    A `test` prints one sample and counts for nothing.
    """

    design: str
    batch: int | None = None
    first: int | None = None
    last: int | None = None
    code: str | None = None
    form: Form = "pdf"
    language: Language = Language.ZH
    reason: str | None = None
    note: str = ""
    test: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    """Serials of a lot, and the filing they stand under."""

    lot: str
    first: int
    last: int
    filing: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        return [compose_code(self.lot, serial) for serial in range(self.first, self.last + 1)]


def print_labels(
    by: Scope, order: PrintOrder, book: Book, address: str, actor: str, clock: Clock = SYSTEM_CLOCK
) -> tuple[int, Printed]:
    """The number of the print job and the labels, every symbol on them decoded.

    `address` is that of this installation, which the QR codes have.

    Raises
    ------
    Conflict
        ``labels.reason_missing`` if some were printed before and no reason is given.
    LabelError
        See `suyuan.labels.sheets.print_labels`; nothing is kept then.
    Forbidden, Missing, Refusal
        For codes of others, unknown batches, codes never given out, and too many at once.
    """
    if by.level not in (Level.COMPANY, Level.NATION):
        raise Forbidden("labels.only_companies")
    if not address:
        raise Refusal("labels.address_missing")
    if order.reason is not None and order.reason not in REASONS:
        raise Refusal("labels.reason_unknown", reason=order.reason[:40], known=list(REASONS))
    if order.reason == "other" and not order.note.strip():
        raise Refusal("labels.reason_words")
    design = design_of(order.design)
    span = _span(by, order, clock)
    with cursor() as run:
        if not order.test:
            _refuse_strangers(run, span, book)
            _refuse_repeat(run, span, order)
    labels = _facts(span, order, address, clock)
    with _ONE_AT_A_TIME:
        printed = printed_labels(labels, design, order.language, order.form, sample=order.test)
    with transaction.atomic(), cursor() as run:
        lock(run, span.lot)
        kind = "test" if order.test else "reprint" if _refuse_repeat(run, span, order) else "first"
        number = _keep(run, span, order, printed, (kind, address, actor, clock.now()))
    return number, printed


def _span(by: Scope, order: PrintOrder, clock: Clock) -> _Span:
    if order.batch is not None:
        given = batch(by, order.batch)
        first, last = order.first or given.first, order.last or given.last
        if not given.first <= first <= last <= given.last:
            raise Refusal("labels.range_outside", first=first, last=last, low=given.first, high=given.last)
        lot, prefix, day = given.lot, given.prefix, given.produced_on
    else:
        code = parse(order.code or "", clock.today())
        lot, first = split_code(code.text)
        last, prefix, day = first, code.design, code.produced_on
    if last - first + 1 > LARGEST_PRINT and not order.test:
        raise Refusal("labels.print_size", largest=LARGEST_PRINT, count=last - first + 1)
    held = filings(by, [prefix], day)
    if held.is_empty():
        raise Missing("labels.filing_missing", day=day.isoformat(), prefix=prefix)
    return _Span(lot, first, last, held.row(0, named=True) | {"produced_on": day})


def _refuse_strangers(run: psycopg.Cursor[Row], span: _Span, book: Book) -> None:
    """Refuse codes that were neither given out to the company nor ever reported."""
    rows = run.execute(
        "SELECT greatest(first, %s), least(last, %s) FROM registry_allocation"
        " WHERE lot = %s AND given AND company = %s AND first <= %s AND last >= %s",
        [span.first, span.last, span.lot, span.filing["company"], span.last, span.first],
    ).fetchall()
    wanted = set(range(span.first, span.last + 1))
    wanted -= {serial for first, last in rows for serial in range(first, last + 1)}
    if wanted:
        wanted -= book.reported(run, span.lot, span.first, span.last)
    if wanted:
        codes = [compose_code(span.lot, serial) for serial in sorted(wanted)[:MOST_NAMED]]
        raise Conflict("labels.codes_not_given", codes=codes)


def _refuse_repeat(run: psycopg.Cursor[Row], span: _Span, order: PrintOrder) -> list[int]:
    """The serials that were printed before; refused where no reason is given."""
    rows = run.execute(
        "SELECT number, greatest(first, %s), least(last, %s) FROM registry_print_job"
        " WHERE lot = %s AND kind <> 'test' AND first <= %s AND last >= %s ORDER BY number",
        [span.first, span.last, span.lot, span.last, span.first],
    ).fetchall()
    before = {serial for _, first, last in rows for serial in range(first, last + 1)}
    if before and order.reason is None:
        raise Conflict("labels.reason_missing", count=len(before), job=rows[-1][0])
    return sorted(before)


def _facts(span: _Span, order: PrintOrder, address: str, clock: Clock) -> list[Facts]:
    filing = span.filing
    maker = companies(Scope.of_company(filing["company"])).row(0, named=True)
    name = maker["name_zh"] if order.language is Language.ZH else maker["name_en"] or maker["name_zh"]
    return [
        Facts(
            code=code,
            address=address_of(address, code),
            maker=name,
            model=filing["model"],
            chemistry=filing["chemistry"],
            produced_on=filing["produced_on"],
            capacity_ah=filing["rated_capacity_ah"],
            voltage_v=filing["nominal_voltage_v"],
            mass_kg=filing["mass_kg"],
        )
        for code in ([_sample(span)] if order.test else span.codes)
    ]


def _sample(span: _Span) -> str:
    """A code of the same length and lot that no battery has."""
    head = HEAD_OF_LOT.get(len(span.lot))
    return span.lot if head is None else span.lot[:head] + _SAMPLE_SERIAL + span.lot[head:]


def _keep(
    run: psycopg.Cursor[Row], span: _Span, order: PrintOrder, printed: Printed, told: tuple[str, str, str, datetime]
) -> int:
    """Write the job down; `told` is its kind, the address in the symbols, who asked, and when."""
    kind = told[0]
    row = run.execute(
        "INSERT INTO registry_print_job (company, lot, first, last, reason, note, design, form, kind, address, actor,"
        " printed_at, symbols, sha256) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " RETURNING number",
        [
            span.filing["company"],
            span.lot,
            span.first,
            span.last,
            order.reason if kind == "reprint" else None,
            order.note.strip()[:500],
            order.design,
            order.form,
            *told,
            printed.symbols,
            sha256(printed.content).digest(),
        ],
    ).fetchone()
    return int(row[0]) if row else 0
