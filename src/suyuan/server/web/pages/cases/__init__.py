"""Cases: what an authority takes up, writes about, looks at on site and decides, and what the company answers."""

from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.cases.case import authority_case, authority_step, company_case, company_step
from suyuan.server.web.pages.cases.files import attachment_file, form_file, paper_file, paper_receipt_file
from suyuan.server.web.pages.cases.inspection import inspection_entered, inspection_page
from suyuan.server.web.pages.cases.listing import authority_cases, company_cases
from suyuan.server.web.pages.cases.opening import case_opened

urlpatterns = [
    path("g/cases", require_safe(authority_cases), name="web-g-cases"),
    path("g/cases/open", require_POST(case_opened), name="web-g-case-open"),
    path("g/cases/<int:number>", require_safe(authority_case), name="web-g-case"),
    path("g/cases/<int:number>/step", require_POST(authority_step), name="web-g-case-step"),
    path("g/cases/<int:number>/inspection", require_safe(inspection_page), name="web-g-inspection"),
    path("g/cases/<int:number>/inspection/enter", require_POST(inspection_entered), name="web-g-inspection-enter"),
    path("w/cases", require_safe(company_cases), name="web-w-cases"),
    path("w/cases/<int:number>", require_safe(company_case), name="web-w-case"),
    path("w/cases/<int:number>/step", require_POST(company_step), name="web-w-case-step"),
    path("cases/<int:number>/form", require_safe(form_file), name="web-case-form"),
    path("cases/<int:number>/files/<int:which>", require_safe(attachment_file), name="web-case-file"),
    path("cases/<int:number>/papers/<int:which>", require_safe(paper_file), name="web-case-paper"),
    path("cases/<int:number>/papers/<int:which>/receipt", require_safe(paper_receipt_file), name="web-case-receipt"),
]
MENU = (
    Entry("web_cases.title", "web-g-cases", "file-text", "authority", 40),
    Entry("web_cases.title_own", "web-w-cases", "file-text", "company", 80),
)
