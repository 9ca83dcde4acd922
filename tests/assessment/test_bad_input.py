"""What is wrong in a file is found, named with its place, and mended only where the result says so."""

import gzip

import pytest

from suyuan.assessment import AssessmentError, Record, read
from suyuan.kernel.findings import Value
from tests.assessment.made import cycles_csv, sample, telemetry_csv


def found(record: Record) -> dict[str, dict[str, Value]]:
    return {finding.code.partition(".")[2]: dict(finding.data) for finding in record.findings}


def lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")


def with_line(data: bytes, number: int, text: bytes) -> bytes:
    changed = lines(data)
    changed[number - 1] = text
    return b"\n".join(changed)


def test_a_clean_file_has_nothing_to_say() -> None:
    assert found(read(cycles_csv())) == {}


@pytest.mark.parametrize("value", [b"", b"nan", b"n/a", b"inf"])
def test_a_row_without_voltage_is_left_out_and_named(value: bytes) -> None:
    good = cycles_csv()
    cells = lines(good)[99].split(b",")
    cells[4] = value
    record = read(with_line(good, 100, b",".join(cells)))
    assert record.series.height == read(good).series.height - 1
    assert found(record)["rows_lost"]["rows"] == "100"
    assert found(record)["rows_lost"]["kept"] == record.series.height
    if value:
        assert found(record)["unreadable_cells"]["value"] == value.decode()


def test_reversed_current_is_turned_round_and_said() -> None:
    right, reversed_ = read(cycles_csv()), read(cycles_csv(sign=-1.0))
    assert found(reversed_)["current_reversed"] == {"source": "labels", "share": 1.0}
    assert reversed_.series["current_ampere"].equals(right.series["current_ampere"])


def test_reversed_current_without_labels_is_only_said() -> None:
    text = cycles_csv(sign=-1.0).decode().replace("Step Type", "Note")
    record = read(text.encode())
    assert "sign_doubtful" in found(record)
    assert record.series["current_ampere"].min() == -10.0
    assert record.steps["phase"][0] == "discharge"


def test_a_voltage_in_millivolt_under_a_heading_in_volt_is_doubtful() -> None:
    rows = [b"Test Time (s),Current (A),Voltage (V)", *(b"%d,1,%d" % (n, 3300 + n) for n in range(30))]
    assert found(read(b"\n".join(rows)))["unit_doubtful"] == {"column": "voltage", "value": 3314.5, "limit": 1500.0}


def test_a_current_in_the_wrong_unit_contradicts_the_counter() -> None:
    rows = [b"Test Time (s),Current (A),Voltage (V),Discharge Capacity (Ah)"]
    rows += [b"%d,-1000,3.3,%f" % (n * 60, n / 60) for n in range(61)]
    data = found(read(b"\n".join(rows)))["charge_contradicts"]
    assert (data["stated_ah"], data["integrated_ah"]) == (1.0, 1000.0)


def test_an_impossible_unit_is_not_guessed() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(cycles_csv().replace(b"Voltage (V)", b"Voltage (kg)"))
    assert raised.value.code == "assessment.missing_columns"
    assert raised.value.data["columns"] == ["voltage"]


def test_missing_columns_are_named() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(b"Current (A),Voltage (V)\n1,3\n1,3\n")
    assert raised.value.data["columns"] == ["test time"]


def test_voltage_alone_is_read_but_gives_no_charge() -> None:
    record = read(b"Test Time (s),Voltage (V)\n0,3.1\n10,3.2\n")
    assert "no_current" in found(record)
    assert record.steps["charged_ah"].to_list() == [None]


def test_a_clock_that_jumps_back_is_continued_and_named() -> None:
    rows = lines(cycles_csv())
    shifted = [rows[0], *rows[1:101]]
    for row in rows[101:-1]:
        head, _, rest = row.partition(b",")
        shifted.append(b"%f,%b" % (float(head) - 5000.0, rest))
    record = read(b"\n".join(shifted))
    assert found(record)["clock_jump"] == {"count": 1, "row": 102, "before_s": 990.0, "after_s": -4000.0}
    assert (record.series["test_time_second"].diff().drop_nulls() >= 0).all()
    assert record.steps["charged_ah"][0] == pytest.approx(10.0 * (3600 - 10) / 3600)


def ahead(rows: list[bytes], seconds: float) -> bytes:
    """The rows with a clock that jumps ahead after the first hundred."""
    shifted = [rows[0], *rows[1:101]]
    for row in rows[101:-1]:
        head, _, rest = row.partition(b",")
        shifted.append(b"%f,%b" % (float(head) + seconds, rest))
    return b"\n".join(shifted)


