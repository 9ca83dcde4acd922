"""A company's own headings, remembered so that it need explain them only once."""

from collections.abc import Mapping as Headings

from suyuan.server.kit.clock import Clock
from suyuan.server.submissions.models import Mapping


def recall_mapping(company: int, kind: str | None) -> dict[str, str]:
    """Heading → field as the company explained them, for `kind` or, if it is not known yet, for all kinds."""
    known = Mapping.objects.filter(company=company).order_by("used_at")
    if kind is not None:
        known = known.filter(kind=kind)
    merged: dict[str, str] = {}
    for mapping in known:
        merged |= mapping.columns
    return merged


def remember_mapping(company: int, kind: str, columns: Headings[str, str], clock: Clock) -> None:
    """Keep `columns` for the company's next file of this kind, beside what it explained before."""
    known = Mapping.objects.filter(company=company, kind=kind).first()
    merged = (known.columns if known else {}) | dict(columns)
    Mapping.objects.update_or_create(company=company, kind=kind, defaults={"columns": merged, "used_at": clock.now()})
