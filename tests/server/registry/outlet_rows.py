"""Rows of outlets for tests, and a country full of them."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from suyuan.codes.divisions import Tier, national
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.services.outlet_filing import Author
from tests.server.cast import Actor

OPERATOR = Author(Scope.of_nation(), "operator")


def author(actor: Actor) -> Author:
    """One of the cast as who files."""
    return Author(actor.scope, actor.name)


def row(company: str, code: str = "N1", **changes: str | None) -> dict[str, str | None]:
    """An outlet in Ningbo."""
    usual: Mapping[str, str | None] = {
        "kind": "outlet_collection",
        "name": "甬江网点(模拟)",
        "division": "330200",
        "address": "模拟路1号",
        "phone": "0574-00000000",
        "longitude": "121.55",
        "latitude": "29.87",
        "hours": "周一至周五 09:00-17:30",
    }
    return {"company": company, "code": code, **usual, **changes}


def country(company: str, number: int, seed: int = 7) -> pl.DataFrame:
    """So many invented outlets between 75 and 130 degrees east and 20 and 48 north, in real prefectures."""
    rng = np.random.default_rng(seed)
    codes = sorted({one.code for one in national().entries if one.tier is Tier.PREFECTURE and one.validity.end is None})
    return pl.DataFrame(
        {
            "company": [company] * number,
            "code": [f"N{place:05d}" for place in range(number)],
            "kind": np.where(rng.random(number) < 0.9, "outlet_collection", "outlet_central"),
            "name": [f"网点{place}(模拟)" for place in range(number)],
            "division": rng.choice(codes, number),
            "address": [f"模拟路{place}号" for place in range(number)],
            "longitude": [repr(round(float(value), 6)) for value in rng.uniform(75, 130, number)],
            "latitude": [repr(round(float(value), 6)) for value in rng.uniform(20, 48, number)],
            "hours": np.where(rng.random(number) < 0.5, "Mo-Fr 09:00-17:30", "Mo-Su 08:00-20:00"),
            "chemistries": np.where(rng.random(number) < 0.1, "B", "B E"),
        }
    )
