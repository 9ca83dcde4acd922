"""NEBULA's sheets of steps: a row a step, 44 Chinese headings; the tester's own counts of charge and energy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.canonical import some
from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.readers.cells import durations, moments
from suyuan.assessment.record import SERIES, STEPS, Kind, Record
from suyuan.assessment.saying import found as tell
from suyuan.assessment.signs import CHARGE, DISCHARGE, REST
from suyuan.kernel import Finding

_NUMBERS = {
    "工步序号": "step_count",
    "步次": "step_index",
    "循环": "cycle_count",
    "起始电压(V)": "start_v",
    "最大电压(V)": "max_v",
    "结束电压(V)": "end_v",
    "起始电流(A)": "start_a",
    "结束电流(A)": "end_a",
    "充电容量(Ah)": "charged_ah",
    "放电容量(Ah)": "discharged_ah",
    "充电能量(Wh)": "charged_wh",
    "放电能量(Wh)": "discharged_wh",
    "开始温度1(℃)": "start_celsius",
    "结束温度1(℃)": "end_celsius",
    "最大温度1(℃)": "max_celsius",
}
_DURATION = "持续时间(h:min:s:ms)"
_TEXTS = {"状态": "label", "工步类型": "type", "绝对时间": "moment", "结果": "result"}
_NEEDED = frozenset({"工步类型", "起始电压(V)", "结束电压(V)", "充电容量(Ah)", "放电容量(Ah)", _DURATION})
_ESSENTIAL = ("start_v", "end_v", "charged_ah", "discharged_ah", "charged_wh", "discharged_wh", "duration_s")
_SEARCHED = 20
_CLOSE = 0.02
_RESOLUTION_AH = 2e-4  # the sheets give four decimals; two roundings may meet


@dataclass(frozen=True, slots=True)
class Place:
    """Where the headings stand: row from 0, and column of each heading."""

    row: int
    columns: dict[str, int]


def find_headings(frame: pl.DataFrame) -> Place | None:
    """The row of headings of such a sheet; None if it is another."""
    for number, row in enumerate(frame.head(_SEARCHED).iter_rows()):
        named = {
            str(cell).strip().replace("（", "(").replace("）", ")"): place for place, cell in enumerate(row) if cell
        }
        if named.keys() >= _NEEDED:
            return Place(number, named)
    return None


def read_steps(frame: pl.DataFrame, found: Place, sheet: str, name: str | None) -> Record:
    """The record of a sheet of steps."""
    body = frame.slice(found.row + 1)
    rows = np.arange(found.row + 2, found.row + 2 + body.height, dtype=np.int64)
    said: list[Finding] = []
    cells = _cells(body, found)
    filled = ~cells.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    good = cells.select(pl.all_horizontal(pl.col(_ESSENTIAL).is_not_null())).to_series().to_numpy()
    lost = rows[filled & ~good]
    if len(lost):
        said.append(tell("assessment.rows_lost", count=len(lost), rows=some(lost), kept=int(good.sum())))
    cells, rows = cells.filter(pl.Series(good)), rows[good]
    if not cells.height:
        raise AssessmentError("assessment.no_rows", form="nebula-xlsx")
    cells = _numbered(cells)
    said += _contradictions(cells, rows)
    start = _starts(cells, said)
    steps = _steps(cells, start)
    about = {"worksheet": sheet, "clock": "the tester's own, zone not stated"}
    return Record("nebula-xlsx", Kind.STEPS, _series(cells, steps), steps, tuple(said), about, name)


def _cells(body: pl.DataFrame, found: Place) -> pl.DataFrame:
    columns = body.columns
    texts = {new: body[columns[found.columns[old]]] for old, new in _TEXTS.items() if old in found.columns}
    values = {
        new: body[columns[found.columns[old]]].str.strip_chars().cast(pl.Float64, strict=False)
        for old, new in _NUMBERS.items()
        if old in found.columns
    }
    values["duration_s"] = durations(body[columns[found.columns[_DURATION]]])
    absent = [new for new in _NUMBERS.values() if new not in values]
    frame = pl.DataFrame([series.alias(new) for new, series in {**texts, **values}.items()])
    frame = frame.with_columns([pl.lit(None, dtype=pl.Float64).alias(new) for new in absent])
    numbers = pl.col(pl.Float64)
    return frame.with_columns(pl.when(numbers.is_finite()).then(numbers).otherwise(None))


def _numbered(cells: pl.DataFrame) -> pl.DataFrame:
    """Discharged charge and energy stand with a minus in these sheets; here they are amounts."""
    amounts = [pl.col(name).abs() for name in ("discharged_ah", "discharged_wh", "charged_ah", "charged_wh")]
    label = pl.col("label").fill_null("") if "label" in cells.columns else pl.col("type")
    return cells.with_columns(*amounts, label.alias("label"))


def _contradictions(cells: pl.DataFrame, rows: npt.NDArray[np.int64]) -> list[Finding]:
    """Steps of constant current whose charge is not current times time."""
    start, end = cells["start_a"].to_numpy(), cells["end_a"].to_numpy()
    steady = (np.abs(start - end) <= _CLOSE * np.abs(end)) & (np.abs(end) > 0)
    expected = np.abs(end) * cells["duration_s"].to_numpy() / 3600
    stated = (cells["charged_ah"] + cells["discharged_ah"]).to_numpy()
    wrong = steady & (np.abs(stated - expected) > _CLOSE * expected + _RESOLUTION_AH)
    if not wrong.any():
        return []
    first = int(np.flatnonzero(wrong)[0])
    return [
        tell(
            "assessment.step_contradicts",
            count=int(wrong.sum()),
            rows=some(rows[wrong]),
            stated_ah=float(stated[first]),
            expected_ah=round(float(expected[first]), 4),
        )
    ]


def _starts(cells: pl.DataFrame, said: list[Finding]) -> npt.NDArray[np.float64]:
    """When each step began (s), by the tester's clock, else by the time the steps before it took."""
    took = cells["duration_s"].to_numpy()
    summed = np.concatenate([[0.0], np.cumsum(took)[:-1]])
    if "moment" not in cells.columns:
        return np.asarray(summed)
    read, _ = moments(cells["moment"])
    since = read.to_numpy() - (read[0] if read[0] is not None else np.nan)
    if not np.isfinite(since).all():
        return np.asarray(summed)
    back = np.diff(since) < 0
    if back.any():
        row = int(np.flatnonzero(back)[0]) + 2
        said.append(tell("assessment.steps_out_of_order", count=int(back.sum()), row=row))
        return np.asarray(summed)
    return np.asarray(since)


