"""Bulk reporting: choose a file, see what is wrong in it by cause, report what is right, get a receipt."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.http import require_POST, require_safe

from suyuan.server.accounts.models import Role
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.importing import files, views


class SheetForm(StringConverter):
    """A form that templates come in."""

    regex = "xlsx|csv"


class ReceiptForm(StringConverter):
    """A form that receipts come in."""

    regex = "pdf|json"


register_converter(SheetForm, "sheet_form")
register_converter(ReceiptForm, "receipt_form")

urlpatterns = [
    path("w/import", require_safe(views.import_page), name="web-import"),
    path("w/import/send", require_POST(views.import_sent), name="web-import-send"),
    path("w/import/templates", require_safe(files.templates_page), name="web-import-templates"),
    path(
        "w/import/templates/<slug:kind>.<sheet_form:form>",
        require_safe(files.template_file),
        name="web-import-template",
    ),
    path("w/import/<int:number>", require_safe(views.import_shown), name="web-import-one"),
    path("w/import/<int:number>/progress", require_safe(views.import_progress), name="web-import-progress"),
    path("w/import/<int:number>/check", require_POST(views.import_checked), name="web-import-check"),
    path("w/import/<int:number>/report", require_POST(views.import_reported), name="web-import-report"),
    path("w/import/<int:number>/cancel", require_POST(views.import_cancelled), name="web-import-cancel"),
    path("w/import/<int:number>/undo", require_POST(views.import_undone), name="web-import-undo"),
    path("w/import/<int:number>/confirm", require_POST(views.import_confirmed), name="web-import-confirm"),
    path("w/import/<int:number>/bad-rows", require_safe(files.bad_rows), name="web-import-bad-rows"),
    path("w/import/<int:number>/cause", require_safe(files.cause_page), name="web-import-cause"),
    path(
        "w/import/<int:number>/receipt.<receipt_form:form>", require_safe(files.receipt_file), name="web-import-receipt"
    ),
]
_REPORTERS = frozenset({Role.ADMIN, Role.DATA_OFFICER, Role.CLERK})
MENU = (Entry("web_import.title", "web-import", "upload", "company", 20, _REPORTERS),)
