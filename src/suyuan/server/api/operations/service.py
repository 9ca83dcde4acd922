"""Whether the server runs, and whether it can serve."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from suyuan import __version__
from suyuan.server.api import schemas
from suyuan.server.api.answers import answer
from suyuan.server.kit.connection import cursor

router = Router(auth=None, tags=["service"])


@router.get("/health", response=schemas.HealthOut)
def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return answer({"status": "ok", "version": __version__}, headers={"Cache-Control": "no-store"})


@router.get("/ready", response=schemas.ReadyOut)
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers, too."""
    with cursor() as asking:
        asking.execute("SELECT 1 FROM accounts_api_key LIMIT 1")
    return answer({"status": "ready"}, headers={"Cache-Control": "no-store"})
