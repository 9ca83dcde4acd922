"""The scan page without a script: what is scanned, flagged, saved and refused, and who may."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from suyuan.labels.symbols import modules_of
from suyuan.server.accounts.models import Access, Role
from suyuan.server.handover.queries.acts import acts
from suyuan.server.handover.queries.standing import standings
from suyuan.server.submissions.models import Submission
from suyuan.server.web.door import WASM_POLICY
from tests.server.api.face import pack_code
from tests.server.cast import Cast
from tests.server.handover.setting import take_in
from tests.server.web.people import person

CODE = pack_code(1)
FORM = {"task": "take_in", "key": "0123456789", "site": "O1"}


@pytest.fixture
def clerk(cast: Cast) -> Client:
    return person("clerk@example.com", Role.CLERK, cast.collector.scope).client("en")


def photo_with(text: str) -> bytes:
    """A picture with a Data Matrix."""
    picture = Image.fromarray((~modules_of("data_matrix", text)).astype("uint8") * 255).resize((360, 360), 0)
    page = Image.new("L", (600, 600), 255)
    page.paste(picture, (120, 120))
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def text_of(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_scanned_listed_and_saved(cast: Cast, clerk: Client) -> None:
    shown = clerk.get("/w/scan")
    assert shown.headers["Content-Security-Policy"] == WASM_POLICY
    assert "Take in" in text_of(shown)
    listed = text_of(clerk.post("/w/scan", {**FORM, "typed": f"https://x.example/b/{CODE.lower()}", "add": "1"}))
    assert f'name="code" value="{CODE}"' in listed
    twice = text_of(clerk.post("/w/scan", {**FORM, "code": [CODE], "typed": CODE, "add": "1"}))
    assert "is on the list already" in twice
    assert twice.count(f'name="code" value="{CODE}"') == 1
    assert f'name="code" value="{CODE}"' not in text_of(clerk.post("/w/scan", {**FORM, "code": [CODE], "off": CODE}))
    photo = SimpleUploadedFile("p.png", photo_with("anything"), "image/png")
    saved = clerk.post("/w/scan", {**FORM, "code": [CODE], "condition": "damaged", "photo": photo})
    assert saved.headers["Location"] == "/w/scan?task=take_in"
    assert "Reported (act" in text_of(clerk.get("/w/scan"))
    (done,) = acts(cast.collector.scope)
    assert (done.condition, done.photos, done.good) == ("damaged", 1, True)
    assert standings(cast.collector.scope, [CODE])[0].mine
    assert clerk.get(f"/w/scan/{done.number}/photos/1").headers["Content-Type"] == "image/png"


def test_a_photo_is_read_on_the_server(cast: Cast, clerk: Client) -> None:
    photo = SimpleUploadedFile("p.png", photo_with(CODE), "image/png")
    assert clerk.post("/w/scan/read", {"reading": photo}).json() == {"codes": [CODE]}
    photo.seek(0)
    listed = text_of(clerk.post("/w/scan", {**FORM, "reading": photo, "add": "photo"}))
    assert f'name="code" value="{CODE}"' in listed
    refused = clerk.post("/w/scan/read", {"reading": SimpleUploadedFile("p.txt", b"hello", "text/plain")})
    assert (refused.status_code, refused.json()["ok"]) == (422, False)


def test_for_the_script_twice_sent_is_once(cast: Cast, clerk: Client) -> None:
    told = {**FORM, "code": [CODE], "condition": "intact", "day": "2026-11-20"}
    headers = {"accept": "application/json"}
    first, second = (clerk.post("/w/scan", told, headers=headers).json() for _ in range(2))
    assert first == second
    assert first["ok"]
    assert Submission.objects.count() == 1
    other = clerk.post("/w/scan", {**told, "condition": "leaking"}, headers=headers)
    assert (other.status_code, other.json()["ok"]) == (409, False)
    assert clerk.get("/w/scan/mark").json()["mark"]


def test_what_is_not_yours_is_flagged_like_what_is_unknown(cast: Cast, clerk: Client) -> None:
    (code,) = take_in(cast.collector, 1)
    asked = {"task": "hand_over", "code": [code, pack_code(9), "HELLO"]}
    tones = [line["tone"] for line in clerk.post("/w/scan/check", asked).json()["lines"]]
    assert tones == ["good", "bad", "bad"]
    stranger = person("else@example.com", Role.CLERK, cast.utiliser.scope).client("en")
    words = [line["words"] for line in stranger.post("/w/scan/check", asked).json()["lines"]]
    assert words == ["not yours", "not yours", "no battery code"]
    assert list(Access.objects.values_list("act", "subject")) == [("scan.standing", code)]


def test_the_recycler_confirms_what_is_on_its_way(cast: Cast, clerk: Client) -> None:
    works = person("works@example.com", Role.DATA_OFFICER, cast.utiliser.scope).client("en")
    told = {"task": "receive", "key": "0123456789", "code": [CODE], "save": "1", "party": cast.collector.code}
    assert works.post("/w/scan", told).status_code == 302
    assert "Utilis" not in text_of(works.get("/w/scan?task=take_in"))
    assert acts(cast.utiliser.scope)[0].task == "receive"


def test_what_is_wrong_is_said_and_the_form_stays(cast: Cast, clerk: Client) -> None:
    answer = clerk.post("/w/scan", {**FORM, "code": [CODE], "condition": "intact", "day": "yesterday"})
    assert answer.status_code == 422
    assert "is no day" in text_of(answer)
    assert f'name="code" value="{CODE}"' in text_of(answer)
    for wrong in ({"mass_kg": "heavy"}, {"mass_kg": "-3"}, {"key": "x"}, {"day": "2126-01-01"}):
        refused = clerk.post("/w/scan", {**FORM, "code": [CODE], "condition": "intact", **wrong})
        assert refused.status_code == 422, wrong
    assert acts(cast.collector.scope) == []


def test_a_vehicle_without_its_pack_needs_a_reason(cast: Cast) -> None:
    yard = person("yard@example.com", Role.CLERK, cast.dismantler.scope).client("en")
    assert "The law exempts" not in text_of(yard.get("/w/scan"))
    assert "exempts battery-swap models" in text_of(yard.get("/w/scan"))
    told = {"task": "scrap", "key": "0123456789", "vin": "LSVAA4182E2184847", "document_no": "HS-1", "save": "1"}
    refused = yard.post("/w/scan", told)
    assert refused.status_code == 422
    assert "choose why they are missing" in text_of(refused)


def test_who_may(cast: Cast, clerk: Client) -> None:
    viewer = person("viewer@example.com", Role.VIEWER, cast.collector.scope).client("en")
    assert "Your role may look" in text_of(viewer.get("/w/scan"))
    refused = viewer.post("/w/scan", {**FORM, "code": [CODE], "condition": "intact"})
    assert refused.status_code == 403
    lab = person("lab@example.com", Role.CLERK, cast.laboratory.scope).client("en")
    assert "have no acts to scan" in text_of(lab.get("/w/scan"))
    assert lab.post("/w/scan", {**FORM, "code": [CODE], "condition": "intact"}).status_code == 403
    official = person("official@example.com", Role.OFFICIAL, cast.zhejiang.scope).client("en")
    assert official.get("/w/scan").status_code == 403
    assert Client().get("/w/scan").status_code == 302
    clerk.post("/w/scan", {**FORM, "code": [CODE], "condition": "intact"})
    (done,) = acts(cast.collector.scope)
    assert viewer.get(f"/w/scan/{done.number}/photos/1").status_code == 404
    assert lab.get(f"/w/scan/{done.number}/photos/1").status_code == 404
