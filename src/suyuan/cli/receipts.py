"""A submission and its result, laid out for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from suyuan.cli.causes import Cause, causes_table
from suyuan.cli.counter import Json
from suyuan.cli.moments import shown_moment
from suyuan.cli.speech import count, language, say
from suyuan.cli.tables import facts, grid, mark

_SIGN = {"accepted": "ok", "partly_accepted": "finding", "refused": "refuse", "failed": "refuse"}


def kind_label(kind: str | None) -> str:
    """A kind of event in the language of this run."""
    from suyuan.events.vocabulary import vocabulary

    known = vocabulary().kinds.get(kind or "")
    return known.label.in_language(language()) if known else kind or say("cli.kind_unknown")


def receipt(answer: Json) -> RenderableType:
    """Number, counts, and what has to be mended, by cause."""
    sign = mark(_SIGN.get(str(answer["state"]), "warning"))
    title = say("cli.submission_title", number=str(answer["number"]))
    parts: list[RenderableType] = [
        Text.assemble(sign, " ", (title, "bold"), "  ", str(answer["state_label"]), "  ", (str(answer["name"]), "dim"))
    ]
    rows: list[tuple[str, str | Text]] = [
        (say("cli.head_kind"), kind_label(answer["kind"])),
        (say("cli.head_received_at"), shown_moment(answer["received_at"])),
        (say("cli.head_rows"), count(answer["rows"])),
        (say("cli.head_records"), count(answer["records"])),
        (say("cli.head_admitted"), count(answer["admitted"])),
        (say("cli.head_duplicates"), count(answer["duplicates"])),
        (say("cli.head_refused"), count(answer["refused"])),
    ]
    parts.append(facts(rows))
    if answer.get("already_reported"):
        parts.append(Text(say("cli.already_reported", number=str(answer["number"]))))
    if answer["failure"]:
        parts.append(Text(str(answer["failure"]["message"])))
    if answer["groups"]:
        parts.append(causes_table([_cause(group, answer["kind"]) for group in answer["groups"]]))
    if answer["refused"] and not answer["dry_run"]:
        parts.append(Text(say("cli.get_bad_rows", number=str(answer["number"])), style="dim"))
    return Group(*parts)


def _cause(group: Json, kind: str | None) -> Cause:
    examples = [(example["row_number"], example["value"]) for example in group["examples"]]
    column = field_label(kind, group["field"])
    return Cause(group["severity"], group["code"], column, group["rows"], group["message"], examples)


def field_label(kind: str | None, field: str | None) -> str:
    """A field in the language of this run."""
    from suyuan.events.vocabulary import vocabulary

    known = vocabulary().kinds.get(kind or "")
    described = known.fields.get(field or "") if known else None
    return described.label.in_language(language()) if described else field or ""


def listing(answers: list[Json]) -> Table:
    """Submissions, one a line."""
    table = grid(
        say("cli.head_number"),
        say("cli.head_received_at"),
        say("cli.head_kind"),
        say("cli.head_state"),
        say("cli.head_records"),
        say("cli.head_admitted"),
        say("cli.head_duplicates"),
        say("cli.head_refused"),
        say("cli.head_file"),
        right=(0, 4, 5, 6, 7),
        keep=(1,),
    )
    for answer in answers:
        counts = [count(answer[name]) for name in ("records", "admitted", "duplicates", "refused")]
        table.add_row(
            str(answer["number"]),
            shown_moment(answer["received_at"]),
            kind_label(answer["kind"]),
            str(answer["state_label"]),
            *counts,
            str(answer["name"]),
        )
    return table
