"""Deadlines brought to whom they concern: calendar feeds, digests, webhooks; and standing duties that are not met."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api.answers import FORMS, Json, answer
from suyuan.server.api.asking import KEY, company_with, reader
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas import feeds as schemas
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.kit.problems import Forbidden
from suyuan.server.supervision.queries import feeds as reads
from suyuan.server.supervision.queries.standing import WantedGaps, explained_gap_json, gap, gap_json, gaps
from suyuan.server.supervision.services import feeds, webhooks

router = Router(auth=KEY, tags=["supervision"])

SMALL: Final = 16 << 10  # bytes
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]
Secret = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=400)]


def _company(request: HttpRequest, permission: Permission) -> tuple[Principal, int]:
    """Who asks, and its company: feeds and notices belong to a company as a whole."""
    asker, company = company_with(request, permission)
    if asker.scope.site is not None:
        raise Forbidden("feeds.company_only")
    return asker, company


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


# ---------------------------------------------------------------- standing duties


@router.get("/duties/standing", response=schemas.StandingPage)
def list_standing_duties(
    request: HttpRequest,
    company: Annotated[str | None, Query(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] = None,
    duty: Annotated[str | None, Query(pattern=r"^[a-z_]+(\.[a-z_]+)+$", max_length=100)] = None,
    ended: bool = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> HttpResponse:
    """Standing duties that are not met."""
    asker = reader(request)
    with open_cursor() as run:
        found = gaps(run, asker.scope, WantedGaps(company, duty, ended), limit=limit, cursor=cursor)
    language = language_of(request)
    return answer(
        {"items": cast("list[Json]", [gap_json(row, language) for row in found.rows]), "next": found.following}
    )


@router.get("/duties/standing/{number}", response=schemas.ExplainedStandingOut)
def explain_standing_duty(request: HttpRequest, number: Number) -> HttpResponse:
    """One standing duty and why it is as it is."""
    asker = reader(request)
    with open_cursor() as run:
        found = gap(run, asker.scope, number)
    return answer(cast("dict[str, Json]", explained_gap_json(found, language_of(request))))


# ---------------------------------------------------------------- calendars


@router.get("/deadline-feed", response=schemas.FeedOut)
def show_feed(request: HttpRequest) -> HttpResponse:
    """Whether there is a feed."""
    asker, _ = _company(request, Permission.READ)
    with open_cursor() as run:
        found = reads.feed_there_is(run, asker.scope)
    made_at, made_by = found or (None, None)
    return answer({"open": found is not None, "created_at": _text(made_at), "created_by": made_by})


@router.post("/deadline-feed", response={201: schemas.NewFeedOut})
def open_feed(request: HttpRequest) -> HttpResponse:
    """Open a feed, or give it a new address."""
    asker, company = _company(request, Permission.FILE)
    with transaction.atomic(), open_cursor() as run:
        secret = feeds.open_feed(run, company, asker.prefix)
    return answer({"path": f"/api/v1/deadline-feeds/{secret}.ics"}, 201)


@router.delete("/deadline-feed", response=schemas.DoneOut)
def close_feed(request: HttpRequest) -> HttpResponse:
    """Close the feed."""
    asker, company = _company(request, Permission.FILE)
    with transaction.atomic(), open_cursor() as run:
        feeds.close_feed(run, company, asker.prefix)
    return answer({"number": None})


@router.get("/deadline-feeds/{secret}.ics", auth=None, openapi_extra=offers("ics"))
def get_calendar(request: HttpRequest, secret: Secret) -> HttpResponse:
    """The calendar of a feed, for whoever knows its address."""
    with open_cursor() as run:
        company = reads.company_of_feed(run, secret)
        language = language_of(request)
        text = reads.calendar_of_company(run, company, language, SYSTEM_CLOCK.today(), SYSTEM_CLOCK.now())
    return HttpResponse(text.encode(), content_type=f"{FORMS['ics']}; charset=utf-8")


# ---------------------------------------------------------------- digests


@router.get("/notices", response=schemas.NoticePage)
def list_notices(request: HttpRequest, unread: bool = False, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Digests, the newest first."""
    asker, _ = _company(request, Permission.READ)
    with open_cursor() as run:
        found = reads.notices(run, asker.scope, unread=unread, limit=limit, cursor=cursor)
    language = language_of(request)
    items = cast("list[Json]", [reads.notice_json(row, language) for row in found.rows])
    return answer({"items": items, "next": found.following})


