"""A lot is answered honestly: better than the mean, with intervals that hold, and refused where nobody knows."""

from dataclasses import replace

import numpy as np
import pytest

from suyuan.assessment.pulses import Pulses, assess_lot
from suyuan.assessment.pulses.lot import quantile
from suyuan.assessment.pulses.quality import Refusal
from tests.assessment.pulses.real import first, lot, model, part, table, training, truth


def reasons(cell_type: str, pulses: Pulses) -> list[str | None]:
    return [reason and str(reason) for reason in assess_lot(model(cell_type), pulses).refusal]


def test_cells_never_seen_are_answered_better_than_by_the_mean() -> None:
    cells = lot("LFP20")
    assessed = assess_lot(model("LFP20"), cells, first(cells, 4))
    rest = assessed.answered & ~assessed.measured
    known = truth(cells)
    mean = np.abs(known[:4].mean() - known[rest]).mean()
    assert rest.sum() == len(cells) - 4
    assert np.abs(assessed.soh[rest] - known[rest]).mean() < 0.6 * mean


@pytest.mark.parametrize("cell_type", ["LFP20", "NMC21"])
def test_intervals_hold_in_a_session_never_seen(cell_type: str) -> None:
    cells = lot(cell_type)
    known = truth(cells)
    inside = []
    for start in range(4):
        some = cells.take(np.arange(start, len(cells), 3))
        assessed = assess_lot(model(cell_type), cells, first(some, len(some)))
        rest = assessed.answered & ~assessed.measured
        inside += ((assessed.low <= known) & (known <= assessed.high))[rest].tolist()
    assert np.mean(inside) >= 0.8


def test_no_cell_of_the_lot_was_trained_on() -> None:
    assert not set(training("LFP20").cells) & set(lot("LFP20").cells)


def test_references_narrow_the_intervals() -> None:
    cells = lot("LFP20")
    widths = []
    for count in (0, 3, 6):
        assessed = assess_lot(model("LFP20"), cells, first(cells, count))
        rest = ~assessed.measured
        widths.append(float(np.mean(assessed.high[rest] - assessed.low[rest])))
    assert widths[0] > widths[1] > widths[2]


def test_a_session_that_shifts_every_cell_is_settled_by_references() -> None:
    cells = lot("LFP20")
    known = {str(name): float(soh) - 0.03 for name, soh in zip(cells.cells, truth(cells), strict=True)}
    some = dict(sorted(known.items())[:5])
    moved = assess_lot(model("LFP20"), cells, some)
    plain = assess_lot(model("LFP20"), cells, {name: soh + 0.03 for name, soh in some.items()})
    rest = ~moved.measured
    assert np.mean(moved.soh[rest] - plain.soh[rest]) == pytest.approx(-0.03, abs=0.008)


def test_references_that_contradict_each_other_widen_the_intervals() -> None:
    cells = lot("LFP20")
    wild = {name: soh + (0.1 if place % 2 else -0.1) for place, (name, soh) in enumerate(first(cells, 6).items())}
    calm = assess_lot(model("LFP20"), cells, first(cells, 6))
    assert assess_lot(model("LFP20"), cells, wild).inflation > 1.5 * calm.inflation


def test_a_reference_cell_keeps_its_measurement_and_a_stranger_is_told() -> None:
    cells = lot("LFP20")
    assessed = assess_lot(model("LFP20"), cells, {**first(cells, 1), "nobody": 0.8})
    assert assessed.soh[0] == truth(cells)[0]
    assert assessed.unknown == ("nobody",)


def test_the_order_of_the_rows_changes_nothing() -> None:
    cells = lot("LFP20")
    back = assess_lot(model("LFP20"), cells.take(np.arange(len(cells))[::-1]), first(cells, 3))
    there = assess_lot(model("LFP20"), cells, first(cells, 3))
    assert back.soh[::-1] == pytest.approx(there.soh, abs=1e-9)


def test_the_corrupted_row_is_refused_and_no_other() -> None:
    from suyuan.assessment.pulses import pulses_of, refusals

    frame = table()
    found = [
        (cell, soc)
        for reason, cell, soc in zip(refusals(pulses_of(frame)), frame["cell"], frame["soc_label_pct"], strict=True)
        if reason is not None
    ]
    assert found == [("PIP15827A00221240", 55.0)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: replace(p, nominal_ah=p.nominal_ah + 15), Refusal.TYPE),
        (lambda p: replace(p, width_ms=p.width_ms + 1), Refusal.WIDTH),
        (lambda p: replace(p, volts=p.volts * 1000), Refusal.UNIT),
        (lambda p: replace(p, volts=np.where(np.arange(41) == 7, np.nan, p.volts)), Refusal.MISSING),
        (lambda p: replace(p, volts=2 * p.volts[:, :1] - p.volts), Refusal.SIGN),
        (lambda p: replace(p, volts=np.roll(p.volts, 1, axis=1)), Refusal.SIGNAL),
        (lambda p: replace(p, volts=np.repeat(p.volts[:, :1], 41, axis=1)), Refusal.SIGNAL),
        (lambda p: replace(p, volts=p.volts + 0.15), Refusal.CHARGE),
        (lambda p: replace(p, volts=p.volts[:, :1] + 3 * (p.volts - p.volts[:, :1])), Refusal.DOMAIN),
        (lambda p: replace(p, cells=np.full(len(p), "one", dtype=object)), Refusal.TWICE),
    ],
)
def test_what_the_model_does_not_know_is_refused_with_the_reason(change: object, reason: Refusal) -> None:
    assert callable(change)
    cells = lot("LFP20")
    assert set(reasons("LFP20", cells)) == {None}
    assert set(reasons("LFP20", change(cells))) == {str(reason)}


def test_another_chemistry_is_refused_even_with_the_same_nominal_capacity() -> None:
    other = lot("NMC21")
    same = replace(other, nominal_ah=np.full(len(other), 20.0), width_ms=np.full(len(other), 5000.0))
    assert None not in reasons("LFP20", same)


def test_a_state_of_charge_outside_the_trained_range_is_refused() -> None:
    import polars as pl

    from suyuan.assessment.pulses import pulses_of, train

    frame = part("NMC21", "fixed_soc")
    narrow = train(pulses_of(frame.filter(pl.col("soc_label_pct") <= 50), labelled=True), "NMC21")
    high = pulses_of(frame.filter(pl.col("soc_label_pct") == 75))
    assert set(assess_lot(narrow, high).refusal) == {Refusal.CHARGE}


def test_the_quantile_is_that_of_student() -> None:
    assert quantile(0.95, 10) == pytest.approx(1.8125, abs=1e-3)  # printed tables
    assert quantile(0.975, 18) == pytest.approx(2.1009, abs=1e-3)
