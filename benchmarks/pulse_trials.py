"""Trials of the pulse model on PulseBat, split by physical cell: what `bench_pulses` measures.

Every trial trains on the fixed-SOC session of some cells and answers for the random-SOC session of others; the
state of charge is in no input. Published numbers and their sources stand beside the results, where they belong.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.grading import scheme
from suyuan.assessment.pulses import HealthModel, Pulses, assess_lot, grades_of, next_cells, pulses_of, train
from suyuan.assessment.pulses.features import plain_view, steps_of
from suyuan.assessment.pulses.quality import refusals, unrefused

Floats = npt.NDArray[np.float64]
SAMPLE = Path(__file__).parents[1] / "tests" / "assessment" / "pulses" / "samples" / "pulsebat_part.csv.gz"
TYPES = {"LFP20": 5000, "LFP35": 5000, "LFP68": 5000, "NMC21": 3000, "LMO10": 3000}
REFERENCES = (0, 3, 5, 10)
HELD_OUT = 0.3
RIDGE = 10.0


@dataclass
class Score:
    """Errors gathered over trials, one entry a cell and trial."""

    truth: list[Floats] = field(default_factory=list)
    answer: list[Floats] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    definite: list[float] = field(default_factory=list)
    ridge: list[Floats] = field(default_factory=list)
    mean: list[Floats] = field(default_factory=list)
    refused: int = 0
    asked: int = 0

    def figures(self) -> dict[str, float]:
        """The figures of the table, in per cent or points."""
        truth, answer = np.concatenate(self.truth), np.concatenate(self.answer)
        low, high = np.concatenate(self.low), np.concatenate(self.high)
        error = answer - truth
        by_mean = np.concatenate(self.mean) - truth
        return {
            "mape": 100 * float(np.mean(np.abs(error) / truth)),
            "mae": 100 * float(np.mean(np.abs(error))),
            "r2": 1 - float(np.sum(error**2) / np.sum((truth - truth.mean()) ** 2)),
            "p95": 100 * float(np.quantile(np.abs(error), 0.95)),
            "skill": 1 - float(np.mean(np.abs(error)) / np.mean(np.abs(by_mean))),
            "coverage": 100 * float(np.mean((low <= truth) & (truth <= high))),
            "width": 100 * float(np.mean(high - low)),
            "over_graded": 100 * float(np.mean(self.over)),
            "definite": 100 * float(np.mean(self.definite)),
            "ridge": 100 * float(np.mean(np.abs(np.concatenate(self.ridge) - truth) / truth)),
            "mean": 100 * float(np.mean(np.abs(by_mean) / truth)),
            "refused": 100 * self.refused / max(self.asked, 1),
        }


def table(path: Path) -> pl.DataFrame:
    """The rows of a csv or csv.gz file."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return pl.read_csv(data, schema_overrides={"cell": pl.String, "soc_label_pct": pl.Float64})


