"""Whatever the bytes are, the answer is a record or a refusal, soon and in bounded memory."""

import gzip
import io
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.assessment import AssessmentError, Limits, Record, read
from suyuan.kernel import SuyuanError
from tests.assessment.made import cycles_csv, sample

SMALL = (
    "neware/21_10_7_85.ndax",
    "neware/nda_v8.nda.zip",
    "neware/new_nda_file.nda.zip",
    "arbin/mits7-0.res.gz",
    "arbin/sample_data_arbin.csv",
    "basytec/sample_data_basytec.txt",
    "biologic/Sample_data_biologic_no_header.mpt",
    "maccor/sample_data_maccor.csv",
    "pec/Test25195.csv",
    "eis/exampleDataAutolab.txt",
    "eis/exampleDataCHInstruments.txt",
    "eis/exampleData.csv",
)
SETTINGS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def answer(data: bytes) -> Record | SuyuanError:
    try:
        record = read(data)
    except SuyuanError as error:
        return error
    assert record.series.height
    assert record.steps["rows"].sum() in (record.series.height, 0)
    return record


@pytest.mark.parametrize("name", SMALL)
def test_cut_anywhere(name: str) -> None:
    data = sample(name)
    for end in range(0, len(data), max(1, len(data) // 15)):
        answer(data[:end])


@given(st.sampled_from(SMALL), st.data())
@SETTINGS
def test_bytes_changed_anywhere(name: str, drawn: st.DataObject) -> None:
    data = bytearray(sample(name))
    for _ in range(drawn.draw(st.integers(1, 20))):
        data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    answer(bytes(data))


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\x03\x04", b"NEWARE", b"\x1f\x8b\x08", b"\x00\x01\x00\x00Standard Jet DB\x00"]),
)
@SETTINGS
def test_any_bytes_behind_any_mark(rest: bytes, mark: bytes) -> None:
    answer(mark + rest)


@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats()), min_size=1, max_size=30))
@SETTINGS
def test_any_numbers_under_good_headings(rows: list[tuple[float, float, float]]) -> None:
    body = "\n".join(f"{time},{volts},{amperes}" for time, volts, amperes in rows)
    found = answer(f"Test Time (s),Voltage (V),Current (A)\n{body}\n".encode())
    if isinstance(found, Record):
        times = found.series["test_time_second"]
        assert (times.diff().drop_nulls() >= 0).all()


def _zip(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_a_zip_bomb_is_not_unpacked() -> None:
    bomb = _zip({"data.ndc": bytes(300 << 20), "data_runInfo.ndc": bytes(4096)})
    tracemalloc.start()
    try:
        with pytest.raises(AssessmentError) as raised:
            read(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert raised.value.code == "assessment.zip_bomb"
    assert peak < 64 << 20


def test_a_zip_bomb_without_a_directory_is_stopped() -> None:
    bomb = _zip({"data.ndc": bytes(300 << 20)})
    with pytest.raises(AssessmentError) as raised:
        read(bomb[: bomb.rindex(b"PK\x01\x02")])
    assert raised.value.code == "assessment.zip_bomb"


def test_a_gzip_bomb_is_stopped() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(gzip.compress(bytes(200 << 20)))
    assert raised.value.code == "assessment.zip_bomb"


def test_a_lying_count_costs_nothing() -> None:
    """The table of an Arbin file claims four thousand million rows."""
    data = bytearray(gzip.decompress(sample("arbin/mits7-0.res.gz")))
    rows = struct.pack("<I", 8)
    places = [at for at in range(16, len(data), 4096) if data[at - 16] == 2 and data[at : at + 4] == rows]
    assert places
    for at in places:
        data[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(AssessmentError) as raised:
        read(bytes(data))
    assert raised.value.code == "assessment.too_many_rows"


@pytest.mark.parametrize(
    "line", [b"V" + b" " * 900_000 + b",A", b"," * 900_000, b"a/" * 400_000, b"_" * 900_000 + b",b"]
)
def test_a_strange_heading_line_takes_no_time(line: bytes) -> None:
    import time

    start = time.perf_counter()
    assert isinstance(answer(line + b"\n1,2\n"), SuyuanError)
    assert time.perf_counter() - start < 10


def test_too_much_is_refused_before_it_is_read() -> None:
    data = cycles_csv()
    with pytest.raises(AssessmentError) as raised:
        read(data, limits=Limits(max_bytes=1000))
    assert raised.value.code == "assessment.file_too_large"
    with pytest.raises(AssessmentError) as raised:
        read(data, limits=Limits(max_rows=100))
    assert raised.value.code == "assessment.too_many_rows"
    with pytest.raises(AssessmentError) as raised:
        read(b"x" * 5000 + b"\n", limits=Limits(max_line=4000))
    assert raised.value.code == "assessment.line_too_long"


def test_several_files_in_one_archive_are_not_chosen_between() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(_zip({"a.csv": cycles_csv(), "b.csv": cycles_csv()}))
    assert raised.value.code == "assessment.several_files"
    assert read(_zip({"a.csv": cycles_csv()})).series.height


def test_a_workbook_with_one_cell_in_the_last_corner_is_refused() -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Test Time (s)", "Voltage (V)", "Current (A)"])
        sheet.write(1_048_575, 16_383, 1)
    with pytest.raises(AssessmentError) as raised:
        read(target.getvalue())
    assert raised.value.code == "assessment.too_many_cells"
