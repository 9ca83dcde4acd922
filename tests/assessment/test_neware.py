"""Neware's binary files agree with the maker's own export, and damaged ones keep what is whole."""

import io
import zipfile
import zlib

import polars as pl
import pytest
from polars.testing import assert_series_equal

from suyuan.assessment import AssessmentError, Record, read
from suyuan.assessment.steps import UNKNOWN
from tests.assessment.made import SAMPLES, sample

NAMES = sorted(path.name.removesuffix(".zip") for path in (SAMPLES / "neware").glob("*.nd*"))
PULSES = "2-1-6_61_07005012.nda"
WITHOUT_RAW_CYCLES = {"2-1-6_61_07005012.nda", "TestFile.nda"}


def record(name: str) -> Record:
    packed = name.endswith(".nda")
    return read(sample(f"neware/{name}{'.zip' if packed else ''}"), name)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_agrees_with_the_makers_export(name: str) -> None:
    """Within half of the export's last digit (0.1 mV), and the precision of four-byte numbers beside."""
    series = record(name).series
    reference = pl.read_parquet(SAMPLES / "reference" / f"{name.rpartition('.')[0]}.parquet")
    assert series.height == reference.height
    times = 1e-3 if name == PULSES else 1e-9  # in the export of that file times are rounded in another way
    heats = [column for column in reference.columns if column.startswith("T") and column[1:2].isdigit()]
    lost = name == "Unit27_Example_Corrupt.ndax"
    for column, theirs, tolerance in [
        ("voltage_volt", reference["Voltage(mV)"].cast(pl.Float64) / 1e3, 5.1e-5),
        ("current_ampere", reference["Current(uA)"].cast(pl.Float64) / 1e6, 5e-6),
        ("step_time_second", reference["Time"], times),
        ("test_time_second", reference["Total Time"], times),
        ("step_capacity_ah", reference["Capacity(mAs)"].cast(pl.Float64).abs() / 3.6e6, 1e-6),
        ("step_energy_wh", reference["Energy(mWs)"].cast(pl.Float64).abs() / 3.6e6, 6e-6),
        *(
            (f"temperature_t{place}_celsius", reference[heat].cast(pl.Float64), 0.051)
            for place, heat in enumerate([] if lost else heats, start=1)
        ),
    ]:
        ours = series[column].abs() if column.startswith("step_") else series[column]
        assert_series_equal(ours, theirs, check_names=False, abs_tol=tolerance, rel_tol=0.0)
    assert series["step_index"].to_list() == reference["Step Index"].to_list()
    if name not in WITHOUT_RAW_CYCLES:
        assert series["cycle_count"].to_list() == reference["Cycle Index"].to_list()
    moments = reference["Date"].dt.epoch("ms").cast(pl.Float64) / 1e3
    ours = series["unix_time_second"] - series["unix_time_second"][0]
    assert_series_equal(ours, moments - moments[0], check_names=False, abs_tol=2e-3)


def test_our_integral_agrees_with_the_testers_counter() -> None:
    read_record = record("TESTCELL0001-B2-2025-M50T_NewareNDA_Investigation.ndax")
    last = read_record.series.group_by("step_count", maintain_order=True).last()["step_capacity_ah"]
    steps = read_record.steps.with_columns(stated=last)
    flowing = steps.filter(pl.col("stated").abs() > 0.01)
    ours = flowing["charged_ah"] - flowing["discharged_ah"]
    assert_series_equal(ours, flowing["stated"], check_names=False, rel_tol=1e-3)
    assert UNKNOWN not in set(steps["phase"])


