"""`suyuan check`: check files before they are sent, without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Format, Output, note, output_options, whole_file
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import Misuse, existing_file, new_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.cli.checking import Report
    from suyuan.events.checks.grouping import CauseGroup


@command("check", "cli.help_check")
@argument("paths", metavar="FILE...", nargs=-1, required=True, type=existing_file(), text="cli.arg_files")
@option("--kind", metavar="KIND", text="cli.opt_kind")
@option("--bad-rows", "bad_rows", type=new_file(), metavar="OUT", text="cli.opt_bad_rows")
@option("--fix", "fix", type=new_file(), metavar="OUT", text="cli.opt_fix")
@output_options()
def check(paths: tuple[Path, ...], kind: str | None, bad_rows: Path | None, fix: Path | None, out: Output) -> int:
    """Check files and tell what is wrong, by cause."""
    from suyuan.cli.checking import check_file, check_kind

    if len(paths) > 1 and (bad_rows or fix):
        raise Misuse("cli.one_file_only", options=["--bad-rows", "--fix"])
    check_kind(kind)
    reports = [check_file(path, kind) for path in paths]
    _answer(reports, out)
    if bad_rows is not None:
        _write_bad_rows(reports[0], bad_rows)
    if fix is not None:
        _write_mended(reports[0], fix)
    return _exit(reports)


def _answer(reports: "list[Report]", out: Output) -> None:
    if out.format in (Format.CSV, Format.PARQUET):
        import polars as pl

        from suyuan.cli.tables import facts

        found = pl.concat([report.every_finding(language()) for report in reports])
        out.frame(found, lambda: facts([]))
        return
    out.rows((_json(report) for report in reports), lambda: _view(reports))


def _exit(reports: "list[Report]") -> Exit:
    """Rejected if no record of any file is good, partly if some are not."""
    unusable = [report for report in reports if not report.accepted]
    if len(unusable) == len(reports):
        return Exit.REJECTED
    return Exit.PARTLY if unusable or any(report.refused for report in reports) else Exit.OK


def _write_bad_rows(report: "Report", path: Path) -> None:
    from suyuan.cli.checking import form_of

    data = report.bad_rows(language(), form_of(path))
    if data is None:
        note(say("cli.no_bad_rows", file=report.name))
        return
    with whole_file(path) as stream:
        stream.write(data)
    note(say("cli.bad_rows_written", file=str(path)))


def _write_mended(report: "Report", path: Path) -> None:
    from suyuan.cli.checking import form_of

    data = report.mended(form_of(path))
    if data is None:
        note(say("cli.nothing_mended", file=report.name))
        return
    with whole_file(path) as stream:
        stream.write(data)
    note(say("cli.mended_written", cells=count(sum(report.repairs.values())), file=str(path)))


# ---------------------------------------------------------------- for programs


def _json(report: "Report") -> dict[str, object]:
    return {
        "file": report.name,
        "kind": report.kind.name if report.kind else None,
        "format": report.sheet.format.value if report.sheet else None,
        "rows": report.rows,
        "records": report.records,
        "accepted": report.accepted,
        "refused": report.refused,
        "repairs": [{"kind": name, "cells": cells} for name, cells in report.repairs.items()],
        "causes": [_cause_json(report, cause) for cause in report.causes],
    }


def _cause_json(report: "Report", cause: "CauseGroup") -> dict[str, object]:
    examples = [
        {"row": example.row_number, "value": example.value, "message": _message(report, cause, place)}
        for place, example in enumerate(cause.examples)
    ]
    return {
        "code": cause.code,
        "field": cause.field,
        "heading": report.heading(cause.field, language()) or None,
        "severity": cause.severity.value,
        "rows": cause.rows,
        "message": _message(report, cause),
        "examples": examples,
    }


def _message(report: "Report", cause: "CauseGroup", place: int = 0) -> str:
    example = cause.examples[place]
    found = {"code": cause.code, "field": cause.field, "value": example.value, "data": example.data}
    return report.message(language(), found)


# ---------------------------------------------------------------- for people


def _view(reports: "list[Report]") -> "RenderableType":
    from rich.console import Group

    parts: list[RenderableType] = []
    for place, report in enumerate(reports):
        parts += [*([""] if place else []), *_of_file(report)]
    return Group(*parts)


def _of_file(report: "Report") -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.cli.tables import mark

    label = report.kind.label.in_language(language()) if report.kind else say("cli.kind_unknown")
    counted = say("cli.rows_and_records", rows=count(report.rows), records=count(report.records))
    parts: list[RenderableType] = [Text.assemble((report.name, "bold"), "  ", label, "  ", (counted, "dim"))]
    if report.records:
        verdict = mark("refuse" if report.refused else "ok")
        code = "cli.check_partly" if report.refused else "cli.check_good"
        text = say(code, good=count(report.accepted), bad=count(report.refused))
        parts.append(Text.assemble(verdict, " ", text))
    elif report.findings.height:
        parts.append(Text.assemble(mark("refuse"), " ", say("cli.check_unusable")))
    if report.causes:
        from suyuan.cli.causes import causes_table, shown_causes

        parts.append(causes_table(shown_causes(report)))
    if report.repairs:
        named = [say(f"cli.repair_{name}", cells=count(cells)) for name, cells in report.repairs.items()]
        parts.append(Text(say("cli.repairs", repairs=named)))
    return parts
