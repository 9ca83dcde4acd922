"""What is shipped to browsers: the files that were vendored, unchanged, for old browsers, under addresses that last."""

import gzip
import hashlib
import json
import re

import pytest
from django.test import Client

from suyuan.server.web.assets import _files, asset_url, release_digest
from tests.architecture.house import ROOT, SOURCE

STATIC = SOURCE / "server" / "web" / "static"
VENDOR = json.loads((STATIC / "vendor" / "VENDOR.json").read_text(encoding="utf-8"))
FOLDERS = {"shipped": STATIC / "vendor", "for tests": ROOT / "tests" / "browser" / "vendor"}
PERMITTED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT"}


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_vendored_files_are_what_the_list_says(folder) -> None:  # type: ignore[no-untyped-def]
    told = json.loads((folder / "VENDOR.json").read_text(encoding="utf-8"))
    listed = {"VENDOR.json"}
    for library in told["libraries"]:
        place = folder / library["folder"]
        assert any(path.name.startswith(("LICENSE", "alpinejs")) for path in place.iterdir())
        listed |= {path.relative_to(folder).as_posix() for path in place.iterdir() if path.name.startswith(("LICENSE", "NOTICE", "alpinejs"))}  # fmt: skip  # noqa: E501
        for name, facts in library["files"].items():
            content = (place / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == facts["sha256"], name
            listed.add(f"{library['folder']}/{name}")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == listed


def test_what_is_shipped_may_be_shipped_and_is_what_the_lock_says() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for library in VENDOR["libraries"]:
        assert library["licence"] in PERMITTED
        assert lock[f"node_modules/{library['name']}"]["version"] == library["version"]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_styles_are_for_old_browsers(path) -> None:  # type: ignore[no-untyped-def]
    assert re.findall(r":has\(|color-mix\(|@layer|@container", path.read_text(encoding="utf-8")) == []


def test_an_asset_is_kept_for_ever_and_compressed() -> None:
    address = asset_url("vendor/bootstrap-5.3.9/bootstrap.css")
    plain = Client().get(address)
    packed = Client().get(address, headers={"accept-encoding": "gzip, br"})
    assert plain["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed["Content-Encoding"] == "gzip"
    assert (
        gzip.decompress(packed.content)
        == plain.content
        == (STATIC / "vendor/bootstrap-5.3.9/bootstrap.css").read_bytes()
    )
    assert len(packed.content) < len(plain.content) / 5
    assert plain["Content-Type"] == "text/css; charset=utf-8"


def test_the_release_before_gets_todays_file_for_now() -> None:
    answer = Client().get("/static/0123456789ab/theme.css")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name", ["../settings.py", "%2e%2e/settings.py", "vendor", "no.css", "theme.css/", "/etc/passwd"]
)
def test_nothing_else_is_served(name: str) -> None:
    assert Client().get(f"/static/{release_digest()}/{name}").status_code == 404
    with pytest.raises(LookupError):
        asset_url("no.css")


def test_a_plain_page_is_light() -> None:
    needed = ("vendor/bootstrap-5.3.9/bootstrap.css", "theme.css", "vendor/htmx-2.0.11/htmx.js", "app.js", "mark.svg")
    whole = sum(len(gzip.compress(_files()[name].read_bytes(), 9)) for name in needed)
    assert whole < 60_000
