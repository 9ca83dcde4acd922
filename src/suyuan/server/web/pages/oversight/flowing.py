"""How batteries moved between stages, as a picture that closes: all that came to a stage is there, or went on.

What is drawn is the movement of a period. A stock that grew takes in, one that shrank gives out, so that at every stage
that is passed through ``entered + drawn from stock = left + unaccounted + added to stock``; the stocks themselves stand
in the table beside it. A step back (a battery that is used again) starts a ribbon of its own, since the picture has no
circles.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from suyuan.kernel import Language, sentence
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.asking import Flows
from suyuan.server.answers.queries.steps import INSIDE, INTO, OUT, Amount, Balance, Ribbon
from suyuan.server.web.components.sankey import STOCK, UNACCOUNTED, Flow, Sankey, sankey
from suyuan.server.web.pages.oversight.question import Question

UNITS: Final = {"packs": ("packs", 1), "kwh": ("energy_wh", 1000), "kg": ("mass_g", 1000)}
ROWS: Final = "/g/rows"
_ENDS: Final = frozenset({at.RECYCLED, at.DISPOSED, at.EXPORTED, at.UNACCOUNTED})
_DRAWN: Final = "drawn"


@dataclass(frozen=True, slots=True)
class Line:
    """One stage with its balance in one unit, and where its closing stock leads."""

    stage: int
    name: str
    opening: float
    entered: float
    left: float
    unaccounted: float
    closing: float
    address: str


def amount_in(unit: str, amount: Amount) -> float:
    """An amount in packs, kWh or kg."""
    column, divisor = UNITS[unit]
    value: int = getattr(amount, column)
    return value if divisor == 1 else value / divisor


def stage_name(number: int, language: Language) -> str:
    """What a stage is called."""
    return at.stages().every[number].label.in_language(language)


def step_address(about: Question, ribbon: Ribbon) -> str:
    """Where the batteries of a ribbon are listed."""
    crossing = None if ribbon.crossing == INSIDE else ribbon.crossing
    return about.to(ROWS, of="step", stage=ribbon.from_stage, to=ribbon.to_stage, crossing=crossing)


def picture(about: Question, moved: Flows, unit: str) -> Sankey:
    """The Sankey of a period."""
    found = [*_ribbons(about, moved, unit), *_stocks(moved, unit)]
    names = _names(about.language)
    return sankey("web_oversight.flows_text", f"web_oversight.unit_{unit}", found, names, about.language)


def _ribbons(about: Question, moved: Flows, unit: str) -> Iterator[Flow]:
    for ribbon, amount in sorted(moved.ribbons.items()):
        value, address = amount_in(unit, amount), step_address(about, ribbon)
        origin, target = _node(ribbon.from_stage), _node(ribbon.to_stage)
        if ribbon.from_stage == at.OUTSIDE:
            yield Flow(origin, target, value, address)
        elif ribbon.crossing == INTO:
            yield Flow(f"from{ribbon.from_stage}", target, value, address)
        elif ribbon.crossing == OUT:
            yield Flow(origin, f"to{ribbon.to_stage}", value, address)
        elif ribbon.from_stage < ribbon.to_stage:
            yield Flow(origin, target, value, address)
        elif ribbon.from_stage > ribbon.to_stage:
            yield Flow(origin, f"back{ribbon.to_stage}", value, address)
            yield Flow(f"again{ribbon.to_stage}", target, value, address)


def _stocks(moved: Flows, unit: str) -> Iterator[Flow]:
    for stage, balance in sorted(moved.balance.items()):
        grown = amount_in(unit, balance.closing) - amount_in(unit, balance.opening)
        if grown < 0:
            yield Flow(_DRAWN, _node(stage), -grown)
        elif stage not in _ENDS:
            yield Flow(_node(stage), STOCK, grown)


def _node(stage: int) -> str:
    return UNACCOUNTED if stage == at.UNACCOUNTED else f"s{stage}"


def _names(language: Language) -> dict[str, str]:
    names = {
        _DRAWN: sentence("web_oversight.node_drawn", language=language),
        STOCK: sentence("web_oversight.node_stock", language=language),
    }
    for one in at.stages().every:
        told = {"stage": one.label.in_language(language)}
        names[_node(one.no)] = told["stage"]
        for kind in ("from", "to", "back", "again"):
            names[f"{kind}{one.no}"] = sentence(f"web_oversight.node_{kind}", told, language)
    names[_node(at.OUTSIDE)] = sentence("web_oversight.node_first", language=language)
    return names


def lines(about: Question, moved: Flows, unit: str) -> list[Line]:
    """Every stage with its balance."""
    return [_line(about, stage, balance, unit) for stage, balance in sorted(moved.balance.items())]


def _line(about: Question, stage: int, balance: Balance, unit: str) -> Line:
    return Line(
        stage=stage,
        name=stage_name(stage, about.language),
        opening=amount_in(unit, balance.opening),
        entered=amount_in(unit, balance.entered),
        left=amount_in(unit, balance.left),
        unaccounted=amount_in(unit, balance.unaccounted),
        closing=amount_in(unit, balance.closing),
        address=about.to(ROWS, of="stock", stage=stage),
    )
