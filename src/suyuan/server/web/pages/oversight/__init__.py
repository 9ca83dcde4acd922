"""Supervision: the overview with its wall display, flows, companies, deadlines, rows behind numbers, and reports."""

from typing import Final

from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.oversight.behind import rows_page
from suyuan.server.web.pages.oversight.calendar import calendar_file, calendar_page
from suyuan.server.web.pages.oversight.comparing import compare_page, own_compare_page
from suyuan.server.web.pages.oversight.enterprises import enterprise_page, enterprises_page
from suyuan.server.web.pages.oversight.flows import flows_page
from suyuan.server.web.pages.oversight.maps import shapes
from suyuan.server.web.pages.oversight.overview import overview_page
from suyuan.server.web.pages.oversight.reports import (
    own_report_page,
    own_report_paper,
    own_reports_page,
    report_page,
    report_paper,
    reports_page,
)
from suyuan.server.web.pages.oversight.wall import wall_page

_form: Final = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("g", require_safe(overview_page), name="web-oversight"),
    path("g/wall", require_safe(wall_page), name="web-wall"),
    path("g/flows", require_safe(flows_page), name="web-flows"),
    path("g/rows", require_safe(rows_page), name="web-rows"),
    path("g/calendar", require_safe(calendar_page), name="web-calendar"),
    path("g/calendar.ics", require_safe(calendar_file), name="web-calendar-file"),
    path("g/enterprises", require_safe(enterprises_page), name="web-enterprises"),
    path("g/enterprises/<str:code>", require_safe(enterprise_page), name="web-enterprise"),
    path("g/map/<slug:digest>.json", require_safe(shapes), name="web-map"),
    path("g/reports", _form(reports_page), name="web-reports"),
    path("g/reports/compare", require_safe(compare_page), name="web-compare"),
    path("g/reports/<uuid:identity>", require_safe(report_page), name="web-report"),
    path("g/reports/<uuid:identity>.<slug:form>", require_safe(report_paper), name="web-report-file"),
    path("w/reports", _form(own_reports_page), name="web-own-reports"),
    path("w/reports/compare", require_safe(own_compare_page), name="web-own-compare"),
    path("w/reports/<uuid:identity>", require_safe(own_report_page), name="web-own-report"),
    path("w/reports/<uuid:identity>.<slug:form>", require_safe(own_report_paper), name="web-own-report-file"),
]
MENU = (
    Entry("web.oversight_title", "web-oversight", "report-analytics", "authority", 10),
    Entry("web_oversight.flows_title", "web-flows", "sitemap", "authority", 20),
    Entry("web_oversight.enterprises_title", "web-enterprises", "building-factory", "authority", 50),
    Entry("web_oversight.calendar_title", "web-calendar", "calendar-event", "authority", 60),
    Entry("web_reports.title", "web-reports", "file-text", "authority", 70),
    Entry("web_reports.title", "web-own-reports", "file-text", "company", 70, outlets=False),
)
