"""The protocol itself: problems, forms, limits, headers, and the pages that describe the API."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from suyuan.codes import wording
from suyuan.kernel import Language
from suyuan.server.api.application import document
from suyuan.server.api.document import operations_of
from suyuan.server.api.operations import service, submissions
from suyuan.server.api.schemas import codes
from suyuan.server.wsgi import application
from tests.server.api.face import Face, pack
from tests.server.cast import Cast

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/elsewhere", 404),
        ("DELETE", "/api/v1/submissions", 405),
        ("POST", "/api/v1/health", 405),
        ("PATCH", "/api/v1/batteries/x", 405),
        ("GET", "/api/v1/templates/stocked?format=pdf", 422),
        ("GET", "/api/v1/templates/a%00b", 422),
        ("GET", "/api/v1/templates/stocked?format=%00", 422),
        ("GET", "/api/v1/submissions/1", 401),
    ],
)
def test_every_error_is_a_problem(database: str, method: str, path: str, status: int) -> None:
    answer = Client(headers={"Accept-Language": "zh"}).generic(method, path)
    assert answer.status_code == status
    assert answer["Content-Type"] == PROBLEM
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "code", "data"}
    assert told["status"] == status
    assert re.search(r"[\u4e00-\u9fff]", told["title"])
    assert re.search(r"[\u4e00-\u9fff]", told["detail"])


def test_a_method_not_known_names_those_that_are(database: str) -> None:
    assert Client().put("/api/v1/submissions")["Allow"] == "GET, POST"


def test_an_answer_in_a_form_that_is_not_made(database: str) -> None:
    answer = Face().get("/templates/stocked", "image/png")
    assert (answer.status, answer.json["code"]) == (406, "api.not_acceptable")


def test_a_fault_tells_its_number_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, database: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(service, "answer", lambda *_, **__: fail())
    with caplog.at_level(logging.ERROR, "suyuan.api"):
        answer = Face().get("/health")
    assert (answer.status, answer.json["code"]) == (500, "api.broken")
    assert b"secret" not in answer.body
    assert answer.json["data"]["error"] in caplog.text
    assert "a secret of the house" in caplog.text


def test_a_database_that_does_not_answer_is_said_so(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    def fail() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(service, "cursor", fail)
    answer = Face().get("/ready")
    assert (answer.status, answer.json["code"]) == (503, "api.database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert Face().get("/health").status == 200


def test_too_many_parameters_are_a_problem(cast: Cast) -> None:
    answer = Face(cast.maker).get("/recall", code=["x"] * 1000)
    assert (answer.status, answer.json["code"]) == (400, "api.request_unreadable")


def test_a_strange_host_is_a_problem_too(database: str) -> None:
    answer = Client().get("/api/v1/health", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("form", "headers", "code"),
    [
        ("multipart/form-data; boundary=x", {}, "api.form_not_taken"),
        ("application/x-www-form-urlencoded", {}, "api.form_not_taken"),
        ("application/json", {"Content-Encoding": "gzip"}, "api.encoding_not_taken"),
    ],
)
def test_forms_that_are_not_taken(cast: Cast, form: str, headers: dict[str, str], code: str) -> None:
    answer = Face(cast.maker).post("/submissions", b"x=1", form, headers)
    assert (answer.status, answer.json["code"]) == (415, code)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"code": 1e999}x', b"[" * 10_000, b'{"code": ' + b"9" * 5000 + b"}"]
)
def test_json_that_cannot_be_read(cast: Cast, body: bytes) -> None:
    answer = Face(cast.maker).post("/codes/explain", body)
    assert (answer.status, answer.json["code"]) == (400, "api.body_not_json")


class Untouched(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


def asked(cast: Cast, body: io.BytesIO, path: str = "/submissions", **environ: Any) -> tuple[str, dict[str, Any]]:
    """What the bare WSGI application answers."""
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], trouble: object = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _: None

    request = {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/api/v1{path}",
        "QUERY_STRING": "",
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": cast.maker.header,
        "CONTENT_TYPE": "application/json",
        **environ,
    }
    answer = application(request, start)
    text = b"".join(answer)
    return statuses[0][:3], json.loads(text)


def test_a_body_that_is_too_large_is_not_read(cast: Cast) -> None:
    for path, size in (("/submissions", submissions.LARGEST_FILE + 1), ("/codes/explain", 1 << 20)):
        status, problem = asked(cast, Untouched(), path, CONTENT_LENGTH=str(size))
        assert (status, problem["code"]) == ("413", "api.body_too_large")


def test_a_body_in_chunks_is_taken_where_its_end_is_known(cast: Cast) -> None:
    body = json.dumps({"kind": "pack_produced", "records": [pack(1)]}).encode()
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    terminated: dict[str, Any] = {**chunked, "wsgi.input_terminated": True}
    status, submission = asked(cast, io.BytesIO(body), **terminated)
    assert (status, submission["state"]) == ("200", "accepted")
    status, problem = asked(cast, Untouched(), **chunked)
    assert (status, problem["code"]) == ("411", "api.length_required")


def test_a_body_in_chunks_ends_at_the_limit(cast: Cast) -> None:
    endless = io.BytesIO(b" " * (1 << 20))
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    status, problem = asked(cast, endless, "/codes/explain", **chunked)
    assert (status, problem["code"]) == ("413", "api.body_too_large")
    assert endless.tell() < 1 << 20


def test_a_body_that_was_cut_short_is_not_taken(cast: Cast) -> None:
    status, problem = asked(cast, io.BytesIO(b'{"records": ['), CONTENT_LENGTH="1000")
    assert (status, problem["code"]) == ("400", "api.body_cut_short")
    assert Face(cast.maker).get("/submissions").json["items"] == []


def test_a_length_that_is_no_number(cast: Cast) -> None:
    status, problem = asked(cast, Untouched(), CONTENT_LENGTH="many")
    assert (status, problem["code"]) == ("400", "api.length_unreadable")


# ---------------------------------------------------------------- headers and language


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/nothing", "/api/docs", "/api/v1/openapi.json", "/x"])
def test_every_answer_has_its_headers(database: str, path: str) -> None:
    headers = Client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Accept-Language" in headers["Vary"]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("zh-CN", "zh-Hans"),
        ("en;q=0.1, zh-Hant;q=0.8", "zh-Hans"),
        ("fr, en-GB;q=0.5", "en"),
        ("*", "en"),
        ("", "en"),
        ("x" * 3000, "en"),
    ],
)
def test_the_language_is_the_one_preferred(database: str, header: str, chosen: str) -> None:
    assert Face(language=header).get("/health").headers["Content-Language"] == chosen


# ---------------------------------------------------------------- document and page


@pytest.mark.parametrize("language", list(Language))
def test_the_document_describes_every_operation(database: str, language: Language) -> None:
    made = document(language)
    assert made["openapi"].startswith("3.1")
    said = [made["info"]["title"], made["info"]["description"], *(tag["description"] for tag in made["tags"])]
    for operation in operations_of(made):
        said += [operation["summary"], operation["description"]]
        said += [parameter["description"] for parameter in operation["parameters"]]
        said += [response["description"] for response in operation["responses"].values()]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert [text for text in said if not text or text.startswith("api.")] == []


def test_both_documents_are_the_same_but_for_their_words(database: str) -> None:
    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            words = {"description", "summary", "title"}
            return {key: bare(inner) for key, inner in value.items() if not (key in words and isinstance(inner, str))}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    english, chinese = (Face(language=tag).get("/openapi.json").json for tag in ("en", "zh"))
    assert english != chinese
    assert bare(english) == bare(chinese)


def test_what_needs_a_key_says_so_and_means_it(database: str) -> None:
    made = document(Language.EN)
    open_to_all = {op["operationId"] for op in operations_of(made) if "security" not in op}
    assert open_to_all == {
        "health",
        "ready",
        "list_templates",
        "get_template",
        "show_vocabulary",
        "get_policy",
        "get_calendar",
        "verify_receipt",
        "list_outlets",
        "show_outlet",
        "report_outlet",
        "report_to_authorities",
    }
    for path, item in made["paths"].items():
        for method, operation in item.items():
            answer = Client().generic(method.upper(), "/api/v1" + re.sub(r"{\w+}", "1", path))
            assert (answer.status_code == 401) is ("security" in operation), path


class Links(HTMLParser):
    """Whatever a page makes a browser fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.jumps: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = {name: value or "" for name, value in attrs}
        assert "style" not in named
        assert not [name for name in named if name.startswith("on")]
        if "id" in named:
            self.anchors.add(named["id"])
        if tag == "a" and named["href"].startswith("#"):
            self.jumps.add(named["href"][1:])
        elif tag == "link":
            self.fetched.append(named["href"])


