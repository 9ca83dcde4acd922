"""`suyuan simulate`: a simulated fleet with the files its companies would upload."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from suyuan.cli.commands import command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import Output, output_options
from suyuan.cli.speech import count, say
from suyuan.cli.usage import Misuse, folder, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from suyuan.simulation import Simulation


@command("simulate", "cli.help_simulate")
@option("--vehicles", type=number(1, 5_000_000), default=2_000, show_default=True, text="cli.opt_vehicles")
@option("--seed", type=number(0), default=1, show_default=True, text="cli.opt_seed")
@option("--years", type=number(1, 20), default=1, show_default=True, text="cli.opt_years")
@option("--province", metavar="CODE", default="330000", show_default=True, text="cli.opt_province")
@option("--nation", is_flag=True, text="cli.opt_nation")
@option("-d", "--directory", type=folder(), required=True, metavar="DIR", text="cli.opt_simulation_folder")
@output_options()
def simulate(  # noqa: PLR0913 - one parameter an option
    *, vehicles: int, seed: int, years: int, province: str, nation: bool, directory: Path, out: Output
) -> int:
    """Write the files of a simulated fleet into a folder."""
    from suyuan.simulation import Plan, PlanError
    from suyuan.simulation import simulate as carry_out

    if directory.exists() and any(directory.iterdir()):
        raise Misuse("cli.folder_not_empty", folder=str(directory))
    try:
        plan = (
            Plan.nation(seed, vehicles, years) if nation else Plan(seed, vehicles, years=years, provinces=(province,))
        )
    except PlanError as error:
        raise Misuse.of(error.finding) from error
    start = perf_counter()
    written = _write(carry_out(plan), directory)
    facts = {**written, "folder": str(directory), "seconds": round(perf_counter() - start, 1), "simulated": True}
    out.thing(facts, lambda: _view(facts))
    return Exit.OK


def _write(simulation: "Simulation", directory: Path) -> dict[str, int]:
    from suyuan.simulation import write

    def sink(name: str, data: bytes) -> None:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    manifest = write(simulation, sink)
    return {name: int(manifest[name].sum()) for name in ("records", "rows", "bytes")} | {"files": manifest.height}


def _view(facts: dict[str, object]) -> "RenderableType":
    from rich.text import Text

    shown = {name: count(value) for name, value in facts.items() if isinstance(value, int)}
    return Text(say("cli.simulated_written", **shown, folder=str(facts["folder"]), seconds=str(facts["seconds"])))
