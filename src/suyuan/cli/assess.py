"""`suyuan assess`: testers' files to residual capacity, without a server."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suyuan.cli.commands import argument, command, group, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Format, Output, note, output_options
from suyuan.cli.speech import language, say
from suyuan.cli.usage import existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from suyuan.assessment import Instrument, Protocol, Record, Residual
    from suyuan.kernel.findings import Value

assess = group("assess", "cli.help_assess")
_SHOWN_STEPS = 30


@command("file", "cli.help_assess_file", assess)
@argument("path", metavar="FILE", type=existing_file(), text="cli.arg_tester_file")
@option("--protocol", "protocol_name", metavar="ID", text="cli.opt_protocol")
@option("--mapping", "mapping", type=existing_file(), metavar="TOML", text="cli.opt_mapping")
@option("--instrument", "instrument", type=existing_file(), metavar="TOML", text="cli.opt_instrument")
@option("--rated-ah", "rated_ah", type=float, metavar="AH", text="cli.opt_rated_ah")
@option("--end-v", "end_v", type=float, metavar="V", text="cli.opt_end_v")
@output_options()
def assess_file(
    path: Path,
    protocol_name: str | None,
    mapping: Path | None,
    instrument: Path | None,
    out: Output,
    **plate: float | None,
) -> int:
    """Read a tester's file; with a protocol, measure residual capacity and energy."""
    from suyuan.assessment import read, read_instrument, read_mapping

    data = path.read_bytes()
    columns = read_mapping(_text(mapping)) if mapping else None
    tool = read_instrument(_text(instrument)) if instrument else None
    protocol = _protocol(protocol_name)
    record = read(data, path.name, columns)
    if out.format in (Format.CSV, Format.PARQUET):
        out.frame(record.series, lambda: "")
        return _exit(record)
    measured, why = _measured(record, protocol, tool, plate) if protocol else (None, None)
    answer = _answer(path.name, data, record, measured)
    if why is not None:
        answer["residual_refused"] = {"code": why[0], "message": why[1]}
    out.thing(answer, lambda: _view(path.name, record, measured, why))
    if why is not None:
        note(why[1])
        return Exit.REJECTED
    return _exit(record)


@command("protocols", "cli.help_assess_protocols", assess)
@output_options()
def assess_protocols(out: Output) -> int:
    """List the protocols that come with the program and how sure each of their numbers is."""
    from suyuan.assessment import protocol, protocol_ids

    listed = [_protocol_json(protocol(name)) for name in protocol_ids()]
    out.rows(listed, lambda: _protocols(listed))
    return Exit.OK


def _text(path: Path) -> str:
    from suyuan.cli.texts import decode

    return decode(path.read_bytes())


def _protocol(name: str | None) -> "Protocol | None":
    """By its id, or from a TOML file of the user's."""
    from suyuan.assessment import protocol, read_protocol

    if name is None:
        return None
    if name.endswith(".toml") and Path(name).is_file():
        return read_protocol(_text(Path(name)))
    return protocol(name)


def _measured(
    record: "Record", protocol: "Protocol", tool: "Instrument | None", plate: "Mapping[str, float | None]"
) -> "tuple[Residual | None, tuple[str, str] | None]":
    """The result, or code and sentence of why there is none: what was read is shown all the same."""
    from suyuan.assessment import AssessmentError, Battery, residual_capacity
    from suyuan.kernel import sentence

    try:
        return residual_capacity(record, protocol, Battery(plate["rated_ah"], plate["end_v"]), tool), None
    except AssessmentError as error:
        return None, (error.code, sentence(error.code, error.data, language()))


def _sentence(code: str, data: "Mapping[str, Value]") -> str:
    from suyuan.kernel import sentence

    return sentence(code, data, language())


def _answer(name: str, data: bytes, record: "Record", measured: "Residual | None") -> dict[str, Any]:
    from suyuan.assessment.reporting import record_json, residual_json

    return {
        "file": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        **record_json(record, _sentence),
        "residual": residual_json(measured, _sentence) if measured else None,
    }


def _exit(record: "Record") -> int:
    lost = any(finding.severity == "finding" for finding in record.findings)
    return Exit.PARTLY if lost else Exit.OK


