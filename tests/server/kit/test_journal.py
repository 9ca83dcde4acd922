"""What is written down: lines of JSON that name the request and the submission, and nothing about people."""

import json
import logging
import logging.config
from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg
import pytest

from suyuan.server.kit import journal
from suyuan.server.kit.journal import JsonLines, about

PLATE = "粤B12345"


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """Write one thing down and read the line."""

    def tell(message: str, *args: object, name: str = "suyuan.trial", **settings: Any) -> dict[str, Any]:
        stream = StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines())
        log = logging.getLogger(name)
        log.addHandler(handler)
        try:
            log.error(message, *args, **settings)
        finally:
            log.removeHandler(handler)
        (line,) = stream.getvalue().splitlines()
        found: dict[str, Any] = json.loads(line)
        return found

    return tell


Told = Callable[..., dict[str, Any]]


def test_a_line_names_request_and_submission_while_they_last(told: Told) -> None:
    with about(request="r-1"), about(submission=17):
        line = told("worked on %d records", 3)
    assert (line["request"], line["submission"], line["message"]) == ("r-1", 17, "worked on 3 records")
    assert (line["level"], line["logger"]) == ("error", "suyuan.trial")
    assert line["at"].endswith("+00:00")
    after = told("later\nin two lines")
    assert after.keys() & {"request", "submission"} == set()
    assert after["message"] == "later\nin two lines"


def test_facts_stand_beside_the_message(told: Told) -> None:
    line = told("answered", extra={"facts": {"status": 200, "submission": None}})
    assert line["status"] == 200
    assert "submission" not in line


def _raise(error: BaseException) -> None:
    try:
        raise error
    except ValueError as cause:
        raise RuntimeError(f"about {PLATE}") from cause


@pytest.mark.parametrize("level", ["warning", "debug"])
def test_what_an_error_says_is_written_only_while_debugging(
    told: Told, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("SUYUAN_LOG", level)
    try:
        _raise(ValueError(PLATE))
    except RuntimeError as error:
        line = told("submission %s failed: %s", 4, error, exc_info=True)
    assert (PLATE in json.dumps(line, ensure_ascii=False)) is (level == "debug")
    assert line["error"]["type"] == "RuntimeError"
    assert line["error"]["cause"] == "ValueError"
    assert any(frame.endswith(" _raise") for frame in line["error"]["frames"])


def test_a_database_error_is_named_by_its_state(told: Told) -> None:
    error = psycopg.errors.UniqueViolation(f"Key (vehicle)=({PLATE}) already exists.")
    line = told("not written", exc_info=error)
    assert line["error"]["sqlstate"] == "23505"
    assert PLATE not in json.dumps(line, ensure_ascii=False)


def test_django_does_not_tell_which_address_was_asked_for(told: Told) -> None:
    line = told("Not Found: %s", "/api/v1/vehicles/LSVAA4182E2123456", name="django.request")
    assert line["message"] == "Not Found"


@pytest.mark.parametrize(("named", "level"), [("INFO", "info"), ("", "warning"), ("loud", "warning")])
def test_the_level_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, named: str, level: str) -> None:
    monkeypatch.setenv("SUYUAN_LOG", named)
    assert journal.level() == level
    assert journal.settings()["root"]["level"] == level.upper()


def test_the_settings_are_taken_by_the_library() -> None:
    logging.config.DictConfigurator(journal.settings())  # raises nothing
    assert set(journal.settings()["loggers"]) >= {"django.request", "gunicorn.access"}
