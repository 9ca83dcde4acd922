"""The page that explains the API, written from the OpenAPI document; it needs no network and no script."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, Template
from django.urls import reverse

from suyuan.kernel import Language, sentence
from suyuan.server.api.answers import FORMS
from suyuan.server.api.application import document
from suyuan.server.api.document import METHODS, Document
from suyuan.server.kit.language import language_of, tag_of

POLICY: Final = "default-src 'self'; script-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_WORDS: Final = (
    "title", "about", "page_document", "page_other_language", "page_key", "page_no_key", "page_parameters", "page_body",
    "page_answers", "page_required", "page_problems", "page_problems_about",
)  # fmt: skip
_DEEPEST = 3


def asked_language(request: HttpRequest) -> Language:
    """The language named in the address, else the one that the browser asks for."""
    named = request.GET.get("lang")
    return Language.from_tag(named) if named else language_of(request)


def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return HttpResponse(_document_text(asked_language(request)), content_type=FORMS["json"])


@cache
def _document_text(language: Language) -> bytes:
    return json.dumps(document(language), ensure_ascii=False, separators=(",", ":")).encode()


def style_sheet(request: HttpRequest) -> HttpResponse:
    """How the page looks."""
    return HttpResponse(_packaged("docs.css"), content_type="text/css; charset=utf-8")


def icon(request: HttpRequest) -> HttpResponse:
    """The mark that a browser shows beside the title."""
    return HttpResponse(_packaged("docs.svg"), content_type="image/svg+xml; charset=utf-8")


def docs_page(request: HttpRequest) -> HttpResponse:
    """The page."""
    language = asked_language(request)
    headers = {"Content-Security-Policy": POLICY, "Content-Language": tag_of(language)}
    return HttpResponse(_page(language), headers=headers)


@cache
def _packaged(name: str) -> str:
    return (files("suyuan.server.api") / name).read_text(encoding="utf-8")


@cache
def _page(language: Language) -> str:
    made = document(language)
    other = Language.EN if language is Language.ZH else Language.ZH
    context = {
        "language": tag_of(language),
        "other": tag_of(other),
        "words": {name: sentence(f"api.{name}", language=language) for name in _WORDS},
        "version": made["info"]["version"],
        "document": reverse("api-document"),
        "style": reverse("api-docs-style"),
        "icon": reverse("api-docs-icon"),
        "server": made["servers"][0]["url"],
        "tags": [
            {**tag, "operations": [one for one in _operations(made) if tag["name"] in one["tags"]]}
            for tag in made["tags"]
        ],
    }
    return Template(_packaged("docs.html"), engine=Engine(autoescape=True)).render(Context(context))


def _operations(made: Document) -> Iterator[Document]:
    for path, item in made["paths"].items():
        for method in METHODS:
            if method in item:
                yield {
                    **item[method],
                    "method": method.upper(),
                    "path": path,
                    "secured": bool(item[method].get("security")),
                    "parameters": [_parameter(each, made) for each in item[method].get("parameters", [])],
                    "bodies": _bodies(item[method].get("requestBody", {}), made),
                    "answers": [
                        {"status": status, "description": answer["description"], "bodies": _bodies(answer, made)}
                        for status, answer in item[method]["responses"].items()
                        if status != "default"
                    ],
                }


def _parameter(parameter: Document, made: Document) -> Document:
    """A parameter with the form of its values; one that may be left out is not called null."""
    schema = parameter["schema"]
    real = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    return {**parameter, "form": _form({**schema, "anyOf": real} if real else schema, made)}


def _named(schema: Document, made: Document) -> Document:
    found: Document = made["components"]["schemas"][str(schema["$ref"]).rpartition("/")[2]]
    return found


def _form(schema: Document, made: Document) -> str:
    """A short word for a schema: the values of a list, the name of an object."""
    if "$ref" in schema:
        named = _named(schema, made)
        return _form(named, made) if "enum" in named else str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    for joint in ("anyOf", "allOf"):
        if joint in schema:
            return " | ".join(dict.fromkeys(_form(each, made) for each in schema[joint]))
    if schema.get("type") == "array":
        return f"[{_form(schema.get('items', {}), made)}]"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "*")


def _bodies(holder: Document, made: Document) -> list[Document]:
    content: Document = holder.get("content", {})
    return [{"form": form, "shape": _shape(media.get("schema") or {}, made)} for form, media in content.items()]


def _shape(schema: Document, made: Document) -> str:
    if not schema:
        return ""
    return json.dumps(_sketch(schema, made, _DEEPEST), ensure_ascii=False, indent=2)


def _sketch(schema: Document, made: Document, depth: int) -> object:
    """A value of the shape of `schema`, with the names of forms in the places of values."""
    if "$ref" in schema:
        return _sketch(_named(schema, made), made, depth - 1) if depth else _form(schema, made)
    if "anyOf" in schema:
        real = [each for each in schema["anyOf"] if each.get("type") != "null"]
        told = [each for each in real if "properties" in each or (len(real) == 1 and "$ref" in each)]
        return _sketch(told[0], made, depth) if told else _form(schema, made)
    if schema.get("type") == "array" and "items" in schema:
        return [_sketch(schema["items"], made, depth)]
    if "properties" in schema:
        return {name: _sketch(each, made, depth) for name, each in schema["properties"].items()}
    return _form(schema, made)
