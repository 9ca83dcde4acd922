"""Which template a table follows, where its headings stand and which column is which."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from suyuan.sheets.names import RESULT_HEADING
from suyuan.sheets.template import Template, fold_heading
from suyuan.sheets.unstorable import stripped

SEARCHED_ROWS = 20
"""Rows at the top among which the headings are looked for."""

_BRACKETS = re.compile(r"\([^)]*\)|\[[^]]*\]")
_RESULT = frozenset({fold_heading(name) for name in (*RESULT_HEADING, "\n".join(RESULT_HEADING))})
_OWN_NAMES = 4  # canonical, Chinese, English, both; then the aliases
_MARK = re.compile(r"suyuan-template:([A-Za-z_0-9]+):([^\s,;]+)")

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Match:
    """How the headings of one row fit one template.

    Parameters
    ----------
    columns
        Position → canonical name.
    guessed
        Heading → canonical name, where only an alias or the part before a bracket agreed.
    unknown
        Headings that the template does not have.
    duplicates
        Canonical name → the headings that all claim it.
    missing
        Required columns that are absent.
    result
        Position of the column of remarks, if there is one.
    """

    template: Template
    columns: Mapping[int, str]
    guessed: Mapping[str, str]
    unknown: tuple[str, ...]
    duplicates: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    result: int | None = None
    row: int = 0

    @property
    def score(self) -> int:
        """Larger fits better: columns known count for it, unknown and missing ones against it."""
        return 2 * len(self.columns) - len(self.unknown) - 2 * len(self.missing)

    @property
    def convincing(self) -> bool:
        """Whether the row may be taken for the headings of the template at all."""
        known = len(self.columns)
        return known > 0 and (not self.missing or 2 * known >= known + len(self.unknown))


@dataclass(slots=True)
class Recognition:
    """The answer to "which template?": one match, or the kinds that fit equally well."""

    match: Match | None = None
    rivals: tuple[str, ...] = ()
    declared: tuple[str, str] | None = None  # kind and version named in the file
    best: Match | None = field(default=None)


@dataclass(frozen=True, slots=True)
class _Names:
    """Folded heading → canonical name: those of the template itself, and those only understood."""

    exact: Mapping[str, str]
    loose: Mapping[str, str]
    written: frozenset[str]  # every heading in full


def _names(template: Template) -> _Names:
    return _names_of(tuple(tuple(column.names()) for column in template.columns))


@lru_cache(maxsize=256)
def _names_of(columns: tuple[tuple[str, ...], ...]) -> _Names:
    """From the names of each column: the canonical one, its headings in both languages and together, its aliases."""
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    shortened: dict[str, set[str]] = {}
    for names in columns:
        for name in names[:_OWN_NAMES]:
            exact.setdefault(fold_heading(name), names[0])
        for alias in names[_OWN_NAMES:]:
            loose.setdefault(fold_heading(alias), names[0])
        for name in names:
            shortened.setdefault(_without_brackets(name), set()).add(names[0])
    for name, owners in shortened.items():
        if len(owners) == 1:
            loose.setdefault(name, *owners)
    return _Names(exact, loose, frozenset(fold_heading(name) for names in columns for name in names))


def every_heading(template: Template) -> frozenset[str]:
    """All headings that `template` knows, folded."""
    return _names(template).written


def _without_brackets(name: str) -> str:
    return _BRACKETS.sub("", fold_heading(name))


def match_row(cells: Row, template: Template, mapping: Mapping[str, str] | None = None, row: int = 0) -> Match:
    """How the headings `cells` fit `template`.

    Parameters
    ----------
    mapping
        Heading → canonical name as decided by the user; an empty name sets the column aside.
    """
    known = _names(template)
    decided = {fold_heading(heading): name for heading, name in (mapping or {}).items()}
    claims: dict[str, list[tuple[int, str]]] = {}
    guessed: dict[str, str] = {}
    unknown: list[str] = []
    result = None
    for position, cell in enumerate(cells):
        heading = stripped(cell or "").strip()
        folded = fold_heading(heading)
        if not folded:
            continue
        if folded in _RESULT:
            result = position
            continue
        name = decided.get(folded) if folded in decided else known.exact.get(folded)
        if name is None and folded not in decided:
            name = known.loose.get(folded) or known.loose.get(_without_brackets(heading))
            if name:
                guessed[heading] = name
        if name and name in template.names:
            claims.setdefault(name, []).append((position, heading))
        elif name is None:
            unknown.append(heading)
    return Match(
        template=template,
        columns={places[0][0]: name for name, places in claims.items()},
        guessed=guessed,
        unknown=tuple(unknown),
        duplicates={name: tuple(h for _, h in places) for name, places in claims.items() if len(places) > 1},
        missing=tuple(c.name for c in template.columns if c.required and c.name not in claims),
        result=result,
        row=row,
    )


def recognise(
    rows: Sequence[Row],
    templates: Iterable[Template],
    mapping: Mapping[str, str] | None = None,
    hints: Sequence[str] = (),
    declared: tuple[str, str] | None = None,
) -> Recognition:
    """The template that the first rows of a table follow.

    Parameters
    ----------
    hints
        Names that may contain the title of a kind: file, worksheet.
    declared
        Kind and version named inside the file; it decides if the kind is among `templates`.
    """
    top = rows[:SEARCHED_ROWS]
    offered = tuple(templates)
    declared = declared or _declared_in_text(top)
    if declared and any(template.kind == declared[0] for template in offered):
        offered = tuple(template for template in offered if template.kind == declared[0])
    best = _best_by_template(top, offered, mapping)
    return choose(best, top, hints, declared, alone=len(offered) == 1)


def choose(
    best: Iterable[Match],
    rows: Sequence[Row],
    hints: Sequence[str],
    declared: tuple[str, str] | None,
    *,
    alone: bool = False,
) -> Recognition:
    """The best of one match a template; titles decide between equals.

    A template that is `alone`, because it was chosen or is named in the file, need not convince.
    """
    ranked = sorted(best, key=lambda match: (match.score, -match.row), reverse=True)
    if not ranked or not (ranked[0].convincing or alone):
        return Recognition(declared=declared, best=ranked[0] if ranked else None)
    rivals = [match for match in ranked if match.score == ranked[0].score]
    if len(rivals) > 1:
        titles = [*hints, *(cell for row in rows[: rivals[0].row] for cell in row if cell)]
        rivals = _named_in(titles, rivals) or rivals
    if len(rivals) > 1:
        return Recognition(rivals=tuple(m.template.kind for m in rivals), declared=declared, best=rivals[0])
    return Recognition(match=rivals[0], declared=declared, best=rivals[0])


def _best_by_template(
    rows: Sequence[Row], templates: Iterable[Template], mapping: Mapping[str, str] | None
) -> list[Match]:
    best = []
    for template in templates:
        matches = [match_row(cells, template, mapping, row) for row, cells in enumerate(rows)]
        found = [match for match in matches if match.columns]
        if found:
            best.append(max(found, key=lambda match: (match.score, -match.row)))
    return best


def _declared_in_text(rows: Sequence[Row]) -> tuple[str, str] | None:
    for row in rows:
        for cell in row:
            if cell and (mark := _MARK.search(cell)):
                return mark[1], mark[2]
    return None


def _named_in(titles: Iterable[str], matches: Iterable[Match]) -> list[Match]:
    """The matches whose kind is named in a title; of names that contain each other, the longest."""
    text = "\n".join(fold_heading(title) for title in titles)
    named = {
        match.template.kind: max(
            (
                len(name)
                for name in map(fold_heading, (match.template.zh, match.template.en, match.template.kind))
                if name and name in text
            ),
            default=0,
        )
        for match in matches
    }
    longest = max(named.values(), default=0)
    return [match for match in matches if longest and named[match.template.kind] == longest]


def second_heading_row(rows: Sequence[Row], match: Match, mapping: Mapping[str, str] | None = None) -> bool:
    """Whether the row below the headings repeats them, for example in the other language."""
    below = rows[match.row + 1] if match.row + 1 < len(rows) else ()
    again = match_row(below, match.template, mapping)
    return bool(again.columns) and len(again.columns) * 2 > len(match.columns) and not again.unknown
