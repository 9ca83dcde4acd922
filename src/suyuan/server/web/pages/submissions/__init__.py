"""Every batch that came, what became of it, its receipt, and what its records changed."""

from django.urls import path
from django.views.decorators.http import require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.submissions.files import bad_rows_file, original_file, receipt_file
from suyuan.server.web.pages.submissions.listing import list_page
from suyuan.server.web.pages.submissions.one import one_page
from suyuan.server.web.pages.submissions.records import difference_page, records_page

urlpatterns = [
    path("w/submissions", require_safe(list_page), name="web-submissions"),
    path("w/submissions/<int:number>", require_safe(one_page), name="web-submission"),
    path("w/submissions/<int:number>/original", require_safe(original_file), name="web-submission-original"),
    path("w/submissions/<int:number>/bad-rows", require_safe(bad_rows_file), name="web-submission-bad-rows"),
    path(
        "w/submissions/<int:number>/receipt.json",
        require_safe(receipt_file),
        {"form": "json"},
        name="web-submission-receipt",
    ),
    path(
        "w/submissions/<int:number>/receipt.pdf",
        require_safe(receipt_file),
        {"form": "pdf"},
        name="web-submission-receipt-pdf",
    ),
    path("w/submissions/<int:number>/records", require_safe(records_page), name="web-submission-records"),
    path(
        "w/submissions/<int:number>/records/<uuid:record>", require_safe(difference_page), name="web-submission-record"
    ),
]
MENU = (
    Entry("web_submissions.title", "web-submissions", "history", "company", 25),
    Entry("web_submissions.title", "web-submissions", "history", "authority", 60),
)
