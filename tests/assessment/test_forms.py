"""Each maker's text files, and Arbin's database: the numbers are those that stand in the files."""

import gzip
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import polars as pl
import pytest

from suyuan.assessment import AssessmentError, Kind, read
from tests.assessment.made import sample


@pytest.mark.parametrize(
    ("name", "form", "rows", "last"),
    [
        # the last time (s), voltage (V) and current (A) as they stand in the file, by hand
        ("arbin/sample_data_arbin.csv", "arbin-csv", 13, (301.214, 3.599601, 2.650138)),
        ("basytec/sample_data_basytec.txt", "basytec-text", 74, None),
        ("biologic/CA1_first_300_lines.txt", "biologic-text", 197, None),
        ("biologic/Sample_data_biologic_no_header.mpt", "biologic-text", 13, None),
        ("landt/Landt_first_600_lines.csv", "landt-csv", 593, None),
        ("maccor/sample_data_maccor.csv", "maccor-text", 15, (13.06, 3.716, 28.798)),
        ("maccor/maccor_002_first_2500_lines.txt", "maccor-text", 2485, None),
        ("neware/neware_uio_first_1200_lines.csv", "neware-text", 1199, None),
        ("novonix/sample_data_novonix.csv", "novonix-csv", 207, (3.4131889 * 3600, 4.12864581, 0.49999387)),
        ("pec/Test25195.csv", "pec-csv", 19, None),
        ("pec/Test25205.csv", "pec-csv", 489, (70918.98, 0.0639655, 0.0)),
    ],
)
def test_a_makers_file_is_read_as_it_stands(
    name: str, form: str, rows: int, last: tuple[float, float, float] | None
) -> None:
    record = read(sample(name), name)
    assert (record.form, record.kind, record.series.height) == (form, Kind.SERIES, rows)
    assert (
        record.series.select("test_time_second", "voltage_volt", "current_ampere").null_count().sum_horizontal()[0] == 0
    )
    assert (record.series["test_time_second"].diff().drop_nulls() >= 0).all()
    assert record.steps["rows"].sum() == rows
    if last is not None:
        found = record.series.select("test_time_second", "voltage_volt", "current_ampere").row(-1)
        assert found == pytest.approx(last, abs=1e-6)


def test_milliampere_and_minutes_become_ampere_and_seconds() -> None:
    biologic = read(sample("biologic/CA1_first_300_lines.txt")).series
    assert biologic["voltage_volt"][0] == pytest.approx(3.5180547)
    assert biologic["current_ampere"].min() == pytest.approx(-0.9, abs=0.01)
    assert biologic["temperature_t1_celsius"][0] == pytest.approx(22.185871)
    pec = read(sample("pec/Test25205.csv")).series
    assert pec["discharging_capacity_ah"][-1] == pytest.approx(0.021e-3)


def test_a_bare_time_is_held_against_the_clock() -> None:
    """The trap in this file: `TestTime` has no unit, and its rows are a minute apart."""
    record = read(sample("maccor/maccor_002_first_2500_lines.txt"))
    found = {finding.code: finding.data for finding in record.findings}
    assert found["assessment.time_unit_by_clock"]["unit"] == "min"
    assert record.series["test_time_second"][1] == pytest.approx(60.0)
    assert record.series["step_time_second"][1] == pytest.approx(60.0)


def test_currents_without_sign_get_it_from_the_mode_column() -> None:
    record = read(sample("maccor/maccor_002_first_2500_lines.txt"))
    assert "assessment.current_unsigned" in {finding.code for finding in record.findings}
    assert record.steps["phase"].to_list()[:2] == ["rest", "charge"]
    last = int(record.steps["first_row"][1] + record.steps["rows"][1]) - 1
    counter = record.series["step_capacity_ah"][last]
    assert record.steps["charged_ah"][1] == pytest.approx(counter, rel=2e-3)


def test_the_pieces_of_a_res_file_that_are_there_are_read() -> None:
    """160 of 399 pages: the table says how many rows it should have, and the counters check the rest."""
    record = read(sample("arbin/20160805_first_160_pages.res.gz"))
    found = {finding.code: finding.data for finding in record.findings}
    missing = found["assessment.rows_missing"]
    assert (missing["expected"], missing["bytes"]) == (10261, 655_360)
    assert missing["kept"] == record.series.height > 2000
    assert record.series["record_index"].to_list() == list(range(1, record.series.height + 1))
    steps = record.steps.filter(pl.col("phase") == "discharge")
    last = int(steps["first_row"][0] + steps["rows"][0]) - 1
    assert steps["discharged_ah"][0] == pytest.approx(record.series["discharging_capacity_ah"][last], rel=1e-3)
    assert record.series["unix_time_second"][0] == pytest.approx(1470414083.0, abs=0.01)  # 2016-08-05 16:21:23


def test_a_whole_res_file_says_that_nothing_is_missing() -> None:
    record = read(sample("arbin/mits7-0.res.gz"))
    assert record.series.height == 8
    assert record.series["voltage_volt"][0] == pytest.approx(0.1302652359008789, abs=1e-15)
    assert record.complete


