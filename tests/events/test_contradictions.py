"""Contradictions become findings that name the row, the field, the code and what the ledger has."""

from datetime import date

import numpy as np
import polars as pl

from suyuan.codes.columns import join_keys
from suyuan.events.admission import CODES, Contradictions, State, admit
from suyuan.events.contradictions import contradiction_findings
from suyuan.events.policy import DEFAULT
from suyuan.events.records import Batch, build
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.sheets.findings import FINDINGS, unpack
from tests.events.examples import battery_code
from tests.events.histories import Row, batch_of

DAY = date(2026, 3, 15)


def rows(pack: int, cells: int) -> list[Row]:
    base: Row = {"pack_code": battery_code("P", pack), "produced_on": DAY, "module_code": battery_code("M", pack)}
    return [{**base, "cell_code": battery_code("C", 10 * pack + n)} for n in range(cells)]


def test_a_finding_names_the_first_row_of_the_record_the_field_and_the_code() -> None:
    batch = batch_of("pack_produced", [rows(0, 3), rows(1, 2)])
    state = State.blank(batch)
    state.stage[batch.touches["battery"].object[1]] = vocabulary().stages["installed"]
    state.taken[3] = True  # after two modules, the second cell
    table = contradiction_findings(batch, admit(batch, state, DEFAULT).contradictions)
    assert table.schema == FINDINGS
    assert table.select("row", "field", "code", "severity", "value").rows() == [
        (0, "cell_code", "events.second_parent", "refuse", battery_code("C", 1)),
        (3, "pack_code", "events.already_reported", "refuse", battery_code("P", 1)),
    ]
    told = unpack(table["data"][1])
    assert (told["stage"], told["stage_zh"], told["stage_en"]) == ("installed", "在用", "in use in a vehicle")
    assert told["kind"] == "pack_produced"


def test_a_part_is_told_in_its_own_row_and_column() -> None:
    base: Row = {"pack_code": battery_code("P", 2), "produced_on": DAY, "module_code": None}
    loose = [{**base, "cell_code": battery_code("C", 30 + n)} for n in range(2)]
    given = [*rows(0, 3), *loose, *rows(1, 2)]
    order = [3, 0, 5, 1, 4, 2, 6]  # rows of one record need not stand together
    kind = vocabulary().kinds["pack_produced"]
    values = pl.DataFrame(
        [given[place] for place in order], {name: pl.String() for name in given[0]} | {"produced_on": pl.Date()}
    )
    record = np.array([[0, 0, 0, 2, 2, 1, 1][place] for place in order])
    batch = build(kind, values, record, 1)
    assert batch.row.tolist() == [1, 2, 0]
    state = State.blank(batch)
    codes = _codes(batch)
    for code in (battery_code("C", 2), battery_code("C", 31), battery_code("M", 1)):
        state.taken[codes.index(code)] = True
    verdict = admit(batch, state, DEFAULT)
    told = contradiction_findings(batch, verdict.contradictions, (values, record))
    assert told.select("row", "field", "value").rows() == [
        (5, "cell_code", battery_code("C", 2)),
        (2, "module_code", battery_code("M", 1)),
        (4, "cell_code", battery_code("C", 31)),
    ]
    state.stage[batch.main_objects()[1]] = vocabulary().stages["installed"]
    own = contradiction_findings(batch, admit(batch, state, DEFAULT).contradictions, (values, record))
    assert (2, "pack_code", battery_code("P", 1)) in own.select("row", "field", "value").rows()


def _codes(batch: Batch) -> list[str]:
    """The codes of all parts, in the order of `State.taken`."""
    parts = batch.parts
    lot, serial = (
        np.concatenate(pair) for pair in ((parts.tops.lot, parts.subs.lot), (parts.tops.serial, parts.subs.serial))
    )
    return join_keys(batch.lots, lot.astype(np.uint32), serial.astype(np.int32)).to_list()


def test_no_contradiction_is_an_empty_table() -> None:
    batch = batch_of("pack_produced", [rows(0, 3)])
    table = contradiction_findings(batch, admit(batch, State.blank(batch), DEFAULT).contradictions)
    assert table.is_empty()
    assert table.schema == FINDINGS


def test_every_code_has_its_sentence_from_these_data() -> None:
    batch = batch_of("stocked", [[{"code": battery_code("P", 1), "stocked_on": DAY}]])
    count = len(CODES)
    nothing = np.zeros(count, np.int64)
    every = Contradictions(nothing, np.arange(count), nothing, nothing, np.ones(count, bool), nothing, nothing)
    for code, value, data in contradiction_findings(batch, every).select("code", "value", "data").iter_rows():
        for language in Language:
            text = sentence(code, {"field": "code", "value": value, **unpack(data)}, language)
            assert text != code
            assert value in text
            assert "{" not in text
