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
from suyuan.cli.log_keeping import open_keeper
from suyuan.cli.output import console, quiet
from suyuan.cli.speech import count, language, say
from suyuan.kernel import sentence
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.log.queries.policies import policy_text
from suyuan.server.log.queries.receipts import receipt
from suyuan.server.log.queries.shards import last_logged
from suyuan.server.log.queries.standing import standings
from suyuan.simulation import Plan, Simulation, simulate
from suyuan.tlog.verdicts import verify_document


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
        _log(screen)
    _trace(screen, simulation)


def _report(screen: Console, simulation: Simulation) -> None:
    register(simulation)
    _heading(screen, say("cli.demo_reporting"))
    start = perf_counter()
    tally = report(simulation, quiet=quiet())
    screen.print(summary(tally, perf_counter() - start))


def _log(screen: Console) -> None:
    """Bring what was reported into the logs of the provinces, and verify one receipt off line."""
    _heading(screen, say("cli.demo_logging"))
    start = perf_counter()
    keeper = open_keeper()
    while keeper.once():
        pass
    with cursor() as run:
        logs = standings(run, keeper.place)
        number = last_logged(run)
        held = receipt(run, keeper.place, number)
    seconds = _seconds(start)
    verdict = verify_document(bytes(held), policy_text(keeper.place))
    told = {"entries": count(sum(log.size for log in logs)), "logs": count(len(logs)), "number": str(number)}
    outcome = sentence(f"tlog.outcome_{verdict.outcome.value}", language=language())
    screen.print(say("cli.demo_logged", seconds=seconds, outcome=outcome, **told))


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
