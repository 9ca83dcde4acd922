"""What all tables share: saving views under a name, choosing columns."""

from urllib.parse import urlsplit

from django.http import HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from suyuan.server.accounts.services.views import end_view, save_view
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.surroundings import flash


@member()
def view_save(request: PageRequest) -> HttpResponseBase:
    """Keep the filters of a table."""
    told = request.POST
    name = told.get("name", "")
    save_view(request.actor.member, told.get("listing", "")[:40], name, told.get("query", ""), shared="shared" in told)
    flash(request, "web.view_saved", name=name)
    return back(request)


@member()
def view_end(request: PageRequest, number: int) -> HttpResponseBase:
    """Take a view away."""
    end_view(request.actor.member, number)
    return back(request)


def columns(request: PageRequest) -> HttpResponseBase:
    """Show the columns that were chosen."""
    return back(request, cols=",".join(request.POST.getlist("column")))


def back(request: PageRequest, **changes: str) -> HttpResponseBase:
    """To the address that the form names in ``back``, on this server and no other, with parameters changed."""
    asked = request.POST.get("back", "")
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    named = urlsplit(asked if ours else reverse("web-home"))
    path_only = named.path
    query = QueryDict(named.query, mutable=True)
    for name, value in changes.items():
        query[name] = value
    return HttpResponseRedirect(f"{path_only}?{query.urlencode()}" if query else path_only)


urlpatterns = [
    path("w/views", require_POST(view_save), name="web-view-save"),
    path("w/views/<int:number>/end", require_POST(view_end), name="web-view-end"),
    path("w/columns", require_POST(columns), name="web-columns"),
]
