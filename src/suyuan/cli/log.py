"""`suyuan log`: keys, witness, mirrors, comparison and incidents of transparency logs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.log_keeping import integrate, policy, status
from suyuan.cli.log_keys import keys
from suyuan.cli.log_mirror import log_keys, mirror, mirror_all, warn
from suyuan.cli.operation import HERE
from suyuan.cli.output import Output, note, output_options
from suyuan.cli.speech import language, say
from suyuan.cli.usage import CHINA, existing_file, folder, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.server.witness.compare import Comparison
    from suyuan.server.witness.contradictions import Contradiction, Seen
    from suyuan.server.witness.incidents import Incident
    from suyuan.tlog.keys import VerifierKey

log = group("log", "cli.help_log")
log.add_command(keys)
log.add_command(mirror)
log.add_command(mirror_all)
for kept in (integrate, status, policy):
    log.add_command(kept)

WITNESS_PORT, MIRROR_PORT = 8090, 8091


@command("witness", "cli.help_log_witness", log)
@argument("place", metavar="DIR", type=folder(), text="cli.arg_witness_folder")
@option("--name", required=True, metavar="NAME", text="cli.opt_witness_name")
@option("--host", default=HERE, show_default=True, metavar="ADDRESS", text="cli.opt_host")
@option("--port", type=number(0, 65_535), default=WITNESS_PORT, show_default=True, text="cli.opt_port")
@option("--prefix", default="", metavar="PATH", text="cli.opt_witness_prefix")
@option("--interval", type=number(1), default=60, show_default=True, metavar="SECONDS", text="cli.opt_interval")
@option("--policy", type=existing_file(), metavar="FILE", text="cli.opt_witness_policy")
def witness(  # noqa: PLR0913 - one parameter an option
    *, place: Path, name: str, host: str, port: int, prefix: str, interval: int, policy: Path | None
) -> int:
    """Cosign what trusted logs send, and publish a log of it, until stopped."""
    import logging

    from suyuan.server.witness.keys import passphrase
    from suyuan.server.witness.process import Order, Running, run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    def tell(running: Running) -> None:
        note(say("cli.witness_serves", name=name, address=running.address))
        note(say("cli.stop_with"))

    run(Order(place, name, host, port, _prefix(prefix), float(interval), _witnesses(policy)), passphrase(), tell)
    return Exit.OK


@command("serve", "cli.help_log_serve", log)
@argument("place", metavar="DIR", type=folder(), text="cli.arg_served_folder")
@option("--host", default=HERE, show_default=True, metavar="ADDRESS", text="cli.opt_host")
@option("--port", type=number(0, 65_535), default=MIRROR_PORT, show_default=True, text="cli.opt_port")
@option("--prefix", default="", metavar="PATH", text="cli.opt_witness_prefix")
def serve(*, place: Path, host: str, port: int, prefix: str) -> int:
    """Serve the files of logs and mirrors in a folder and those below it, until stopped."""
    from suyuan.server.witness.http_server import Site
    from suyuan.server.witness.process import listening, stop_on_signal

    stop = stop_on_signal()
    with listening(host, port, Site(_prefix(prefix), {}, shelf=place)) as (_, address):
        note(say("cli.log_serves", folder=str(place), address=address))
        note(say("cli.stop_with"))
        stop.wait()
    return Exit.OK


def _prefix(given: str) -> str:
    """A path in front of everything: with a slash before it and none after it, or empty."""
    return f"/{given.strip('/')}" if given.strip("/") else ""


def _witnesses(policy: Path | None) -> "list[tuple[VerifierKey, str]]":
    """Those of a policy's witnesses that have an address."""
    if policy is None:
        return []
    from suyuan.tlog.policy import parse_policy

    return [(key, url) for key, url in parse_policy(policy.read_bytes()).witnesses.values() if url]


