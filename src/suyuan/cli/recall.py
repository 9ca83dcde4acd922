"""`suyuan recall`: every vehicle, product or pack that contains what is recalled."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, option
from suyuan.cli.counter import Counter, Targets, counter_options
from suyuan.cli.exits import Exit
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.ring import NotThere
from suyuan.cli.speech import count, language, say
from suyuan.cli.usage import Day, Misuse, existing_file

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

COLUMNS = (
    "lot",
    "code",
    "count",
    "module",
    "pack",
    "product",
    "vehicle",
    "in_vehicle",
    "stage",
    "holder",
    "holder_code",
    "holder_name",
)
"""What stands in a row of the answer."""

_SPAN = re.compile(r"([0-9A-Z]{17,19}):([0-9]{1,7})-([0-9]{1,7})")
_PREFIX = re.compile(r"[0-9A-Z]{3,24}")


@command("recall", "cli.help_recall")
@argument("target", metavar="[PREFIX|LOT:LO-HI]", required=False, text="cli.arg_recall")
@option("--batch", metavar="ID", text="cli.opt_batch")
@option("--batch-of", metavar="COMPANY", text="cli.opt_batch_of")
@option("--codes", type=existing_file(dash=True), metavar="FILE", text="cli.opt_codes")
@option("--at", type=Day(), text="cli.opt_at")
@counter_options
@output_options(Format.CSV)
def recall(  # noqa: PLR0913 - one parameter an option
    *,
    target: str | None,
    batch: str | None,
    batch_of: str | None,
    codes: Path | None,
    at: date | None,
    counter: Callable[[], Counter],
    out: Output,
) -> int:
    """List what contains the batteries or the material that is recalled."""
    if batch_of is not None and batch is None:
        raise Misuse("cli.recall_batch_of")
    targets = replace(_targets(target, batch, codes, at), batch_company=batch_of)
    portions = counter().recall(targets)
    found = _stream(portions, out) if out.format is Format.CSV else _whole(portions, out)
    note(say("cli.recalled", rows=count(found)))
    if not found:
        raise NotThere("cli.nothing_recalled")
    return Exit.OK


def _targets(target: str | None, batch: str | None, codes: Path | None, at: date | None) -> Targets:
    if sum(given is not None for given in (target, batch, codes)) != 1:
        raise Misuse("cli.recall_one")
    if codes is not None:
        from suyuan.cli.code import lines_of

        return Targets(codes=tuple(line.strip() for line in lines_of(codes)), at=at)
    if batch is not None:
        return Targets(batch=batch, at=at)
    text = target or ""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return Targets(span=(span[1], int(span[2]), int(span[3])), at=at)
    if not _PREFIX.fullmatch(text):
        raise Misuse("cli.recall_form", value=text)
    return Targets(prefix=text, at=at)


def _stream(portions: "Iterator[pl.DataFrame]", out: Output) -> int:
    """Write each portion as it comes; the heading also where nothing is found."""
    rows = 0
    with out.binary() as stream:
        for portion in portions:
            stream.write(portion.select(COLUMNS).write_csv(include_header=not rows).encode())
            stream.flush()
            rows += portion.height
        if not rows:
            stream.write(f"{','.join(COLUMNS)}\n".encode())
    return rows


def _whole(portions: "Iterator[pl.DataFrame]", out: Output) -> int:
    import polars as pl

    gathered = list(portions)
    frame = pl.concat(gathered) if gathered else pl.DataFrame()
    out.frame(frame, lambda: _view(frame))
    return frame.height


def _view(frame: "pl.DataFrame") -> "RenderableType":
    from suyuan.cli.tables import grid
    from suyuan.events.vocabulary import vocabulary

    labels = vocabulary().stage_labels
    names = ("code", "count", "inside", "vehicle", "stage", "holder_name")
    table = grid(*(say(f"cli.head_recall_{name}") for name in names), right=(1,), keep=(0, 2, 3))
    for row in frame.iter_rows(named=True):
        stage = labels[row["stage"]].in_language(language()) if row["stage"] in labels else row["stage"]
        inside = row["product"] or row["pack"] or row["module"]
        shown = (row["code"] or row["lot"], count(row["count"]), inside, row["vehicle"], stage, row["holder_name"])
        table.add_row(*(cell or "" for cell in shown))
    return table
