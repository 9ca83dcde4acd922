"""Work with a scanner or a telephone: batteries taken in, replaced, scrapped, received and handed over."""

from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.server.accounts.models import Role
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.scanning.looking import check, mark, read_photo
from suyuan.server.web.pages.scanning.scan import photo_page, scan_page
from suyuan.server.web.pages.scanning.transfers import note_page, note_pdf, transfers_page

_PAGE = ["GET", "HEAD", "POST"]
_WHO = frozenset({Role.ADMIN, Role.DATA_OFFICER, Role.CLERK})

urlpatterns = [
    path("w/scan", require_http_methods(_PAGE)(scan_page), name="web-scan"),
    path("w/scan/check", require_POST(check), name="web-scan-check"),
    path("w/scan/read", require_POST(read_photo), name="web-scan-read"),
    path("w/scan/mark", require_safe(mark), name="web-scan-mark"),
    path("w/scan/<int:act>/photos/<int:place>", require_safe(photo_page), name="web-scan-photo"),
    path("w/transfers", require_http_methods(_PAGE)(transfers_page), name="web-transfers"),
    path("w/transfers/<int:number>", require_http_methods(_PAGE)(note_page), name="web-transfer"),
    path("w/transfers/<int:number>/note.pdf", require_safe(note_pdf), name="web-transfer-pdf"),
]
MENU = (
    Entry("web_scan.title", "web-scan", "barcode", "company", 30, _WHO),
    Entry("web_scan.transfers_title", "web-transfers", "transfer", "company", 31),
)
