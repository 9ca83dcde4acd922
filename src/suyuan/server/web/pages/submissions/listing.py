"""The table of batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.queries.views import saved_views
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.paging import decode_cursor, encode_cursor
from suyuan.server.registry.queries.names import names
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import State, Submission
from suyuan.server.supervision.queries.timely import Timely, timely
from suyuan.server.web.actor import Actor, PageRequest, member
from suyuan.server.web.components.table import Column, Linked, Row, Table, read_state
from suyuan.server.web.pages.submissions.shown import (
    CHANNELS,
    HOLDING,
    channel_name,
    kind_name,
    senders,
    status_of,
    undo_until,
    waits_for_mending,
)
from suyuan.server.web.surroundings import show

MOST_COUNTED: Final = 20_000
"""Records of which a list says how many were in time; of larger batches their own page says it."""


def _columns(actor: Actor) -> tuple[Column, ...]:
    kinds = tuple((kind.name, kind.label.in_language(actor.language)) for kind in vocabulary().kinds.values())
    channels = tuple((name, f"web_submissions.channel_{name}") for name in CHANNELS)
    states = tuple((state.value, f"api.state_{state.value}") for state in State)
    own = not actor.is_authority
    return (
        Column("number", "web_submissions.number"),
        Column("received_at", "web_submissions.received_at", "moment"),
        *(() if own else (Column("company", "web_submissions.company"),)),
        Column("kind", "web_submissions.kind", filter="choice", choices=kinds),
        Column("state", "web_submissions.state", "status", filter="choice", choices=states),
        Column("good", "web_submissions.good", "number"),
        Column("refused", "web_submissions.refused", "number"),
        Column("duplicates", "web_submissions.duplicates", "number"),
        Column("again", "web_submissions.again", "number"),
        *((Column("mend", "web_submissions.mend", filter="choice", choices=_TO_MEND),) if own else ()),
        Column("in_time", "web_submissions.in_time", "ratio"),
        Column("channel", "web_submissions.channel", filter="choice", choices=channels),
        *((Column("who", "web_submissions.who"),) if own else ()),
        Column("name", "web_submissions.name"),
        Column("receipt", "web_submissions.receipt"),
        *((Column("undo", "web_submissions.undo_until", "moment", shown=False),) if own else ()),
        Column("rows", "web_submissions.rows", "number", shown=False),
    )


_TO_MEND: Final = (("yes", "web_submissions.mend_yes"),)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is looked up beside the batches of a page."""

    again: Mapping[int, int]
    kept: Mapping[int, Timely]
    who: Mapping[int, str]
    firms: Mapping[int, str]


@member()
def list_page(request: PageRequest) -> HttpResponse:
    """The batches that the reader may see, the newest first; trials only if they are asked for."""
    actor = request.actor
    columns = _columns(actor)
    state = read_state(request, columns)
    told = state.filters
    sought = queries.Sought(told.get("kind"), told.get("state"), told.get("channel"), "mend" in told)
    size = min(state.size, queries.LARGEST_PAGE)
    last = decode_cursor(sought.listing, state.after)
    before = last[0] if last and isinstance(last[0], int) else None
    found = queries.batches(actor.scope, sought, before, size + 1)
    listed = found[:size]
    beside = _look_up(actor, listed)
    table = Table(
        "submissions",
        columns,
        state,
        [_row(one, actor, beside) for one in listed],
        encode_cursor(sought.listing, [listed[-1].number]) if len(found) > size else None,
        views=saved_views(actor.member, "submissions"),
        saves=True,
        empty="web_submissions.none",
    )
    return show(request, "web/submissions.html", "web_submissions.title", as_of=SYSTEM_CLOCK.now(), table=table)


def _look_up(actor: Actor, listed: Sequence[Submission]) -> _Beside:
    again = queries.brought_again(actor.scope, [one.number for one in listed if one.refused])
    with cursor() as run:
        kept = timely(run, actor.scope, _small(listed))
    firms = names(sorted({one.company for one in listed})) if actor.is_authority else {}
    told = {
        number: firm.name_en if actor.language is Language.EN and firm.name_en else firm.name_zh
        for number, firm in firms.items()
    }
    return _Beside(again, kept, senders(actor.scope, listed), told)


def _small(listed: Sequence[Submission]) -> list[int]:
    """The batches whose records together are few enough to be looked at, the newest first."""
    left, chosen = MOST_COUNTED, []
    for one in listed:
        if one.admitted and not one.dry and one.admitted <= left:
            left -= one.admitted
            chosen.append(one.number)
    return chosen


def _row(one: Submission, actor: Actor, beside: _Beside) -> Row:
    language, number = actor.language, one.number
    again = beside.again.get(number, 0)
    kept = beside.kept.get(number)
    until = undo_until(one, SYSTEM_CLOCK.now())
    values: dict[str, Any] = {
        "number": number,
        "received_at": one.received_at,
        "company": beside.firms.get(one.company),
        "kind": kind_name(one.kind, language),
        "state": status_of(one),
        "good": one.admitted,
        "refused": one.refused,
        "duplicates": one.duplicates,
        "again": again,
        "mend": _mend(one, again, language),
        "in_time": kept.share if kept else None,
        "channel": channel_name(one.channel, language),
        "who": beside.who.get(number),
        "name": one.name,
        "receipt": _receipt(one, language),
        "undo": until,
        "rows": one.rows,
    }
    return Row(str(number), values, reverse("web-submission", args=[number]))


def _mend(one: Submission, again: int, language: Language) -> Linked | None:
    """The refused records as a file, where they wait for being corrected."""
    if not waits_for_mending(one, again) or one.kind is None:
        return None
    words = sentence("web_submissions.bad_rows", {"count": f"{one.refused:,}"}, language)
    return Linked(words, reverse("web-submission-bad-rows", args=[one.number]))


def _receipt(one: Submission, language: Language) -> Linked | None:
    if one.state not in HOLDING or not one.admitted:
        return None
    words = sentence("web_submissions.receipt", language=language)
    return Linked(words, f"{reverse('web-submission', args=[one.number])}#receipt")
