"""`suyuan assess train` and `suyuan assess lot`: from pulses to graded cells, without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.assess import assess
from suyuan.cli.commands import argument, command, option
from suyuan.cli.exits import Exit, of_counts
from suyuan.cli.output import note, whole_file
from suyuan.cli.speech import language, say
from suyuan.cli.usage import existing_file, new_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from suyuan.assessment.grading import GradeScheme
    from suyuan.assessment.pulses import Assessed

_DIGITS = 6


@command("train", "cli.help_assess_train", assess)
@argument("path", metavar="TRAIN.csv", type=existing_file(), text="cli.arg_pulse_training")
@option("--type", "cell_type", metavar="TYPE", required=True, text="cli.opt_cell_type")
@option("-o", "--output", "file", type=new_file(), metavar="MODEL", required=True, text="cli.opt_model_out")
def assess_train(path: Path, cell_type: str, file: Path) -> int:
    """Train the model of one cell type on pulses of cells whose capacity was measured."""
    from suyuan.assessment.pulses import model_bytes, pulses_of, train

    table = _of_type(table_of(path), cell_type)
    model = train(pulses_of(table, labelled=True), cell_type)
    with whole_file(file) as stream:
        stream.write(model_bytes(model))
    cells = len(set(table["cell"].to_list()))
    error = f"{max(width.error for width in model.widths) * 100:.1f}"
    widths = [f"{width.width_ms:g}" for width in model.widths]
    note(say("cli.assess_trained", type=cell_type, cells=cells, widths=widths, error=error, file=str(file)))
    if model.set_aside:
        note(say("cli.assess_set_aside", count=model.set_aside))
    return Exit.OK


@command("lot", "cli.help_assess_lot", assess)
@argument("path", metavar="LOT.csv", type=existing_file(), text="cli.arg_pulse_lot")
@option("--model", "model_file", type=existing_file(), metavar="MODEL", required=True, text="cli.opt_model")
@option("--reference", "reference", type=existing_file(), metavar="REF.csv", text="cli.opt_reference")
@option("--grades", "grades", metavar="ID", text="cli.opt_grades")
@option("-o", "--output", "file", type=new_file(), metavar="OUT.csv", required=True, text="cli.opt_output")
def assess_lot_file(path: Path, model_file: Path, reference: Path | None, grades: str | None, file: Path) -> int:
    """Assess the cells of a lot from one row of pulses each."""
    from suyuan.assessment.grading import DEFAULT_SCHEME, scheme
    from suyuan.assessment.pulses import assess_lot, pulses_of, read_model, reference_of
    from suyuan.sheets.writing import harmless

    model = read_model(model_file.read_bytes())
    lot = pulses_of(table_of(path))
    known = reference_of(table_of(reference)) if reference else {}
    lines = scheme(grades or DEFAULT_SCHEME)
    assessed = assess_lot(model, lot, known)
    with whole_file(file) as stream:
        stream.write(harmless(_answers(assessed, lines)).write_csv().encode())
    return _tell(assessed, known, file)


def table_of(path: Path) -> "pl.DataFrame":
    """A csv file as columns; `cell` stays the text that it is."""
    import gzip

    import polars as pl

    from suyuan.assessment import AssessmentError
    from suyuan.cli.texts import decode

    data = path.read_bytes()
    try:
        text = decode(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
        return pl.read_csv(text.encode(), infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        raise AssessmentError("assessment.pulse_no_table", file=path.name, why=str(error)[:120]) from error


def _of_type(table: "pl.DataFrame", cell_type: str) -> "pl.DataFrame":
    """The rows of the fixed-SOC session of one type, where the table says either."""
    from suyuan.assessment import AssessmentError

    for name, wanted in (("set", cell_type), ("session", "fixed_soc")):
        if name not in table.columns:
            continue
        kept = table.filter(table[name] == wanted)
        if not kept.height:
            found = sorted({str(value) for value in table[name].to_list()})[:8]
            raise AssessmentError("assessment.pulse_type_absent", column=name, wanted=wanted, found=found)
        if kept.height < table.height:
            note(say("cli.assess_rows_of_others", count=table.height - kept.height, column=name, wanted=wanted))
        table = kept
    return table


def _answers(assessed: "Assessed", lines: "GradeScheme") -> "pl.DataFrame":
    """One row a cell, in the order of the lot."""
    import polars as pl

    from suyuan.assessment.pulses import grades_of

    grades = grades_of(assessed, lines)
    numbers = {"soh": assessed.soh, "soh_lo90": assessed.low, "soh_hi90": assessed.high}
    return pl.DataFrame(
        {
            "cell": pl.Series([str(name) for name in assessed.cells], dtype=pl.String),
            **{name: pl.Series(values).fill_nan(None).round(_DIGITS) for name, values in numbers.items()},
            "grade": pl.Series(grades, dtype=pl.String),
            "answer": pl.Series([f"refused:{why}" if why else "ok" for why in assessed.refusal], dtype=pl.String),
        }
    )


def _tell(assessed: "Assessed", known: "Mapping[str, float]", file: Path) -> int:
    from suyuan.kernel import sentence

    answered = int(assessed.answered.sum())
    refused = len(assessed.cells) - answered
    note(say("cli.assess_lot_written", good=answered, bad=refused, file=str(file)))
    if not known:
        note(say("cli.assess_no_reference"))
    reasons = [str(reason) for reason in assessed.refusal if reason]
    for reason in sorted(set(reasons)):
        cells = [str(cell) for cell, why in zip(assessed.cells, assessed.refusal, strict=True) if str(why) == reason]
        code = f"assessment.refused_{reason}"
        note(sentence(code, {"count": len(cells), "cells": cells[:5]}, language()))
    if assessed.unknown:
        note(sentence("assessment.pulse_reference_unused", {"cells": list(assessed.unknown[:5])}, language()))
    return of_counts(answered, refused)