def test_a_res_file_without_its_table_names_what_was_searched() -> None:
    data = gzip.decompress(sample("arbin/mits7-0.res.gz"))
    with pytest.raises(AssessmentError) as raised:
        read(data[:9000])
    assert raised.value.code == "assessment.no_channel_table"
    assert raised.value.data == {"pages": 2, "bytes": 9000}


def test_mpr_names_the_plug_in_and_the_byte() -> None:
    """The twin of the next test: without the plug-in nothing is guessed."""
    with pytest.raises(AssessmentError) as raised:
        read(sample("biologic/PEIS-0.mpr"))
    assert raised.value.code == "assessment.plug_in_missing"
    assert (raised.value.data["plug_in"], raised.value.data["position"]) == ("galvani", 53)


def _plug_in(monkeypatch: pytest.MonkeyPatch, columns: dict[str, list[float]]) -> None:
    """A stand-in with the shape of galvani's answer: a structured array under `data`."""
    kinds = [(name, "f8") for name in columns]
    data = np.array(list(zip(*columns.values(), strict=True)), dtype=kinds)
    module = ModuleType("galvani.BioLogic")
    module.MPRfile = lambda stream: SimpleNamespace(data=data)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "galvani", ModuleType("galvani"))
    monkeypatch.setitem(sys.modules, "galvani.BioLogic", module)


def test_with_the_plug_in_mpr_is_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    _plug_in(monkeypatch, {"time/s": [0.0, 3600.0], "Ewe/V": [3.5, 3.4], "dq/mA.h": [0.0, -1000.0]})
    record = read(sample("biologic/GCPL-0.mpr"))
    assert record.form == "biologic-mpr"
    assert record.series["current_ampere"].to_list() == [0.0, -1.0]
    assert "assessment.current_from_charge" in {finding.code for finding in record.findings}


def test_with_the_plug_in_an_impedance_mpr_is_a_spectrum(monkeypatch: pytest.MonkeyPatch) -> None:
    _plug_in(monkeypatch, {"freq/Hz": [1e4, 1.0], "Re(Z)/Ohm": [5.5, 6.0], "-Im(Z)/Ohm": [1.55, 2.0]})
    record = read(sample("biologic/PEIS-0.mpr"))
    assert record.kind is Kind.IMPEDANCE
    assert record.series["imaginary_impedance_ohm"].to_list() == [-1.55, -2.0]


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [
        ("eis/exampleData.csv", 66, (3.1623e-03, 4.949989776405060160e-02, -2.043869854441892481e-02)),
        ("eis/exampleDataAutolab.txt", 41, (10000.0, 0.013785863964281, 0.007191946305823)),
        ("eis/exampleDataCHInstruments.txt", 73, (9.961e4, 98.91, -2.748)),
        ("eis/exampleDataPowersuite.txt", 30, (0.1, 423929.46, -49014.063)),
    ],
)
def test_spectra_are_read_as_they_stand(name: str, rows: int, first: tuple[float, float, float]) -> None:
    record = read(sample(name))
    assert (record.kind, record.series.height) == (Kind.IMPEDANCE, rows)
    assert record.series.row(0) == pytest.approx(first)


def test_arbins_workbook_with_two_worksheets_is_one_record() -> None:
    """Made in the shape of Arbin's exports: an information sheet, then channel sheets that go on from each other."""
    import io

    import xlsxwriter  # type: ignore[import-untyped]

    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet("Info").write_row(0, 0, ["TEST REPORT"])
        for part in range(2):
            sheet = book.add_worksheet(f"Channel_1-008_{part + 1}")
            sheet.write_row(0, 0, ["Data_Point", "Test_Time(s)", "Step_Index", "Current(A)", "Voltage(V)"])
            for row in range(10):
                place = part * 10 + row
                sheet.write_row(row + 1, 0, [place + 1, place * 60.0, 1, -1.0, 3.3 - 0.001 * place])
    record = read(target.getvalue())
    assert (record.form, record.series.height) == ("arbin-xlsx", 20)
    assert record.steps["discharged_ah"].to_list() == pytest.approx([19 * 60 / 3600])
    assert record.about["worksheets"] == ["Channel_1-008_1", "Channel_1-008_2"]


def test_anybodys_csv_with_a_mapping() -> None:
    data = b"Zeit;Spannung;Strom\n0;3300,5;-1000\n1;3200;-1000\n"
    mapping = {"Zeit": "test_time_second/h", "Spannung": "voltage_volt/mV", "Strom": "current_ampere/mA"}
    record = read(data, "made.csv", mapping)
    assert record.form == "mapped-csv"
    assert record.series["voltage_volt"].to_list() == pytest.approx([3.3005, 3.2])
    assert record.steps["discharged_ah"].to_list() == pytest.approx([1.0])
    with pytest.raises(AssessmentError) as raised:
        read(data, "made.csv")
    assert raised.value.code == "assessment.unknown_form"
