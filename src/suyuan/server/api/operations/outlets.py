"""Outlets: the public list, and the acts of companies and authorities on it."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from suyuan.codes.divisions import division
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY, reader, who
from suyuan.server.api.bodies import SHEETS, check_form, received, taken
from suyuan.server.api.document import accepts
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.kit.problems import Forbidden, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies, company_number, site_numbers
from suyuan.server.registry.queries.outlet_wording import outlet_json
from suyuan.server.registry.queries.outlets import (
    Place,
    Wanted,
    outlet_acts,
    outlet_versions,
    outlets_listed,
    outlets_near,
)
from suyuan.server.registry.queries.outlets import outlet as one_outlet
from suyuan.server.registry.services import outlet_acts as acts
from suyuan.server.registry.services.outlet_filing import Author, file_outlet
from suyuan.server.registry.services.outlet_filing import import_outlets as bring_in
from suyuan.server.registry.services.outlet_telling import filed_json
from suyuan.server.supervision.queries.outlets import covered_prefectures, gaps, outlet_stock

router = Router(auth=KEY, tags=["outlets"])

LARGEST_TABLE: Final = 64 << 20  # bytes
LARGEST_ENTRY: Final = 64 << 10
MOST_NEAR: Final = 100

Outlet = Annotated[int, InPath(ge=1, le=(1 << 31) - 1)]
_PLACE = r"^-?\d{1,3}(\.\d{1,12})?,-?\d{1,2}(\.\d{1,12})?$"


class OutletQuery(Schema):
    """What is asked of the list."""

    near: Annotated[str, Field(pattern=_PLACE)] | None = None
    division: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    outlet_kind: schemas.OutletKind | None = None
    brand: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    chemistry: schemas.Chemistry | None = None
    condition: schemas.Condition | None = None
    open_now: bool = False
    open_at: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_NEAR)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = None


@router.get("/outlets", response=schemas.OutletPage, auth=None)
def list_outlets(request: HttpRequest, asked: Query[OutletQuery]) -> HttpResponse:
    """Valid outlets, nearest first where a place is named."""
    moment = asked.open_at or SYSTEM_CLOCK.now()
    on = _day(moment)
    wanted = Wanted(
        asked.division,
        asked.outlet_kind,
        asked.brand,
        asked.chemistry,
        asked.condition,
        moment if asked.open_now or asked.open_at else None,
    )
    place = _place(asked.near)
    with open_cursor() as run:
        if place is None:
            found = outlets_listed(run, wanted, on, limit=asked.limit, cursor=asked.cursor)
        else:
            found = outlets_near(run, place, wanted, on, limit=asked.limit, cursor=asked.cursor)
    language = language_of(request)
    items = cast("list[Json]", [outlet_json(one, moment, language) for one in found.rows])
    return answer({"items": items, "next": found.following})


@router.get("/outlets/stock", response=schemas.OutletStocksOut)
def list_outlet_stock(request: HttpRequest, over: bool = False) -> HttpResponse:
    """What lies at the outlets in the scope."""
    asker = reader(request)
    with open_cursor() as run:
        found = outlet_stock(run, asker.scope, SYSTEM_CLOCK.today(), over=over)
    items = [
        {
            "number": one.site,
            "company": one.company_code,
            "code": one.code,
            "name": one.name,
            "kind": one.kind,
            "division": one.division,
            "batteries": one.batteries,
            "mass_kg": one.mass_kg,
            "unweighed": one.unweighed,
            "capacity_kg": one.capacity_kg,
            "capacity_packs": one.capacity_packs,
            "limit": None
            if one.limit is None
            else {"limit_kg": one.limit.limit_kg, "version": one.limit.version, "status": one.limit.status},
            "over_limit": one.over_limit,
            "over_capacity": one.over_capacity,
        }
        for one in found
    ]
    return answer({"items": cast("list[Json]", items)})


@router.get("/outlets/coverage", response=schemas.CoverageAllOut)
def outlet_coverage(request: HttpRequest, on: date | None = None) -> HttpResponse:
    """Where companies have outlets, and where they sell and have none."""
    asker, day = reader(request), on or SYSTEM_CLOCK.today()
    with open_cursor() as run:
        covered, missing = covered_prefectures(run, asker.scope, day), gaps(run, asker.scope, day)
    codes = _codes({one.company for one in covered} | {one.company for one in missing})
    told = [
        {
            "company": codes[one.company],
            "prefecture": one.prefecture,
            "own": one.own,
            "commissioned": one.commissioned,
            "shared": one.shared,
        }
        for one in covered
    ]
    lacking = [
        {
            "company": codes[one.company],
            "prefecture": one.prefecture,
            "prefecture_name": known.name if (known := division(one.prefecture, day)) else None,
            "since": str(one.since),
            "duty": one.duty,
            "version": one.version,
        }
        for one in missing
    ]
    return answer({"on": str(day), "covered": cast("list[Json]", told), "gaps": cast("list[Json]", lacking)})


@router.post("/outlets/import", response=schemas.OutletImportOut, openapi_extra=accepts(*SHEETS))
def import_outlets(
    request: HttpRequest, dry_run: bool = False, name: Annotated[str, Query(max_length=200)] = ""
) -> HttpResponse:
    """File the outlets of a table."""
    author = _author(request)
    check_form(request, *SHEETS)
    with received(request, LARGEST_TABLE) as body:
        data = body.read_bytes() if isinstance(body, Path) else body
        done = bring_in(author, data, name or None, dry=dry_run)
    return answer(cast("dict[str, Json]", filed_json(done, language_of(request))))


@router.post("/outlets", response={201: schemas.OutletFiledOut}, openapi_extra=accepts(body=schemas.OutletIn))
def file_an_outlet(request: HttpRequest) -> HttpResponse:
    """File one outlet, or a new version of one that is known."""
    author = _author(request)
    entry = taken(request, schemas.OutletIn, LARGEST_ENTRY).model_dump(exclude_none=True)
    if "company" not in entry:
        if author.scope.company is None:
            raise Refusal("registry.value_missing", field="company")
        entry["company"] = companies(author.scope, [author.scope.company])["code"][0]
    done = file_outlet(author, entry)
    number = company_number(Scope.of_nation(), entry["company"])
    site = site_numbers(Scope.of_nation(), number, [entry["code"]])[entry["code"]]
    return answer({"number": site, "changed": bool(done.changed)}, 201)


@router.get("/outlets/{outlet}", response=schemas.OutletOut, auth=None)
def show_outlet(request: HttpRequest, outlet: Outlet, on: date | None = None) -> HttpResponse:
    """One outlet as it is valid today, or on another day."""
    moment = SYSTEM_CLOCK.now()
    with open_cursor() as run:
        found = one_outlet(run, outlet, on or SYSTEM_CLOCK.today())
    return answer(cast("dict[str, Json]", outlet_json(found, moment, language_of(request))))


@router.get("/outlets/{outlet}/history", response=schemas.OutletHistoryOut)
def outlet_history(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Every version of an entry in the scope, and who did what to it."""
    asker = reader(request)
    with open_cursor() as run:
        versions, done = outlet_versions(run, asker.scope, outlet), outlet_acts(run, asker.scope, outlet)
    told = [
        {
            "version": one.version,
            "valid_from": str(one.valid_from),
            "valid_to": None if one.valid_to is None else str(one.valid_to),
            "recorded_at": one.recorded_at.isoformat(),
            "superseded_at": None if one.superseded_at is None else one.superseded_at.isoformat(),
            "author": one.author,
            "kind": one.kind,
            "name": one.name,
            "division": one.division,
            "address": one.address,
            "phone": one.phone,
        }
        for one in versions
    ]
    kept = [
        {
            "act": one.act,
            "on": str(one.on),
            "at": one.at.isoformat(),
            "author": one.author,
            "level": one.level,
            "company": one.company,
            "version": one.version,
            "reason": one.reason,
        }
        for one in done
    ]
    return answer({"versions": cast("list[Json]", told), "acts": cast("list[Json]", kept)})


