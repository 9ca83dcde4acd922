"""Codes given out under a filed rule, and the labels that carry them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Protocol, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.codes.keys import compose_code
from suyuan.kernel import Language
from suyuan.server.accounts.models import Permission
from suyuan.server.api.answers import Json, answer, file
from suyuan.server.api.asking import KEY, company_with, reader
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas.labels import BatchOut, BatchPage, CodeOrderIn, PrintIn, PrintJobPage
from suyuan.server.kit.paging import decode_cursor, encode_cursor
from suyuan.server.ledger.queries import serials
from suyuan.server.registry.queries.batches import Batch, PrintJob, batch, batches, print_jobs
from suyuan.server.registry.services.allocating import CodeOrder, allocate
from suyuan.server.registry.services.printing import PrintOrder
from suyuan.server.registry.services.printing import print_labels as printed

router = Router(auth=KEY, tags=["labels"])

LARGEST_ORDER: Final = 16 << 10  # bytes
JOB_HEADER: Final = "Suyuan-Print-Job"

Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=400)]
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


@router.post("/code-batches", response={201: BatchOut}, openapi_extra=accepts(body=CodeOrderIn))
def allocate_codes(request: HttpRequest) -> HttpResponse:
    """Give codes out."""
    asker, _ = company_with(request, Permission.FILE)
    wanted = taken(request, CodeOrderIn, LARGEST_ORDER)
    order = CodeOrder(wanted.prefix, wanted.produced_on, wanted.count, wanted.suffix, wanted.request)
    return answer(batch_json(allocate(asker.scope, order, serials, asker.prefix), with_codes=True), 201)


@router.get("/code-batches", response=BatchPage)
def list_code_batches(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Batches of codes."""
    asker = reader(request)
    return _page("code-batches", lambda before, most: batches(asker.scope, before, most), batch_json, limit, cursor)


@router.get("/code-batches/{number}", response=BatchOut)
def show_code_batch(request: HttpRequest, number: Number) -> HttpResponse:
    """One batch with its codes."""
    return answer(batch_json(batch(reader(request).scope, number), with_codes=True))


@router.post("/labels", response={200: None}, openapi_extra={**accepts(body=PrintIn), **offers("pdf", "zpl")})
def print_labels(request: HttpRequest) -> HttpResponse:
    """Labels as a file, each symbol decoded."""
    asker, _ = company_with(request, Permission.FILE)
    wanted = taken(request, PrintIn, LARGEST_ORDER).model_dump()
    order = PrintOrder(**wanted | {"language": Language.from_tag(wanted["language"])})
    number, made = printed(asker.scope, order, serials, settings.PUBLIC_URL, asker.prefix)
    response = file(f"suyuan-labels-{number}.{made.form}", made.content)
    response[JOB_HEADER] = str(number)
    return response


@router.get("/label-jobs", response=PrintJobPage)
def list_label_jobs(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """What was printed."""
    asker = reader(request)
    return _page("label-jobs", lambda before, most: print_jobs(asker.scope, before, most), _job_json, limit, cursor)


def _page(
    listing: str,
    rows: Callable[[int | None, int], Sequence[T]],
    told: Callable[[T], dict[str, Json]],
    limit: int,
    cursor: str | None,
) -> HttpResponse:
    last = decode_cursor(listing, cursor)
    found = rows(cast(int, last[0]) if last else None, limit + 1)
    following = encode_cursor(listing, [found[limit - 1].number]) if len(found) > limit else None
    return answer({"items": [told(row) for row in found[:limit]], "next": following})


def batch_json(given: Batch, *, with_codes: bool = False) -> dict[str, Json]:
    """A batch as the API and the command line tell it."""
    told: dict[str, Json] = {
        "number": given.number,
        "company": given.company,
        "prefix": given.prefix,
        "model": given.model,
        "produced_on": given.produced_on.isoformat(),
        "suffix": given.suffix,
        "first": given.first,
        "last": given.last,
        "count": given.count,
        "first_code": compose_code(given.lot, given.first),
        "last_code": compose_code(given.lot, given.last),
        "actor": given.actor,
        "asked_at": given.asked_at.isoformat(),
        "printed_at": given.printed_at.isoformat() if given.printed_at else None,
    }
    if with_codes:
        told["codes"] = list(given.codes)
    return told


def _job_json(job: PrintJob) -> dict[str, Json]:
    return {
        "number": job.number,
        "company": job.company,
        "first_code": compose_code(job.lot, job.first),
        "last_code": compose_code(job.lot, job.last),
        "kind": job.kind,
        "reason": job.reason,
        "note": job.note,
        "design": job.design,
        "form": job.form,
        "symbols": job.symbols,
        "actor": job.actor,
        "printed_at": job.printed_at.isoformat(),
    }
