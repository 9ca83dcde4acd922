"""A large sheet is checked by short ways; what is found does not depend on them."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import polars as pl
import pytest

from suyuan.codes import battery_columns, runs
from suyuan.events.check import Checked, check
from suyuan.events.checks.context import FILINGS
from suyuan.events.records import build
from suyuan.events.templates import all_templates
from suyuan.events.vocabulary import vocabulary
from suyuan.sheets import read
from tests.events.examples import battery_code, context

PACK = vocabulary().kinds["pack_produced"]
CELLS, MODULES, PACKS = 24, 3, 400
ROWS = CELLS * PACKS
NEVER = 10**9


def sheet(seed: int | None) -> pl.DataFrame:
    """Packs, one row a cell, the cells consecutive or shuffled."""
    serials = np.arange(ROWS) if seed is None else np.random.default_rng(seed).permutation(ROWS)
    rows = range(ROWS)
    return pl.DataFrame(
        {
            "pack_code": [battery_code("P", row // CELLS) for row in rows],
            "produced_on": [f"2026-03-{row // CELLS % 28 + 1:02d}" for row in rows],
            "module_code": [battery_code("M", row * MODULES // CELLS) for row in rows],
            "cell_code": [battery_code("C", serial) for serial in serials.tolist()],
            "model": ["PK-100 with a long name"] * ROWS,
        }
    )


def spoiled(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same with faults of every kind here and there."""
    rng = np.random.default_rng(seed)
    faults = {
        "cell_code": ["", " ", "04QCB76836300JBC4000000", "04QCB76836300JBC40000000", battery_code("C", 3),
                      "04QCB76836300JBC4A00001B", "04QCB76836300JBC4\u200b000001", "04QMB76836300JBC40000009",
                      "04QCX76836300JBC40000009", "04QCB76836300JIC40000009", "99QCB76836300JBC40000009",
                      "04QCB76836300JFC40000009", "04QCB76FCF0000009RC", "电池", None],
        "module_code": ["", battery_code("M", 1), "04qMB76836300JBC40000009", None],
        "pack_code": [battery_code("P", 2), "nonsense", None],
        "produced_on": ["2020-01-01", "soon", "2026/3/1", "", None],
    }  # fmt: skip
    columns = {name: table[name].to_list() for name in table.columns}
    for name, values in faults.items():
        for value in values:
            columns[name][int(rng.integers(ROWS))] = value
    return pl.DataFrame(columns, schema=table.schema)


TABLES: dict[str, Callable[[], pl.DataFrame]] = {
    "good": lambda: sheet(None),
    "shuffled": lambda: sheet(1),
    "bad": lambda: spoiled(sheet(None), 2),
    "bad and shuffled": lambda: spoiled(sheet(3), 4),
    "in any order": lambda: spoiled(sheet(5), 6).sample(fraction=1.0, shuffle=True, seed=7),
    "twice": lambda: pl.concat([sheet(None), sheet(None).head(ROWS // 2)]),
}


def held(table: pl.DataFrame) -> pl.DataFrame:
    """The columns as they come out of a Parquet file: by reference, in several pieces."""
    file = BytesIO()
    table.write_parquet(file, row_group_size=1000)
    return pl.read_parquet(file.getvalue())


def said(checked: Checked) -> list[object]:
    return [
        checked.values.rows(),
        checked.findings.rows(),
        checked.ok_rows.to_list(),
        checked.repeated.to_list(),
        checked.record.to_list(),
        checked.refused_records.to_list(),
    ]


def known() -> pl.DataFrame:
    prefixes = [battery_code(level, 0)[:14] for level in "PMC"]
    return pl.DataFrame(
        {
            "prefix": prefixes,
            "level": list("PMC"),
            "chemistry": ["B"] * 3,
            "modules": [MODULES, None, None],
            "cells": [CELLS, CELLS // MODULES, None],
        },
        schema=FILINGS,
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_large_sheet_is_checked_as_if_every_row_were_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TABLES[name]()
    told = context(filings=known(), vendors=frozenset({"04Q"}))
    short = said(check(held(table), PACK, told))
    assert bool(short[1]) == (name not in {"good", "shuffled"})
    monkeypatch.setattr(battery_columns, "_MANY", NEVER)
    monkeypatch.setattr(runs, "_FEW", NEVER)
    monkeypatch.setattr(runs, "all_different", lambda texts: texts.n_unique() == len(texts))
    assert short == said(check(table, PACK, told))


@pytest.mark.parametrize("seed", [None, 1])
def test_a_large_batch_is_built_as_if_every_row_were_looked_at(
    seed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batch() -> list[object]:
        values, record, _ = check(held(sheet(seed)), PACK, context()).accepted()
        built = build(PACK, values, record.to_numpy(), 1)
        parts = built.parts
        keys = [*(built.objects, parts.tops, parts.subs)]
        return [built.lots, *((key.lot.tolist(), key.serial.tolist()) for key in keys), parts.record.tolist(),
                parts.top.tolist(), built.body.to_list(), built.occurred_ms.tolist()]  # fmt: skip

    short = batch()
    monkeypatch.setattr(battery_columns, "_MANY", NEVER)
    monkeypatch.setattr(runs, "_FEW", NEVER)
    assert short == batch()


def test_a_large_file_reads_alike_from_parquet_and_csv() -> None:
    table = sheet(1).with_columns(pl.col("produced_on").str.to_date())
    file = BytesIO()
    table.write_parquet(file, row_group_size=1000)
    of_parquet = read(file.getvalue(), all_templates(), template="pack_produced")
    of_csv = read(table.write_csv().encode(), all_templates(), template="pack_produced")
    assert of_parquet.columns.equals(of_csv.columns)
    assert of_parquet.findings.is_empty()
    assert of_csv.findings.is_empty()
