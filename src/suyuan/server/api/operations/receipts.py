"""Receipts of the log: get them, prove single records, verify them, and the policy to verify them with."""

from typing import Annotated, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router, Schema

from suyuan.server.api import schemas
from suyuan.server.api.answers import answer, file
from suyuan.server.api.asking import KEY, follower, note, reader
from suyuan.server.api.bodies import JSON, check_form, received
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.papers import receipt_file, record_file
from suyuan.server.kit.language import language_of
from suyuan.server.kit.problems import TooLarge
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.policies import policy_text
from suyuan.tlog.receipts import LARGEST_DOCUMENT_BYTES
from suyuan.tlog.verdicts import verdict_json, verify_document

router = Router(auth=KEY, tags=["log"])

Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]
Record = Annotated[str, InPath(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
POLICY_TEXT: Final = "text/plain; charset=utf-8"


class ReceiptQuery(Schema):
    """In which form a receipt is wanted."""

    format: Literal["json", "pdf"] = "json"


@router.get("/submissions/{number}/receipt", response=schemas.ReceiptOut, openapi_extra=offers("json", "pdf"))
def get_receipt(request: HttpRequest, number: Number, wanted: Query[ReceiptQuery]) -> HttpResponse:
    """The receipt of a submission; its secret goes only to who sent it."""
    asker = follower(request)
    content = receipt_file(asker.scope, number, wanted.format, language_of(request))
    note(asker, "receipt", str(number))
    return file(f"suyuan-receipt-{number}.{wanted.format}", content)


@router.get("/records/{record}/proof", response=schemas.RecordProofOut)
def prove_record(request: HttpRequest, record: Record) -> HttpResponse:
    """The proof that one record stands in the log."""
    asker = reader(request)
    content = record_file(asker.scope, record)
    note(asker, "record_proof", record)
    return file(f"suyuan-record-{record}.json", content)


@router.post("/receipts/verify", auth=None, response=schemas.ReceiptVerdictOut, openapi_extra=accepts(JSON))
def verify_receipt(request: HttpRequest) -> HttpResponse:
    """What a receipt or a proof of a record is worth, by the policy of this installation; anybody may ask."""
    check_form(request, JSON)
    with received(request, LARGEST_DOCUMENT_BYTES) as body:
        document = body if isinstance(body, bytes) else body.read_bytes()
    if len(document) > LARGEST_DOCUMENT_BYTES:
        raise TooLarge("api.body_too_large", limit=f"{LARGEST_DOCUMENT_BYTES >> 10} KiB")
    verdict = verify_document(document, policy_text(here()))
    return answer(verdict_json(verdict, language_of(request)), headers={"Cache-Control": "no-store"})


@router.get("/log/policy", auth=None, openapi_extra=offers("text"))
def get_policy(request: HttpRequest) -> HttpResponse:
    """The logs of this installation with their keys, and the witnesses that have to cosign."""
    return HttpResponse(policy_text(here()), content_type=POLICY_TEXT)
