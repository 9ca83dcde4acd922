"""The first page of a company: what is to be done today, what lies ahead, how it stands."""

from django.urls import path
from django.views.decorators.http import require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.workbench.view import work_page

urlpatterns = [path("w", require_safe(work_page), name="web-work")]
MENU = (Entry("web.work_title", "web-work", "list-details", "company", 10),)
