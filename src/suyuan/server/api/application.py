"""The API put together: the operations behind the door, the document and the page that describe them."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.operation import Operation

from suyuan import __version__
from suyuan.kernel import Language
from suyuan.server.api import schemas
from suyuan.server.api.document import PROBLEM, Document, finish
from suyuan.server.api.door import door
from suyuan.server.api.operations import (
    answers,
    batteries,
    cases,
    codes,
    complaints,
    detection,
    feeds,
    labels,
    laboratory,
    outlets,
    qualifications,
    recall,
    receipts,
    register,
    service,
    submissions,
    supervision,
    vocabulary,
)


class Application(NinjaAPI):
    """The framework, told to leave errors to the door and to call operations by their names."""

    def on_exception(self, request: HttpRequest, exc: Any) -> NoReturn:
        """Let the door answer."""
        raise exc

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function."""
        return operation.view_func.__name__


ROUTERS: Final = (
    submissions.router,
    laboratory.router,  # its addresses below a battery's come before the battery's own
    batteries.router,
    recall.router,
    receipts.router,
    feeds.router,
    supervision.router,
    cases.router,
    answers.router,
    detection.router,
    codes.router,
    vocabulary.router,
    register.router,
    qualifications.router,
    labels.router,
    outlets.router,
    complaints.router,
    service.router,
)


def _application() -> Application:
    made = Application(title="Suyuan", version=__version__, urls_namespace="api", openapi_url=None, docs_url=None)
    for router in ROUTERS:
        made.add_router("", router)
    return made


APPLICATION: Final = _application()


@cache
def document(language: Language) -> Document:
    """The OpenAPI document."""
    made: Document = dict(APPLICATION.get_openapi_schema(path_prefix=""))
    name = PROBLEM.rpartition("/")[2]
    made["components"]["schemas"][name] = schemas.Problem.model_json_schema()
    return finish(made, language)


def operations() -> Sequence[URLPattern]:
    """The addresses of the operations, each behind the door."""
    patterns: list[URLPattern | URLResolver] = APPLICATION.urls[0]
    found = [pattern for pattern in patterns if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    for pattern in found:
        pattern.callback = door(pattern.callback)
    return found
