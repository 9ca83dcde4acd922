"""Drafts of law as TOML: duties changed, added, removed for some days."""

from collections.abc import Mapping
from typing import Any

from suyuan.rules.drafts import Change, Draft
from suyuan.rules.law_files import facts_words
from suyuan.rules.law_parts import Words, by_owner, duty, instrument, kinds, roles, where
from suyuan.rules.periods import FirstDay, LastDay, Unit
from suyuan.rules.records import Measured, Owes
from suyuan.rules.sections import Section, read_sections

_CHANGEABLE = (
    *("period", "unit", "first_day", "last_day", "owed_by", "not_owed_by", "owes"),
    *("when", "where", "fulfilled_by", "measured", "by"),
)


def parse_draft(text: str, file: str) -> Draft:
    """A draft; raises `LawRefused` with file and line for what cannot be."""
    sections = read_sections(text, file)
    for name, found in sections.items():
        if name not in ("", "draft", "change", "add", "remove"):
            raise found[0].refuse("rules.unknown_key", key=name, known=["draft", "change", "add", "remove"])
    sections[""][0].only()
    if len(sections.get("draft", [])) != 1:
        raise sections[""][0].refuse("rules.one_draft")
    head = instrument(sections["draft"][0])
    words = facts_words()
    return Draft(
        instrument=head,
        changes=tuple(_change(section, words) for section in sections.get("change", [])),
        added=tuple(duty(section, head, words) for section in sections.get("add", [])),
        removed=tuple(_removed(section) for section in sections.get("remove", [])),
    )


def _removed(section: Section) -> str:
    section.only("duty")
    return section.text("duty")


def _change(section: Section, words: Words) -> Change:
    section.only("duty", *_CHANGEABLE)
    place = f"{section.file}:{section.line}"
    if len(section.content) < 2:
        raise section.refuse("rules.draft_empty_change", duty=section.text("duty"))
    count = section.whole("period")
    if count is not None and not 1 <= count <= 3660:
        raise section.refuse("rules.period_count", "period", given=count)
    counting: dict[str, Any] = {"count": count} if count is not None else {}
    for key, known in (("unit", Unit), ("first_day", FirstDay), ("last_day", LastDay)):
        if key in section.content:
            counting[key] = section.word(key, known)
    return Change(section.text("duty"), counting, _others(section, words), place)


def _others(section: Section, words: Words) -> Mapping[str, Any]:
    """What is changed beside the period, as attributes of a duty."""
    read: dict[str, Any] = {}
    if "owed_by" in section.content:
        read["owed_by"] = roles(section, "owed_by")
    if "not_owed_by" in section.content:
        read["not_owed_by"] = roles(section, "not_owed_by")
    if "owes" in section.content:
        read["owes"] = section.word("owes", Owes)
    if "when" in section.content:
        read["kinds"] = kinds(section, "when", words)
    if "where" in section.content:
        read["where"] = where(section, read.get("kinds", ()), words)
    if "fulfilled_by" in section.content:
        read["fulfilled_by"] = kinds(section, "fulfilled_by", words)
    if "measured" in section.content:
        read["measured"] = section.word("measured", Measured)
    if "by" in section.content:
        read["by_owner"] = by_owner(section)
    return read
