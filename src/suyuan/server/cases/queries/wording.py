"""Names of authorities and what a case is about, in words."""

from collections.abc import Iterable
from datetime import date

from suyuan.codes.divisions import division
from suyuan.kernel import Language, sentence
from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.subjects import Subject


def authority_name(authority: Authority, on: date, language: Language) -> str:
    """The authority by its level and the name of its division on a day."""
    if authority.division is None:
        return sentence("cases.authority_nation", language=language)
    found = division(authority.division, on)
    name = found.name if found else authority.division
    return sentence("cases.authority_of", {"division": name, "code": authority.division}, language)


def matters(found: Iterable[Subject], language: Language) -> str:
    """One numbered line a subject."""
    mark = "en" if language is Language.EN else "zh"
    lines = []
    for place, one in enumerate(found, start=1):
        told = one.told
        data = {name: str(value) for name, value in told.items() if isinstance(value, str | int)}
        title = str(told[f"title_{mark}"])
        if told["kind"] == "finding":
            said = sentence("cases.matter_finding", {"title": title, "records": data["count"]}, language)
        else:
            about = {"object": data.get("object", "-"), "due": data.get("due_on", "-")}
            said = sentence("cases.matter_duty", {"title": title, **about}, language)
        lines.append(f"{place}. {said}")
    return "\n".join(lines)
