"""Somebody who asks the API, and the small records he reports."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from suyuan.codes import compose
from tests.server.cast import CELL_PREFIX, MODULE_PREFIX, PACK_PREFIX, Actor

MADE_ON = date(2026, 10, 1)
ROOT = "/api/v1"


def pack_code(serial: int) -> str:
    return compose(PACK_PREFIX, MADE_ON, serial)


def cell_code(serial: int, place: int = 0) -> str:
    """A cell of the pack with that serial, 0 to 7."""
    return compose(CELL_PREFIX, MADE_ON, 8 * serial + place)


def pack(serial: int = 1, **changes: object) -> dict[str, object]:
    """A pack of two modules with four cells each, as it was filed."""
    modules = [
        {
            "module_code": compose(MODULE_PREFIX, MADE_ON, 2 * serial + half),
            "cells": [cell_code(serial, 4 * half + place) for place in range(4)],
        }
        for half in range(2)
    ]
    return {"pack_code": pack_code(serial), "produced_on": MADE_ON.isoformat(), "modules": modules, **changes}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Face:
    """Asks with the key of an actor, or without one."""

    def __init__(self, actor: Actor | None = None, language: str = "en") -> None:
        headers = {"Accept-Language": language}
        if actor is not None:
            headers["Authorization"] = actor.header
        self._client = Client(headers=headers)

    def get(self, path: str, accept: str = "*/*", mark: str | None = None, **query: Any) -> Answer:
        headers = {"Accept": accept, **({"If-None-Match": mark} if mark else {})}
        return _answer(self._client.get(_address(path), query, headers=headers))

    def post(
        self,
        path: str,
        body: object = b"",
        form: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = self._client.post(
            _address(path), content, content_type=form, headers=dict(headers or {}), query_params=dict(query or {})
        )
        return _answer(asked)

    def put(self, path: str, body: object) -> Answer:
        return _answer(self._client.put(_address(path), json.dumps(body).encode(), content_type="application/json"))

    def delete(self, path: str) -> Answer:
        return _answer(self._client.delete(_address(path)))

    def submit(self, *records: Mapping[str, object], key: str | None = None, **query: object) -> Answer:
        """Report packs."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post("/submissions", {"kind": "pack_produced", "records": records}, headers=headers, query=query)


def _address(path: str) -> str:
    return path if path.startswith("/api") else ROOT + path


def _answer(response: HttpResponseBase) -> Answer:
    streamed = getattr(response, "streaming_content", None)
    body = b"".join(streamed) if streamed is not None else getattr(response, "content", b"")
    return Answer(response.status_code, dict(response.headers), body)
