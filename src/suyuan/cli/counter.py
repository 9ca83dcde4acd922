"""The counter at which commands hand files in and ask questions: the server of this machine, or one elsewhere."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from suyuan.cli.commands import option
from suyuan.cli.usage import Misuse

if TYPE_CHECKING:
    import polars as pl

Json = dict[str, Any]
F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Wish:
    """What the sender of a file wants done."""

    kind: str | None = None
    all_or_nothing: bool = False
    dry_run: bool = False
    repair: bool = False
    mapping: Mapping[str, str] | None = None
    idempotency_key: str | None = None
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Targets:
    """What a recall asks for, exactly one of them, and as of which day."""

    prefix: str | None = None
    span: tuple[str, int, int] | None = None
    batch: str | None = None
    batch_company: str | None = None
    codes: tuple[str, ...] = ()
    at: date | None = None


class Counter(Protocol):
    """What the server's rooms can be asked for; answers are plain JSON values, the same from both sides."""

    def submit(self, path: Path, wish: Wish) -> tuple[Json, bool]:
        """Hand a file in; the submission, and whether it had been handed in before."""
        ...

    def submissions(self, limit: int, before: int | None, kind: str | None, state: str | None) -> list[Json]:
        """Submissions, the newest first."""
        ...

    def submission(self, number: int) -> Json:
        """One submission with its result."""
        ...

    def findings(self, number: int) -> Iterator[Json]:
        """Every finding of a submission."""
        ...

    def bad_rows(self, number: int) -> bytes:
        """The refused records as xlsx."""
        ...

    def undo(self, number: int, reason: str) -> Json:
        """Take a submission back."""
        ...

    def confirm(self, number: int) -> Json:
        """Accept a result."""
        ...

    def state(self, code: str, at: date | None) -> Json:
        """What is true of an object."""
        ...

    def life(self, code: str) -> Json:
        """Every record about an object."""
        ...

    def tree(self, code: str, at: date | None, expand: bool) -> Json:
        """What it is made of."""
        ...

    def receipt(self, number: int, form: str) -> bytes:
        """The receipt of a submission as json or pdf."""
        ...

    def record_proof(self, record: str) -> bytes:
        """The proof of one record."""
        ...

    def recall(self, targets: Targets) -> "Iterator[pl.DataFrame]":
        """What contains the objects asked for, portion by portion."""
        ...

    def allocate(self, order: Json) -> Json:
        """Give codes out; the fields of the API's order."""
        ...

    def label(self, order: Json) -> bytes:
        """Labels as a file; the fields of the API's order."""
        ...


def open_counter(server: str | None, key: str | None, company: str | None) -> Counter:
    """The counter of a server elsewhere if one is named, else of this machine."""
    if server:
        from suyuan.cli.remote import Remote

        if company:
            raise Misuse("cli.as_only_here")
        return Remote.at(server, key)
    from suyuan.cli.local import Local

    return Local.of(company)


def counter_options(function: F) -> Callable[..., object]:
    """The options that choose a counter; the command gets it as a function `counter`, to be called once."""

    @wraps(function)
    def inner(*args: Any, server: str | None, company: str | None, **rest: Any) -> object:
        key = os.environ.get("SUYUAN_KEY") or None
        return function(*args, counter=lambda: open_counter(server, key, company), **rest)

    with_company = option("--as", "company", metavar="COMPANY", text="cli.opt_as")(inner)
    return option("--server", metavar="URL", envvar=["SUYUAN_SERVER", "SUYUAN_URL"], text="cli.opt_server")(
        with_company
    )
