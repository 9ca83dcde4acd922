"""Chemistry from pulses of cells never seen, in another session; a cell unlike all classes is not named."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from suyuan.assessment import AssessmentError
from suyuan.assessment.pulses import identify, pulses_of, train_chemistry
from tests.assessment.pulses.real import held_out, lot, table

TYPES = ("LFP20", "NMC21", "LMO10")


def test_the_chemistry_of_cells_never_seen_is_named() -> None:
    away = [cell for each in TYPES for cell in held_out(each)]
    known = table().filter((pl.col("session") == "fixed_soc") & ~pl.col("cell").is_in(away))
    model = train_chemistry(pulses_of(known), known["set"].to_numpy().astype(object))
    fresh = table().filter((pl.col("session") == "random_soc") & pl.col("cell").is_in(away))
    named = identify(model, pulses_of(fresh))
    assert (named.names == fresh["set"].to_numpy()).mean() >= 0.95


def test_an_unknown_chemistry_and_a_bad_signal_are_not_named() -> None:
    known = table().filter((pl.col("session") == "fixed_soc") & pl.col("set").is_in(["LFP20", "LMO10"]))
    model = train_chemistry(pulses_of(known), known["set"].to_numpy().astype(object))
    other = lot("LFP20")
    swollen = replace(other, volts=other.volts[:, :1] + 8 * (other.volts - other.volts[:, :1]))
    backward = replace(other, volts=2 * other.volts[:, :1] - other.volts)
    assert set(identify(model, swollen).names) == {None}
    assert set(identify(model, backward).names) == {None}
    assert None not in set(identify(model, other).names)


def test_one_class_alone_cannot_be_told_apart() -> None:
    rows = lot("LFP20")
    with pytest.raises(AssessmentError) as caught:
        train_chemistry(rows, np.full(len(rows), "LFP", dtype=object))
    assert caught.value.code == "assessment.pulse_few_classes"
