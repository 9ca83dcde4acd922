"""The OpenAPI 3.1 document: what the framework knows of the operations, with sentences and problems added."""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from suyuan import __version__
from suyuan.kernel import Language, sentence
from suyuan.server.api.answers import FORMS
from suyuan.server.api.bodies import JSON
from suyuan.server.kit.problems import CONTENT_TYPE

Document: TypeAlias = dict[str, Any]  # a JSON document of other people's shape

PROBLEM: Final = "#/components/schemas/Problem"
METHODS: Final = ("get", "post", "put", "patch", "delete")


def accepts(*forms: str, body: type[BaseModel] | None = None) -> Document:
    """What an operation takes as its body: JSON of the form of a model, or bytes in any of `forms`."""
    if body is not None:
        content = {JSON: {"schema": body.model_json_schema(ref_template="#/components/schemas/{model}")}}
    else:
        content = {form: {"schema": _records() if form == JSON else {}} for form in forms}
    return {"requestBody": {"required": True, "content": content}}


def _records() -> Document:
    record = {"type": "object", "additionalProperties": True}
    kind = {"type": "string", "maxLength": 64}
    return {
        "anyOf": [
            {
                "type": "object",
                "required": ["records"],
                "properties": {"kind": kind, "records": {"type": "array", "items": record, "minItems": 1}},
            },
            {"type": "array", "items": record, "minItems": 1},
        ]
    }


def offers(*forms: str) -> Document:
    """The forms of a good answer beside, or instead of, JSON; without any it is only bytes."""
    names = [FORMS[form] for form in forms if form != "json"] or ["application/octet-stream"]
    return {"responses": {200: {"content": {name: {"schema": {}} for name in names}}}}


def finish(document: Document, language: Language) -> Document:
    """`document` with titles and descriptions in `language`, and the problems that every operation may answer with."""
    document["info"] = {
        "title": sentence("api.title", language=language),
        "version": __version__,
        "summary": sentence("api.summary", language=language),
        "description": sentence("api.about", language=language),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    document["servers"] = [{"url": "/api/v1"}]
    for operation in operations_of(document):
        _describe(operation, language)
        document["components"]["schemas"].update(_parts_of_body(operation))
    document["tags"] = [
        {"name": tag, "description": sentence(f"api.tag_{tag}", language=language)} for tag in _tags(document)
    ]
    if language is Language.ZH:  # what a schema says of itself is for programmers, and in one language
        for schema in document["components"]["schemas"].values():
            schema.pop("description", None)
    return document


def operations_of(document: Document) -> Iterable[Document]:
    """Every operation of a document."""
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in METHODS)


def _parts_of_body(operation: Document) -> Document:
    """The schemas that the body of an operation refers to, by name; see `accepts`."""
    media = operation.get("requestBody", {}).get("content", {}).values()
    return {name: dict(part) for each in media for name, part in each.get("schema", {}).get("$defs", {}).items()}


def _describe(operation: Document, language: Language) -> None:
    name = operation["operationId"]
    operation["summary"] = sentence(f"api.op_{name}", language=language)
    operation["description"] = sentence(f"api.op_{name}_about", language=language)
    for parameter in operation.get("parameters", []):
        parameter["description"] = sentence(
            f"api.param_{parameter['name'].lower().replace('-', '_')}", language=language
        )
        parameter["schema"].pop("title", None)
    for status, response in operation["responses"].items():
        response["description"] = sentence(f"api.answer_{status}", language=language)
    operation["responses"]["default"] = {
        "description": sentence("api.answer_default", language=language),
        "content": {CONTENT_TYPE: {"schema": {"$ref": PROBLEM}}},
    }
    if 202 in operation["responses"]:
        header = {"description": sentence("api.header_location", language=language), "schema": {"type": "string"}}
        operation["responses"][202]["headers"] = {"Location": header}


def _tags(document: Document) -> list[str]:
    return list(dict.fromkeys(tag for operation in operations_of(document) for tag in operation.get("tags", [])))
