"""One battery from all sides: its facts, life, kin, tests, evidence, corrections and readers."""

from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from suyuan.server.web.pages.battery.amending import amend
from suyuan.server.web.pages.battery.kinship import parts_page
from suyuan.server.web.pages.battery.one import battery_page
from suyuan.server.web.pages.battery.proofs import proof_file

# The addresses that say more come first: a code may itself contain a slash.
urlpatterns = [
    path("w/b/<path:code>/parts", require_safe(parts_page), name="web-battery-parts"),
    path("w/b/<path:code>/amend", require_POST(amend), name="web-battery-amend"),
    path("w/b/<path:code>/proof/<uuid:record>", require_safe(proof_file), name="web-battery-proof"),
    path("w/b/<path:code>", require_safe(battery_page), name="web-battery"),
]