def _steps(cells: pl.DataFrame, start: npt.NDArray[np.float64]) -> pl.DataFrame:
    charged, discharged = cells["charged_ah"].to_numpy(), cells["discharged_ah"].to_numpy()
    took = cells["duration_s"].to_numpy()
    flowing = (charged + discharged > 0) | (cells["end_a"].fill_null(0.0).to_numpy() != 0)
    out = (discharged > charged) | ((charged == discharged) & (cells["end_a"].fill_null(0.0).to_numpy() < 0))
    phase = np.select([~flowing, out], [REST, DISCHARGE], default=CHARGE)
    mean = np.where(took > 0, (discharged - charged) * 3600 / np.where(took > 0, took, 1.0), 0.0)
    frame = cells.with_columns(
        pl.Series("phase", phase),
        pl.Series("start_s", start),
        pl.Series("mean_current_a", mean),
        (-pl.col("end_a")).alias("end_current_a"),
        pl.int_range(1, pl.len() + 1).alias("step_count"),
        (2 * pl.int_range(pl.len())).alias("first_row"),
        pl.lit(2).alias("rows"),
        pl.min_horizontal("start_v", "end_v").alias("min_v"),
        pl.max_horizontal("start_v", "end_v", "max_v").alias("max_v"),
        pl.lit(None).alias("intervals"),
        pl.lit(None).alias("longest_interval_s"),
    )
    return frame.select(pl.col(name).cast(kind, strict=False) for name, kind in STEPS.items())


def _series(cells: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Two rows a step, its first and its last moment; nothing can be integrated from them."""
    ends = []
    for side in ("start", "end"):
        later = pl.lit(0.0) if side == "start" else pl.col("duration_s")
        ends.append(
            cells.with_columns(steps["start_s"], steps["step_count"].alias("count")).select(
                (pl.col("start_s") + later).alias("test_time_second"),
                pl.col(f"{side}_v").alias("voltage_volt"),
                pl.col(f"{side}_a").alias("current_ampere"),
                later.alias("step_time_second"),
                pl.col("cycle_count"),
                pl.col("count").alias("step_count"),
                pl.col("step_index"),
                pl.col("label").alias("step_type"),
                pl.col(f"{side}_celsius").alias("temperature_t1_celsius"),
            )
        )
    both = pl.concat(ends).sort("step_count", "step_time_second", maintain_order=True)
    return both.select(pl.col(name).cast(SERIES[name], strict=False) for name in SERIES if name in both.columns)