def test_a_clock_that_jumps_far_ahead_is_continued_and_named() -> None:
    record = read(ahead(lines(cycles_csv()), 30 * 86_400.0))
    assert found(record)["clock_jump"]["row"] == 102
    assert record.steps["charged_ah"][0] == pytest.approx(10.0 * (3600 - 10) / 3600)


def test_a_gap_under_current_is_named_with_the_charge_that_rests_on_it() -> None:
    record = read(ahead(lines(cycles_csv()), 50_000.0))
    assert found(record) == {"gap_under_current": {"count": 1, "row": 102, "gap_s": 50010.0, "charge_ah": 138.9167}}
    assert not record.complete


def test_a_gap_during_rest_says_nothing_false() -> None:
    rows = lines(cycles_csv())
    resting = next(place for place, row in enumerate(rows) if b"Rest" in row) + 20
    shifted = rows[:resting]
    for row in rows[resting:-1]:
        head, _, rest = row.partition(b",")
        shifted.append(b"%f,%b" % (float(head) + 50_000, rest))
    assert "gap_under_current" not in found(read(b"\n".join(shifted)))


def test_a_repeated_time_inside_a_step_is_named() -> None:
    rows = lines(cycles_csv())
    record = read(b"\n".join([*rows[:50], rows[49], *rows[50:]]))
    assert found(record)["repeated_times"] == {"count": 1, "row": 51}
    assert record.steps["charged_ah"][0] == pytest.approx(10.0)


@pytest.mark.parametrize("cut", [30, 17, 12])
def test_a_cut_last_row_is_left_out_and_named(cut: int) -> None:
    data = cycles_csv()
    record = read(data[:-cut])
    last = len(lines(data)) - 1
    assert found(record)["last_row_cut"]["rows"] == str(last)
    assert record.series.height == last - 2


def test_gb18030_and_mixed_texts_are_read_and_said() -> None:
    text = cycles_csv().decode().replace("Charge", "充电").replace("Dis充电", "放电").replace("Discharge", "放电")
    in_gb = read(text.encode("gb18030"))
    assert found(in_gb)["encoding"] == {"encoding": "GB18030"}
    assert in_gb.steps["phase"].to_list() == ["charge", "rest", "discharge", "rest"]
    rows = text.split("\n")
    mixed = b"\n".join(row.encode("gb18030" if place > 200 else "utf-8") for place, row in enumerate(rows))
    both = read(mixed)
    assert len(found(both)["mixed_encodings"]["where"]) == 2  # type: ignore[arg-type]
    assert both.steps["phase"].to_list() == in_gb.steps["phase"].to_list()


def test_utf16_and_decimal_commas_are_read() -> None:
    text = cycles_csv().decode().replace(",", "\t").replace(".", ",")
    record = read(b"\xff\xfe" + text.encode("utf-16-le"))
    assert record.steps["discharged_ah"][2] == pytest.approx(10.0)


@pytest.mark.parametrize("charging_is_positive", [True, False])
def test_telemetry_gets_its_sign_from_the_charging_state(charging_is_positive: bool) -> None:
    """Made telemetry: 50 A for 1190 s, 30 A for 1200 s, and the 10 s between them shared."""
    record = read(telemetry_csv(charging_is_positive), "made_telemetry.csv")
    assert record.form == "gbt-32960-csv"
    assert record.series["soc"][0] == pytest.approx(0.40)
    assert ("current_reversed" in found(record)) is not charging_is_positive
    assert record.steps["phase"].to_list() == ["charge", "discharge"]
    assert record.steps["charged_ah"][0] == pytest.approx(50 * 1195 / 3600)
    assert record.steps["discharged_ah"][1] == pytest.approx(30 * 1205 / 3600)


def test_telemetry_without_a_charging_state_has_no_certain_sign() -> None:
    text = telemetry_csv(True).decode("gb18030").replace(",1,", ",3,")
    assert "sign_unknown" in found(read(text.encode()))


def test_a_gzip_that_is_cut_gives_what_is_there() -> None:
    packed = gzip.compress(cycles_csv(5))
    record = read(packed[: len(packed) // 2])
    assert found(record)["cut_after"]["part"] == "gzip"
    assert 100 < record.series.height < read(packed).series.height


def test_what_is_no_test_is_refused_with_its_first_line() -> None:
    with pytest.raises(AssessmentError) as raised:
        read(b"Dear colleague,\nplease find attached\n")
    assert raised.value.code == "assessment.unknown_form"
    assert raised.value.data["first_line"] == "Dear colleague,"


def test_basytec_and_pec_keep_their_words() -> None:
    assert set(read(sample("basytec/sample_data_basytec.txt")).steps["label"]) == {"Pause", "Charge"}
    assert set(read(sample("pec/Test25195.csv")).steps["label"]) == {"Idle"}
