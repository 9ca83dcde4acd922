"""From stays to the folds that are read: steps by area and month, and from province to province."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from suyuan.server.answers.queries import stages as at

INSIDE: Final = 0
INTO: Final = 1
OUT: Final = 2

NATION: Final = "CN"

MEASURES: Final = ("packs", "energy_wh", "mass_g", "unrated", "unweighed", "arrived")
FLOW: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "area": pl.String(),
        "day": pl.Date(),
        "from_stage": pl.Int16(),
        "to_stage": pl.Int16(),
        "crossing": pl.Int16(),
        **dict.fromkeys(MEASURES, pl.Int64()),
    }
)
FLOW_KEY: Final = ("area", "day", "from_stage", "to_stage", "crossing")
ROUTE: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "day": pl.Date(),
        "from_stage": pl.Int16(),
        "from_province": pl.String(),
        "to_stage": pl.Int16(),
        "to_province": pl.String(),
        **dict.fromkeys(MEASURES[:3], pl.Int64()),
    }
)
ROUTE_KEY: Final = ("day", "from_stage", "from_province", "to_stage", "to_province")


@dataclass(frozen=True, slots=True)
class Counts:
    """What some stays add to the two folds."""

    flow: pl.DataFrame
    route: pl.DataFrame

    @classmethod
    def nothing(cls) -> "Counts":
        """No stays."""
        return cls(pl.DataFrame(schema=dict(FLOW)), pl.DataFrame(schema=dict(ROUTE)))

    @classmethod
    def of(cls, stays: pl.DataFrame) -> "Counts":
        """The steps by which these stays began."""
        if not stays.height:
            return cls.nothing()
        steps = _steps(stays)
        flow = pl.concat(_at(steps, *sides) for sides in _SIDES)
        return cls(_summed(flow, FLOW, FLOW_KEY), _summed(steps, ROUTE, ROUTE_KEY))

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            _summed(pl.concat([self.flow, other.flow]), FLOW, FLOW_KEY),
            _summed(pl.concat([self.route, other.route]), ROUTE, ROUTE_KEY),
        )

    def minus(self, other: "Counts") -> "Counts":
        """What this has more; what comes out even is left out."""
        both = self.plus(Counts(_negative(other.flow, FLOW_KEY), _negative(other.route, ROUTE_KEY)))
        return Counts(_uneven(both.flow, FLOW_KEY), _uneven(both.route, ROUTE_KEY))


def _province(name: str) -> pl.Expr:
    return pl.col(name).str.slice(0, 2)


def _city(name: str) -> pl.Expr:
    return pl.col(name).str.slice(0, 4)


def _firm(name: str) -> pl.Expr:
    return pl.concat_str(pl.lit("#"), pl.col(name))


_SIDES: Final = (
    (pl.lit(NATION), pl.lit(NATION)),
    (_province("came_division"), _province("division")),
    (_city("came_division"), _city("division")),
    (_firm("came_company"), _firm("company")),
)
"""The areas that a step leads from and to, at each level."""


def _steps(stays: pl.DataFrame) -> pl.DataFrame:
    ahead = (pl.col("stage") == at.UNACCOUNTED) & (pl.col("reason") != at.LOST)
    return stays.select(
        day=pl.when(ahead).then(pl.col("from_on")).otherwise(pl.col("from_on").dt.truncate("1mo")),
        from_stage="came_stage",
        to_stage="stage",
        from_province=_province("came_division"),
        to_province=_province("division"),
        packs=pl.lit(1, pl.Int64),
        energy_wh=pl.col("energy_wh").fill_null(0),
        mass_g=pl.col("mass_g").fill_null(0),
        unrated=pl.col("energy_wh").is_null().cast(pl.Int64),
        unweighed=pl.col("mass_g").is_null().cast(pl.Int64),
        arrived=pl.col("arrived_on").is_not_null().cast(pl.Int64),
        came_division="came_division",
        division="division",
        came_company="came_company",
        company="company",
    )


def _at(steps: pl.DataFrame, left: pl.Expr, reached: pl.Expr) -> pl.DataFrame:
    """The steps as the areas of one level see them: inside one, or out of one and into another."""
    first = pl.col("from_stage") == at.OUTSIDE
    both = steps.with_columns(_left=left, _reached=reached)
    stays_in = first | (pl.col("_left") == pl.col("_reached"))
    inside = both.filter(stays_in, pl.col("from_stage") != pl.col("to_stage"))
    crossed = both.filter(~stays_in)
    return pl.concat(
        [
            _seen(inside, "_reached", INSIDE),
            _seen(crossed, "_reached", INTO),
            _seen(crossed, "_left", OUT),
        ]
    )


def _seen(steps: pl.DataFrame, area: str, crossing: int) -> pl.DataFrame:
    return steps.select(area, *FLOW_KEY[1:4], *MEASURES, crossing=pl.lit(crossing, pl.Int16)).rename({area: "area"})


def _summed(rows: pl.DataFrame, schema: Mapping[str, pl.DataType], key: tuple[str, ...]) -> pl.DataFrame:
    numbers = [name for name in schema if name not in key]
    summed = rows.group_by(key).agg(pl.col(name).sum() for name in numbers)
    return summed.select(pl.col(name).cast(kind) for name, kind in schema.items()).sort(key)


def _negative(rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    return rows.with_columns(-pl.exclude(key))


def _uneven(rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    return rows.filter(pl.any_horizontal(pl.exclude(key) != 0))
