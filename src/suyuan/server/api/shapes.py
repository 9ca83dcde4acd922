"""What is shown of submissions, companies and the vocabulary, as plain JSON values."""

from datetime import datetime
from functools import cache
from typing import cast

import polars as pl

from suyuan.events.vocabulary import Field, Kind, Label, Slot, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.queries import Principal
from suyuan.server.api.answers import Json
from suyuan.server.api.wording import Teller
from suyuan.server.registry.queries.qualifications import Qualification, qualification_kinds
from suyuan.server.submissions.models import FINISHED, Submission
from suyuan.sheets.findings import unpack

_FINISHED = frozenset(state.value for state in FINISHED)


def moment(at: datetime | None) -> str | None:
    """A moment as text."""
    return at.isoformat(timespec="milliseconds") if at else None


def finished(submission: Submission) -> bool:
    """Whether nothing more will happen to it by itself."""
    return submission.state in _FINISHED


def submission_json(submission: Submission, language: Language) -> dict[str, Json]:
    """A submission with its result: counts, causes, and what stopped it."""
    failure = submission.failure
    return {
        "number": submission.number,
        "company": submission.company,
        "state": submission.state,
        "state_label": sentence(f"api.state_{submission.state}", language=language),
        "finished": finished(submission),
        "step": submission.step,
        "digest": submission.received_id,
        "name": submission.name,
        "channel": submission.channel,
        "kind": submission.kind,
        "mode": submission.mode,
        "dry_run": submission.dry,
        "received_at": moment(submission.received_at),
        "started_at": moment(submission.started_at),
        "finished_at": moment(submission.finished_at),
        "confirmed_at": moment(submission.confirmed_at),
        "undone_at": moment(submission.undone_at),
        "undone_by": submission.undone_by,
        "vocabulary": submission.vocabulary,
        "rows": submission.rows,
        "records": submission.records,
        "admitted": submission.admitted,
        "duplicates": submission.duplicates,
        "refused": submission.refused,
        "groups": Teller.of(submission, language).groups(submission.groups) if submission.groups else [],
        "failure": None
        if failure is None
        else {**failure, "message": sentence(failure["code"], failure["data"], language)},
    }


def rows_json(frame: pl.DataFrame) -> list[Json]:
    """The rows of a frame; dates as text."""
    days = [pl.col(name).dt.to_string("iso") for name, kind in frame.schema.items() if kind == pl.Date]
    return cast("list[Json]", frame.with_columns(days).to_dicts())


def qualification_json(found: Qualification, language: Language) -> dict[str, Json]:
    """A qualification with its title; a fine as text, so that no digit is lost."""
    kind = qualification_kinds().get(found.kind)
    return {
        "number": found.number,
        "company": found.company,
        "company_name": found.name_en if language is Language.EN and found.name_en else found.name_zh,
        "kind": found.kind,
        "label": found.kind if kind is None else kind.label.in_language(language),
        "category": found.category,
        "reference": found.reference,
        "batch": found.batch,
        "division": found.division,
        "amount_yuan": None if found.amount_yuan is None else str(found.amount_yuan),
        "valid_from": str(found.valid_from),
        "valid_to": None if found.valid_to is None else str(found.valid_to),
        "status": found.status,
        "source": found.source,
        "note": found.note,
        "entered_at": moment(found.entered_at),
        "entered_by": found.entered_by,
        "ended_at": moment(found.ended_at),
        "ended_by": found.ended_by,
        "end_source": found.end_source,
        "withdrawn_at": moment(found.withdrawn_at),
        "withdrawn_by": found.withdrawn_by,
        "reason": found.reason,
    }


def imported_json(found: pl.DataFrame, entered: int, row_numbers: pl.Series, language: Language) -> dict[str, Json]:
    """What became of a table that was brought: counts, and every finding with its sentence and row."""
    numbers = row_numbers.to_list()
    findings: list[Json] = [
        {
            "row": None if row is None else numbers[row],
            "field": name,
            "code": code,
            "severity": severity,
            "value": value,
            "message": sentence(code, {"value": value or "", "field": name or "", **unpack(data)}, language),
        }
        for row, name, code, severity, value, data in found.select(
            "row", "field", "code", "severity", "value", "data"
        ).iter_rows()
    ]
    return {"rows": len(numbers), "entered": entered, "findings": findings}


def principal_json(asker: Principal, company: Json) -> dict[str, Json]:
    """A key: what it sees and may do, and the company it belongs to."""
    scope = asker.scope
    return {
        "key": asker.prefix,
        "permissions": [*sorted(permission.value for permission in asker.permissions)],
        "scope": {
            "level": scope.level.value,
            "division": scope.division,
            "company": scope.company,
            "site": scope.site,
        },
        "company": company,
    }


# ---------------------------------------------------------------- vocabulary


def _label(label: Label) -> dict[str, Json]:
    return {"zh": label.zh, "en": label.en}


def _field(field: Field) -> dict[str, Json]:
    return {
        "name": field.name,
        "label": _label(field.label),
        "type": field.type.value,
        "unit": field.unit,
        "required": field.required,
        "levels": field.levels,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "choices": {value: _label(label) for value, label in field.choices.items()},
        "wire": field.wire,
        "personal": field.personal,
    }


def _slot(slot: Slot) -> dict[str, Json]:
    return {
        "name": slot.name,
        "field": slot.field,
        "object": slot.object,
        "levels": slot.levels,
        "many": slot.many,
        "before": [*sorted(slot.before)],
        "holder": slot.holder,
        "vehicle": slot.vehicle,
        "stage": slot.sets.stage,
    }


def _kind(kind: Kind) -> dict[str, Json]:
    return {
        "no": kind.no,
        "name": kind.name,
        "label": _label(kind.label),
        "reporters": list(kind.reporters),
        "time": kind.time,
        "record": list(kind.record),
        "slots": [_slot(slot) for slot in kind.slots],
        "fields": [_field(field) for field in kind.fields.values()],
    }


@cache
def vocabulary_json() -> dict[str, Json]:
    """Kinds, stages and roles of the version that this server speaks."""
    words = vocabulary()
    return {
        "version": words.version,
        "kinds": [_kind(kind) for kind in words.kinds.values()],
        "stages": [
            {"name": name, "no": no, "label": _label(words.stage_labels[name])} for name, no in words.stages.items()
        ],
        "roles": [{"name": name, "label": _label(label)} for name, label in words.roles.items()],
    }


@cache
def templates_json() -> list[Json]:
    """The kinds that can be reported, each with the names of its columns."""
    return [
        {
            "kind": kind.name,
            "label": _label(kind.label),
            "reporters": list(kind.reporters),
            "columns": list(kind.fields),
            "required": [field.name for field in kind.fields.values() if field.required],
        }
        for kind in vocabulary().kinds.values()
    ]
