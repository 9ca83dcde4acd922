"""The program `suyuan`: its commands, and what becomes of what they raise."""

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import click
from click.shell_completion import shell_complete

from suyuan.cli import usage
from suyuan.cli.commands import COMPLETE, QUIET, Group, Option, Rooms
from suyuan.cli.exits import Exit, exit_of, is_off_line
from suyuan.cli.speech import choose, language, say
from suyuan.kernel import SuyuanError, sentence

COMMANDS = {
    "demo": "suyuan.cli.demo:demo",
    "assess": "suyuan.cli.assess_laboratory:assess",
    "check": "suyuan.cli.check:check",
    "template": "suyuan.cli.template:template",
    "code": "suyuan.cli.code:code",
    "rules": "suyuan.cli.rules:rules",
    "calendar": "suyuan.cli.calendar:calendar",
    "deadline": "suyuan.cli.deadline:deadline",
    "submit": "suyuan.cli.submit:submit",
    "submissions": "suyuan.cli.submissions:submissions",
    "battery": "suyuan.cli.battery:battery",
    "recall": "suyuan.cli.recall:recall",
    "receipts": "suyuan.cli.receipt_files:receipts",
    "company": "suyuan.cli.registry:company",
    "vendor": "suyuan.cli.registry:vendor",
    "filing": "suyuan.cli.registry:filing",
    "outlet": "suyuan.cli.outlets:outlet",
    "qualification": "suyuan.cli.qualifications:qualification",
    "key": "suyuan.cli.accounts:key",
    "person": "suyuan.cli.people:person",
    "init": "suyuan.cli.operation:init",
    "serve": "suyuan.cli.operation:serve",
    "worker": "suyuan.cli.operation:worker",
    "http-server": "suyuan.cli.operation:http_server",
    "doctor": "suyuan.cli.doctor:doctor",
    "backup": "suyuan.cli.backup:backup",
    "restore": "suyuan.cli.backup:restore",
    "ledger": "suyuan.cli.ledger:ledger",
    "supervision": "suyuan.cli.supervision:supervision",
    "findings": "suyuan.cli.findings:findings",
    "cases": "suyuan.cli.cases:cases",
    "answers": "suyuan.cli.answers:answers",
    "report": "suyuan.cli.report:report",
    "map": "suyuan.cli.map:maps",
    "log": "suyuan.cli.log:log",
    "simulate": "suyuan.cli.simulate:simulate",
    "completion": "suyuan.cli.completion:completion",
}


class Program(Group):
    """The outermost group: it turns errors into sentences and exit codes."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the program; ends the process with the exit code unless `standalone_mode` is off."""
        choose(None)
        name = prog_name or "suyuan"
        asked = os.environ.get(complete_var or COMPLETE)
        if asked:
            sys.exit(shell_complete(self, extra, name, complete_var or COMPLETE, asked))
        code = self._run(sys.argv[1:] if args is None else list(args), name, extra)
        if not standalone_mode:
            return code
        return _leave(code)

    def _run(self, args: list[str], name: str, extra: dict[str, Any]) -> int:
        try:
            with self.make_context(name, args, **extra) as context:
                answer = self.invoke(context)
        except click.exceptions.Exit as ended:
            return ended.exit_code
        except (KeyboardInterrupt, click.Abort):
            _tell(say("cli.interrupted"))
            return Exit.INTERRUPTED
        except Exception as error:
            return _stopped(error)
        return answer if isinstance(answer, int) else Exit.OK


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()
    sys.exit(int(code))


def _leave_quietly() -> Exit:
    """The reader of our output has seen enough: nothing more is written, and nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


def _stopped(error: Exception) -> Exit:
    """Say why a command stopped, and with which exit code."""
    match error:
        case click.UsageError():
            return _misused(error)
        case SuyuanError():
            _tell(_sentence(error))
            return exit_of(error)
        case BrokenPipeError():
            return _leave_quietly()
        case _:
            return _failed(error)


def _sentence(error: SuyuanError) -> str:
    """The sentence of an error; where a server refused, the server's own."""
    return getattr(error, "detail", "") or sentence(error.code, error.data, language())


def _tell(text: str) -> None:
    click.echo(f"suyuan: {text}", err=True)


def _misused(error: click.UsageError) -> Exit:
    context = error.ctx
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    finding = usage.finding_of(error)
    _tell(sentence(finding.code, finding.data, language()))
    if context is not None:
        click.echo(say("cli.see_help", command=context.command_path), err=True)
    return Exit.USAGE


def _failed(error: Exception) -> Exit:
    """What nobody expected: a sentence with a number, and the whole story in a file beside it."""
    if is_off_line(error):
        said = str(error).strip().splitlines() or [type(error).__name__]
        _tell(say("cli.off_line", said=said[0]))
        return Exit.UNAVAILABLE
    if isinstance(error, OSError) and error.filename is not None:
        _tell(say("cli.file_trouble", file=str(error.filename), said=str(error.strerror)))
        return Exit.UNEXPECTED
    if isinstance(error, ModuleNotFoundError) and _of_server_extra(error.name or ""):
        _tell(say("cli.extra_missing", module=error.name or ""))
        return Exit.USAGE
    number = uuid4().hex[:12]
    path = Path(tempfile.gettempdir()) / f"suyuan-error-{number}.txt"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    _tell(say("cli.unexpected", error=type(error).__name__, number=number, file=str(path)))
    return Exit.UNEXPECTED


def _of_server_extra(module: str) -> bool:
    return module.partition(".")[0] in {"django", "ninja", "psycopg", "procrastinate", "gunicorn"}


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from suyuan import __version__

        click.echo(f"suyuan {__version__}")
        context.exit()


main = Program(
    "suyuan", help="cli.help_suyuan", commands=Rooms(COMMANDS), context_settings={"help_option_names": ["-h", "--help"]}
)
main.params.insert(
    0, Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="cli.opt_version")
)

__all__ = ["COMMANDS", "QUIET", "Program", "main"]
