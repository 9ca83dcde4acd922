"""Test records of batteries, and lots assessed as jobs."""

from datetime import date
from typing import Any, Literal

from ninja import Schema

TestState = Literal["received", "working", "read", "refused", "failed"]
LotState = Literal["received", "working", "done", "cancelled", "refused", "failed"]
Verdict = Literal["pass", "needs_measurement", "reject"]
Route = Literal["reuse", "full_test", "recycle"]


class LaboratoryFailure(Schema):
    """Why a file could not be read."""

    code: str
    data: dict[str, Any]
    message: str


class TestOut(Schema):
    """A test record; `record` is the id of the record in the battery's life, `result` what was read from the file.

    In lists `result` is left out.
    """

    number: int
    battery: str
    laboratory: str
    laboratory_name: str
    file: str
    sha256: str
    protocol: str | None
    rated_ah: float | None
    end_v: float | None
    instrument: str
    operator: str
    attached_at: str
    tested_at: str | None
    finished_at: str | None
    state: TestState
    failure: LaboratoryFailure | None
    submission: int | None
    record: str | None
    result: dict[str, Any] | None


class TestPage(Schema):
    """Test records of a battery, newest first, and the cursor for those after them."""

    items: list[TestOut]
    next: str | None


class ModelOut(Schema):
    """A trained model of a cell type."""

    number: int
    laboratory: str
    name: str
    cell_type: str
    nominal_ah: float
    sha256: str
    added_at: str


class ModelPage(Schema):
    """Models, newest first, and the cursor for those after them."""

    items: list[ModelOut]
    next: str | None


class LotCount(Schema):
    """Cells of a lot by what was decided of them."""

    verdict: Verdict
    grade: str
    route: Route
    cells: int


class LotOut(Schema):
    """A lot and how far it is: `done` of `cells`."""

    number: int
    laboratory: str
    laboratory_name: str
    name: str
    sha256: str
    model: int
    cell_type: str
    scheme: str
    rules: str
    on: date
    received_at: str
    started_at: str | None
    finished_at: str | None
    cancelled_at: str | None
    state: LotState
    step: str
    cells: int
    done: int
    references: int | None
    counts: list[LotCount]
    failure: LaboratoryFailure | None


class LotPage(Schema):
    """Lots, newest first, and the cursor for those after them."""

    items: list[LotOut]
    next: str | None


class Reason(Schema):
    """One reason for the route."""

    code: str
    data: dict[str, Any]
    message: str


class LotCell(Schema):
    """A graded cell: interval, route, reasons, measurements used, versions of every rule."""

    row: int
    object: str
    verdict: Verdict
    grade: str
    route: Route
    soh: float | None
    soh_low: float | None
    soh_high: float | None
    refusal: str | None
    reasons: list[Reason]
    conditions: list[dict[str, Any]]
    measurements: dict[str, Any]
    rules: list[str]
    on: date


class LotCells(Schema):
    """Cells in the order of the lot's file, and the cursor for those after them."""

    items: list[LotCell]
    next: str | None
