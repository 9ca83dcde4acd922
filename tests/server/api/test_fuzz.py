"""Every operation with requests made from its own description, good and bad: no fault, and answers as described."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.db import connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from suyuan.server.accounts.queries import memory
from suyuan.server.api.bodies import SHEETS
from suyuan.server.kit import schema as tables
from suyuan.server.kit.clock import FixedClock
from suyuan.server.supervision.jobs import Follower
from suyuan.server.wsgi import application
from tests.server.api.face import Face, pack, pack_code
from tests.server.cast import NOW, PACK_PREFIX, Actor, assemble

EXAMPLES = 8
KNOWN = ("application/json", "text/csv", "text/plain", "application/octet-stream")  # the tool can write these
THERE = {"number": (1, 2), "code": (pack_code(1),), "kind": ("stocked",), "duty": ("battery.production",)}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def maker(database: str) -> Iterator[Actor]:
    """The battery maker, with two submissions made: one good, one with findings."""
    tables.empty_tables()
    memory.forget()
    cast = assemble(FixedClock(NOW))
    Face(cast.maker).submit(pack(1))
    Face(cast.maker).submit(pack(2, produced_on="soon"), pack(3))
    Follower(FixedClock(NOW)).once()
    yield cast.maker
    connections.close_all()


schemathesis.serializer.alias([form for form in SHEETS if form not in KNOWN], "application/octet-stream")
operations = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)  # asks no database


@operations.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_described(case: schemathesis.Case[Any], maker: Actor) -> None:
    known(case)
    case.headers["Authorization"] = maker.header
    response = case.call()
    case.validate_response(response, checks=list(CHECKS))


def known(case: schemathesis.Case[Any]) -> None:
    """Let every other request be about something that is there."""
    parameters = case.path_parameters or {}
    for name, there in THERE.items():
        if name in parameters and random.Random(repr(parameters[name])).random() < 0.5:
            parameters[name] = random.Random(repr(case.query)).choice(there)
    if case.query and "prefix" in case.query and random.Random(repr(case.query)).random() < 0.5:
        case.query["prefix"] = PACK_PREFIX
