"""Records and results as plain values for JSON: keys are never renamed, numbers keep their unit in the name."""

from collections.abc import Callable, Mapping
from typing import Any

from suyuan.assessment.capacity.judging import Check
from suyuan.assessment.capacity.protocol import Rule
from suyuan.assessment.capacity.residual import Discharge, Residual
from suyuan.assessment.record import Kind, Record
from suyuan.kernel import Finding
from suyuan.kernel.findings import Value

Say = Callable[[str, Mapping[str, Value]], str]
"""Turns a code and its data into a sentence."""

_MOST_STEPS = 10_000
_DIGITS = 9


def finding_json(finding: Finding, say: Say) -> dict[str, Any]:
    """A finding with its sentence."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "data": dict(finding.data),
        "message": say(finding.code, finding.data),
    }


def record_json(record: Record, say: Say) -> dict[str, Any]:
    """What was read: form, extent, steps, findings."""
    return {
        "form": record.form,
        "kind": record.kind.value,
        "rows": record.series.height,
        "columns": record.series.columns,
        "complete": record.complete,
        "extent": _extent(record),
        "steps_count": record.steps.height,
        "steps": [_rounded(step) for step in record.steps.head(_MOST_STEPS).iter_rows(named=True)],
        "findings": [finding_json(finding, say) for finding in record.findings],
        "about": dict(record.about),
    }


def _extent(record: Record) -> dict[str, Any]:
    """First and last value of each column that runs, smallest and largest of each that varies."""
    if record.kind is Kind.IMPEDANCE:
        names = record.series.columns
    else:
        names = ["test_time_second", "voltage_volt", "current_ampere", "temperature_t1_celsius"]
    present = [name for name in names if name in record.series.columns]
    return {name: {"min": record.series[name].min(), "max": record.series[name].max()} for name in present}


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in row.items()}


def residual_json(residual: Residual, say: Say) -> dict[str, Any]:
    """Residual capacity and energy with what they rest on."""
    return {
        "protocol": residual.protocol.id,
        "protocol_version": residual.protocol.version,
        "capacity_ah": residual.capacity.value,
        "capacity_uncertainty_ah": residual.capacity.uncertainty,
        "energy_wh": residual.energy.value,
        "energy_uncertainty_wh": residual.energy.uncertainty,
        "coverage_factor": 2,
        "instrument": residual.instrument.name if residual.instrument else None,
        "uncertainty_covers": "instrument and sampling" if residual.instrument else "sampling only",
        "soh": residual.soh,
        "repeatability": residual.spread,
        "followed": residual.followed,
        "accepted": residual.accepted,
        "counted_steps": list(residual.counted),
        "set_aside_steps": list(residual.set_aside),
        "discharges": [_discharge(each) for each in residual.discharges],
        "requirements": [_check(each, say) for each in residual.checks],
    }


def _discharge(discharge: Discharge) -> dict[str, Any]:
    return {
        "step": discharge.step,
        "capacity_ah": discharge.charge.value,
        "capacity_uncertainty_ah": discharge.charge.uncertainty,
        "energy_wh": discharge.energy.value,
        "energy_uncertainty_wh": discharge.energy.uncertainty,
        "charge_efficiency": discharge.charge_efficiency,
        "energy_efficiency": discharge.energy_efficiency,
        "mean_current_a": discharge.mean_current_a,
        "end_v": discharge.end_v,
        "duration_s": discharge.duration_s,
        "start_celsius": discharge.start_celsius,
        "temperature_rise_k": discharge.rise_k,
        "resistances": [
            {
                "time_s": each.time_s,
                "resistance_ohm": each.ohm,
                "uncertainty_ohm": each.uncertainty_ohm,
                "reason": each.reason,
            }
            for each in discharge.resistances
        ],
    }


def check_data(check: Check) -> dict[str, Value]:
    """What the sentence about a requirement needs."""
    wanted = check.requirement
    found = "–" if check.found is None else f"{check.found:.6g}"
    unit = "" if wanted.unit == "1" else f" {wanted.unit}"
    return {"found": found + unit, "wanted": _asked(check) + unit, "step": check.step or 0, "source": wanted.source}


def _asked(check: Check) -> str:
    wanted = check.requirement
    if check.limit is not None:
        return f"≤ {check.limit:g}"
    if wanted.least is not None:
        return f"≥ {wanted.least:g}"
    if wanted.value is not None:
        return f"{wanted.value:g} ± {wanted.tolerance:g}"
    return f"≤ {wanted.tolerance:g}" if wanted.tolerance and wanted.rule is not Rule.CUT_OFF else "–"


def _check(check: Check, say: Say) -> dict[str, Any]:
    wanted = check.requirement
    return {
        "id": wanted.id,
        "rule": wanted.rule.value,
        "met": check.met,
        "found": check.found,
        "wanted": _asked(check),
        "unit": wanted.unit,
        "step": check.step,
        "status": wanted.status.value,
        "binding": wanted.status.binding,
        "source": wanted.source,
        "reason": check.reason,
        "message": say(check.code, check_data(check)),
    }
