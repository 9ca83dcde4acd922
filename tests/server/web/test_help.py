"""The page of help, and that whatever it speaks of is there."""

import pytest
from django.test import Client

from suyuan.server.web.pages.help import PARTS
from suyuan.server.web.search import there
from tests.architecture.test_messages import texts
from tests.server.cast import Cast


@pytest.mark.parametrize(("tag", "language"), [("zh-CN", "zh_Hans"), ("en", "en")])
def test_everything_is_said_in_both_languages(cast: Cast, tag: str, language: str) -> None:
    answer = Client(headers={"accept": "text/html", "accept-language": tag}).get("/help")
    page, said = answer.content.decode(), texts(language, "web_help")
    assert answer.status_code == 200
    assert "suyuan_session" not in answer.cookies
    assert all(said[f"web_help.{name}"] in page for _, names in PARTS for name in names)
    assert "web_help." not in page


@pytest.mark.parametrize("address", ["/outlets", "/complain", "/rules", "/verify", "/search", "/account/sign-in"])
def test_what_it_speaks_of_is_there(address: str) -> None:
    assert there(address)
