"""Every check of this repository, one after the other; a summary says what passed, failed or was left out.

    make test                      all of it
    make test ARGS="--only types"  one step (style, types, house, docs, wheel, suite, browser, distribution)

What cannot run here (no Chromium, no PostgreSQL of the distribution) is left out loudly; with CI=true that fails.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.cluster import OLDEST, distribution_binaries, throwaway_cluster

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FOREIGN = re.compile(
    r"SUYUAN_|DJANGO_|DATABASE_URL$|PG[A-Z]+$|PYTEST_|PYTHONPATH$|PYTHONHOME$|XDG_(DATA|CONFIG|STATE)_HOME$"
)
ROOMS = ("accounts", "answers", "cases", "kit", "laboratory", "ledger", "log", "operation", "registry", "submissions")
DATABASE_TESTS = (*(f"tests/server/{room}" for room in (*ROOMS, "supervision")), "tests/upgrade")
"""What speaks SQL of its own; the faces ask these rooms, and are tested on the embedded server."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PYTEST_SUMMARY = re.compile(r"=+ (.*\b(?:passed|failed|errors?|no tests ran)\b.* in .*?) =+$")


@dataclass
class Outcome:
    """How one step ended."""

    passed: bool
    left_out: str | None = None
    summaries: list[str] = field(default_factory=list)
    seconds: float = 0.0


def environment(home: Path) -> dict[str, str]:
    """The environment of every step: nothing of the developer's own databases, settings or data folder."""
    clean = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("DATA", "CONFIG", "STATE")}
    return {
        **clean,
        **folders,
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "SUYUAN_HOME": str(home / "suyuan"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }


class Steps:
    """The steps, by name, in the order of `make test`; each answers with an `Outcome`."""

    def __init__(self, home: Path) -> None:
        self.environment = environment(home)

    def run(self, *command: str, **extra: str) -> Outcome:
        """Run one program, pass its output on as it comes, and keep pytest's own summary lines."""
        print("$", *command, flush=True)
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env={**self.environment, **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        summaries = []
        with process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                if command[0] == "pytest" and (found := PYTEST_SUMMARY.match(line.rstrip())):
                    summaries.append(found[1])
        return Outcome(process.returncode == 0, summaries=summaries)

    def style(self) -> Outcome:
        """Lint and form."""
        lint = self.run("ruff", "check")
        form = self.run("ruff", "format", "--check")
        return Outcome(lint.passed and form.passed)

    def types(self) -> Outcome:
        """Strict types, everywhere."""
        return self.run("mypy")

    def house(self) -> Outcome:
        """The architecture tests alone: import directions, sizes, purity, messages (part of `suite`)."""
        return self.run("pytest", "tests/architecture")

    def docs(self) -> Outcome:
        """The documentation; a warning is an error."""
        return self.run("sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "docs", "build/docs")

    def wheel(self) -> Outcome:
        """The wheel runs the demo in an empty environment."""
        return self.run("python", "-m", "scripts.wheel")

    def suite(self) -> Outcome:
        """All tests but those in a browser, on the embedded PostgreSQL."""
        ignored = "--ignore=tests/browser"
        return self.run("pytest", "-n", "2", "--dist", "loadfile", ignored, SUYUAN_POSTGRES="embedded")

    def browser(self) -> Outcome:
        """The pages in a real Chromium; pictures of them in build/screenshots."""
        if not any(shutil.which(name) for name in CHROMIUM):
            return Outcome(passed=True, left_out="no Chromium here (Debian: apt-get install chromium)")
        return self.run("pytest", "tests/browser", SUYUAN_POSTGRES="embedded")

    def distribution(self) -> Outcome:
        """The tests that use the database again, on the PostgreSQL of the distribution."""
        binaries = distribution_binaries()
        if binaries is None:
            reason = f"no PostgreSQL {OLDEST} or later of the distribution here (Debian: apt-get install postgresql)"
            return Outcome(passed=True, left_out=reason)
        on_database = [folder for folder in DATABASE_TESTS if (ROOT / folder).is_dir()]
        with throwaway_cluster(binaries) as url:
            print(f"PostgreSQL of {binaries}", flush=True)
            return self.run("pytest", *on_database, SUYUAN_TEST_DATABASE_URL=url)


DEFAULT = ("style", "types", "docs", "wheel", "suite", "browser", "distribution")


def timed(name: str, step: Callable[[], Outcome]) -> Outcome:
    """Run one step under a heading."""
    print(f"\n──── {name}: {step.__doc__}", flush=True)
    start = time.monotonic()
    try:
        outcome = step()
    except subprocess.CalledProcessError as error:
        print(error, flush=True)
        outcome = Outcome(passed=False)
    outcome.seconds = time.monotonic() - start
    return outcome


def report(outcomes: Mapping[str, Outcome], strict: bool) -> bool:
    """Print the closing summary; whether all is well."""
    print("\n──── summary")
    for name, outcome in outcomes.items():
        verdict = "LEFT OUT" if outcome.left_out else "passed" if outcome.passed else "FAILED"
        note = outcome.left_out or "; ".join(outcome.summaries)
        print(f"{name:<14}{verdict:<10}{outcome.seconds:6.0f} s  {note}")
    left_out = [name for name, outcome in outcomes.items() if outcome.left_out]
    failed = [name for name, outcome in outcomes.items() if not outcome.passed]
    if left_out:
        print(
            f"LEFT OUT, NOT CHECKED HERE: {', '.join(left_out)}"
            + (" (with CI=true this is a failure)" if strict else "")
        )
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    summaries = [line for outcome in outcomes.values() for line in outcome.summaries]
    print("pytest: " + (" | ".join(summaries) or "not run"))
    return not failed and not (strict and left_out)


def main() -> int:
    """Run the steps asked for."""
    names = [*DEFAULT, "house"]
    parser = argparse.ArgumentParser(description="Run the checks of this repository.")
    parser.add_argument("--only", nargs="+", choices=names, default=DEFAULT, metavar="STEP", help=", ".join(names))
    chosen = parser.parse_args().only
    strict = os.environ.get("CI", "").lower() in {"1", "true"}
    with tempfile.TemporaryDirectory(prefix="suyuan-test-") as folder:
        Path(folder).chmod(0o755)  # an embedded server started by root runs as another user
        steps = Steps(Path(folder))
        outcomes = {name: timed(name, getattr(steps, name)) for name in chosen}
    return 0 if report(outcomes, strict) else 1


if __name__ == "__main__":
    sys.exit(main())
