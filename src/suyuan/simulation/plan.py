"""What to simulate: a plan says everything that the outcome depends on."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, timedelta

from suyuan.kernel import SuyuanError
from suyuan.simulation.facts import PROVINCES

ENOUGH_FOR_EVERY_KIND = 50
"""From this number of vehicles on, every kind of event occurs in the plan's first year."""


class PlanError(SuyuanError):
    """A plan that cannot be simulated."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often reports go wrong, each from 0 to 1.

    Parameters
    ----------
    late, missing, duplicate, mistyped, wrong_order
        Share of the reported records. Late: uploaded one to four months after its time. Missing:
        never. Duplicate: the same record again. Mistyped: one character of one code is wrong. Wrong
        order: dated before what it builds on.
    leaked
        Share of scrapped vehicles (swap models apart) that arrive without their pack.
    vanished
        Share of removed batteries of which nothing is heard again.
    exchanged
        Share of scrapped vehicles (swap models apart) that arrive with another pack, of which no record says that it
        was put in; the pack that was in it is never heard of again.
    overfull
        Share of outlets to which, at the beginning of the window, more old batteries are brought than a small outlet
        may store; they leave two months later.
    misread
        Share of the receipts of utilisers and outlets in which one character of the code is wrong.
    misweighed
        Share of the receipts of utilisers with a mass a fifth to two fifths too small.
    overstated
        Share of utilisers that report half as much lithium again as they recovered.
    corrected, withdrawn
        Share of sales reported with a wrong use and corrected later; share of assessments reported
        by mistake and withdrawn later.
    """

    late: float = 0.02
    missing: float = 0.005
    duplicate: float = 0.005
    mistyped: float = 0.004
    wrong_order: float = 0.004
    leaked: float = 0.15
    vanished: float = 0.10
    corrected: float = 0.003
    withdrawn: float = 0.02
    exchanged: float = 0.0
    overfull: float = 0.0
    misread: float = 0.0
    misweighed: float = 0.0
    overstated: float = 0.0

    def __post_init__(self) -> None:
        for name, rate in self.items():
            if not 0 <= rate <= 1:
                raise PlanError("simulation.rate", name=name, value=rate)
        if self.late + self.missing + self.duplicate + self.mistyped + self.wrong_order > 1:
            raise PlanError("simulation.rates_sum")

    def items(self) -> Iterator[tuple[str, float]]:
        """Name and rate of each error."""
        for item in fields(self):
            yield item.name, getattr(self, item.name)

    @classmethod
    def none(cls) -> "ErrorRates":
        """Everybody reports everything rightly."""
        return cls(*(0.0 for _ in fields(cls)))


@dataclass(frozen=True, slots=True)
class Plan:
    """A simulation; the same plan always gives the same files, byte for byte.

    Parameters
    ----------
    seed
        Chooses one of the possible worlds.
    vehicles
        Vehicles with their packs, over history and window together.
    start
        First day of the window in which everything is simulated.
    years
        Length of the window [years of 365 days].
    history_years
        Calendar years before the window whose vehicles are on the road when it opens; of these only
        production, certificate and sale are reported.
    provinces
        GB/T 2260 codes of the provinces where the companies of the plan work.
    errors
        See `ErrorRates`.
    xlsx_rows
        A file of at most so many rows is written as xlsx, a larger one as Parquet.
    """

    seed: int = 1
    vehicles: int = 2_000
    start: date = date(2025, 1, 1)
    years: int = 1
    history_years: int = 7
    provinces: tuple[str, ...] = ("330000",)
    errors: ErrorRates = field(default_factory=ErrorRates)
    xlsx_rows: int = 2_000

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("seed", self.seed, 0, 2**63 - 1),
            ("vehicles", self.vehicles, 1, 5_000_000),
            ("years", self.years, 1, 20),
            ("history_years", self.history_years, 1, 12),
            ("xlsx_rows", self.xlsx_rows, 0, 1_048_575),
            ("start", self.start.year - self.history_years, 2012, 2060),
        ):
            if not low <= value <= high:
                raise PlanError("simulation.out_of_range", name=name, value=value, low=low, high=high)
        unknown = [code for code in self.provinces if code not in PROVINCES]
        if unknown or not self.provinces:
            raise PlanError("simulation.unknown_province", codes=unknown)

    @property
    def end(self) -> date:
        """Last day of the window."""
        return self.start + timedelta(days=365 * self.years - 1)

    @classmethod
    def province_year(
        cls, seed: int = 1, vehicles: int = 2_000, province: str = "330000", errors: ErrorRates | None = None
    ) -> "Plan":
        """One province through the year 2025, with the fleet it had before."""
        return cls(seed=seed, vehicles=vehicles, provinces=(province,), errors=errors or ErrorRates())

    @classmethod
    def nation(cls, seed: int = 1, vehicles: int = 100_000, years: int = 1) -> "Plan":
        """All provinces of the mainland."""
        return cls(seed=seed, vehicles=vehicles, years=years, provinces=tuple(PROVINCES))
