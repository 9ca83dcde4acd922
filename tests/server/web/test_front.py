"""The front page: the way to an outlet, and codes on photos for who cannot scan; nothing is kept of a photo."""

from io import BytesIO

import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from PIL import Image

from suyuan.server.accounts.models import Role
from suyuan.server.registry.services.outlet_filing import file_outlet
from suyuan.server.web.pages import front
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import Cast
from tests.server.registry.outlet_rows import author, row
from tests.server.web.people import person

HTML = {"accept": "text/html", "accept-language": "en"}


def picture(text: str, form: str = "PNG", turned: int = 0) -> bytes:
    """A photo of a code, however it was held."""
    drawn, kept = BytesIO(), BytesIO()
    segno.make(text).save(drawn, kind="png", scale=6)
    Image.open(drawn).convert("L").rotate(turned, expand=True, fillcolor=255).save(kept, form)
    return kept.getvalue()


def sent(body: bytes | None, client: Client | None = None) -> HttpResponseBase:
    told = {} if body is None else {"photo": SimpleUploadedFile("a.jpg", body)}
    return (client or Client(headers=HTML)).post("/photo", told)


def text_of(answer: HttpResponseBase) -> str:
    return getattr(answer, "content", b"").decode()


@pytest.mark.parametrize(("form", "turned"), [("PNG", 0), ("JPEG", 90), ("WEBP", 20)])
def test_a_label_on_a_photo_leads_to_its_page(cast: Cast, form: str, turned: int) -> None:
    assert Face(cast.maker).submit(pack(1)).status < 300
    answer = sent(picture(f"https://elsewhere.example/b/{pack_code(1)}", form, turned))
    assert (answer.status_code, answer["Location"]) == (302, f"/b/{pack_code(1)}")
    assert "suyuan_session" not in answer.cookies


def test_an_outlet_s_poster_leads_to_the_outlet(cast: Cast) -> None:
    assert sent(picture("https://elsewhere.example/o/7"))["Location"] == "/o/7"
    assert sent(picture("https://evil.example/x"))["Content-Type"].startswith("text/html")


def test_a_company_s_number_is_for_members(cast: Cast) -> None:
    code = picture(cast.maker.code)
    assert sent(code).status_code == 200
    assert "Location" not in sent(code)
    clerk = person("li@example.com", Role.CLERK, cast.maker.scope).client("en")
    assert sent(code, clerk).status_code in (200, 302)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "No photo came"),
        (b"%PDF-1.7", "JPEG"),
        (picture("x").replace(b"IDAT", b"IDAX"), "JPEG"),
        (b"", "JPEG"),
    ],
)
def test_what_is_no_photo_is_refused_on_the_same_page(cast: Cast, body: bytes | None, said: str) -> None:
    answer = sent(body)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'name="photo"' in text_of(answer)


def test_a_photo_without_a_code_says_what_to_do(cast: Cast) -> None:
    blank = BytesIO()
    Image.new("L", (300, 300), 255).save(blank, "PNG")
    answer = sent(blank.getvalue())
    assert answer.status_code == 422
    assert "type the code from the label" in text_of(answer)


def test_a_photo_that_is_too_large_is_not_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "LARGEST_PHOTO", 100)
    answer = sent(picture("x"))
    assert (answer.status_code, "Make the photo or file smaller" in text_of(answer)) == (413, True)
    monkeypatch.setattr(front, "LARGEST_PHOTO", -(64 << 10) + 50)
    assert sent(picture("x")).status_code == 413


def test_the_way_to_an_outlet_is_there_once_there_are_outlets(cast: Cast) -> None:
    assert "Who takes my battery" not in text_of(Client(headers=HTML).get("/"))
    file_outlet(author(cast.collector), row(cast.collector.code, brands="启明"))
    page = text_of(Client(headers=HTML).get("/"))
    for said in ("Who takes my battery", 'value="330200"', 'value="启明"', 'action="/outlets"'):
        assert said in page
    assert "suyuan_session" not in Client(headers=HTML).get("/").cookies
