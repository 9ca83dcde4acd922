"""Which heading of the sender's file is which field: as it was understood, to be set right where it was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from suyuan.events.templates import all_templates
from suyuan.kernel import Language
from suyuan.server.submissions.models import Submission
from suyuan.sheets.headings import match_row
from suyuan.sheets.template import Template

PREFIX: Final = "map:"
MOST: Final = 150
"""Headings that a form can ask about; further ones are taken as they were understood."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the file and the field it is taken for; an empty field is set aside."""

    name: str
    text: str
    field: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The form: the kind that the file is taken for, its headings, and the fields to choose from."""

    kind: str
    headings: Sequence[Heading]
    fields: Sequence[tuple[str, str]]
    doubtful: bool


def template_of(kind: str) -> Template | None:
    """The template of a kind; None if there is none."""
    return next((each for each in all_templates() if each.kind == kind), None)


def columns_of(submission: Submission, kind: str, language: Language) -> Columns | None:
    """The form for a submission taken for `kind`; None where there is nothing to choose."""
    template, layout = template_of(kind), submission.layout or {}
    if template is None or not (layout.get("headings") or layout.get("unknown")):
        return None
    taken: dict[str, str] = {text: name for name, text in layout["headings"].items()} if submission.kind else {}
    for text in layout["unknown"]:
        taken.setdefault(text, "")
    if submission.kind is None:
        match = match_row(list(taken), template, submission.mapping)
        taken = {text: match.columns.get(place, "") for place, text in enumerate(taken)}
    headings = [Heading(f"{PREFIX}{text}", text, name) for text, name in list(taken.items())[:MOST]]
    fields = [(column.name, column.heading(language)) for column in template.columns]
    missing = {column.name for column in template.columns if column.required} - set(taken.values())
    return Columns(kind, headings, fields, submission.kind is None or bool(missing))


def told_mapping(told: QueryDict, kind: str) -> Mapping[str, str]:
    """Heading → field as the form says; what is no field of the kind is set aside."""
    template = template_of(kind)
    names = template.names if template else ()
    chosen = {key.removeprefix(PREFIX): told.get(key, "") for key in told if key.startswith(PREFIX)}
    return {heading: name if name in names else "" for heading, name in chosen.items()}