@router.post(
    "/outlets/{outlet}/changes",
    response=schemas.OutletFiledOut,
    openapi_extra=accepts(body=schemas.OutletChangeIn),
)
def change_outlet(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Change what is filed of an outlet: a new version."""
    author = _author(request)
    changes = taken(request, schemas.OutletChangeIn, LARGEST_ENTRY).model_dump(exclude_unset=True)
    reason = changes.pop("reason", "")
    done = acts.change_outlet(author, outlet, changes, reason)
    return answer({"number": outlet, "changed": bool(done.changed)})


@router.post(
    "/outlets/{outlet}/verifications",
    response=schemas.OutletFiledOut,
    openapi_extra=accepts(body=schemas.OutletVerifyIn),
)
def verify_outlet(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Note that somebody looked at an entry."""
    author = _author(request)
    seen = taken(request, schemas.OutletVerifyIn, LARGEST_ENTRY)
    acts.verify_outlet(author, outlet, acts.Look(seen.on, seen.way, seen.correct, seen.note))
    return answer({"number": outlet, "changed": False})


@router.post(
    "/outlets/{outlet}/withdrawal",
    response=schemas.OutletFiledOut,
    openapi_extra=accepts(body=schemas.OutletWithdrawIn),
)
def withdraw_outlet(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Close an outlet after a day."""
    author = _author(request)
    order = taken(request, schemas.OutletWithdrawIn, LARGEST_ENTRY)
    acts.withdraw_outlet(author, outlet, order.last_day, order.reason)
    return answer({"number": outlet, "changed": True})


@router.post(
    "/outlets/{outlet}/commissions",
    response=schemas.OutletFiledOut,
    openapi_extra=accepts(body=schemas.CommissionIn),
)
def commission_outlet(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Say for which maker an outlet acts, agree to it, or end it."""
    author = _author(request)
    order = taken(request, schemas.CommissionIn, LARGEST_ENTRY)
    if order.last_day is not None:
        acts.end_commission(author, outlet, order.company, order.last_day)
    else:
        acts.commission_outlet(author, outlet, order.company, order.since or SYSTEM_CLOCK.today())
    return answer({"number": outlet, "changed": True})


def _author(request: HttpRequest) -> Author:
    """Who files: a company's key with the right to file, an authority's with the right to administer."""
    asker: Principal = who(request)
    asker.require(Permission.ADMINISTER if asker.company is None else Permission.FILE)
    if asker.scope.site is not None:
        raise Forbidden("accounts.not_permitted", key=asker.prefix, permission=Permission.FILE.value)
    return Author(asker.scope, asker.prefix)


def _place(near: str | None) -> Place | None:
    if near is None:
        return None
    longitude, latitude = map(float, near.split(","))
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise Refusal("registry.place_impossible", value=near)
    return Place(longitude, latitude)


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def _codes(numbers: set[int]) -> dict[int, str]:
    return dict(companies(Scope.of_nation(), sorted(numbers)).select("number", "code").iter_rows())
