"""`suyuan findings`: what detectors found in the ledger of this machine, and what people judged of it."""

from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import choice, number

if TYPE_CHECKING:
    from uuid import UUID

    from rich.console import RenderableType

    from suyuan.rules import Duty, Value
    from suyuan.server.supervision.queries.findings import FindingRow

findings = group("findings", "supervision.help_findings")


@command("detect", "supervision.help_findings_detect", findings)
@output_options()
def look(out: Output) -> None:
    """Let every detector look at the whole ledger."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services.detecting import detect

    with transaction.atomic(), cursor() as run:
        done = detect(run)
    rows: list[dict[str, object]] = [
        {"finding": one.detector, "opened": one.opened, "gone": one.gone, "records": one.records} for one in done
    ]
    out.rows(rows, lambda: _table(rows, ("finding", "opened", "gone", "records")))


@command("list", "supervision.help_findings_list", findings)
@option("--finding", "detector", metavar="NAME", text="supervision.opt_finding")
@option("--gone", is_flag=True, text="supervision.opt_gone")
@option("--limit", type=number(1, 1000), default=100, show_default=True, text="cli.opt_limit")
@output_options()
def list_findings(detector: str | None, gone: bool, limit: int, out: Output) -> None:
    """List findings."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.supervision.queries.findings import findings as asked

    with cursor() as run:
        found = asked(run, Scope.of_nation(), detector, gone=gone, limit=limit)
    codes = _codes()
    rows = [_plain(one, codes) for one in found.rows]
    names = ("number", "title", "severity", "company", "party", "records", "judgement")
    out.rows(rows, lambda: _table(rows, names) if rows else say("supervision.no_findings"))
    if found.following is not None:
        note(say("supervision.more_findings", limit=limit))


@command("show", "supervision.help_findings_show", findings)
@argument("which", metavar="NUMBER", type=number(1), text="supervision.arg_finding")
@output_options()
def show(which: int, out: Output) -> None:
    """Show a finding with its legal basis and the records that speak for it."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.supervision.queries.catalogue import detectors
    from suyuan.server.supervision.queries.findings import finding

    with cursor() as run:
        row, evidence = finding(run, Scope.of_nation(), which)
    one = detectors().get(row.detector)
    limits = {} if one is None else {name: [limit.value, limit.unit] for name, limit in one.parameters.items()}
    told = {
        **_plain(row, _codes()),
        "status": None if one is None else one.status.value,
        "basis": [] if one is None else [_basis(name) for name in one.basis],
        "limits": limits,
        "evidence": [{"object": code, "record": str(record)} for code, record in evidence],
    }
    out.thing(told, lambda: [_table([told], ("title", "severity", "company", "party")), _table_of(evidence)])


@command("judge", "supervision.help_findings_judge", findings)
@argument("which", metavar="NUMBER", type=number(1), text="supervision.arg_finding")
@argument(
    "judgement", metavar="JUDGEMENT", type=choice(("confirmed", "false_positive")), text="supervision.arg_judgement"
)
@option("--note", "said", default="", metavar="TEXT", text="supervision.opt_note")
def judge_finding(which: int, judgement: str, said: str) -> None:
    """Say that a finding is confirmed, or a false positive."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services.detecting import judge

    with transaction.atomic(), cursor() as run:
        judge(run, which, judgement, said)


def _codes() -> dict[int, str]:
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import companies

    return dict(companies(Scope.of_nation()).select("number", "code").iter_rows())


def _basis(name: str) -> dict[str, str]:
    """A value or duty of the law that a detector rests on, with how sure it is; the latest version."""
    from suyuan.rules import law

    versions: list[Value | Duty] = [*law().values.get(name, ()), *law().duties.get(name, ())]
    last = versions[-1]
    return {"name": name, "title": last.title.in_language(language()), "status": last.weakest.value}


def _plain(row: "FindingRow", codes: dict[int, str]) -> dict[str, object]:
    from suyuan.server.supervision.queries.catalogue import detectors

    one = detectors().get(row.detector)
    return {
        "number": row.number,
        "finding": row.detector,
        "title": row.detector if one is None else one.title.in_language(language()),
        "severity": None if one is None else one.severity.value,
        "company": codes.get(row.company),
        "party": None if row.party is None else codes.get(row.party),
        "records": row.records,
        "opened_at": row.opened_at.isoformat(),
        "gone_at": None if row.gone_at is None else row.gone_at.isoformat(),
        "judgement": row.judgement,
        "note": row.note,
    }


def _table(rows: list[dict[str, object]], names: tuple[str, ...]) -> "RenderableType":
    from suyuan.cli.tables import grid

    table = grid(*(say(f"supervision.head_{name}") for name in names), keep=(0,))
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in names))
    return table


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in ("severity", "judgement"):
        return say(f"supervision.word_{value}")
    return count(value) if isinstance(value, int) and name != "number" else str(value)


def _table_of(evidence: "list[tuple[str, UUID]]") -> "RenderableType":
    rows: list[dict[str, object]] = [{"object": code, "record": str(record)} for code, record in evidence]
    return _table(rows, ("object", "record"))
