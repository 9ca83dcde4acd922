"""`suyuan template`: the empty sheet of every kind of event."""

from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, option
from suyuan.cli.output import Output, note, output_options, whole_file
from suyuan.cli.speech import comma, language, say
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.events.vocabulary import Kind


@command("template", "cli.help_template")
@argument("kind", metavar="[KIND]", required=False, text="cli.arg_kind")
@option("--list", "listed", is_flag=True, text="cli.opt_list_kinds")
@output_options()
def template(kind: str | None, listed: bool, out: Output) -> None:
    """Write the empty sheet of a kind, or list the kinds."""
    from suyuan.cli.checking import check_kind

    if listed or kind is None:
        _list(out)
        return
    check_kind(kind)
    path = out.path or Path(f"{kind}.xlsx")
    with whole_file(path) as stream:
        stream.write(_sheet(kind, path))
    note(say("cli.template_written", file=str(path)))


def _list(out: Output) -> None:
    from suyuan.events.vocabulary import vocabulary

    kinds = list(vocabulary().kinds.values())
    out.rows((_json(kind) for kind in kinds), lambda: _view(kinds))


def _sheet(kind: str, path: Path) -> bytes:
    from suyuan.events.templates import template as sheet_of
    from suyuan.events.vocabulary import vocabulary
    from suyuan.sheets.writing import write_template, write_template_csv

    sheet = sheet_of(vocabulary().kinds[kind])
    match path.suffix.lower():
        case ".xlsx":
            return write_template(sheet)
        case ".csv":
            return write_template_csv(sheet)
        case _:
            raise Misuse("cli.unknown_ending", file=str(path), endings=[".xlsx", ".csv"])


def _json(kind: "Kind") -> dict[str, object]:
    return {
        "kind": kind.name,
        "zh": kind.label.zh,
        "en": kind.label.en,
        "reporters": list(kind.reporters),
        "required": [field.name for field in kind.fields.values() if field.required],
        "fields": list(kind.fields),
    }


def _view(kinds: "list[Kind]") -> "RenderableType":
    from suyuan.cli.tables import grid
    from suyuan.events.vocabulary import vocabulary

    roles, joint = vocabulary().roles, comma()
    table = grid(say("cli.head_kind"), say("cli.head_label"), say("cli.head_reporters"), keep=(0,))
    for kind in kinds:
        names = [roles[role].in_language(language()) if role in roles else role for role in kind.reporters]
        table.add_row(kind.name, kind.label.in_language(language()), joint.join(names))
    return table
