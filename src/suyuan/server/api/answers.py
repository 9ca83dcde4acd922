"""Answers in their forms: JSON, files to keep, and streams that are written while they are read."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from suyuan.server.api.problems import NotAcceptable

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

FORMS: Final[Mapping[str, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "html": "text/html",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "text": "text/plain",
    "ics": "text/calendar",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zpl": "application/zpl",
}
"""Forms of answers: the word in the address, and the name in ``Accept``."""


def answer(value: Mapping[str, Json], status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HttpResponse(body, status=status, content_type=FORMS["json"], headers=headers)


def file(name: str, content: bytes, form: str | None = None) -> HttpResponse:
    """A file to keep, of a form in `FORMS`; without one it is only bytes."""
    kind = FORMS.get(form or name.rpartition(".")[2].lower(), "application/octet-stream")
    return HttpResponse(content, content_type=kind, headers=_kept_as(name))


def stream(name: str, portions: Iterable[bytes], form: str) -> StreamingHttpResponse:
    """A file that is sent while it is made."""
    kind = f"{FORMS[form]}; charset=utf-8" if form == "csv" else FORMS[form]
    return StreamingHttpResponse(portions, content_type=kind, headers=_kept_as(name))


def _kept_as(name: str) -> dict[str, str]:
    plain = "".join(sign for sign in name if sign.isprintable())
    return {"Content-Disposition": content_disposition_header(as_attachment=True, filename=plain or "file") or ""}


def chosen_form(request: HttpRequest, named: str | None, offered: tuple[str, ...]) -> str:
    """The form of the answer: the one named in the address, else the first that ``Accept`` takes.

    Raises
    ------
    NotAcceptable
        ``api.not_acceptable`` if none of those `offered` is accepted.
    """
    if named is not None and named in offered:
        return named
    if named is None:
        accepts: Callable[[str], bool] = request.accepts
        for form in offered:
            if accepts(FORMS[form]):
                return form
    raise NotAcceptable("api.not_acceptable", offered=list(offered))
