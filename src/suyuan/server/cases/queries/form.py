"""The form of an inspection: empty, to be filled in on paper where there is no network, or as it was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import psycopg

from suyuan.kernel import Language, sentence
from suyuan.server.cases.queries.basis import provisions
from suyuan.server.cases.queries.cases import CaseRow, case
from suyuan.server.cases.queries.checklists import RESULTS, items_of
from suyuan.server.cases.queries.procedure import packaged
from suyuan.server.cases.queries.thread import StepRow, thread
from suyuan.server.cases.queries.view import inspections
from suyuan.server.cases.queries.wording import authority_name
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict
from suyuan.server.kit.scope import Scope

_BREAK = "\n"
BLANK_SIGNATURES = 2
"""Lines for signatures of each side on an empty form."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the checklist: what to look at, what it rests on, what was found."""

    title: str
    basis: str
    result: str
    remark: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form in words: facts as (label, value), items, signatures as (side, name and role, signed)."""

    title: str
    language: Language
    facts: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    signatures: Sequence[tuple[str, str, str]]
    notes: Sequence[str]

    def say(self, name: str) -> str:
        """A word of the form."""
        return sentence(f"cases.form_{name}", language=self.language)


def inspection_form(run: psycopg.Cursor[Row], scope: Scope, number: int, on: date, language: Language) -> Form:
    """The form of the last inspection of a case that the scope may read.

    Raises
    ------
    Missing
        ``cases.not_found``.
    Conflict
        ``cases.no_inspection``.
    """
    row = case(run, scope, number)
    found = inspections(thread(run, scope, number))
    last = found[-1] if found else None
    if last is None or last.plan is None:
        raise Conflict("cases.no_inspection", number=number)
    return _form(row, last.plan, last.record, on, language)


def _form(row: CaseRow, plan: StepRow, record: Mapping[str, Any] | None, on: date, language: Language) -> Form:
    planned = plan.body["plan"]
    facts = {
        "case": f"{row.number} · {row.title}",
        "company": f"{row.name_zh} ({row.company_code})",
        "authority": authority_name(row.fold.lead, on, language),
        "day": record["on"] if record else planned["on"],
        "place": planned["place"],
        "inspectors": "; ".join(f"{one['name']} ({one['role']})" for one in planned["inspectors"]),
        "step": f"{plan.version} · {plan.digest.hex()}",
    }
    notes = [sentence("cases.form_how", {"number": row.number}, language)]
    if record and record["refused"]:
        notes.append(sentence("cases.form_refused_because", {"reason": record["refused"]}, language))
    return Form(
        title=sentence("cases.form_title" if record is None else "cases.form_title_record", language=language),
        language=language,
        facts=[(sentence(f"cases.form_{name}", language=language), value) for name, value in facts.items()],
        lines=_lines(planned["checklists"], record, on, language),
        signatures=_signatures(record, language),
        notes=notes,
    )


def _lines(names: Sequence[str], record: Mapping[str, Any] | None, on: date, language: Language) -> list[Line]:
    found = {one["item"]: one for one in record["items"]} if record else {}
    empty = [f"[  ] {sentence(f'cases.result_{name}', language=language)}" for name in RESULTS]
    boxes = "\n".join("  ".join(pair) for pair in (empty[:2], empty[2:]))
    lines = []
    for name, item in items_of(names).items():
        one = found.get(name)
        result = sentence(f"cases.result_{one['result']}", language=language) if one else boxes
        remark = str(one["remark"]) if one else ""
        lines.append(Line(item.title.in_language(language), _basis(item.basis, on, language), result, remark))
    return lines


def _basis(name: str | None, on: date, language: Language) -> str:
    if name is None:
        return sentence("cases.form_own_item", language=language)
    (one,) = provisions([name], on)
    told = one["instrument_en" if language is Language.EN else "instrument_zh"]
    status = sentence(f"rules.short_{one['status']}", language=language)
    return f"{told} {one['article'] or ''} ({status})".replace("  ", " ")


def _signatures(record: Mapping[str, Any] | None, language: Language) -> list[tuple[str, str, str]]:
    sides = {side: sentence(f"cases.form_side_{side}", language=language) for side in ("authority", "company")}
    if record is None:
        return [(side, "", "") for side in sides.values() for _ in range(BLANK_SIGNATURES)]
    return [
        (
            sides[one["side"]],
            f"{one['name']} ({one['role']})",
            f"{sentence('cases.method_' + one['method'], language=language)} {one['at']}",
        )
        for one in record["signatures"]
    ]


def form_html(form: Form) -> bytes:
    """The form as a page that prints on A4; it needs no network and no script."""
    facts = "".join(f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in form.facts)
    lines = "".join(
        f"<tr><td>{place}</td><td>{escape(one.title)}<br><small>{escape(one.basis)}</small></td>"
        f"<td>{escape(one.result).replace(_BREAK, '<br>')}</td><td>{escape(one.remark)}</td></tr>"
        for place, one in enumerate(form.lines, start=1)
    )
    signed = "".join(
        f"<tr><td>{escape(side)}</td><td>{escape(who)}</td><td>{escape(how)}</td></tr>"
        for side, who, how in form.signatures
    )
    words = {name: escape(form.say(name)) for name in ("item", "result", "remark", "side", "signatory", "signature")}
    notes = "".join(f"<p>{escape(note)}</p>" for note in form.notes)
    told = {"title": escape(form.title), "facts": facts, "lines": lines, "signed": signed, "notes": notes, **words}
    tag = "en" if form.language is Language.EN else "zh-Hans"
    return packaged("form.html").format(tag=tag, **told).encode()
