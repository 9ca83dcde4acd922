"""Text files of testers: one way of reading for all, a name for each by the marks of its maker."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from suyuan.assessment.canonical import draft_of, settle
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.readers import nebula
from suyuan.assessment.readers.decoding import decode
from suyuan.assessment.readers.impedance import bare_table, spectrum_of, zplot_table
from suyuan.assessment.readers.tables import Table, find_headings, head_lines, read_table
from suyuan.assessment.readers.telemetry import is_telemetry, read_telemetry
from suyuan.assessment.record import Record
from suyuan.kernel import Finding
from suyuan.kernel.findings import Value

# A mark in the lines down to the headings → the form; the first that is there.
_MARKS = (
    ("resultfile from basytec", "basytec-text"),
    ("bt-lab ascii file", "biologic-text"),
    ("ec-lab ascii file", "biologic-text"),
    ("novonix", "novonix-csv"),
    ("testregime", "pec-csv"),
    ("load on time", "pec-csv"),
    ("dpt time", "maccor-text"),
    ("tc_counter1", "arbin-csv"),
    ("test_time(s)", "arbin-csv"),
    ("ecell/v", "biologic-text"),
    ("ewe/v", "biologic-text"),
    ("a.c. impedance", "chi-impedance"),
    ("date_time_iso_string", "landt-csv"),
    ("dchg. cap.(", "neware-text"),
    ("datapoint,cycle index,step index", "neware-text"),
    ("zimg", "powersuite-impedance"),
    ("voltage_volt", "bdf-csv"),
    ("voltage / v", "bdf-csv"),
)
_KNOWN = ("Neware", "Arbin", "Maccor", "BioLogic", "Basytec", "Novonix", "PEC", "Landt", "NEBULA", "GB/T 32960", "BDF")
_SHOWN = 80
_ABOUT = 40


def read_text(data: bytes, name: str | None, mapping: Mapping[str, str] | None, limits: Limits) -> Record:
    """The record in a text file."""
    text = decode(data, limits)
    found = find_headings(text.data, mapping)
    if found is None:
        return _without_headings(text.data, name)
    table = read_table(text.data, found, limits)
    sheet = _as_sheet(table)
    place = nebula.find_headings(sheet) if sheet is not None else None
    if sheet is not None and place is not None:
        return _with(nebula.read_steps(sheet, place, "csv", name), table, text.findings)
    record = _read(table, _form(table, mapping), name)
    return _with(record, table, text.findings)


def _as_sheet(table: Table) -> pl.DataFrame | None:
    """The table with its headings as first row, where they are Chinese: it may be a sheet of steps saved as text."""
    if not any("工步" in heading for heading in table.headings):
        return None
    width = table.frame.width
    headings = [*(heading.strip() for heading in table.headings), *([None] * width)][:width]
    return pl.concat([pl.DataFrame([headings], schema=table.frame.schema, orient="row"), table.frame])


def _without_headings(data: bytes, name: str | None) -> Record:
    for table, form in ((zplot_table(data), "zplot-impedance"), (bare_table(data), "bare-impedance")):
        if table is not None:
            return spectrum_of(table, form, name)
    first = next((line for line in head_lines(data) if line.strip()), "")
    raise AssessmentError("assessment.unknown_form", first_line=first.strip()[:_SHOWN], known=list(_KNOWN))


def _form(table: Table, mapping: Mapping[str, str] | None) -> str:
    if mapping:
        return "mapped-csv"
    marks = "\n".join([*table.head, ",".join(heading.strip() for heading in table.headings)]).lower()
    return next((form for mark, form in _MARKS if mark in marks), "csv")


def _read(table: Table, form: str, name: str | None) -> Record:
    if {"frequency_hertz", "real_impedance_ohm"} <= table.layout.known:
        return spectrum_of(table, form if form.endswith("impedance") else "impedance-csv", name)
    if is_telemetry(table.headings, table.layout):
        return read_telemetry(table, name)
    return settle(draft_of(table, form, name))


def _with(record: Record, table: Table, findings: tuple[Finding, ...]) -> Record:
    about: dict[str, Value] = {**_facts(table.head), **record.about}
    return replace(record, findings=(*findings, *record.findings), about=about)


def _facts(head: tuple[str, ...]) -> dict[str, Value]:
    """The lines above the headings that say `name: value`, in the order of the file."""
    facts: dict[str, Value] = {}
    for line in head:
        key, mark, value = line.strip("~ \t").replace("\t", ":", 1).partition(":")
        text = value.strip(" ,\t")
        if mark and text and 0 < len(key) <= _SHOWN and len(facts) < _ABOUT:
            facts[key.strip().lower()] = text[:_SHOWN]
    return facts
