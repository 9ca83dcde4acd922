"""Input made to break a server is refused with a reason; the twin without it is accepted."""

import json

import polars as pl
import pytest

from suyuan.events.check import check
from suyuan.events.templates import all_templates, template
from suyuan.events.vocabulary import vocabulary
from suyuan.sheets.findings import concat
from suyuan.sheets.reading import read
from suyuan.sheets.sheet import apply_repairs
from tests.events.examples import context, sheet
from tests.server.api.face import Face, pack
from tests.server.cast import Cast

TEXT = json.dumps({"kind": "pack_produced", "records": [pack(1)]})


@pytest.mark.parametrize(
    "body",
    [
        TEXT.replace("2026-10-01", "\\ud800"),
        TEXT.replace("2026-10-01", "\\u0000"),
        TEXT.replace('"produced_on"', '"a\\ud800": "x", "b\\u0000": [1], "produced_on"'),
        "[" * 100_000,
        '{"kind": "pack_produced", "records": [' + '{"modules": [' * 200 + "]}" * 200 + "]}",
    ],
)
def test_hostile_json_is_refused_and_nothing_breaks(cast: Cast, body: str) -> None:
    answer = Face(cast.maker).post("/submissions", body.encode())
    assert answer.status < 500
    assert answer.status >= 400 or answer.json["state"] == "refused"


def test_the_good_twin(cast: Cast) -> None:
    assert Face(cast.maker).post("/submissions", TEXT.encode()).json["state"] == "accepted"


def test_a_mapping_holds_only_text_that_can_be_kept(cast: Cast) -> None:
    for text in ('{"a":"\\u0000"}', '{"\\ud800":""}'):
        answer = Face(cast.maker).post("/submissions", TEXT.encode(), query={"mapping": text})
        assert (answer.status, answer.json["code"]) == (422, "api.parameter_invalid")
    assert Face(cast.maker).post("/submissions", TEXT.encode(), query={"mapping": '{"a":""}'}).status < 300


def findings(kind: str, **columns: list[str]) -> pl.DataFrame:
    """What is found where the example record stands twice with these texts."""
    table = pl.concat([sheet(kind).head(1)] * 2)
    table = table.with_columns(pl.Series(name, texts, dtype=pl.String) for name, texts in columns.items())
    return check(table, vocabulary().kinds[kind], context()).findings


def test_findings_do_not_quote_personal_data() -> None:
    names = ["Wang Xiaoming", "Li\u200bHua"]
    found = findings("product_delivered", buyer_name=names).filter(pl.col("field") == "buyer_name")
    assert {"events.text_control", "events.record_disagrees"} <= set(found["code"])
    assert found["value"].null_count() == found.height
    assert "Wang" not in found.write_ndjson()
    twin = findings("product_delivered", party_name=names).filter(pl.col("field") == "party_name")
    assert set(twin["code"]) == set(found["code"])
    assert "Wang" in twin.write_ndjson()


@pytest.mark.parametrize(("field", "quoted"), [("buyer_name", False), ("no such", False), ("produced_on", True)])
def test_corrections_of_personal_fields_are_not_quoted(field: str, quoted: bool) -> None:
    found = findings("correction", field=[field] * 2, value=["Wang Xiaoming", "Li\u200bHua"])
    about = found.filter(pl.col("field") == "value")
    assert {"events.text_control", "events.record_disagrees"} <= set(about["code"])
    assert ("Wang" in about.write_ndjson()) is quoted
    assert (about["value"].null_count() == 0) is quoted


def reader_findings(kind: str, field: str) -> pl.DataFrame:
    """What reading alone says of texts that are no text, in one column of a csv file, with and without repairs."""
    texts = ["#N/A", "4.40301E+17", "Wang\u200b\0Xiaoming", "Wang" * 10_000]
    columns = {column.name: column.example for column in template(vocabulary().kinds[kind]).columns}
    lines = [",".join(columns), *(",".join((columns | {field: text}).values()) for text in texts)]
    got = read("\n".join(lines).encode(), all_templates(), template=kind)
    return concat([got.findings, apply_repairs(got).findings]).filter(pl.col("field") == field)


@pytest.mark.parametrize(
    ("kind", "field", "twin"),
    [("product_delivered", "buyer_id_number", "party_name"), ("correction", "value", "reason")],
)
def test_the_reader_does_not_quote_personal_data_either(kind: str, field: str, twin: str) -> None:
    found, other = reader_findings(kind, field), reader_findings(kind, twin)
    codes = {"sheets.error_cell", "sheets.number_in_text_column", "sheets.control_character", "sheets.cell_too_long"}
    assert codes <= set(found["code"])
    assert set(found["code"]) == set(other["code"])
    assert found["value"].null_count() == found.height
    assert not any(text in found.write_ndjson() for text in ("Wang", "E+17", "#N"))
    assert all(text in other.write_ndjson() for text in ("Wang", "E+17", "#N"))


def test_an_error_value_is_told_once_and_a_wrong_code_is_explained(cast: Cast) -> None:
    def codes(code: str) -> list[str]:
        answer = Face(cast.maker).submit(pack(1, pack_code=code))
        assert answer.json["state"] == "refused"
        return [group["code"] for group in answer.json["groups"]]

    assert codes("#DIV/0!") == ["sheets.error_cell"]
    assert any(code.startswith("codes.") for code in codes("04FPE03EQBA5918B6110001"))
