"""What a label says of a battery, and the words it says it with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from urllib.parse import quote

from suyuan.codes.alphabets import CHEMISTRIES
from suyuan.kernel import Language, sentence


@dataclass(frozen=True, slots=True)
class Facts:
    """One battery. What was not filed is None and is left out of the label.

    `address` is that of its digital ID, which the QR code has; `chemistry` is the letter of the code.
    """

    code: str
    address: str
    maker: str
    model: str
    chemistry: str
    produced_on: date
    capacity_ah: float | None = None
    voltage_v: float | None = None
    mass_kg: float | None = None

    @property
    def energy_kwh(self) -> float | None:
        """Rated capacity times nominal voltage."""
        return None if self.capacity_ah is None or self.voltage_v is None else self.capacity_ah * self.voltage_v / 1000


def address_of(base: str, code: str) -> str:
    """The address of a battery's digital ID in an installation that is reached at `base`.

    >>> address_of("https://trace.example/", "04QCB76836300JBC40000903")
    'https://trace.example/b/04QCB76836300JBC40000903'
    """
    return f"{base.rstrip('/')}/b/{quote(code, safe='')}"


def grouped(code: str) -> str:
    """The code in groups of four, as people read it aloud.

    >>> grouped("04QCB76836300JBC40000903")
    '04QC B768 3630 0JBC 4000 0903'
    """
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{round(value, 3):g}"


def _measure(name: str, value: float | None, language: Language) -> str:
    number = _number(value)
    return "" if number is None else sentence(f"labels.{name}", {"value": number}, language)


WORDS: Mapping[str, Callable[[Facts, Language], str]] = MappingProxyType(
    {
        "code": lambda facts, _: grouped(facts.code),
        "maker": lambda facts, _: facts.maker,
        "model": lambda facts, language: sentence("labels.model", {"model": facts.model}, language),
        "chemistry": lambda facts, language: sentence(
            f"codes.means_chemistry_{CHEMISTRIES[facts.chemistry]}", None, language
        ),
        "made": lambda facts, language: sentence("labels.made", {"day": facts.produced_on.isoformat()}, language),
        "capacity": lambda facts, language: _measure("capacity", facts.capacity_ah, language),
        "voltage": lambda facts, language: _measure("voltage", facts.voltage_v, language),
        "energy": lambda facts, language: _measure("energy", facts.energy_kwh, language),
        "mass": lambda facts, language: _measure("mass", facts.mass_kg, language),
        "hint": lambda _, language: sentence("labels.hint", None, language),
        "sample": lambda _, language: sentence("labels.sample", None, language),
    }
)
"""The texts of a label by the names that designs use."""
