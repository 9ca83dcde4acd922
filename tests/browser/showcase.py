"""The application's addresses and one more: a page with every shared part, for the tests in the browser alone."""

from datetime import UTC, date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from suyuan.server import urls as application
from suyuan.server.kit.clock import CHINA
from suyuan.server.web.components import blocks, charts, deadlines, genealogy, region, sankey, table, timeline

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 10, tzinfo=CHINA)
CODE = "04QCB76836300JBC40000903"
PAGE = """
{% extends "web/base.html" %}
{% block scripts %}{% include "web/parts/chart_scripts.html" %}{% endblock %}
{% block content %}
{% include "web/parts/kpis.html" %}{% include "web/parts/table.html" %}{% include "web/parts/region.html" %}
{% include "web/parts/strip.html" %}{% include "web/parts/month.html" %}
{% include "web/parts/sankey.html" with chart_id="flows" %}{% include "web/parts/chart.html" with chart_id="trend" %}
{% include "web/parts/timeline.html" %}{% include "web/parts/genealogy.html" %}{% include "web/parts/receipt.html" %}
{% include "web/parts/withheld.html" %}{% include "web/parts/progress.html" %}
<form method="post">{% csrf_token %}{% include "web/parts/reasons.html" %}</form>
{% include "web/parts/empty.html" with code="web.table_empty" %}{% include "web/parts/loading.html" %}
{% endblock %}
"""
COLUMNS = (
    table.Column("code", "web.key_prefix", "code", filter="text"),
    table.Column("state", "web.approval_state", "status", filter="choice", choices=(("a", "web.role_admin"),)),
    table.Column("made", "web.key_created", "day", sorts=True),
    table.Column("weight", "web.in_stock", "number"),
)
DUE = {
    TODAY - timedelta(days=1): deadlines.Due(2),
    TODAY + timedelta(days=2): deadlines.Due(1),
    TODAY + timedelta(days=20): deadlines.Due(7, provisional=True),
}
asked = {"progress": 0}


def showcase(request: HttpRequest) -> HttpResponse:
    """Every part."""
    actor = request.actor  # type: ignore[attr-defined]
    tones = ("good", "warn", "bad", "info", "locked", "off", "unknown")
    rows = [
        table.Row(
            f"{CODE}{place}",
            {"code": CODE, "state": table.Status("web.role_admin", tone), "made": TODAY, "weight": 12_345 * place},
            f"/b/{CODE}" if place % 2 else "",
        )
        for place, tone in enumerate(tones)
    ]
    state = table.read_state(request, COLUMNS)
    save = (table.Action("web.save", "/act"),)
    count = table.Count(12_000_000, exact=False)
    values = {tile.division: 37.0 * place for place, tile in enumerate(region.tiles()) if tile.division}
    flows = [
        sankey.Flow("made", "used", 100, "/?flow=1"),
        sankey.Flow("used", "retired", 40),
        sankey.Flow("used", sankey.STOCK, 50),
        sankey.Flow("used", sankey.UNACCOUNTED, 10),
    ]
    names = {"made": "生产", "used": "在用", "retired": "退役"}
    cell = genealogy.Kin("web.key_label", CODE, more="/showcase/part")
    told = blocks.Explained("web.in_stock", 0.985, "ratio", "web.as_of", data={"at": "x"}, as_of=NOW, rows="/")
    context = {
        "title": "Parts",
        "kpis": [told, told],
        "table": table.Table("t", COLUMNS, state, rows, "next", count, save, "/export", (), saves=True),
        "region": region.region("web.in_stock", values, lambda code: f"/?at={code}", actor.language, current="440000"),
        "strip": deadlines.strip(DUE, TODAY, lambda day: f"/?on={day}"),
        "month": deadlines.month(DUE, TODAY, TODAY, lambda day: f"/?on={day}"),
        "sankey": sankey.sankey("web.in_stock", "web.in_stock", flows, names, actor.language),
        "chart": charts.Chart("line", "Trend", "n", ["1", "2", "3"], [charts.Series("a", [1, 3, 2])]),
        "timeline": _timeline(),
        "kin": [genealogy.Kin("web.key_label", CODE, "/", parts=(cell,), itself=True)],
        "receipt": blocks.ReceiptBlock("42", NOW, (("web.role_admin", 5),), "2026.04", "ab" * 32, "cd" * 32),
        "withheld": blocks.Withheld(3, "web.not_for_role", "/"),
        "reasons": [blocks.Reason("r1", "web.role_admin"), blocks.Reason("r2", "web.role_clerk")],
        "progress": _progress(),
    }
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


def _timeline() -> list[timeline.Happening | timeline.Gap]:
    late = table.Status("web.role_admin", "bad")
    return timeline.timeline(
        [
            timeline.Happening("web.role_admin", "truck", "甲", date(2024, 1, 1), NOW, late),
            timeline.Happening("web.role_clerk", "recycle", "乙", TODAY, NOW, corrections=("10",), receipt="/"),
        ]
    )


def _progress() -> blocks.Progress:
    done = asked["progress"] >= 2
    state, result = ("done", "/") if done else ("running", "")
    start = datetime(2026, 11, 22, tzinfo=UTC)
    now = start + timedelta(seconds=9)
    return blocks.Progress("/showcase/progress", "web.loading", 50, 100, state, start, now, "/", result)


def progress(request: HttpRequest) -> HttpResponse:
    """Ends when it is asked a second time."""
    asked["progress"] += 1
    template = engines["django"].from_string('{% include "web/parts/progress.html" %}')
    return HttpResponse(template.render({"progress": _progress()}, request))


def part(request: HttpRequest) -> HttpResponse:
    """What lies below a branch."""
    template = engines["django"].from_string('{% include "web/parts/genealogy.html" %}')
    return HttpResponse(template.render({"kin": [genealogy.Kin("web.key_label", "DEEP")]}, request))


urlpatterns = [
    *application.urlpatterns,
    path("showcase", showcase),
    path("showcase/progress", progress),
    path("showcase/part", part),
]
handler400, handler404, handler500 = application.handler400, application.handler404, application.handler500
