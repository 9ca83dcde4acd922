"""What a company owes by when: a month and an agenda, the duties behind every number, calendar feed, notices."""

from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.deadlines.calendar import calendar_page
from suyuan.server.web.pages.deadlines.listing import duty_page, list_page
from suyuan.server.web.pages.deadlines.notices import notice_read, notices_page
from suyuan.server.web.pages.deadlines.telling import telling_page

urlpatterns = [
    path("w/deadlines", require_safe(calendar_page), name="web-deadlines"),
    path("w/deadlines/list", require_safe(list_page), name="web-deadlines-list"),
    path("w/deadlines/duties/<uuid:record>/<str:duty>", require_safe(duty_page), name="web-deadline"),
    path(
        "w/deadlines/telling", require_http_methods(["GET", "HEAD", "POST"])(telling_page), name="web-deadlines-telling"
    ),
    path("w/notices", require_safe(notices_page), name="web-notices"),
    path("w/notices/<int:number>/read", require_POST(notice_read), name="web-notice-read"),
]
MENU = (Entry("web_deadlines.title", "web-deadlines", "calendar-event", "company", 30),)
