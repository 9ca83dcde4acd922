"""The causes of refusal for people: the sentence, where, how often, examples, and on what it rests."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from suyuan import rules
from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.policy import DEFAULT
from suyuan.events.templates import template
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import CHINA
from suyuan.server.submissions.models import Submission

_TONES: Final = {"refuse": "bad", "finding": "warn", "warning": "info"}


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a cause rests: its number and title, and how sure our reading is; empty if the official text was read."""

    number: str
    title: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One of the first rows."""

    row: int | None
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Equal faults of one column.

    `texts` are the different texts that can be changed in all rows at once; empty where that makes no sense.
    """

    code: str
    field: str
    heading: str
    severity: str
    tone: str
    rows: int
    message: str
    examples: Sequence[Example]
    basis: Basis | None
    proposed: bool
    texts: Sequence[str]
    choices: Sequence[tuple[str, str]]

    @property
    def whole_file(self) -> bool:
        """Whether it is about the file and not about rows of it."""
        return all(example.row is None for example in self.examples)


@dataclass(frozen=True, slots=True)
class Teller:
    """Says the findings of one submission in one language; `kind` is None where it was not recognised."""

    kind: Kind | None
    day: date
    language: Language

    @classmethod
    def of(cls, submission: Submission, language: Language) -> "Teller":
        """For a submission as it is."""
        kind = vocabulary().kinds.get(submission.kind or "")
        return cls(kind, submission.received_at.astimezone(CHINA).date(), language)

    def say(self, code: str, field: str | None, value: str | None, data: Mapping[str, Value] | None) -> str:
        """The sentence for one finding, with the heading of its column."""
        if self.kind is None:
            return sentence(code, {"field": field or "", "value": value or "", **(data or {})}, self.language)
        whole = finding_data(self.kind, field, code, value, data or {}, self.day)
        return finding_sentence(self.kind, field, code, value, whole, self.language)

    def heading(self, field: str | None) -> str:
        """The name of a column."""
        known = self.kind.fields.get(field or "") if self.kind else None
        return known.label.in_language(self.language) if known else field or ""


def causes_of(submission: Submission, language: Language) -> list[Cause]:
    """What was found in a submission, refusals first, then the heaviest."""
    teller = Teller.of(submission, language)
    proposed = {each["field"] for each in (submission.layout or {}).get("proposals", ())}
    found = [_cause(group, teller, proposed) for group in submission.groups]
    order = list(_TONES)
    return sorted(found, key=lambda cause: (order.index(cause.severity), -cause.rows))


def _cause(group: Mapping[str, Any], teller: Teller, proposed: set[str]) -> Cause:
    code, field, severity = str(group["code"]), group["field"], str(group["severity"])
    examples = [
        Example(each["row_number"], each["value"] or "", teller.say(code, field, each["value"], each["data"]))
        for each in group["examples"]
    ]
    kind = teller.kind
    known = kind.fields.get(field or "") if kind else None
    mendable = known is not None and kind is not None and severity == "refuse" and field not in template(kind).private
    return Cause(
        code=code,
        field=field or "",
        heading=teller.heading(field),
        severity=severity,
        tone=_TONES[severity],
        rows=int(group["rows"]),
        message=examples[0].message if examples else teller.say(code, field, None, {}),
        examples=examples,
        basis=basis_of(code, teller.day, teller.language),
        proposed=field in proposed,
        texts=list(dict.fromkeys(one.value for one in examples if one.value)) if mendable else (),
        choices=[(key, label.in_language(teller.language)) for key, label in known.choices.items()] if known else (),
    )


def basis_of(code: str, day: date, language: Language) -> Basis | None:
    """On what a code rests on a day; None for what no law or standard asks, only the form of the file."""
    for entry in _bases():
        if code.startswith(tuple(entry["codes"])):
            if "instrument" in entry:
                return _instrument(entry["instrument"], language)
            return Basis(entry["number"], "", entry["status"]) if "number" in entry else None
    if code in DEFAULT.general:
        pack = rules.law().admission(day)
        return None if isinstance(pack, rules.NotInForce) else _instrument(pack.instrument, language, pack.status)
    return None


def _instrument(name: str, language: Language, status: rules.Status | None = None) -> Basis:
    found = rules.law().instruments[name]
    told = status or found.status
    return Basis(found.number.in_language(language), found.title.in_language(language), "" if told.sure else told.value)


@cache
def _bases() -> list[dict[str, Any]]:
    text = (files(__package__) / "bases.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["basis"]
    return found