@pytest.fixture
def page(database: str) -> Iterator[Callable[[str], tuple[str, Links]]]:
    def read(query: str) -> tuple[str, Links]:
        answer = Face().get(f"/api/docs{query}")
        assert answer.status == 200
        assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
        links = Links()
        links.feed(answer.body.decode())
        return answer.body.decode(), links

    return read  # type: ignore[return-value]  # a fixture that gives a function


def test_the_page_needs_no_network_and_no_script(page: Callable[[str], tuple[str, Links]]) -> None:
    text, links = page("")
    assert links.tags.isdisjoint({"script", "style", "img", "iframe", "form"})
    assert links.fetched == ["/api/docs.css", "/api/docs.svg"]
    assert "://" not in re.sub(r"<[^>]*>", "", text).replace("http://127.0.0.1", "")
    style = Face().get(links.fetched[0])
    assert style.headers["Content-Type"].startswith("text/css")
    assert b"url(" not in style.body
    assert b"@import" not in style.body
    mark = Face().get(links.fetched[1])
    assert mark.headers["Content-Type"].startswith("image/svg+xml")
    assert b"href" not in mark.body
    assert b"<script" not in mark.body


def test_a_parameter_that_may_be_left_out_is_not_called_null(page: Callable[[str], tuple[str, Links]]) -> None:
    text, _ = page("?lang=en")
    forms = re.findall(r'<td class="form"><code>(.*?)</code>', text)
    assert forms
    assert not [form for form in forms if "null" in form]
    assert "null" in text  # in answers it is told


