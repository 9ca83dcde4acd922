"""Running the program inside the test's own process."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from suyuan.cli import main

LOCALE = ("SUYUAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "SUYUAN_SERVER", "SUYUAN_URL", "SUYUAN_KEY", "COLUMNS")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command wrote and how it ended."""

    code: int
    out: str
    told: str
    raw: bytes

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: object, given: str | bytes | None = None, **environment: str) -> Answer:
    """`suyuan ARGUMENTS`, in English unless the environment says otherwise."""
    with _environment({"SUYUAN_LANG": "en", **environment}):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in LOCALE}
    for name in LOCALE:
        os.environ.pop(name, None)
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
