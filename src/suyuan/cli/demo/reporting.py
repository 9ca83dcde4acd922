"""The simulated companies report: every file of the simulation through the door that real files take."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import PurePath
from time import perf_counter

from suyuan.cli.demo.amending import Amendment, amendments
from suyuan.cli.demo.screen import progress
from suyuan.cli.speech import language
from suyuan.server.api.wording import Teller
from suyuan.server.kit.clock import CHINA, FixedClock
from suyuan.server.kit.scope import Scope
from suyuan.server.registry import services as registry
from suyuan.server.registry.queries import by_uscc
from suyuan.server.registry.services.outlet_filing import Author, import_outlets
from suyuan.server.submissions.models import FINISHED, Submission
from suyuan.server.submissions.services import Order, receive, work
from suyuan.sheets import Format, write_table
from suyuan.simulation import Simulation, Upload
from suyuan.simulation.outlets import outlets

_EVENING = time(21, 0)


@dataclass(slots=True)
class Tally:
    """What was reported and what became of it.

    `causes` counts rows by (severity, code), `examples` has a sentence for each code.
    """

    files: int = 0
    size: int = 0  # bytes
    rows: int = 0
    cells: int = 0
    records: int = 0
    admitted: int = 0
    duplicates: int = 0
    refused: int = 0
    seconds: float = 0.0
    cell_seconds: float = 0.0  # of the files with the cells
    states: Counter[str] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, data: bytes, submission: Submission, seconds: float) -> None:
        """Count one file that took `seconds`."""
        self.files += 1
        self.seconds += seconds
        self.size += len(data)
        self.rows += submission.rows
        if kind == "pack_produced":
            self.cells += submission.rows
            self.cell_seconds += seconds
        self.records += submission.records
        self.admitted += submission.admitted
        self.duplicates += submission.duplicates
        self.refused += submission.refused
        self.states[submission.state] += 1
        for group in submission.groups:
            self.causes[group["severity"], group["code"]] += group["rows"]
            if group["code"] not in self.examples:
                self.examples[group["code"]] = _sentence(submission, group)


def _sentence(submission: Submission, group: Mapping[str, object]) -> str:
    """The sentence of a cause, as its first example gives it."""
    (told,) = Teller.of(submission, language()).groups([group])
    return str(told["message"]) if isinstance(told, dict) else ""


def register(simulation: Simulation) -> None:
    """Enter companies, sites, vendor codes and filings into the register."""
    nation = Scope.of_nation()
    tables = simulation.registry_tables()
    clock = FixedClock(_evening(simulation.plan.start))
    registry.register_companies(nation, tables["companies"], clock).or_raise()
    registry.register_sites(nation, tables["sites"], clock).or_raise()
    _file_outlets(simulation, clock)
    registry.load_vendor_codes(nation, tables["vendor_codes"].write_csv()).or_raise()
    registry.import_filings(nation, tables["filings"]).or_raise()


def _file_outlets(simulation: Simulation, clock: FixedClock) -> None:
    """Bring the outlets in as a workbook, by the way that real ones take."""
    since = clock.today()
    table = write_table(outlets(simulation.world, since, simulation.plan.seed), Format.XLSX)
    import_outlets(Author(Scope.of_nation(), "simulation"), table, "simulated outlets.xlsx", clock=clock).or_raise()


def report(simulation: Simulation, *, quiet: bool) -> Tally:
    """Receive and work on every file in the order of submission, each on its day."""
    numbers = by_uscc(Scope.of_nation(), simulation.world.usccs.to_list())
    tally = Tally()
    received: dict[str, int] = {}
    with progress(simulation.files.height, quiet=quiet) as advance:
        for upload in simulation.uploads():
            received[upload.path] = _report(tally, numbers[upload.company], upload, PurePath(upload.path).name)
            advance(tally)
    for amendment in amendments(simulation, received):
        _report(tally, numbers[amendment.company], amendment, amendment.name)
    return tally


def _report(tally: Tally, company: int, sent: Upload | Amendment, name: str) -> int:
    """Hand one file in on the evening of its day, see it through, and count it; the number of the submission."""
    clock = FixedClock(_evening(sent.reported_on))
    start = perf_counter()
    submission = receive(company, sent.data, Order(name=name, channel="cli"), clock)
    if submission.state not in FINISHED:
        submission = work(submission.number, clock)
    tally.add(sent.kind, sent.data, submission, perf_counter() - start)
    return submission.number


def _evening(day: date) -> datetime:
    return datetime.combine(day, _EVENING, CHINA)
