"""`suyuan report`: monthly, quarterly and yearly reports, here or on a server elsewhere."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, note, output_options, whole_file
from suyuan.cli.speech import say
from suyuan.cli.totals import open_totals
from suyuan.cli.usage import Misuse, choice, new_file

if TYPE_CHECKING:
    from rich.console import RenderableType

TEMPLATES = ("monthly", "quarterly", "yearly")
FORMS = ("xlsx", "json", "pdf")
SERVER = ["SUYUAN_SERVER", "SUYUAN_URL"]

report = group("report", "answers.help_report")


@command("run", "answers.help_report_run", report)
@argument("template", metavar="REPORT", type=choice(TEMPLATES), text="answers.arg_template")
@option("--period", metavar="PERIOD", text="answers.opt_period")
@option("--scope", "division", metavar="DIVISION", text="answers.opt_scope")
@option("--org", "company", metavar="COMPANY", text="answers.opt_org")
@option("-o", "--output", "file", type=new_file(), metavar="FILE", required=True, text="answers.opt_file")
@option("--server", metavar="URL", envvar=SERVER, text="cli.opt_server")
def run_report(
    template: str, period: str | None, division: str | None, company: str | None, file: Path, server: str | None
) -> None:
    """Make a report and write it to a file."""
    form = _form(file)
    totals = open_totals(server)
    made = totals.make_report(template, period, division, company)
    _write(file, totals.report(made["id"], form))
    note(say("answers.made", id=made["id"], name=str(file)))


@command("list", "answers.help_report_list", report)
@option("--server", metavar="URL", envvar=SERVER, text="cli.opt_server")
@output_options()
def list_reports(server: str | None, out: Output) -> None:
    """List the reports that were made."""
    rows = open_totals(server).reports()
    out.rows(rows, lambda: _view(rows))


@command("show", "answers.help_report_show", report)
@argument("identity", metavar="ID", text="answers.arg_report_id")
@option("-o", "--output", "file", type=new_file(), metavar="FILE", required=True, text="answers.opt_file")
@option("--server", metavar="URL", envvar=SERVER, text="cli.opt_server")
def show_report(identity: str, file: Path, server: str | None) -> None:
    """Write a report that was made before to a file."""
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity):
        raise Misuse("answers.not_an_id", value=identity[:60])
    form = _form(file)
    _write(file, open_totals(server).report(identity, form))
    note(say("answers.made", id=identity, name=str(file)))


def _form(file: Path) -> str:
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise Misuse("answers.form_unclear", name=file.name)
    return form


def _write(file: Path, content: bytes) -> None:
    with whole_file(file) as stream:
        stream.write(content)


def _view(rows: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("id", "template", "period", "area", "as_of", "made_at", "made_by")
    table = grid(*(say(f"answers.head_{name}") for name in names), keep=(0,))
    for row in rows:
        table.add_row(*(str(row[name]) for name in names))
    return table
