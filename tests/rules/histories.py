"""Small histories for the tests of duties."""

from datetime import date

import polars as pl

from suyuan.rules.history import COMPANIES, EVENTS

CARMAKER, DEALER, UTILISER, DISMANTLER, OUTLET = 1, 2, 3, 4, 5
ROLES = {
    CARMAKER: "carmaker",
    DEALER: "dealer",
    UTILISER: "utiliser",
    DISMANTLER: "dismantler",
    OUTLET: "outlet_operator",
}


def event(
    kind: str,
    reporter: int,
    occurred: date,
    received: date | None = None,
    obj: str = "B",
    name: str = "",
    **others: object,
) -> dict[str, object]:
    """One event, reported on the day it happened unless said otherwise."""
    return {
        "event": name or f"{kind} {obj} {occurred}",
        "object": obj,
        "kind": kind,
        "reporter": reporter,
        "party": None,
        "principal": None,
        "occurred_on": occurred,
        "received_on": received or occurred,
        "valid": True,
        "utiliser_kind": None,
        **others,
    }


def history(*events: dict[str, object]) -> pl.DataFrame:
    """The table of some events."""
    texts = {name: pl.String() for name in ("event", "object", "utiliser_kind")}
    return pl.DataFrame(list(events), schema={**texts, **EVENTS})


def companies(*more: tuple[int, str, date | None, date | None]) -> pl.DataFrame:
    """The cast, and further roles."""
    rows = [(number, role, None, None) for number, role in ROLES.items()] + list(more)
    table = pl.DataFrame(rows, schema=COMPANIES, orient="row")
    return table.with_columns(listed=pl.lit("no"))
