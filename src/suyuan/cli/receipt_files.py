"""`suyuan receipts`: get receipts of the log, prove single records, and verify both off line."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.counter import Counter, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.speech import language, say
from suyuan.cli.usage import Misuse, existing_file, new_file, number

if TYPE_CHECKING:
    from rich.console import RenderableType

receipts = group("receipts", "cli.help_receipts")

Open = Callable[[], Counter]


@command("get", "cli.help_receipts_get", receipts)
@argument("which", metavar="NUMBER", type=number(1), text="cli.arg_submission")
@option("-o", "--output", "target", type=new_file(), metavar="FILE", text="cli.opt_receipt_file")
@counter_options
def get(which: int, target: Path | None, counter: Open) -> int:
    """Get the receipt of a submission: a JSON document, or one page of PDF if FILE ends in .pdf."""
    form = "pdf" if target and target.suffix.lower() == ".pdf" else "json"
    return _keep(counter().receipt(which, form), target)


@command("record", "cli.help_receipts_record", receipts)
@argument("which", metavar="RECORD", text="cli.arg_record")
@option("-o", "--output", "target", type=new_file(), metavar="FILE", text="cli.opt_receipt_file")
@counter_options
def record(which: str, target: Path | None, counter: Open) -> int:
    """Get the proof that one record stands in the log."""
    return _keep(counter().record_proof(which), target)


def _keep(content: bytes, target: Path | None) -> int:
    with Output(Format.JSON, target).binary() as stream:
        stream.write(content)
    if target is not None:
        note(say("cli.receipt_kept", file=str(target)))
    return Exit.OK


@command("verify", "cli.help_receipts_verify", receipts)
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_receipt")
@option("--policy", type=existing_file(), metavar="POLICY", text="cli.opt_policy")
@option("--received", type=existing_file(), metavar="FILE", text="cli.opt_received")
@output_options()
def verify(path: Path, policy: Path | None, received: Path | None, out: Output) -> int:
    """Verify a receipt or a proof of a record, from the file and the policy alone."""
    from suyuan.tlog.receipts import parse_receipt
    from suyuan.tlog.verdicts import Outcome, verdict_json, verify_document, verify_receipt

    trusted = (policy or _usual_policy(path)).read_bytes()
    content = path.read_bytes()
    if received is not None:
        verdict = verify_receipt(parse_receipt(content), trusted, received=received.read_bytes())
    else:
        verdict = verify_document(content, trusted)
    told = verdict_json(verdict, language())
    out.thing(told, lambda: _view(told))
    return {Outcome.VALID: Exit.OK, Outcome.PROVISIONAL: Exit.PARTLY, Outcome.WRONG: Exit.REJECTED}[verdict.outcome]


def _usual_policy(path: Path) -> Path:
    """The policy beside the document, or that of the user."""
    from platformdirs import user_config_path

    for place in (path.parent / "policy", user_config_path("suyuan", appauthor=False) / "policy"):
        if place.is_file():
            return place
    raise Misuse("cli.policy_needed", beside=str(path.parent / "policy"))


def _view(told: dict[str, Any]) -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.cli.tables import grid, mark

    sign = mark({"valid": "ok", "provisional": "warning", "wrong": "refuse"}[told["outcome"]])
    parts: list[RenderableType] = [Text.assemble(sign, " ", told["message"])]
    if told["simulated"]:
        parts.insert(0, Text(say("cli.simulated_mark"), style="black on yellow"))
    parts += [Text(f"  {reason['message']}") for reason in told["findings"]]
    leaf = told["leaf"]
    if leaf:
        table = grid("", "")
        for name in ("submission", "kind", "records", "received_at", "regime", "received"):
            table.add_row(say(f"cli.leaf_{name}"), str(leaf[name]))
        if told["origin"]:
            table.add_row(say("cli.leaf_log"), f"{told['origin']}  {told['index']} / {told['size']}")
            table.add_row(say("cli.leaf_cosigned"), ", ".join(told["cosigned"]) or "–")
        parts.append(table)
    return parts
