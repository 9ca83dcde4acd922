"""What was found on site, checked against the plan: every item, its photos, the signatures of both sides."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from suyuan.kernel.canonical import Json
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.checklists import RESULTS, items_of
from suyuan.server.cases.services.orders import InspectionRecord, Seen, Signature
from suyuan.server.cases.services.texts import check_text
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.problems import Refusal

SIDES: Final = ("authority", "company")
METHODS: Final = ("typed", "drawn", "paper")
MOST_SIGNATURES: Final = 20


def record_body(
    record: InspectionRecord, plan: Mapping[str, Any], cited: Sequence[AttachmentRow], clock: Clock
) -> dict[str, Json]:
    """The record of an inspection as it is kept.

    Raises
    ------
    Refusal
        ``cases.inspection_of_the_future``, ``cases.items_missing``, ``cases.no_such_item``,
        ``cases.result_unknown``, ``cases.remark_missing``, ``cases.photo_not_attached``,
        ``cases.signature_wrong``, ``cases.signature_missing``.
    """
    if record.on > clock.today():
        raise Refusal("cases.inspection_of_the_future", day=str(record.on), today=str(clock.today()))
    check_text("refused", record.refused, 500)
    items, by_number = items_of(plan["checklists"]), {one.number: one for one in cited}
    seen = {one.item: one for one in record.items}
    missing = [name for name in items if name not in seen]
    if missing or len(seen) < len(record.items):
        raise Refusal("cases.items_missing", items=missing or ["-"])
    for one in record.items:
        _check_item(one, items.keys(), by_number)
    for signature in record.signatures:
        _check_signature(signature, by_number, clock)
    _check_sides(record)
    return {
        "on": str(record.on),
        "on_paper": record.on_paper,
        "items": [_item(seen[name], photo=item.photo) for name, item in items.items()],
        "signatures": [_signature(one) for one in record.signatures],
        "refused": record.refused,
    }


def _check_item(one: Seen, known: Any, cited: Mapping[int, AttachmentRow]) -> None:
    if one.item not in known:
        raise Refusal("cases.no_such_item", item=one.item)
    if one.result not in RESULTS:
        raise Refusal("cases.result_unknown", item=one.item, result=one.result, results=list(RESULTS))
    check_text("remark", one.remark, 2000)
    if one.result == "not_met" and not one.remark:
        raise Refusal("cases.remark_missing", item=one.item)
    for photo in one.photos:
        _check_picture(photo, cited, images_only=False)


def _check_picture(number: int, cited: Mapping[int, AttachmentRow], *, images_only: bool) -> None:
    """A photo or scan must be among the attachments of this step, and be a picture (or a pdf or film of it)."""
    found = cited.get(number)
    kinds = ("image/",) if images_only else ("image/", "application/pdf", "video/")
    if found is None or not found.media_type.startswith(kinds):
        raise Refusal("cases.photo_not_attached", attachment=number)


def _check_signature(one: Signature, cited: Mapping[int, AttachmentRow], clock: Clock) -> None:
    check_text("signatures", f"{one.name} {one.role}", 200)
    wrong = (
        "side"
        if one.side not in SIDES
        else "method"
        if one.method not in METHODS
        else "name"
        if not one.name.strip()
        else "role"
        if not one.role.strip()
        else "at"
        if one.at.tzinfo is None or one.at > clock.now()
        else "attachment"
        if (one.attachment is None) != (one.method == "typed")
        else None
    )
    if wrong:
        raise Refusal("cases.signature_wrong", name=one.name, field=wrong)
    if one.attachment is not None:
        _check_picture(one.attachment, cited, images_only=one.method == "drawn")


def _check_sides(record: InspectionRecord) -> None:
    """Both sides sign; where the company does not, the record says why."""
    if len(record.signatures) > MOST_SIGNATURES:
        raise Refusal("cases.signature_missing", side="authority")
    signed = {one.side for one in record.signatures}
    for side in SIDES:
        if side not in signed and not (side == "company" and record.refused):
            raise Refusal("cases.signature_missing", side=side)


def _item(one: Seen, *, photo: bool) -> dict[str, Json]:
    lacks = photo and one.result in ("met", "not_met") and not one.photos
    told: dict[str, Json] = {"item": one.item, "result": one.result, "remark": one.remark, "photos": [*one.photos]}
    return {**told, "lacks_photo": lacks}


def _signature(one: Signature) -> dict[str, Json]:
    return {
        "side": one.side,
        "name": one.name,
        "role": one.role,
        "method": one.method,
        "at": one.at.isoformat(timespec="seconds"),
        "attachment": one.attachment,
    }
