"""`suyuan ledger`: maintenance of the ledger on this machine."""

from time import perf_counter
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, output_options
from suyuan.cli.speech import count, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.ledger.services import Report

ledger = group("ledger", "cli.help_ledger")


@command("rebuild", "cli.help_ledger_rebuild", ledger)
@option("--check", is_flag=True, text="cli.opt_rebuild_check")
@output_options()
def rebuild_folds(check: bool, out: Output) -> int:
    """Fold every record anew; with --check compare only."""
    from suyuan.cli.ring import enter

    enter()
    start = perf_counter()
    report = _rebuild(check)
    answer: dict[str, Any] = {
        "clean": report.clean,
        "checked_only": check,
        "seconds": round(perf_counter() - start, 2),
        "folds": [
            {
                "fold": fold.fold,
                "missing": fold.missing,
                "extra": fold.extra,
                "different": fold.different,
                "examples": [{"what": what, "where": where} for what, where in fold.examples],
            }
            for fold in report.folds
        ],
    }
    out.thing(answer, lambda: _view(answer))
    return Exit.CONFLICT if check and not report.clean else Exit.OK


def _rebuild(check: bool) -> "Report":
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.ledger.services import rebuild

    with transaction.atomic(), cursor() as run:
        if check:  # beside writers it must see one moment
            run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return rebuild(run, check=check)


@command("verify", "cli.help_ledger_verify", ledger)
@output_options()
def verify_ledger(out: Output) -> int:
    """Make every leaf of the log again from the database and compare; ends with 8 if something differs."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.cli.auditing import audit_view, audited

    answer = audited()
    out.thing(answer, lambda: audit_view(answer))
    return Exit.OK if answer["clean"] else Exit.CONFLICT


def _view(answer: dict[str, Any]) -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.cli.tables import grid, mark

    heads = ("cli.head_fold", "cli.head_missing", "cli.head_extra", "cli.head_different", "cli.head_examples")
    table = grid(*(say(head) for head in heads), right=(1, 2, 3))
    for fold in answer["folds"]:
        places = "\n".join(f"{example['what']} {example['where']}" for example in fold["examples"][:3])
        numbers = [count(fold[name]) for name in ("missing", "extra", "different")]
        table.add_row(say(f"cli.fold_{fold['fold']}"), *numbers, places)
    if answer["clean"]:
        code = "cli.folds_clean"
    else:
        code = "cli.folds_differ" if answer["checked_only"] else "cli.folds_mended"
    sign = mark("ok" if answer["clean"] else "refuse" if answer["checked_only"] else "warning")
    return [table, Text.assemble(sign, " ", say(code, seconds=f"{answer['seconds']:.1f}"))]
