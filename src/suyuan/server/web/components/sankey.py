"""Flows between stages or regions, drawn by ECharts and told again as a table; what goes in is always accounted for.

For every node that is passed through: in = out + stock + unaccounted. `sankey` adds the last two as ribbons of their
own, so that the picture closes, and refuses figures that cannot: more out than in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from suyuan.kernel import Language, sentence

UNACCOUNTED: Final = "unaccounted"
STOCK: Final = "stock"
_COLOUR: Final = {UNACCOUNTED: "#6f42c1", STOCK: "#8fa3b5"}
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Flow:
    """A ribbon: from and to (keys of nodes), how much, and where a click leads."""

    origin: str
    target: str
    amount: float
    address: str = ""


@dataclass(frozen=True, slots=True)
class Sankey:
    """What the part shows."""

    text: str
    unit: str
    flows: Sequence[Flow]
    names: Mapping[str, str]
    chart: Mapping[str, Any]


def sankey(text: str, unit: str, flows: Sequence[Flow], names: Mapping[str, str], language: Language) -> Sankey:
    """Name the nodes (`names`: key to plain text), check that every node closes, and make the chart.

    Flows to `UNACCOUNTED` and `STOCK` belong to `flows` like any other.

    Raises
    ------
    ValueError
        If more leaves a node than comes to it, where anything comes to it: the answer that it was made of is wrong.
    """
    named = {
        UNACCOUNTED: sentence("web.unaccounted", language=language),
        STOCK: sentence("web.in_stock", language=language),
        **names,
    }
    kept = [flow for flow in flows if flow.amount > 0]
    for node in sorted({flow.target for flow in kept}):
        into = sum(flow.amount for flow in kept if flow.target == node)
        out = sum(flow.amount for flow in kept if flow.origin == node)
        if out - into > _TOLERANCE * max(into, 1.0):
            raise ValueError(f"{out} leaves {node}, and {into} comes to it")
    nodes = sorted({key for flow in kept for key in (flow.origin, flow.target)})
    chart = {
        "kind": "sankey",
        "unit": sentence(unit, language=language),
        "nodes": [{"name": named.get(key, key), "colour": _COLOUR.get(key)} for key in nodes],
        "links": [
            {
                "source": named.get(flow.origin, flow.origin),
                "target": named.get(flow.target, flow.target),
                "value": flow.amount,
                "address": flow.address,
            }
            for flow in kept
        ],
    }
    return Sankey(text, unit, kept, named, chart)
