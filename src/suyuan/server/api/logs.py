"""The logs' files over HTTP, as C2SP tlog-tiles lays them out; a proxy may serve the folder itself."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from suyuan.server.log.queries.place import here
from suyuan.server.witness.serving import not_found, serve
from suyuan.tlog import TlogError


def log_file(request: HttpRequest, province: str, year: str, path: str) -> HttpResponseBase:
    """A checkpoint, tile or bundle of a shard."""
    try:
        origin = here().shard(province, int(year)).origin
    except TlogError:
        served = not_found()
    else:
        served = serve(here().files(origin), path)
    return HttpResponse(served.body, status=served.status, headers=served.headers)
