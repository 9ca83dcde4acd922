"""What a letter or an item rests on: provisions of the law room as they stand on a day, each with its status."""

from collections.abc import Iterable
from datetime import date

from suyuan.kernel import Language, sentence
from suyuan.kernel.canonical import Json
from suyuan.rules import Duty, Law, Status, Value, law
from suyuan.rules.statuses import weakest


def provisions(names: Iterable[str], on: date, told: Law | None = None) -> list[dict[str, Json]]:
    """Each provision once, in its order: id, version, titles, instrument, article, status, whether in force on the day.

    One that is not in force is told with its nearest version: it may have been when the matter arose.
    """
    known = told or law()
    return [_provision(known, name, on) for name in dict.fromkeys(names)]


def _provision(told: Law, name: str, on: date) -> dict[str, Json]:
    versions: list[Value | Duty] = [*told.values.get(name, ()), *told.duties.get(name, ())]
    begun = [one for one in versions if one.validity.start is None or one.validity.start <= on]
    one = begun[-1] if begun else versions[0]
    instrument = told.instruments[one.instrument]
    return {
        "id": name,
        "version": one.version,
        "title_zh": one.title.zh,
        "title_en": one.title.en,
        "instrument_zh": instrument.title.zh,
        "instrument_en": instrument.title.en,
        "article": one.article,
        "status": one.weakest.value,
        "in_force": on in one.validity,
    }


def least_sure(found: Iterable[dict[str, Json]]) -> Status:
    """How sure the whole basis is; open where there is none."""
    return weakest([Status(str(one["status"])) for one in found] or [Status.OPEN])


def provision_lines(found: Iterable[dict[str, Json]], language: Language) -> str:
    """One line a provision, its status with it."""
    mark = "en" if language is Language.EN else "zh"
    lines = [
        sentence(
            "cases.basis_line" if one["in_force"] else "cases.basis_line_past",
            {
                "title": str(one[f"title_{mark}"]),
                "instrument": str(one[f"instrument_{mark}"]),
                "article": str(one["article"] or "-"),
                "status": sentence(f"rules.short_{one['status']}", language=language),
            },
            language,
        )
        for one in found
    ]
    return "\n".join(lines) or sentence("cases.basis_none", language=language)
