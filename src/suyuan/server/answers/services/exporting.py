"""Export a list of batteries: asked for, approved where it says something about people, written by a worker."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from suyuan.codes.divisions import division as division_of
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.queries.people import Membership, memberships
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.disclosures import request_disclosure, use_disclosure
from suyuan.server.answers.queries.batteries import Battery, Sought, Turn, batteries, count_batteries
from suyuan.server.answers.queries.exports import KEPT_FOR, PERSONAL, Export, any_export, export_of, folder, place
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Refusal
from suyuan.server.laboratory.services.working import alone
from suyuan.server.ledger.queries.objects import Company
from suyuan.sheets.sniff import Format
from suyuan.sheets.writing import write_table

QUEUE: Final = "exports"
TASK: Final = "export-batteries"
DISCLOSED: Final = "batteries"
"""What the approval of an export with personal data is about."""

COLUMNS: Final = (
    *("code", "kind", "model", "chemistry", "stage", "since", "holder", "consignee", "division", "made_on"),
    *("soh", "trouble", "vehicle"),
)
_FORMS: Final = ("csv", "xlsx", "parquet")
_PORTION: Final = 20_000  # rows fetched at once
_LOCKS: Final = 7733  # our part of the two-number lock space

_INSERT: Final = """
INSERT INTO answers_export (person, level, division, company, site, language, form, sought, columns, disclosure, state,
                            asked_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""
_WAIT: Final = "UPDATE answers_export SET state = 'waiting' WHERE number = %s"
_BEGUN: Final = "UPDATE answers_export SET state = 'working', started_at = %s, done = 0, total = %s WHERE number = %s"
_PROGRESS: Final = "UPDATE answers_export SET done = %s WHERE number = %s AND state = 'working' RETURNING 1"
_DONE: Final = """
UPDATE answers_export SET state = 'done', finished_at = %s, done = %s, total = %s, size = %s, digest = %s
 WHERE number = %s AND state = 'working'
"""
_FAILED: Final = "UPDATE answers_export SET state = 'failed', finished_at = %s, failure = %s WHERE number = %s"
_CANCEL: Final = """
UPDATE answers_export SET state = 'cancelled', finished_at = %s
 WHERE number = %s AND state IN ('asked', 'waiting', 'working')
"""
_OLD: Final = """
SELECT number, form FROM answers_export
 WHERE state = 'done' AND finished_at <= %s AND finished_at > %s - interval '30 days'
"""
_UNFINISHED: Final = "SELECT number FROM answers_export WHERE state IN ('waiting', 'working') ORDER BY number"

log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """Somebody cancelled it."""


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """An export wished for: which batteries, which of `COLUMNS`, in which form (csv, xlsx, parquet)."""

    sought: Sought
    columns: tuple[str, ...]
    form: str
    language: Language
    purpose: str = ""


def ask_export(by: Membership, order: ExportOrder, clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for an export; its number. Without personal data it begins at once.

    Raises
    ------
    Refusal
        ``batteries.export_form``; ``accounts.purpose_missing`` with personal data and no purpose.
    """
    if order.form not in _FORMS:
        raise Refusal("batteries.export_form", form=order.form[:20])
    columns = [name for name in COLUMNS if name == "code" or name in order.columns]
    now, scope = clock.now(), by.scope
    with transaction.atomic(), cursor() as run:
        personal = not PERSONAL.isdisjoint(columns)
        disclosure = request_disclosure(by, DISCLOSED, order.purpose, clock) if personal else None
        whom = [by.person, scope.level.value, scope.division, scope.company, scope.site]
        what = [order.language.value, order.form, order.sought.text, columns, disclosure]
        state = "asked" if personal else "waiting"
        ((number,),) = run.execute(_INSERT, [*whom, *what, state, now]).fetchall()
        note_deed(by.person, scope, "export.asked", str(number), now, {"form": order.form})
        if not personal:
            _defer(number)
    return int(number)


def begin_export(by: Membership, number: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """Begin an export that was approved; the approval is good for this once.

    Raises
    ------
    Conflict
        ``batteries.export_not_asked``; ``accounts.disclosure_closed`` unless it is approved and fresh.
    """
    with transaction.atomic(), cursor() as run:
        found = export_of(by, number)
        if found.state != "asked" or found.disclosure is None:
            raise Conflict("batteries.export_not_asked", number=number)
        use_disclosure(by, found.disclosure, clock)
        run.execute(_WAIT, [number])
        note_deed(by.person, by.scope, "export.begun", str(number), clock.now())
        _defer(number)


def cancel_export(by: Membership, number: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """Cancel an export that is not finished; a finished one stays."""
    with transaction.atomic(), cursor() as run:
        found = export_of(by, number)
        if run.execute(_CANCEL, [clock.now(), found.number]).rowcount:
            note_deed(by.person, by.scope, "export.cancelled", str(number), clock.now())


def work_export(number: int, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Write the file of an export; whether it was written. Somebody who lost his membership meanwhile gets none."""
    with alone(_LOCKS, number) as mine:
        found = any_export(number)
        if not mine or found is None or found.state not in ("waiting", "working"):
            return False
        with cursor() as run:
            counted = count_batteries(run, found.scope, found.sought, clock.today())
            run.execute(_BEGUN, [clock.now(), counted.number, number])
        try:
            if found.scope not in {each.scope for each in memberships(found.person)}:
                raise _Cancelled
            _write(found, clock)
        except _Cancelled:
            with cursor() as run:
                run.execute(_CANCEL, [clock.now(), number])
            return False
        except Exception:
            log.exception("export %s failed", number)
            with cursor() as run:
                run.execute(_FAILED, [clock.now(), "batteries.export_failed", number])
            raise
    _tidy(clock)
    return True


def unfinished_exports() -> list[int]:
    """What waits or was left behind by a crash."""
    with cursor() as run:
        return [number for (number,) in run.execute(_UNFINISHED)]


def _defer(number: int) -> None:
    task = app.configure_task(TASK, queue=QUEUE, queueing_lock=f"{TASK}-{number}")
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(number=number)


def _write(export: Export, clock: Clock) -> None:
    frames: list[pl.DataFrame] = [_frame(export, [])]
    done = 0
    for rows in _portions(export, clock):
        frames.append(_frame(export, rows))
        done += len(rows)
        with cursor() as run:
            if run.execute(_PROGRESS, [done, export.number]).fetchone() is None:
                raise _Cancelled
    content = write_table(pl.concat(frames), Format(export.form))
    file = place(export.number, export.form)
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}")
    with draft.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    draft.rename(file)
    digest = hashlib.sha256(content).digest()
    with cursor() as run:
        run.execute(_DONE, [clock.now(), done, done, len(content), digest, export.number])


def _portions(export: Export, clock: Clock) -> Iterator[Sequence[Battery]]:
    """All rows in portions by key, each read by itself: no reader holds the database for a whole export."""
    today, after = clock.today(), None
    while True:
        with cursor() as run:
            page = batteries(run, export.scope, export.sought, today, Turn(size=_PORTION), after)
        yield page.rows
        after = page.following
        if after is None:
            return


def _tidy(clock: Clock) -> None:
    """Remove files that are kept no longer; that they were made stays written down."""
    with cursor() as run:
        for number, form in run.execute(_OLD, [clock.now() - KEPT_FOR, clock.now()]).fetchall():
            place(number, form).unlink(missing_ok=True)


def _frame(export: Export, rows: Sequence[Battery]) -> pl.DataFrame:
    """Rows in the chosen columns, with headings in the language of who asked."""
    values = {name: [_value(row, name, export.language) for row in rows] for name in export.columns}
    heads = {name: sentence(f"batteries.column_{name}", language=export.language) for name in export.columns}
    kinds = {name: {"soh": pl.Float64, "since": pl.Date, "made_on": pl.Date}.get(name, pl.String) for name in values}
    return pl.DataFrame(values, schema=kinds).rename(heads)


def _value(row: Battery, name: str, language: Language) -> object:
    """What stands in a column; words in the language of who asked."""
    say = partial(sentence, language=language)
    words: dict[str, Callable[[], object]] = {
        "stage": lambda: stage_word(row.stage, language),
        "holder": lambda: company_word(row.holder, language),
        "consignee": lambda: company_word(row.consignee, language),
        "division": lambda: division_word(row),
        "kind": lambda: say(f"batteries.kind_{row.kind}"),
        "chemistry": lambda: say(f"batteries.chemistry_{row.chemistry.lower() or 'none'}"),
        "trouble": lambda: say(f"batteries.{trouble_word(row)}"),
    }
    return words[name]() if name in words else getattr(row, name)


def stage_word(stage: int, language: Language) -> str:
    """What a stage is called."""
    words = vocabulary()
    return words.stage_labels[words.stage_name(stage)].in_language(language)


def company_word(company: Company | None, language: Language) -> str | None:
    """What a company is called; its code where it has no name."""
    if company is None:
        return None
    return (company.name_zh if language is Language.ZH else company.name_en or company.name_zh) or company.code


def division_word(row: Battery) -> str | None:
    """What the place is called; None where it is not known."""
    if not row.division.strip("0"):
        return None
    found = division_of(row.division, row.since)
    return found.name if found else row.division


def trouble_word(row: Battery) -> str:
    """End of the code of what is wrong with it."""
    if row.contradictions:
        return "trouble_in_records"
    return ("trouble_none", "trouble_not_filed", "trouble_no_code")[row.odd]
