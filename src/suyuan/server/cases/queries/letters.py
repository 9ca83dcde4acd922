"""Letters to companies: templates as data, put into words in both languages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from suyuan.events.vocabulary import Label
from suyuan.kernel import Language
from suyuan.rules import Period, Status, Unit, law
from suyuan.server.cases.queries.procedure import packaged, procedure, wrong

PLACES = frozenset({"company", "code", "authority", "case", "title", "matters", "basis", "due", "note"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A template; `period` is None where no answer is wanted."""

    name: str
    step: str
    title: Label
    text: Label
    status: Status
    period: Period | None
    basis: tuple[str, ...]

    def worded(self, language: Language, told: Mapping[str, str]) -> str:
        """The text with what is `told` in its places."""
        return self.text.in_language(language).format_map(told).strip() + "\n"


@cache
def letters() -> Mapping[str, Letter]:
    """Every template by name."""
    return parse_letters(packaged("letters.toml"))


def parse_letters(text: str) -> dict[str, Letter]:
    """The templates that a TOML text tells.

    Raises
    ------
    ProcedureError
        ``cases.data_wrong``.
    """
    found = {}
    known = {*law().values, *law().duties}
    for table in tomllib.loads(text)["letter"]:
        name, texts = str(table.get("name")), Label(table["text_zh"], table["text_en"])
        step, period = procedure().steps.get(table.get("step")), table.get("period")
        checks = {
            "name": name not in found,
            "step": step is not None and "letter" in step.fields,
            "text_zh": _places(texts.zh) <= PLACES,
            "text_en": _places(texts.zh) == _places(texts.en),
            "basis": known.issuperset(table["basis"]),
            "period": ("due" in _places(texts.zh)) == (period is not None),
        }
        for key, right in checks.items():
            if not right:
                raise wrong(name, key)
        counted = Period(period["count"], Unit(period["unit"])) if period else None
        title, basis = Label(table["zh"], table["en"]), tuple(table["basis"])
        found[name] = Letter(name, table["step"], title, texts, Status(table["status"]), counted, basis)
    return found


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
