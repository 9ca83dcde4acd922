"""Training: the same rows give the same file; a file that is none is refused; so are rows that cannot teach."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from suyuan.assessment import AssessmentError
from suyuan.assessment.pulses import assess_lot, model_bytes, pulses_of, read_model, reference_of, train
from suyuan.assessment.pulses.search import lowest
from tests.assessment.pulses.real import first, lot, model, part, training


def test_the_same_rows_give_the_same_bytes_in_any_order() -> None:
    rows = training("NMC21")
    shuffled = rows.take(np.random.default_rng(3).permutation(len(rows)))
    assert model_bytes(train(shuffled, "NMC21")) == model_bytes(model("NMC21"))


def test_a_model_answers_the_same_after_writing_and_reading() -> None:
    cells = lot("NMC21")
    again = read_model(model_bytes(model("NMC21")))
    one, other = (assess_lot(each, cells, first(cells, 3)) for each in (model("NMC21"), again))
    assert other.soh == pytest.approx(one.soh, abs=1e-9)
    assert other.high == pytest.approx(one.high, abs=1e-9)


def test_a_model_holds_no_name_of_a_cell() -> None:
    text = model_bytes(model("NMC21")).decode()
    assert not [name for name in training("NMC21").cells if name in text]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "assessment.pulse_bad_model"),
        (b"\x80\x04K\x01.", "assessment.pulse_bad_model"),
        (b"[" * 100_000, "assessment.pulse_bad_model"),
        (b'{"format":"other"}', "assessment.pulse_bad_model"),
        (b'{"format":"suyuan-pulse-model","version":99}', "assessment.pulse_model_version"),
        (b'{"format":"suyuan-pulse-model","version":1}', "assessment.pulse_bad_model"),
    ],
)
def test_what_is_no_model_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(AssessmentError) as caught:
        read_model(data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole["widths"].clear(),
        lambda whole: whole["ways"].pop(),
        lambda whole: whole["ways"][0].update(kernel=[0, 0, 0, 1e9]),
        lambda whole: whole["widths"][0]["soh"].pop(),
        lambda whole: whole["widths"][0]["volts_10uv"][0].pop(),
        lambda whole: whole["widths"][0].update(soh=[80.0] * len(whole["widths"][0]["soh"])),
        lambda whole: whole.update(nominal_ah=-1),
    ],
)
def test_a_damaged_model_is_refused(damage: object) -> None:
    assert callable(damage)
    whole = json.loads(model_bytes(model("NMC21")))
    damage(whole)
    with pytest.raises(AssessmentError) as caught:
        read_model(json.dumps(whole).encode())
    assert caught.value.code == "assessment.pulse_bad_model"


def test_rows_that_cannot_teach_are_refused() -> None:
    rows = training("NMC21")
    few = rows.take(np.isin(rows.cells.astype(str), sorted(set(rows.cells))[:9]))
    two = replace(rows, nominal_ah=np.where(np.arange(len(rows)) == 0, 35.0, rows.nominal_ah))
    for bad, code in ((few, "assessment.pulse_few_cells"), (two, "assessment.pulse_two_types")):
        with pytest.raises(AssessmentError) as caught:
            train(bad, "NMC21")
        assert caught.value.code == code


def test_a_row_with_a_bad_signal_is_set_aside_and_counted() -> None:
    rows = training("NMC21")
    volts = rows.volts.copy()
    volts[3] = np.roll(volts[3], 1)
    assert train(replace(rows, volts=volts), "NMC21").set_aside == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.drop("U7"), "assessment.pulse_columns"),
        (lambda f: f.head(0), "assessment.pulse_no_rows"),
        (lambda f: f.with_columns(pl.col("SOH") * 100), "assessment.pulse_not_a_ratio"),
        (lambda f: f.with_columns(pl.lit(" ").alias("cell")), "assessment.pulse_cell_unnamed"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(change: object, code: str) -> None:
    assert callable(change)
    with pytest.raises(AssessmentError) as caught:
        pulses_of(change(part("NMC21", "fixed_soc")), labelled=True)
    assert caught.value.code == code


def test_references_in_per_cent_or_twice_are_refused() -> None:
    frame = pl.DataFrame({"cell": ["a", "b"], "SOH": ["0.8", "0.9"]})
    assert reference_of(frame) == {"a": 0.8, "b": 0.9}
    for bad, code in (
        (frame.with_columns(SOH=pl.Series(["80", "90"])), "assessment.pulse_not_a_ratio"),
        (frame.with_columns(cell=pl.lit("a")), "assessment.pulse_reference_twice"),
        (frame.drop("SOH"), "assessment.pulse_columns"),
    ):
        with pytest.raises(AssessmentError) as caught:
            reference_of(bad)
        assert caught.value.code == code


def test_the_simplex_finds_the_valley_of_rosenbrock() -> None:
    best = lowest(lambda p: float((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2), np.array([-1.2, 1.0]), rounds=300)
    assert best == pytest.approx([1.0, 1.0], abs=1e-3)
