"""The demo from simulation to trace, told on the screen."""

from datetime import date
from time import perf_counter

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from suyuan.cli.demo.choice import remarkable
from suyuan.cli.demo.reporting import register, report
from suyuan.cli.demo.screen import summary
from suyuan.cli.life import life_view, tree_view
from suyuan.cli.local import Local
from suyuan.cli.output import console, quiet
from suyuan.cli.speech import count, say
from suyuan.server.kit.scope import Scope
from suyuan.simulation import Plan, Simulation, simulate


def play(vehicles: int, seed: int, *, furnished: bool) -> None:
    """Simulate, register, report and trace; where the data are there already, only trace."""
    screen = console()
    plan = Plan.province_year(seed, vehicles)
    _heading(screen, say("cli.demo_simulating", vehicles=count(vehicles), year=str(plan.start.year)))
    start = perf_counter()
    simulation = simulate(plan)
    files, rows = simulation.files.height, int(simulation.files["rows"].sum())
    screen.print(say("cli.demo_simulated", files=count(files), rows=count(rows), seconds=_seconds(start)))
    if not furnished:
        _report(screen, simulation)
    _trace(screen, simulation)


def _report(screen: Console, simulation: Simulation) -> None:
    register(simulation)
    _heading(screen, say("cli.demo_reporting"))
    start = perf_counter()
    tally = report(simulation, quiet=quiet())
    screen.print(summary(tally, perf_counter() - start))


def _trace(screen: Console, simulation: Simulation) -> None:
    there = Local(Scope.of_nation())
    code = remarkable(simulation, there)
    _heading(screen, say("cli.demo_tracing", code=code))
    start = perf_counter()
    life = there.life(code)
    milliseconds = (perf_counter() - start) * 1000
    screen.print(life_view(life))
    screen.print(Text(say("cli.demo_traced", milliseconds=f"{milliseconds:.1f}"), style="dim"))
    day = date.fromisoformat(life["events"][0]["occurred_at"][:10])
    screen.print()
    screen.print(Text(say("cli.demo_tree", day=day.isoformat()), style="bold"))
    screen.print(tree_view(there.tree(code, day, expand=False)))


def _heading(screen: Console, text: str) -> None:
    """A rule across the screen; every part of the demo says that nothing of it is real."""
    screen.print()
    screen.print(Rule(Text.assemble((say("cli.simulated_mark"), "black on yellow"), " ", (text, "bold")), align="left"))


def _seconds(start: float) -> str:
    return f"{perf_counter() - start:.1f}"
