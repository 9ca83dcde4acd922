"""`suyuan company`, `vendor`, `filing`: what a server must know before the first record."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.exits import Exit, of_counts
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import comma, count, language, say
from suyuan.cli.usage import Misuse, existing_file
from suyuan.kernel import Language

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

    from suyuan.server.registry.services import Imported

company = group("company", "cli.help_company")
vendor = group("vendor", "cli.help_vendor")
filing = group("filing", "cli.help_filing")


@command("add", "cli.help_company_add", company)
@argument("code", metavar="CODE", text="cli.arg_company")
@option("--name", required=True, metavar="TEXT", text="cli.opt_name")
@option("--name-en", default="", metavar="TEXT", text="cli.opt_name_en")
@option("--role", "roles", multiple=True, required=True, metavar="ROLE", text="cli.opt_role")
@option("--division", metavar="CODE", text="cli.opt_division")
@option("--simulated", is_flag=True, text="cli.opt_simulated")
@output_options()
def add_company(  # noqa: PLR0913 - one parameter an option
    *, code: str, name: str, name_en: str, roles: tuple[str, ...], division: str | None, simulated: bool, out: Output
) -> int:
    """Register a company."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.services import CompanyEntry, register_company

    entry = CompanyEntry(
        code=code, name_zh=name, name_en=name_en, roles=list(roles), division=division, simulated=simulated
    )
    number = register_company(Scope.of_nation(), entry)
    answer = {"number": number, "code": code, "name_zh": name, "roles": list(roles), "division": division}
    out.thing(answer, lambda: _line(say("cli.company_added", code=code, name=name)))
    return Exit.OK


def _line(text: str) -> "RenderableType":
    from rich.text import Text

    return Text(text)


@command("list", "cli.help_company_list", company)
@output_options()
def list_companies(out: Output) -> None:
    """List the companies."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import companies

    found = companies(Scope.of_nation())
    out.frame(found, lambda: _companies(found))


def _companies(found: "pl.DataFrame") -> "RenderableType":
    from suyuan.cli.tables import grid
    from suyuan.events.vocabulary import vocabulary

    roles = vocabulary().roles
    heads = ("cli.head_number", "cli.head_code", "cli.head_name", "cli.head_roles", "cli.head_division")
    table = grid(*(say(head) for head in heads), right=(0,), keep=(1,))
    for row in found.iter_rows(named=True):
        name = row["name_zh"] if language() is Language.ZH else row["name_en"] or row["name_zh"]
        names = [roles[role].in_language(language()) if role in roles else role for role in row["roles"]]
        table.add_row(str(row["number"]), row["code"], name, comma().join(names), row["division"] or "")
    return table


@command("import", "cli.help_company_import", company)
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_table")
@output_options()
def import_companies(path: Path, out: Output) -> int:
    """Register companies in bulk."""
    from suyuan.cli.ring import enter

    enter()
    import polars as pl

    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.services import register_companies

    frame = _table(path)
    if frame.schema.get("roles") == pl.String:
        frame = frame.with_columns(pl.col("roles").str.split(" "))
    if frame.schema.get("simulated") == pl.String:
        frame = frame.with_columns(pl.col("simulated").str.to_lowercase().is_in(["true", "1", "yes", "是"]))
    return _imported(register_companies(Scope.of_nation(), frame), frame.height, out)


@command("import-sites", "cli.help_company_import_sites", company)
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_table")
@output_options()
def import_sites(path: Path, out: Output) -> int:
    """Register sites in bulk."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.services import register_sites

    frame = _table(path)
    return _imported(register_sites(Scope.of_nation(), frame), frame.height, out)


@command("import", "cli.help_vendor_import", vendor)
@argument("path", metavar="FILE.csv", type=existing_file(), text="cli.arg_table")
@output_options()
def import_vendors(path: Path, out: Output) -> int:
    """Load vendor codes."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.services import load_vendor_codes

    body = path.read_bytes()
    frame = _table(path)
    return _imported(load_vendor_codes(Scope.of_nation(), body), frame.height, out)


@command("import", "cli.help_filing_import", filing)
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_table")
@output_options()
def import_filings(path: Path, out: Output) -> int:
    """File coding rules in bulk."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry import services

    frame = _table(path)
    return _imported(services.import_filings(Scope.of_nation(), frame), frame.height, out)


def _table(path: Path) -> "pl.DataFrame":
    """A csv or Parquet file as text columns; the service gives them their types."""
    import polars as pl

    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise Misuse("cli.table_form", file=str(path), said=str(error).splitlines()[0][:200]) from error


def _imported(imported: "Imported", rows: int, out: Output) -> int:
    """What was entered, and what was found in the rows that were not."""
    found = [_finding(row) for row in imported.findings.iter_rows(named=True)]
    answer: dict[str, Any] = {"rows": rows, "entered": imported.entered, "findings": found}
    out.thing(answer, lambda: _import_view(answer))
    if out.format.value != "table":
        note(say("cli.imported", entered=count(imported.entered), rows=count(rows)))
    return of_counts(imported.entered, rows - imported.entered)


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    from suyuan.kernel import sentence
    from suyuan.sheets.findings import unpack

    data = {"value": row["value"], "field": row["field"], **unpack(row["data"])}
    message = sentence(row["code"], data, language())
    return {
        "row": None if row["row"] is None else row["row"] + 1,
        "field": row["field"],
        "code": row["code"],
        "severity": row["severity"],
        "value": row["value"],
        "message": message,
    }


def _import_view(answer: dict[str, Any]) -> "list[RenderableType]":
    from suyuan.cli.tables import grid, severity_word

    counted = _line(say("cli.imported", entered=count(answer["entered"]), rows=count(answer["rows"])))
    if not answer["findings"]:
        return [counted]
    heads = ("cli.head_severity", "cli.head_rows_one", "cli.head_column", "cli.head_cause", "cli.head_value")
    table = grid(*(say(head) for head in heads), right=(1,), keep=(0,))
    for found in answer["findings"]:
        table.add_row(
            severity_word(found["severity"]),
            str(found["row"] or ""),
            found["field"] or "",
            found["message"],
            found["value"] or "",
        )
    return [table, counted]