def test_the_page_sketches_what_is_reported(page: Callable[[str], tuple[str, Links]]) -> None:
    text, _ = page("?lang=en")
    body = text.split('id="submit"')[1].split("<pre>")[1].split("</pre>")[0]
    sketch = json.loads(body.replace("&quot;", '"'))
    assert list(sketch) == ["kind", "records"]
    assert isinstance(sketch["records"], list)


def test_the_page_shows_every_operation_in_both_languages(page: Callable[[str], tuple[str, Links]]) -> None:
    for query, language in (("?lang=zh-Hans", Language.ZH), ("?lang=en", Language.EN)):
        text, links = page(query)
        names = {operation["operationId"] for operation in operations_of(document(language))}
        assert names <= links.anchors
        assert links.jumps <= links.anchors
        assert document(language)["info"]["title"] in text


def test_the_server_is_ready(cast: Cast) -> None:
    assert Face().get("/ready").json == {"status": "ready"}


def test_the_document_names_the_fields_of_an_explanation() -> None:
    """What the room of codes tells and what the document promises of it are written at each side of the border."""
    for told, promised in (
        (wording.ExplanationJson, codes.ExplanationOut),
        (wording.FindingJson, codes.CodeFinding),
        (wording.PositionJson, codes.CodePosition),
    ):
        assert list(told.__annotations__) == list(promised.model_fields)
