"""`suyuan supervision`: duties kept current, computed anew, and the facts that no record tells; on this machine."""

import signal
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import Day, Misuse

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

supervision = group("supervision", "supervision.help_supervision")
fact = group("fact", "supervision.help_fact")
supervision.add_command(fact)


@command("follow", "supervision.help_follow", supervision)
@option("--once", is_flag=True, text="supervision.opt_once")
def follow_ledger(once: bool) -> int:
    """Keep duties current as records arrive, until stopped."""
    from suyuan.cli.processes import follow_parent
    from suyuan.cli.ring import enter

    follow_parent()
    enter()
    from threading import Thread

    from suyuan.server.supervision.jobs import Follower, Messenger

    follower = Follower()
    messenger = Messenger(stopped=follower.stopped)
    if once:
        done = 0
        while (round_ := follower.once()).anything:
            done += round_.changed + round_.recounted
        while messenger.work():
            pass
        note(say("supervision.followed", count=count(done)))
        return Exit.OK
    signal.signal(signal.SIGTERM, lambda *_: follower.stopped.set())
    Thread(target=messenger.run, name="messenger", daemon=True).start()
    follower.run()
    return Exit.OK


@command("rebuild", "supervision.help_rebuild", supervision)
@option("--check", is_flag=True, text="supervision.opt_check")
@output_options()
def rebuild_duties(check: bool, out: Output) -> int:
    """Compute every duty anew; with --check compare only."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services import rebuild

    start = perf_counter()
    with transaction.atomic(), cursor() as run:
        if check:  # beside writers it must see one moment
            run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        report = rebuild(run, check=check)
    found = report.duties
    answer: dict[str, Any] = {
        "clean": report.clean,
        "checked_only": check,
        "seconds": round(perf_counter() - start, 2),
        "duties": found.duties,
        "missing": found.missing,
        "extra": found.extra,
        "different": found.different,
        "waiting": report.waiting,
        "recounted": report.recounted,
        "findings": {
            "detectors": report.findings.detectors if check else len(report.detected),
            "missing": report.findings.missing,
            "extra": report.findings.extra,
            "different": report.findings.different,
            "opened": sum(one.opened for one in report.detected),
            "gone": sum(one.gone for one in report.detected),
        },
        "examples": [{"what": what, "where": where} for what, where in (*found.examples, *report.findings.examples)],
    }
    out.thing(answer, lambda: _rebuilt(answer))
    return Exit.CONFLICT if check and not report.clean else Exit.OK


def _rebuilt(answer: dict[str, Any]) -> "list[RenderableType]":
    from suyuan.cli.tables import facts

    names = ("duties", "missing", "extra", "different", "waiting", "recounted")
    lines: list[tuple[str, str | Text]] = [(say(f"supervision.head_{name}"), count(answer[name])) for name in names]
    differ = sum(answer["findings"][name] for name in ("missing", "extra", "different"))
    lines.append((say("supervision.head_findings_differ"), count(differ)))
    shown: list[RenderableType] = [facts(lines)]
    shown += [f"{example['what']} {example['where']}" for example in answer["examples"][:5]]
    return shown


# ---------------------------------------------------------------- facts


@command("add", "supervision.help_fact_add", fact)
@argument("company", metavar="COMPANY", text="supervision.arg_company")
@argument("kind", metavar="KIND", text="supervision.arg_fact")
@argument("day", metavar="DATE", type=Day(), text="supervision.arg_day")
@option("--about", "subject", default="", metavar="TEXT", text="supervision.opt_about")
@output_options()
def add_fact(company: str, kind: str, day: date, subject: str, out: Output) -> None:
    """Enter a dated fact of a company that starts or fulfils duties."""
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import company_number
    from suyuan.server.supervision.services.facts import Fact, enter_fact

    number = company_number(Scope.of_nation(), company)
    with transaction.atomic(), cursor() as run:
        identity = enter_fact(run, Fact(number, kind, day, subject))
    told = {"id": str(identity), "company": company, "kind": kind, "subject": subject, "occurred_on": str(day)}
    out.thing(told, lambda: told["id"])


@command("withdraw", "supervision.help_fact_withdraw", fact)
@argument("identity", metavar="ID", text="supervision.arg_fact_id")
@option("--reason", required=True, metavar="TEXT", text="supervision.opt_reason")
def withdraw_one(identity: str, reason: str) -> None:
    """Withdraw a fact that was entered by mistake; it stays, with the reason."""
    from uuid import UUID

    from suyuan.cli.ring import enter

    try:
        wanted = UUID(identity)
    except ValueError:
        raise Misuse("supervision.not_an_id", value=identity) from None
    enter()
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.supervision.services.facts import withdraw_fact

    with transaction.atomic(), cursor() as run:
        withdraw_fact(run, wanted, reason)


@command("list", "supervision.help_fact_list", fact)
@output_options()
def list_facts(out: Output) -> None:
    """List the facts entered last."""
    from suyuan.cli.ring import enter

    enter()
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import companies
    from suyuan.server.supervision.queries.duties import facts

    nation = Scope.of_nation()
    codes = dict(companies(nation).select("number", "code").iter_rows())
    with cursor() as run:
        found = facts(run, nation)
    rows: list[dict[str, object]] = [
        {
            "id": str(one.id),
            "company": codes[one.company],
            "kind": one.kind,
            "subject": one.subject,
            "occurred_on": str(one.occurred_on),
            "withdrawn": one.withdrawn,
        }
        for one in found
    ]
    out.rows(rows, lambda: _facts(rows))


def _facts(rows: list[dict[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("id", "company", "kind", "subject", "occurred_on", "withdrawn")
    table = grid(*(say(f"supervision.head_{name}") for name in names), keep=(0,))
    for row in rows:
        gone = say("supervision.is_withdrawn") if row["withdrawn"] else ""
        table.add_row(*(str(row[name]) for name in names[:-1]), gone)
    return table


# ---------------------------------------------------------------- duties and drafts


def duties_view(rows: list[dict[str, object]]) -> "RenderableType":
    """The duties as a table."""
    from suyuan.cli.tables import grid

    if not rows:
        return say("supervision.no_duties")
    names = ("company_name", "title", "object", "started_on", "due_on", "state", "late_days")
    table = grid(*(say(f"supervision.head_{name}") for name in names), right=(6,))
    for row in rows:
        due = say("rules.says_no_period") if row["due_on"] is None else str(row["due_on"])
        if row["due_status"] == "provisional":
            due = f"{due} ({say('rules.calendar_provisional')})"
        plain = [str(row[name] or "") for name in names[:4]]
        table.add_row(*plain, due, say(f"supervision.state_{row['state']}"), str(row["late_days"] or ""))
    return table


def trial_of(path: Path, start: date, end: date) -> dict[str, Any]:
    """What a draft would have changed between two days: by rule, by company, and the first duties concerned."""
    from suyuan.cli.texts import decode
    from suyuan.rules import parse_draft

    draft = parse_draft(decode(path.read_bytes()), str(path)).during(start, end)
    from suyuan.cli.ring import enter

    enter()
    from django.db import transaction

    from suyuan.server.kit.clock import SYSTEM_CLOCK
    from suyuan.server.kit.connection import cursor
    from suyuan.server.kit.scope import Scope
    from suyuan.server.registry.queries import companies
    from suyuan.server.supervision.queries.trials import tried

    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        trial = tried(run, Scope.of_nation(), draft, SYSTEM_CLOCK.today())
    codes = dict(companies(Scope.of_nation()).select("number", "code").iter_rows())
    return {
        "draft": draft.instrument.id,
        "from": str(start),
        "to": str(end),
        "changes": trial.changes.to_dicts(),
        "companies": [{**row, "company": codes[row["company"]]} for row in trial.companies.to_dicts()],
        "rows": [_changed(row, codes) for row in trial.rows.to_dicts()],
    }


def _changed(row: dict[str, Any], codes: dict[int, str]) -> dict[str, Any]:
    """A changed duty in plain values, its companies by their codes."""
    firms = {name: codes.get(row[name]) for name in ("company", "company_after")}
    days = {name: None if row[name] is None else str(row[name]) for name in ("started_on", "due_on", "due_on_after")}
    return {**row, **firms, **days}


def trial_view(told: dict[str, Any]) -> "list[RenderableType]":
    """What changed, and who would have been late."""
    from suyuan.cli.tables import grid

    if not told["changes"]:
        return [say("supervision.draft_changes_nothing")]
    changes = grid(*(say(f"supervision.head_{name}") for name in ("duty", "change", "count")), right=(2,))
    for row in told["changes"]:
        changes.add_row(row["duty"], say(f"supervision.change_{row['change']}"), count(row["count"]))
    firms = grid(*(say(f"supervision.head_{name}") for name in ("company", "late_before", "late_after")), right=(1, 2))
    for row in told["companies"]:
        firms.add_row(row["company"], count(row["late_before"] or 0), count(row["late_after"] or 0))
    return [changes, firms]
