"""The process that reads a foreign file: it bounds its own time and memory before it looks at a byte.

Started by `bounded` with nothing of the server's in its surroundings: no database, no secret. On standard input
come one line of JSON (the task with the lengths of its parts) and the parts; on standard output goes one line of JSON.
"""

import json
import math
import resource
import sys
from collections.abc import Mapping
from typing import Any

import polars as pl

from suyuan.assessment import AssessmentError, Battery, protocol, read, read_instrument, residual_capacity
from suyuan.assessment.curves import curves_of
from suyuan.assessment.pulses import assess_lot, pulses_of, read_model, reference_of
from suyuan.assessment.record import Record
from suyuan.assessment.reporting import record_json, residual_json
from suyuan.assessment.screening import QUANTITIES, of_record, prepared
from suyuan.kernel import SuyuanError
from suyuan.server.laboratory.services.messages import worded


def limit(memory_bytes: int, seconds: int) -> None:
    """Bound address space, processor time, open files and what may be written to disk."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_FSIZE, memory_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def read_test(task: Mapping[str, Any], parts: list[bytes]) -> dict[str, Any]:
    """One file of a tester: what was read, residual capacity by the protocol, quantities for screening, curves."""
    record = read(parts[0], task["name"], task["mapping"])
    tool = read_instrument(task["instrument_file"]) if task["instrument_file"] else None
    measured, why = None, None
    if task["protocol"]:
        try:
            plate = Battery(task["rated_ah"], task["end_v"])
            measured = residual_capacity(record, protocol(task["protocol"]), plate, tool)
        except AssessmentError as error:
            why = {"code": error.code, "data": error.data, "message": worded(error.code, error.data)}
    told = record_json(record, worded)
    told["steps"] = told["steps"][: task["most_steps"]]
    return {
        **told,
        "residual": residual_json(measured, worded) if measured else None,
        "residual_refused": why,
        "quantities": of_record(record, measured),
        "curves": curves_of(record),
        "began_unix_s": _began(record),
    }


def _began(record: Record) -> float | None:
    """When the test began by its own clock (s since 1970), where the file has one."""
    if "unix_time_second" not in record.series.columns:
        return None
    clock = record.series["unix_time_second"].drop_nulls()
    return float(clock[0]) if len(clock) else None


def read_model_file(_task: Mapping[str, Any], parts: list[bytes]) -> dict[str, Any]:
    """What a model says of itself."""

    model = read_model(parts[0])
    widths = [width.width_ms for width in model.widths]
    return {"cell_type": model.cell_type, "nominal_ah": model.nominal_ah, "widths_ms": widths}


def read_lot(task: Mapping[str, Any], parts: list[bytes]) -> dict[str, Any]:
    """A lot of pulses: for every row what the model says, and the quantities that screening looks at."""

    try:
        table = pl.read_csv(_text(parts[0]).encode(), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise AssessmentError("assessment.pulse_no_table", file=task["name"], why=str(error)[:120]) from error
    if table.height > task["most_cells"]:
        raise AssessmentError("assessment.too_many_rows", found=table.height, limit=task["most_cells"])
    known = _references(table)
    found = assess_lot(read_model(parts[1]), pulses_of(table), known)
    ready = prepared(table)
    wanted = [name for name in ("object", "chemistry", "level", *QUANTITIES) if name in ready.columns]
    columns = {name: ready[name].to_list() for name in wanted}
    numbers = {"soh": found.soh, "low": found.low, "high": found.high}
    columns |= {name: [float(one) for one in values] for name, values in numbers.items()}
    columns["refusal"] = [str(why) if why else None for why in found.refusal]
    columns["measured"] = [bool(one) for one in found.measured]
    return {"columns": columns, "cells": table.height, "references": len(known) - len(found.unknown)}


def _text(data: bytes) -> str:
    """The text of a table: UTF-8, else GB18030; what is neither is marked and refused where it matters."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def _references(table: pl.DataFrame) -> dict[str, float]:
    """Measured state of health of those cells whose row has one in the column `SOH`."""

    if "SOH" not in table.columns:
        return {}
    filled = table.filter(table["SOH"].str.strip_chars().fill_null("") != "")
    return reference_of(filled) if filled.height else {}


def finite(value: Any) -> Any:
    """The same with nothing for numbers that JSON has no form for."""
    if isinstance(value, dict):
        return {str(key): finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


TASKS = {"test": read_test, "model": read_model_file, "lot": read_lot}


def main() -> None:
    """Do the task that comes on standard input."""
    task = json.loads(sys.stdin.buffer.readline())
    limit(task["memory_bytes"], task["seconds"])
    parts = [sys.stdin.buffer.read(length) for length in task["lengths"]]

    try:
        answer: dict[str, Any] = {"answer": TASKS[task["what"]](task, parts)}
    except SuyuanError as error:
        answer = {"refused": {"code": error.code, "data": error.data}}
    except MemoryError:
        answer = {"refused": {"code": "laboratory.too_much_memory", "data": {"limit": task["memory_bytes"] >> 20}}}
    sys.stdout.write(json.dumps(finite(answer), ensure_ascii=False, allow_nan=False))


if __name__ == "__main__":
    main()
