"""Test records and lots as plain values for JSON, the same for every face."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from suyuan.kernel import Language, sentence
from suyuan.server.laboratory.queries.lots import CellRow, LotRow, ModelRow
from suyuan.server.laboratory.queries.records import LabRecord
from suyuan.server.laboratory.services.messages import in_language


def record_json(found: LabRecord, language: Language) -> dict[str, Any]:
    """A test record; `result` only where it was asked for by number."""
    wishes = found.wishes
    return {
        "number": found.number,
        "battery": found.battery,
        "laboratory": found.company,
        "laboratory_name": _name(found, language),
        "file": found.name,
        "sha256": found.digest,
        "protocol": wishes["protocol"],
        "rated_ah": wishes["rated_ah"],
        "end_v": wishes["end_v"],
        "instrument": wishes["instrument"],
        "operator": wishes["operator"],
        "attached_at": _moment(found.attached_at),
        "tested_at": _moment(found.tested_at),
        "finished_at": _moment(found.finished_at),
        "state": found.state,
        "failure": _failure(found.failure, language),
        "submission": found.submission,
        "record": found.record,
        "result": in_language(found.result, language),
    }


def lot_json(found: LotRow, language: Language) -> dict[str, Any]:
    """A lot and how far it is; `counts` by verdict, grade and route once it is done."""
    summary = found.summary or {}
    counts = [
        {"verdict": verdict, "grade": grade, "route": route, "cells": count}
        for verdict, grade, route, count in summary.get("counts", [])
    ]
    return {
        "number": found.number,
        "laboratory": found.company,
        "laboratory_name": _name(found, language),
        "name": found.name,
        "sha256": found.digest,
        "model": found.model,
        "cell_type": found.cell_type,
        "scheme": found.wishes["scheme"],
        "rules": found.wishes["rules"],
        "on": found.wishes["on"],
        "received_at": _moment(found.received_at),
        "started_at": _moment(found.started_at),
        "finished_at": _moment(found.finished_at),
        "cancelled_at": _moment(found.cancelled_at),
        "state": found.state,
        "step": found.step,
        "cells": found.cells,
        "done": found.done,
        "references": summary.get("references"),
        "counts": counts,
        "failure": _failure(found.failure, language),
    }


def cell_json(found: CellRow, language: Language) -> dict[str, Any]:
    """A graded cell of a lot, with every reason."""
    body: dict[str, Any] = in_language(dict(found.body), language)
    return {
        "row": found.place + 2,
        "object": found.object,
        "verdict": found.verdict,
        "grade": found.grade,
        "route": found.route,
        "soh": found.soh,
        "soh_low": found.low,
        "soh_high": found.high,
        "refusal": found.refusal,
        **body,
    }


def model_json(found: ModelRow) -> dict[str, Any]:
    """A model of a cell type."""
    return {
        "number": found.number,
        "laboratory": found.company,
        "name": found.name,
        "cell_type": found.cell_type,
        "nominal_ah": found.nominal_ah,
        "sha256": found.digest,
        "added_at": _moment(found.added_at),
    }


def _name(found: LabRecord | LotRow, language: Language) -> str:
    return found.name_en if language is Language.EN and found.name_en else found.name_zh


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _failure(failure: Mapping[str, Any] | None, language: Language) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {**failure, "message": sentence(failure["code"], failure["data"], language)}
