"""Lines and bars: the values of a chart, drawn by ECharts and told again as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or the bars of one colour: a name and a value for each label."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Labels (months, provinces) and one or more series over them; `text` and `unit` in plain words.

    Raises
    ------
    ValueError
        If a series has not one value for each label.
    """

    kind: Literal["line", "bar"]
    text: str
    unit: str
    labels: Sequence[str]
    series: Sequence[Series]

    def __post_init__(self) -> None:
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError("a series has one value for each label")

    @property
    def chart(self) -> Mapping[str, Any]:
        """What the script draws."""
        series = [{"name": one.name, "values": list(one.values)} for one in self.series]
        return {"kind": self.kind, "unit": self.unit, "labels": list(self.labels), "series": series}

    @property
    def lines(self) -> list[tuple[str, list[float | None]]]:
        """The same as rows of a table."""
        return [(label, [one.values[place] for one in self.series]) for place, label in enumerate(self.labels)]