@router.post("/notices/{number}/read", response=schemas.DoneOut)
def read_notice(request: HttpRequest, number: Number) -> HttpResponse:
    """Note that a digest was read."""
    asker, _ = _company(request, Permission.READ)
    with transaction.atomic(), open_cursor() as run:
        feeds.mark_read(run, asker.scope, number, asker.prefix)
    return answer({"number": number})


@router.get("/notice-leads", response=schemas.LeadsOut)
def show_leads(request: HttpRequest) -> HttpResponse:
    """Lead times of the company."""
    asker, _ = _company(request, Permission.READ)
    with open_cursor() as run:
        return answer({"working_days": [*reads.leads_of(run, asker.scope)]})


@router.put("/notice-leads", response=schemas.LeadsOut, openapi_extra=accepts(body=schemas.LeadsIn))
def set_leads(request: HttpRequest) -> HttpResponse:
    """Choose lead times."""
    asker, company = _company(request, Permission.FILE)
    wanted = taken(request, schemas.LeadsIn, SMALL)
    with transaction.atomic(), open_cursor() as run:
        return answer({"working_days": [*feeds.set_leads(run, company, wanted.working_days, asker.prefix)]})


# ---------------------------------------------------------------- webhooks


@router.get("/webhooks", response=schemas.WebhooksOut)
def list_webhooks(request: HttpRequest) -> HttpResponse:
    """The webhooks in use."""
    asker, _ = _company(request, Permission.READ)
    with open_cursor() as run:
        found = reads.webhooks(run, asker.scope)
    return answer({"items": [{**asdict(one), "created_at": _text(one.created_at)} for one in found]})


@router.post("/webhooks", response={201: schemas.NewWebhookOut}, openapi_extra=accepts(body=schemas.WebhookIn))
def add_webhook(request: HttpRequest) -> HttpResponse:
    """Send digests to an address from now on."""
    asker, company = _company(request, Permission.FILE)
    wanted = taken(request, schemas.WebhookIn, SMALL)
    with transaction.atomic(), open_cursor() as run:
        made = webhooks.add_webhook(run, company, wanted.url, asker.prefix)
    return answer({"number": made.number, "secret": made.secret}, 201)


@router.delete("/webhooks/{number}", response=schemas.DoneOut)
def end_webhook(request: HttpRequest, number: Number) -> HttpResponse:
    """Send nothing to a webhook any more."""
    asker, _ = _company(request, Permission.FILE)
    with transaction.atomic(), open_cursor() as run:
        webhooks.end_webhook(run, asker.scope, number, asker.prefix)
    return answer({"number": number})


@router.get("/webhooks/{number}/deliveries", response=schemas.DeliveriesOut)
def list_deliveries(request: HttpRequest, number: Number, limit: Limit = 100) -> HttpResponse:
    """What became of digests at a webhook."""
    asker, _ = _company(request, Permission.READ)
    with open_cursor() as run:
        found = reads.deliveries(run, asker.scope, number, limit=limit)
    items: list[Json] = [
        {
            "id": one.id,
            "day": str(one.day),
            "state": one.state,
            "attempts": one.attempts,
            "next_at": _text(one.next_at) if one.state == "waiting" else None,
            "tried_at": _text(one.tried_at),
            "status": one.status,
            "trouble": one.trouble,
        }
        for one in found
    ]
    return answer({"items": items})