def of_type(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """One cell type at the width that its results are quoted for."""
    return rows.filter((pl.col("set") == name) & (pl.col("width_ms") == TYPES[name]))


def split(rows: pl.DataFrame, name: str, seed: int) -> tuple[HealthModel, Pulses, Pulses]:
    """A model of 70 % of the cells, its rows, and the random-SOC session of the other cells."""
    mine = of_type(rows, name)
    random = mine.filter(pl.col("session") == "random_soc")
    cells = sorted(random["cell"].to_list())
    away = np.random.default_rng(seed).permutation(cells)[: round(HELD_OUT * len(cells))].tolist()
    fixed = mine.filter((pl.col("session") == "fixed_soc") & ~pl.col("cell").is_in(away))
    known = pulses_of(fixed, labelled=True)
    return train(known, name), known, pulses_of(random.filter(pl.col("cell").is_in(away)), labelled=True)


def ridge(known: Pulses, lot: Pulses) -> Floats:
    """The plain baseline: ridge regression on the differences over the C-rate."""
    good = known.take(unrefused(refusals(known)))
    features, wanted = plain_view(steps_of(good.volts)), soh_of(good)
    middle, spread = features.mean(axis=0), features.std(axis=0)
    matrix = np.column_stack([np.ones(len(features)), (features - middle) / spread])
    pull = RIDGE * np.eye(matrix.shape[1])
    pull[0, 0] = 0.0
    weights = np.linalg.solve(matrix.T @ matrix + pull, matrix.T @ wanted)
    there = (plain_view(steps_of(lot.volts)) - middle) / spread
    return np.asarray(np.column_stack([np.ones(len(there)), there]) @ weights)


def soh_of(pulses: Pulses) -> Floats:
    """Measured SOH of rows that have it."""
    if pulses.soh is None:
        raise ValueError("rows without SOH")
    return pulses.soh


def lots(rows: pl.DataFrame, name: str, splits: int, draws: int) -> dict[int, Score]:
    """Scores by number of references, over `splits` splits of the cells and `draws` draws of references."""
    scores = {count: Score() for count in REFERENCES}
    for seed in range(splits):
        model, known, lot = split(rows, name, seed)
        plain = ridge(known, lot)
        random = np.random.default_rng(1000 + seed)
        for count, score in scores.items():
            for _ in range(draws if count else 1):
                chosen = random.permutation(len(lot))[: min(count, len(lot) // 2)]
                _add(score, model, lot, chosen, plain)
    return scores


def _add(score: Score, model: HealthModel, lot: Pulses, chosen: npt.NDArray[np.int64], plain: Floats) -> None:
    truth = soh_of(lot)
    known = {str(lot.cells[place]): float(truth[place]) for place in chosen}
    assessed = assess_lot(model, lot, known)
    rest = assessed.answered & ~assessed.measured
    offset = float(np.mean(truth[chosen] - plain[chosen])) if len(chosen) else 0.0
    trained = model.widths[-1].mean_soh
    grades = np.array(grades_of(assessed, scheme()))[rest]
    right = [scheme().grade(float(soh)) for soh in truth[rest]]
    sure = [not grade.startswith("full_test") for grade in grades]
    score.truth.append(truth[rest])
    score.answer.append(assessed.soh[rest])
    score.low.append(assessed.low[rest])
    score.high.append(assessed.high[rest])
    score.ridge.append(plain[rest] + offset)
    score.mean.append(np.full(int(rest.sum()), float(truth[chosen].mean()) if len(chosen) else trained))
    score.over += [float(is_sure and grade < true) for grade, true, is_sure in zip(grades, right, sure, strict=True)]
    score.definite += [float(is_sure) for is_sure in sure]
    score.refused += int((~assessed.answered).sum())
    score.asked += len(lot)


def by_charge(rows: pl.DataFrame, name: str, seeds: int) -> float:
    """MAE (points) of the published protocol: state of charge known, 80/20 split of the cells, fixed session."""
    mine = of_type(rows, name).filter(pl.col("session") == "fixed_soc")
    errors = []
    for charge in (5.0, 15.0, 25.0, 35.0, 45.0, 50.0):
        one = mine.filter(pl.col("soc_label_pct") == charge)
        for seed in range(seeds):
            cells = np.random.default_rng(seed).permutation(sorted(set(one["cell"].to_list())))
            away = cells[: round(0.2 * len(cells))].tolist()
            model = train(pulses_of(one.filter(~pl.col("cell").is_in(away)), labelled=True), name)
            test = pulses_of(one.filter(pl.col("cell").is_in(away)), labelled=True)
            found = assess_lot(model, test)
            errors.append(np.abs(found.soh - soh_of(test))[found.answered])
    return 100 * float(np.mean(np.concatenate(errors)))


def chosen_or_drawn(rows: pl.DataFrame, name: str, splits: int, draws: int) -> Iterator[tuple[int, float, float]]:
    """For 3, 5, 10 references: MAE (points) of all cells of the lot with chosen and with drawn references.

    A cell that was measured counts as right in both, so that measuring the hardest cells is neither
    rewarded nor punished beyond what it is worth to the owner of the lot.
    """
    gathered: dict[int, list[tuple[float, float]]] = {3: [], 5: [], 10: []}
    for seed in range(splits):
        model, _, lot = split(rows, name, seed)
        truth = soh_of(lot)
        names = [str(cell) for cell in lot.cells]
        random = np.random.default_rng(2000 + seed)
        for count, pairs in gathered.items():
            few = min(count, len(lot) // 2)
            plan = next_cells(model, lot, {}, scheme().lines, budget=few, risk=0.0)
            best = _error(model, lot, truth, [names.index(cell) for cell in plan.cells])
            drawn = [_error(model, lot, truth, random.permutation(len(lot))[:few].tolist()) for _ in range(draws)]
            pairs.append((best, float(np.mean(drawn))))
    for count, pairs in gathered.items():
        best, drawn_mean = (100 * float(np.mean([pair[side] for pair in pairs])) for side in (0, 1))
        yield count, best, drawn_mean


def _error(model: HealthModel, lot: Pulses, truth: Floats, places: list[int]) -> float:
    known = {str(lot.cells[place]): float(truth[place]) for place in places}
    assessed = assess_lot(model, lot, known)
    return float(np.abs(assessed.soh - truth)[assessed.answered].sum() / max(int(assessed.answered.sum()), 1))
