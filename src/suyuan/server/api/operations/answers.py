"""Totals of areas and companies with the rows behind them, and reports that keep them."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

import psycopg
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.kernel import Language
from suyuan.server.answers.queries import asking, wording
from suyuan.server.answers.queries import rows as behind
from suyuan.server.answers.queries.areas import Area, area_of
from suyuan.server.answers.queries.cases import open_cases
from suyuan.server.answers.queries.papers import FORMS, report_file
from suyuan.server.answers.queries.periods import Period, parse_period
from suyuan.server.answers.queries.reports import find, reports
from suyuan.server.answers.queries.stages import stages
from suyuan.server.answers.services.reporting import Order, make_report
from suyuan.server.api.answers import answer, chosen_form, file
from suyuan.server.api.asking import KEY, reader
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas import answers as schemas
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import Row
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.kit.scope import Scope

router = Router(auth=KEY, tags=["answers"])

Division = Annotated[str | None, Query(pattern=r"^[0-9]{6}$")]
CompanyCode = Annotated[str | None, Query(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")]
PeriodName = Annotated[str | None, Query(max_length=20)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=400)]
Identity = Annotated[str, InPath(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Values = dict[str, Any]
Asked = Callable[[psycopg.Cursor[Row], Scope, Area, Period, Language], Values]

LARGEST_WISH: Final = 4 << 10  # bytes
ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


def _told(
    request: HttpRequest,
    division: str | None,
    company: str | None,
    period: str | None,
    asked: Asked,
    beside: Callable[[psycopg.Cursor[Row], Scope, Area], int] | None = None,
) -> HttpResponse:
    """The answer about an area; one whose data have not changed is not worked out again.

    `beside` tells a number in the answer that changes without the folds.
    """
    asker, language = reader(request), language_of(request)
    with transaction.atomic(), open_cursor() as run:
        run.execute(ONE_MOMENT + ", READ ONLY")
        area, span = area_of(asker.scope, division, company), parse_period(period, SYSTEM_CLOCK.today())
        seen = asking.version(run)
        more = "" if beside is None else f".{beside(run, asker.scope, area)}"
        mark = quote_etag(f"{seen.name}.{seen.waiting}.{span.today}.{area.key}.{span.name}.{language.value}{more}")
        unchanged = get_conditional_response(request, etag=mark)
        if isinstance(unchanged, HttpResponse):
            return unchanged
        head = wording.head_json(asker.scope, area, span, seen, language)
        return answer({**head, **asked(run, asker.scope, area, span, language)}, headers={"ETag": mark})


@router.get("/answers/overview", response=schemas.OverviewOut)
def answers_overview(
    request: HttpRequest, division: Division = None, company: CompanyCode = None, period: PeriodName = None
) -> HttpResponse:
    """The numbers of an area."""

    def asked(run: psycopg.Cursor[Row], scope: Scope, area: Area, span: Period, language: Language) -> Values:
        return wording.overview_json(asking.overview(run, scope, area, span), language)

    return _told(request, division, company, period, asked, open_cases)


@router.get("/answers/flows", response=schemas.FlowsOut)
def answers_flows(
    request: HttpRequest, division: Division = None, company: CompanyCode = None, period: PeriodName = None
) -> HttpResponse:
    """How batteries moved."""

    def asked(run: psycopg.Cursor[Row], _: Scope, area: Area, span: Period, language: Language) -> Values:
        return wording.flows_json(asking.flows(run, area, span), span, language)

    return _told(request, division, company, period, asked)


@router.get("/answers/ranking", response=schemas.RankingOut)
def answers_ranking(  # noqa: PLR0913  what can be asked for
    request: HttpRequest,
    *,
    measure: schemas.MeasureName = "overdue",
    by: Annotated[str, Query(pattern=r"^(division|company)$")] = "company",
    division: Division = None,
    company: CompanyCode = None,
    period: PeriodName = None,
    limit: Limit = 100,
) -> HttpResponse:
    """Areas or companies by one number."""

    def asked(run: psycopg.Cursor[Row], scope: Scope, area: Area, span: Period, language: Language) -> Values:
        found = asking.ranking(run, scope, area, span, measure, by=by, limit=limit)
        names = wording.names_of(scope, [one.area for one in found], language)
        return wording.ranking_json(found, span, names, language)

    return _told(request, division, company, period, asked)


@router.get("/answers/trend", response=schemas.TrendOut)
def answers_trend(
    request: HttpRequest, division: Division = None, company: CompanyCode = None, period: PeriodName = None
) -> HttpResponse:
    """The numbers month by month."""

    def asked(run: psycopg.Cursor[Row], scope: Scope, area: Area, span: Period, language: Language) -> Values:
        return wording.trend_json(asking.trend(run, scope, area, span), span, language)

    return _told(request, division, company, period, asked)


@router.get("/answers/unaccounted", response=schemas.StayPage)
def answers_unaccounted(
    request: HttpRequest,
    *,
    division: Division = None,
    company: CompanyCode = None,
    period: PeriodName = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> HttpResponse:
    """Batteries that are unaccounted, why, and since when."""
    wanted = behind.Wanted("unaccounted")
    return _told(request, division, company, period, _batteries(wanted, limit, cursor))


@router.get("/answers/batteries", response=schemas.StayPage)
def answers_batteries(  # noqa: PLR0913  what can be asked for
    request: HttpRequest,
    *,
    of: schemas.Batteries,
    stage: schemas.StageName | None = None,
    to_stage: schemas.StageName | None = None,
    crossing: schemas.Crossing = "inside",
    division: Division = None,
    company: CompanyCode = None,
    period: PeriodName = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> HttpResponse:
    """The batteries behind a number, a stage or a step."""
    known = stages().by_name
    one, other = (None if name is None else known[name].no for name in (stage, to_stage))
    wanted = behind.Wanted(of, one, other, wording.CROSSINGS.index(crossing))
    return _told(request, division, company, period, _batteries(wanted, limit, cursor))


def _batteries(wanted: behind.Wanted, limit: int, cursor: str | None) -> Asked:
    def asked(run: psycopg.Cursor[Row], scope: Scope, area: Area, span: Period, language: Language) -> Values:
        page = behind.stay_rows(run, scope, area, span, wanted, limit=limit, cursor=cursor)
        return {"items": [wording.stay_json(row, span, language) for row in page.rows], "next": page.following}

    return asked


@router.get("/answers/duties", response=schemas.CountedDutyPage)
def answers_duties(  # noqa: PLR0913  what can be asked for
    request: HttpRequest,
    *,
    of: schemas.Duties,
    division: Division = None,
    company: CompanyCode = None,
    period: PeriodName = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> HttpResponse:
    """The duties behind a number."""

    def asked(run: psycopg.Cursor[Row], scope: Scope, area: Area, span: Period, language: Language) -> Values:
        page = behind.duty_rows(run, scope, area, span, behind.Wanted(of), limit=limit, cursor=cursor)
        return {"items": [wording.duty_json(row, language) for row in page.rows], "next": page.following}

    return _told(request, division, company, period, asked)


@router.get("/answers/explain/{measure}", response=schemas.ExplainedOut)
def answers_explain(request: HttpRequest, measure: schemas.MeasureName) -> HttpResponse:
    """What a number means."""
    reader(request)
    return answer(wording.explained_json(measure, language_of(request)))


@router.get("/reports", response=schemas.ReportPage)
def list_reports(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Reports that were made, the newest first."""
    asker = reader(request)
    with open_cursor() as run:
        page = reports(run, asker.scope, limit=limit, cursor=cursor)
    return answer({"items": [wording.report_json(one) for one in page.rows], "next": page.following})


@router.post("/reports", response={201: schemas.ReportOut}, openapi_extra=accepts(body=schemas.ReportIn))
def post_report(request: HttpRequest) -> HttpResponse:
    """Make a report and keep its figures."""
    asker = reader(request)
    wish = taken(request, schemas.ReportIn, LARGEST_WISH)
    with transaction.atomic(), open_cursor() as run:
        run.execute(ONE_MOMENT)
        area = area_of(asker.scope, wish.division, wish.company)
        kept = make_report(run, asker.scope, area, Order(wish.template, wish.period, f"key {asker.prefix}"))
    return answer(wording.report_json(kept), status=201)


@router.get("/reports/{report}", response={200: None}, openapi_extra=offers(*FORMS))
def get_report(
    request: HttpRequest, report: Identity, format: Annotated[str | None, Query(pattern="^(json|xlsx|pdf)$")] = None
) -> HttpResponse:
    """A report as it was made: the figures as JSON, as a workbook, or as pages to print."""
    asker = reader(request)
    with open_cursor() as run:
        kept = find(run, asker.scope, UUID(report))
    form = chosen_form(request, format, FORMS)
    return file(
        f"{kept.template}-{kept.period}-{kept.area}.{form}", report_file(kept, form, language_of(request)), form
    )