def test_the_damaged_file_keeps_its_records_and_says_what_was_lost() -> None:
    damaged, whole = record("Unit27_Example_Corrupt.ndax"), record("Unit27_Example_Data_File.ndax")
    assert damaged.series.height == 301
    assert damaged.series["voltage_volt"].equals(whole.series["voltage_volt"])
    (finding,) = damaged.findings
    assert finding.code == "assessment.channels_lost"
    assert finding.data["parts"] == ["data_AUX_10_3_1.ndc", "data_AUX_9_3_1.ndc"]
    assert finding.data["where"] == "TestInfo.xml, byte 703"
    assert whole.findings == ()
    assert "temperature_t2_celsius" in whole.series.columns
    assert not damaged.complete


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".ndax")])
def test_an_archive_without_its_directory_gives_the_same_records(name: str) -> None:
    data = sample(f"neware/{name}")
    saved = read(data[: data.rindex(b"PK\x01\x02")])
    whole = read(data)
    if any(finding.code == "assessment.channels_lost" for finding in whole.findings):
        return
    assert saved.series["voltage_volt"].equals(whole.series["voltage_volt"])
    cut = next(finding for finding in saved.findings if finding.code == "assessment.archive_cut")
    assert cut.data["kept"] == whole.series.height


def _cut_in(data: bytes, last: str) -> bytes:
    """The same archive with one part put last and cut in its middle."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda part: part == last):
            archive.writestr(name, parts[name])
    packed = target.getvalue()
    directory = packed.index(b"PK\x01\x02")
    start = packed.rindex(b"PK\x03\x04", 0, directory)
    return packed[: start + (directory - start) // 2]


def test_a_cut_inside_the_times_keeps_only_records_whose_time_is_known() -> None:
    data = sample("neware/TESTCELL0001-B2-2025-M50T_NewareNDA_Investigation.ndax")
    whole, saved = read(data).series, read(_cut_in(data, "data_runInfo.ndc")).series
    assert 10_000 < saved.height < whole.height
    assert saved["test_time_second"].equals(whole["test_time_second"].head(saved.height))


def test_a_cut_inside_the_measurements_keeps_the_records_before_it() -> None:
    """The part is cut to whole blocks of 4096 bytes; nothing that is kept differs."""
    data = sample("neware/TESTCELL0001-B2-2025-M50T_NewareNDA_Investigation.ndax")
    whole = read(data)
    saved = read(_cut_in(data, "data.ndc"))
    height = saved.series.height
    assert 10_000 < height < whole.series.height
    assert saved.series["voltage_volt"].equals(whole.series["voltage_volt"].head(height))
    found = {finding.code: finding.data for finding in saved.findings}
    assert found["assessment.archive_broken"]["parts"] == ["data.ndc"]
    assert found["assessment.archive_broken"]["kept"] == height


@pytest.mark.parametrize("name", ["nda_v22.nda", "new_nda_file.nda", "nda_v8.nda"])
def test_a_cut_nda_says_how_long_it_should_be(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(sample(f"neware/{name}.zip"))) as archive:
        data = archive.read(archive.namelist()[0])
    cut = read(data[: len(data) - 400])
    found = {finding.code: finding.data for finding in cut.findings}
    assert found["assessment.file_cut"]["bytes"] == len(data) - 400
    assert read(data).findings == ()
    assert cut.series["voltage_volt"].equals(read(data).series["voltage_volt"].head(cut.series.height))


def test_what_is_no_nda_is_refused_with_its_version() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(b"NEWARE" + bytes(8) + b"\xc8" + bytes(500))
    assert (raised.value.code, raised.value.data["version"]) == ("assessment.unreadable_nda", 200)


def test_reading_changes_nothing_of_the_standard_library() -> None:
    before = zlib.decompress, zlib.decompressobj
    record("21_10_7_85.ndax")
    assert (zlib.decompress, zlib.decompressobj) == before


def test_without_the_parser_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from suyuan.assessment.readers import neware

    neware._fastnda.cache_clear()
    monkeypatch.setitem(sys.modules, "fastnda", None)
    with pytest.raises(AssessmentError) as raised:
        record("21_10_7_85.ndax")
    assert raised.value.code == "assessment.extra_missing"
    assert raised.value.data == {"package": "fastnda", "extra": "assessment"}