def _protocol_json(protocol: "Protocol") -> dict[str, Any]:
    return {
        "id": protocol.id,
        "version": protocol.version,
        "title": protocol.title_zh if language().value.startswith("zh") else protocol.title_en,
        "sequence": [place.phase + ("?" if place.optional else "") for place in protocol.sequence],
        "requirements": [
            {"id": each.id, "rule": each.rule.value, "status": each.status.value, "source": each.source}
            for each in protocol.requirements
        ],
    }


# ---------------------------------------------------------------- for people


def _view(
    name: str, record: "Record", measured: "Residual | None", why: tuple[str, str] | None
) -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.cli.tables import mark

    counted = say("cli.assess_read", rows=f"{record.series.height:,}", steps=f"{record.steps.height:,}")
    lines: list[RenderableType] = [Text.assemble((name, "bold"), "  ", record.form, "  ", (counted, "dim"))]
    for finding in record.findings:
        lines.append(Text.assemble(mark(finding.severity.value), " ", _sentence(finding.code, finding.data)))
    if record.steps.height:
        lines.append(_steps(record))
    if measured is not None:
        lines += _residual(measured)
    if why is not None:
        lines.append(Text.assemble(mark("refuse"), " ", why[1]))
    return lines


def _steps(record: "Record") -> "RenderableType":
    from suyuan.cli.tables import grid

    heads = ("step", "phase", "duration_s", "start_v", "end_v", "mean_a", "charged_ah", "discharged_ah")
    shown = grid(*(say(f"cli.head_assess_{head}") for head in heads), right=(0, 2, 3, 4, 5, 6, 7))
    names = ("duration_s", "start_v", "end_v", "mean_current_a", "charged_ah", "discharged_ah")
    for step in record.steps.head(_SHOWN_STEPS).iter_rows(named=True):
        numbers = ["–" if step[name] is None else f"{step[name]:,.4f}" for name in names]
        shown.add_row(str(step["step_count"]), say(f"cli.phase_{step['phase']}"), *numbers)
    if record.steps.height > _SHOWN_STEPS:
        shown.caption = say("cli.assess_more_steps", count=record.steps.height - _SHOWN_STEPS)
    return shown


def _residual(measured: "Residual") -> "list[RenderableType]":
    from rich.text import Text

    from suyuan.assessment.reporting import check_data
    from suyuan.cli.tables import facts, mark

    capacity, energy = measured.capacity, measured.energy
    rows: list[tuple[str, str | Text]] = [
        (say("cli.assess_capacity"), f"{capacity.value:.4f} ± {capacity.uncertainty:.4f} Ah"),
        (say("cli.assess_energy"), f"{energy.value:.4f} ± {energy.uncertainty:.4f} Wh"),
        (say("cli.assess_uncertainty"), say(f"cli.assess_{'with' if measured.instrument else 'without'}_instrument")),
    ]
    if measured.soh is not None:
        rows.append((say("cli.assess_soh"), f"{measured.soh:.4f}"))
    if measured.spread is not None:
        rows.append((say("cli.assess_repeatability"), f"{measured.spread:.5f}"))
    verdict = {True: "followed", False: "not_followed", None: "not_judged"}[measured.followed]
    rows.append((measured.protocol.id, say(f"cli.assess_{verdict}")))
    lines: list[RenderableType] = [facts(rows)]
    for check in measured.checks:
        sign = {True: "ok", False: "refuse" if check.requirement.status.binding else "warning", None: "warning"}
        said = _sentence(check.code, check_data(check))
        lines.append(Text.assemble(mark(sign[check.met]), " ", said, (f"  [{check.requirement.status.value}]", "dim")))
    return lines


def _protocols(listed: list[dict[str, Any]]) -> "RenderableType":
    from suyuan.cli.tables import grid

    shown = grid(say("cli.head_assess_protocol"), say("cli.head_assess_title"), say("cli.head_assess_requirements"))
    for each in listed:
        asked = ", ".join(f"{one['id']} [{one['status']}]" for one in each["requirements"])
        shown.add_row(each["id"], each["title"], asked)
    return shown
