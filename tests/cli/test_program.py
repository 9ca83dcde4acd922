import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from suyuan.cli.exits import Exit, exit_of, of_counts
from suyuan.cli.layout import fold, width
from suyuan.cli.program import COMMANDS
from suyuan.client.errors import Unavailable
from suyuan.kernel import SuyuanError
from suyuan.server.kit import problems
from tests.cli.runner import run


def test_the_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert {code.name: code.value for code in Exit} == {
        "OK": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "REJECTED": 4,
        "PARTLY": 5,
        "NOT_PERMITTED": 6,
        "UNAVAILABLE": 7,
        "CONFLICT": 8,
        "INTERRUPTED": 130,
    }


def test_the_help_tells_every_exit_code() -> None:
    told = " ".join(run("--help").out.split())
    assert all(f" {code.value} " in told for code in Exit)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (problems.Unauthenticated("accounts.key_missing"), Exit.NOT_PERMITTED),
        (problems.Forbidden("registry.outside_scope"), Exit.NOT_PERMITTED),
        (problems.Missing("submissions.not_found"), Exit.NOT_FOUND),
        (problems.Conflict("submissions.confirmed"), Exit.CONFLICT),
        (problems.TooLarge("submissions.too_large"), Exit.REJECTED),
        (problems.Unavailable("api.unavailable"), Exit.UNAVAILABLE),
        (SuyuanError("kit.postgres_not_found"), Exit.UNAVAILABLE),
        (SuyuanError("sheets.truncated"), Exit.REJECTED),
        (Unavailable("client.unreachable"), Exit.UNAVAILABLE),
    ],
)
def test_an_error_has_the_exit_code_of_its_kind(error: SuyuanError, code: Exit) -> None:
    assert exit_of(error) is code


def test_counts_give_all_some_or_nothing() -> None:
    assert [of_counts(3, 0), of_counts(3, 1), of_counts(0, 4)] == [Exit.OK, Exit.PARTLY, Exit.REJECTED]


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("cod",),
        ("code", "explain"),
        ("code", "explain", "A", "B"),
        ("code", "explain", "A", "--nonsense"),
        ("code", "explain", "A", "-f", "xml"),
        ("code", "explain", "A", "-f"),
        ("check", "not-there.xlsx"),
        ("battery", "tree", "A", "--at", "yesterday"),
        ("simulate", "--vehicles", "0", "-d", "x"),
        ("key", "create", "--label", "x"),
        ("recall",),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_cannot_be_understood_is_said_in_the_language_asked_for(arguments: tuple[str, ...], language: str) -> None:
    answer = run("--lang", language, *arguments)
    assert answer.code == Exit.USAGE
    assert answer.out == ""
    first = answer.told.splitlines()[0]
    assert first.startswith("suyuan: ")
    assert any("\u4e00" <= character <= "\u9fff" for character in first) == (language == "zh")


def test_a_command_that_is_nearly_right_is_guessed() -> None:
    assert "battery" in run("batery").told


def test_the_language_is_that_of_the_locale() -> None:
    assert "用法" in run("--help", SUYUAN_LANG="", LC_ALL="zh_CN.UTF-8").out
    assert "Usage" in run("--help", SUYUAN_LANG="", LC_ALL="de_DE.UTF-8").out


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help_in_both_languages(name: str, language: str) -> None:
    answer = run("--lang", language, name, "--help")
    assert answer.code == Exit.OK
    assert "cli." not in answer.out  # a code without its sentence


def test_what_nobody_expected_leaves_its_story_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("suyuan.cli.code.lines_of", fail)
    answer = run("code", "validate", "-", given="A\n")
    assert answer.code == Exit.UNEXPECTED
    assert "ZeroDivisionError" in answer.told
    story = Path(next(word.rstrip(";") for word in answer.told.split() if "suyuan-error-" in word))
    assert "on purpose" in story.read_text()
    assert story.stat().st_mode & 0o777 == 0o600
    story.unlink()


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("suyuan.cli.code.lines_of", interrupt)
    assert run("code", "validate", "-", given="A\n").code == Exit.INTERRUPTED


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    codes = tmp_path / "codes.txt"
    codes.write_text("04QCB76836300JBC40000903\n" * 5_000)
    command = f"{sys.executable} -m suyuan.cli code validate {codes} -f jsonl"
    shell = f"set -o pipefail; {command} | head -n 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_help_takes_less_than_half_a_second_of_processor_time() -> None:
    before = time.process_time()
    measured = (
        "import sys, time\nfrom suyuan.cli import main\n"
        "try: main(args=['--help'])\nexcept SystemExit: print(time.process_time(), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True)
    assert float(done.stderr) < 0.5
    assert time.process_time() - before < 5


def test_completion_knows_the_commands() -> None:
    assert "_SUYUAN_COMPLETE" in run("completion", "bash").out
    environment = {"COMP_WORDS": "suyuan sub", "COMP_CWORD": "1", "_SUYUAN_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "suyuan.cli"]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,submit", "plain,submissions"]


@pytest.mark.parametrize("text", ["电池编码需要24位,请核对。", "a short text", "混合 mixed 文字 text"])
@pytest.mark.parametrize("room", [8, 12, 40])
def test_folded_lines_fit_and_lose_nothing(text: str, room: int) -> None:
    lines = fold(text, room)
    assert all(width(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
