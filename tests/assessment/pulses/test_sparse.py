"""Cells to test next: they open the lot more than others would, and none is named once the risk is met."""

import numpy as np

from suyuan.assessment.grading import scheme
from suyuan.assessment.pulses import assess_lot, misgrading, next_cells
from tests.assessment.pulses.real import first, lot, model, truth

LINES = scheme("ten-points").lines


def spread(names: tuple[str, ...] | list[str]) -> float:
    """Mean variance that is left (squared ratio), before the references' own residuals are looked at."""
    cells = lot("LFP20")
    known = {str(name): float(soh) for name, soh in zip(cells.cells, truth(cells), strict=True)}
    assessed = assess_lot(model("LFP20"), cells, {name: known[name] for name in names})
    return float(np.mean((assessed.deviation[~assessed.measured] / assessed.inflation) ** 2))


def test_the_cells_named_leave_less_open_than_random_ones() -> None:
    cells = lot("LFP20")
    plan = next_cells(model("LFP20"), cells, {}, LINES, budget=3, risk=0.0)
    random = np.random.default_rng(1)
    others = [spread([str(name) for name in random.permutation(cells.cells)[:3]]) for _ in range(15)]
    assert spread(plan.cells) < np.mean(others)


def test_a_cell_is_named_once_and_never_one_that_was_measured() -> None:
    cells = lot("LFP20")
    known = first(cells, 3)
    plan = next_cells(model("LFP20"), cells, known, LINES, budget=50, risk=0.0)
    assert len(set(plan.cells)) == len(plan.cells) == len(cells) - 3
    assert not set(plan.cells) & set(known)


def test_a_risk_that_is_met_asks_for_nothing() -> None:
    cells = lot("LFP20")
    plan = next_cells(model("LFP20"), cells, first(cells, 3), LINES, budget=5, risk=0.99)
    assert (plan.cells, plan.reached) == ((), True)


def test_the_risk_is_nothing_when_every_cell_was_measured() -> None:
    cells = lot("LFP20")
    assert misgrading(assess_lot(model("LFP20"), cells, first(cells, len(cells))), LINES) == 0
