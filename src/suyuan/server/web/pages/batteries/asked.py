"""What the filters of the list mean, and back: which columns there are, which batteries are asked for."""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from suyuan.codes.alphabets import CHEMISTRIES
from suyuan.codes.divisions import national
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language
from suyuan.server.answers.queries import batteries as listed
from suyuan.server.answers.queries.batteries import Sought
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.web.components.table import Column

KINDS: Final = ("pack", "module", "cell", "product")
AGES: Final = (30, 90, 180, 365, 730)
SOH: Final = (80, 70, 60)
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "in_stock": ("stocked", "after_sales", "swap_stock", "removed", "collected", "retired", "received"),
    "out_of_use": ("removed", "collected", "retired"),
}
ATTENTION: Final = ("overdue", "lost", listed.AWAITED, listed.TO_HAND_OVER)
VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "overdue_stock": {"stage": "in_stock", "attention": "overdue"},
    "to_hand_over": {"stage": "out_of_use", "attention": listed.TO_HAND_OVER},
    "lost": {"attention": "lost"},
    "worn": {"soh": "80"},
    "odd_codes": {"trouble": listed.ODD},
}
"""The views that everybody has, by name: filters."""

_MADE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def columns_of(language: Language, *, authority: bool) -> tuple[Column, ...]:
    """The columns of the list; companies filter by what their own records say, authorities also by findings."""
    words = vocabulary()
    labels = words.stage_labels
    of_batteries = [name for name, number in words.stages.items() if 0 < number < words.stages["built"]]
    stages = [(name, f"web_batteries.stages_{name}") for name in GROUPS]
    stages += [(name, labels[name].in_language(language)) for name in of_batteries]
    troubles = [(name, f"web_batteries.trouble_{name}") for name in _TROUBLES]
    if authority:
        troubles += [(one.name, one.title.in_language(language)) for one in detectors().values()]
    return (
        Column("code", "batteries.column_code", "code", filter="text", sorts=True),
        Column("model", "batteries.column_model", filter="text"),
        Column(
            "kind", "batteries.column_kind", filter="choice", choices=_choices("batteries.kind_", KINDS), shown=False
        ),
        Column(
            "chemistry",
            "batteries.column_chemistry",
            filter="choice",
            choices=_choices("batteries.chemistry_", tuple(CHEMISTRIES)),
        ),
        Column("stage", "batteries.column_stage", filter="choice", choices=tuple(stages)),
        Column(
            "since",
            "batteries.column_since",
            "day",
            filter="choice",
            choices=tuple((str(days), f"web_batteries.age_{days}") for days in AGES),
            sorts=True,
        ),
        Column("holder", "batteries.column_holder", filter="text"),
        Column("division", "batteries.column_division", filter="text"),
        Column("made_on", "batteries.column_made_on", "day", filter="text", sorts=True),
        Column(
            "soh",
            "batteries.column_soh",
            "ratio",
            filter="choice",
            choices=tuple((str(most), f"web_batteries.soh_{most}") for most in SOH),
        ),
        Column(
            "attention",
            "web_batteries.column_attention",
            "status",
            filter="choice",
            choices=_choices("web_batteries.attention_", ATTENTION),
        ),
        Column("trouble", "batteries.column_trouble", "status", filter="choice", choices=tuple(troubles)),
        Column("vin", "batteries.column_vehicle", "code", filter="text", shown=False),
    )


_TROUBLES: Final = (listed.IN_RECORDS, listed.ODD, listed.NOT_FILED, listed.NO_CODE)


def _choices(head: str, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((value, f"{head}{value.lower()}") for value in values)


def sought_of(filters: Mapping[str, str], today: date) -> tuple[Sought, str]:
    """Which batteries the filters ask for; the name of a filter that nobody can read, else empty."""
    told = dict(filters)
    made = _made(told.get("made_on", ""))
    place = _place(told.get("division", ""), today)
    wrong = "made_on" if made is None else "division" if place is None else ""
    first, last = made or (None, None)
    stage, attention = told.get("stage"), told.get("attention")
    return (
        Sought(
            code=_plain(told.get("code")),
            stages=_stages(stage) if stage else None,
            division=place or None,
            model=told.get("model"),
            holder=told.get("holder"),
            chemistry=told.get("chemistry"),
            kind=told.get("kind"),
            made_from=first,
            made_to=last,
            days=int(told["since"]) if "since" in told else None,
            trouble=told.get("trouble"),
            handover=attention if attention in (listed.AWAITED, listed.TO_HAND_OVER) else None,
            lost=attention == "lost",
            soh_below=int(told["soh"]) / 100 if "soh" in told else None,
            vin=_plain(told.get("vin")),
            overdue=attention == "overdue",
        ),
        wrong,
    )


def _plain(text: str | None) -> str | None:
    return re.sub(r"[\s-]", "", text).upper() if text else None


def _stages(name: str) -> tuple[int, ...]:
    numbers = vocabulary().stages
    return tuple(sorted(numbers[each] for each in GROUPS.get(name, (name,))))


def _made(text: str) -> tuple[str | None, str | None] | None:
    """First and last day of ``2026``, ``2026-10``, ``2026-10-01`` or two of them with ``..`` between; None: neither."""
    if not text:
        return None, None
    first, _, last = text.partition("..")
    both = _days(first), _days(last or first)
    return (both[0][0], both[1][1]) if both[0] and both[1] else None


def _days(text: str) -> tuple[str, str] | None:
    match = _MADE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    ends = day or calendar.monthrange(year, month or 12)[1]
    return first.isoformat(), date(year, month or 12, ends).isoformat()


def _place(text: str, today: date) -> str | None:
    """The beginning of a division code, by its digits or by its name; None for what is no place."""
    if not text or (text.isascii() and text.isdigit()):
        return text.removesuffix("00").removesuffix("00") if len(text) == 6 else text[:6]
    known = national()
    for province in known.provinces(today):
        if province.name.startswith(text):
            return province.code[:2]
    for province in known.provinces(today):
        for city in known.children(province.code, today):
            if city.name.startswith(text):
                return city.code[:4]
    return None
