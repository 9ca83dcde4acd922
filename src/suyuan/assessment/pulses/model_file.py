"""The file of a model: JSON that anyone can read, the same bytes for the same training rows.

It holds the rows of training (voltages in whole steps of 10 uV, SOH, number of the cell without its name) and
the tuned kernels; what follows from them is worked out when the file is read. No code is ever loaded from it.
"""

import json
from typing import Any

import numpy as np

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.pulses.model import WAYS, HealthModel, fit_width
from suyuan.assessment.pulses.process import Kernel
from suyuan.assessment.pulses.rows import LEAST_SOH, MOST_SOH, POINTS

FORMAT, VERSION = "suyuan-pulse-model", 1
_PER_VOLT = 100_000
_MOST_BYTES = 256 << 20
_MOST_ROWS = 10_000
_KERNEL_RANGE = 20.0


def model_bytes(model: HealthModel) -> bytes:
    """A model as the bytes of its file."""
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "cell_type": model.cell_type,
        "nominal_ah": model.nominal_ah,
        "set_aside_rows": model.set_aside,
        "ways": [
            {"view": way.view, "linear": way.linear, "centred": way.centred, "kernel": kernel.values.tolist()}
            for way, kernel in zip(WAYS, model.kernels, strict=True)
        ],
        "widths": [
            {
                "width_ms": width.width_ms,
                "cell": width.group.tolist(),
                "soh": width.soh.tolist(),
                "volts_10uv": np.rint(width.volts * _PER_VOLT).astype(np.int64).tolist(),
            }
            for width in model.widths
        ],
    }
    return (json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()


def read_model(data: bytes) -> HealthModel:
    """The model in the bytes of a file; raises `AssessmentError` where they are none."""
    if len(data) > _MOST_BYTES:
        raise _bad("size")
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad("JSON") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise _bad("format")
    if whole.get("version") != VERSION:
        raise AssessmentError("assessment.pulse_model_version", found=str(whole.get("version")), known=str(VERSION))
    try:
        return _model(whole)
    except (KeyError, TypeError, ValueError, OverflowError, np.linalg.LinAlgError) as error:
        raise _bad(str(error)[:60]) from error


def _bad(part: str) -> AssessmentError:
    return AssessmentError("assessment.pulse_bad_model", part=part)


def _model(whole: dict[str, Any]) -> HealthModel:
    ways = [(way["view"], way["linear"], way["centred"]) for way in whole["ways"]]
    if ways != [(way.view, way.linear, way.centred) for way in WAYS]:
        raise ValueError("ways")
    kernels = tuple(Kernel(_array(way["kernel"], (4,), _KERNEL_RANGE)) for way in whole["ways"])
    widths = []
    for part in whole["widths"]:
        group = np.asarray(part["cell"], dtype=np.int64)
        rows = len(group)
        if not 2 <= rows <= _MOST_ROWS:
            raise ValueError("cell")
        soh = _array(part["soh"], (rows,), MOST_SOH)
        if soh.min() < LEAST_SOH:
            raise ValueError("soh")
        volts = _array(part["volts_10uv"], (rows, POINTS), 10.0 * _PER_VOLT) / _PER_VOLT
        widths.append(fit_width(float(part["width_ms"]), volts, soh, group, kernels))
    nominal = float(whole["nominal_ah"])
    if not widths or not 0 < nominal < 1e5:
        raise ValueError("widths")
    return HealthModel(str(whole["cell_type"]), nominal, tuple(widths), kernels, int(whole["set_aside_rows"]))


def _array(value: object, shape: tuple[int, ...], largest: float) -> "np.ndarray[Any, np.dtype[np.float64]]":
    found = np.asarray(value, dtype=np.float64)
    if found.shape != shape or not np.isfinite(found).all() or np.abs(found).max() > largest:
        raise ValueError(f"shape {found.shape}")
    return found