@command("compare", "cli.help_log_compare", log)
@argument("places", metavar="URL...", nargs=-1, required=True, text="cli.arg_compare")
@option("--key", "verifiers", multiple=True, required=True, metavar="VERIFIER", text="cli.opt_log_key")
@option("--incidents", "evidence", type=folder(), default=Path("incidents"), show_default=True, text="cli.opt_evidence")
@option("--entries", type=number(1), default=16_384, show_default=True, text="cli.opt_compare_entries")
@output_options()
def compare(*, places: tuple[str, ...], verifiers: tuple[str, ...], evidence: Path, entries: int, out: Output) -> int:
    """Hold what several places show of one log against each other."""
    from contextlib import ExitStack, closing

    from suyuan.server.witness import compare as room
    from suyuan.server.witness.incidents import IncidentFolder
    from suyuan.server.witness.sources import open_source

    trusted = log_keys(verifiers)
    with ExitStack() as opened:
        sources = [opened.enter_context(closing(open_source(place))) for place in places]
        found = room.compare(sources, trusted, IncidentFolder(evidence), entries)
    rows = _seen_rows(found)
    out.rows(rows, lambda: _seen_table(rows))
    return _verdict(found, evidence)


def _verdict(found: "Comparison", evidence: Path) -> Exit:
    """Say what came out of a comparison."""
    from suyuan.kernel import sentence

    for place, error in found.troubles:
        warn(f"{place}: {sentence(error.code, error.data, language())}")
    for contradiction, name in found.found:
        warn(say("cli.log_contradiction", place=str(evidence / name), **_sides(contradiction)))
    if found.found:
        return Exit.CONFLICT
    if found.troubles:
        return Exit.UNAVAILABLE
    note(say("cli.log_consistent" if not found.unchecked else "cli.log_unchecked", count=len(found.unchecked)))
    return Exit.OK


def _sides(contradiction: "Contradiction") -> dict[str, str]:
    first, second = contradiction.first, contradiction.second
    return {
        "kind": say(f"cli.incident_{contradiction.kind.value}"),
        "first": f"{first.source} ({first.checkpoint.size})",
        "second": f"{second.source} ({second.checkpoint.size})",
    }


def _seen_rows(found: "Comparison") -> list[dict[str, object]]:
    """One row a checkpoint, with what is known of it."""
    wrong = {_head(side) for each, _ in found.found for side in (each.first, each.second)}
    states = {_head(seen): "unchecked" for seen in found.unchecked} | dict.fromkeys(wrong, "contradicts")
    return [
        {
            "place": seen.source,
            "origin": seen.checkpoint.origin,
            "size": seen.checkpoint.size,
            "root": seen.checkpoint.root.hex(),
            "state": states.get(_head(seen), "consistent"),
        }
        for seen in sorted(found.seen, key=lambda seen: (seen.checkpoint.size, seen.source))
    ]


def _head(seen: "Seen") -> tuple[int, bytes]:
    return seen.checkpoint.size, seen.checkpoint.root


def _seen_table(rows: Sequence[Mapping[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("place", "size", "root", "state")
    table = grid(*(say(f"cli.head_seen_{name}") for name in names), right=(1,))
    for row in rows:
        table.add_row(str(row["place"]), str(row["size"]), str(row["root"])[:16], say(f"cli.seen_{row['state']}"))
    return table


@command("incidents", "cli.help_log_incidents", log)
@argument("place", metavar="DIR", type=folder(), text="cli.arg_incidents")
@output_options()
def incidents(place: Path, out: Output) -> int:
    """List the contradictions that were found, each checked anew; ends with 8 if there is one."""
    from suyuan.server.witness.incidents import IncidentFolder

    inner = place / "incidents"
    found = IncidentFolder(inner if inner.is_dir() else place).list()
    rows = [_incident_row(each) for each in found]
    out.rows(rows, lambda: _incident_table(rows))
    return Exit.CONFLICT if found else Exit.OK


def _incident_row(incident: "Incident") -> dict[str, object]:
    first, second = incident.contradiction.first, incident.contradiction.second
    return {
        "name": incident.name,
        "kind": incident.contradiction.kind.value,
        "origin": first.checkpoint.origin,
        "first_size": first.checkpoint.size,
        "second_size": second.checkpoint.size,
        "first_place": first.source,
        "second_place": second.source,
        "found_at": incident.found_at,
        "proven": incident.is_proven,
    }


def _incident_table(rows: Sequence[Mapping[str, object]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    names = ("found_at", "kind", "origin", "sizes", "proven", "name")
    table = grid(*(say(f"cli.head_incident_{name}") for name in names), keep=(5,))
    for row in rows:
        moment = row["found_at"]
        table.add_row(
            moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if isinstance(moment, datetime) else str(moment),
            say(f"cli.incident_{row['kind']}"),
            str(row["origin"]),
            f"{row['first_size']} / {row['second_size']}",
            say("cli.yes" if row["proven"] else "cli.no"),
            str(row["name"]),
        )
    return table
