"""What the program writes down while it runs: one JSON object a line on standard error.

Each line has ``at`` (ISO 8601, UTC), ``level``, ``logger``, ``message`` and ``process``; ``request`` and
``submission`` where it was about one; and the facts that the caller gave as ``extra={"facts": …}``.

No personal data and no keys: addresses that were asked for, query strings, bodies and headers are never written,
and of an error only its type, its SQLSTATE and the places in the program it passed through. What an error *says*
may quote a record, so that it is written only where ``SUYUAN_LOG`` is ``debug``, which is not for service.
"""

import json
import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

LEVELS: Final = ("debug", "info", "warning", "error", "critical")

_request: ContextVar[str | None] = ContextVar("request", default=None)
_submission: ContextVar[int | None] = ContextVar("submission", default=None)


def level() -> str:
    """The level named in ``SUYUAN_LOG``; a word that is none counts as "warning"."""
    named = os.environ.get("SUYUAN_LOG", "").lower()
    return named if named in LEVELS else "warning"


@contextmanager
def about(*, request: str | None = None, submission: int | None = None) -> Iterator[None]:
    """What this thread writes down in the block is about that request, or submission."""
    asked = _request.set(request if request is not None else _request.get())
    sent = _submission.set(submission if submission is not None else _submission.get())
    try:
        yield
    finally:
        _submission.reset(sent)
        _request.reset(asked)


def request_number() -> str:
    """The number of the request that this thread answers, as its lines have it; "-" outside of requests."""
    return _request.get() or "-"


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
        }
        for name, value in (("request", _request.get()), ("submission", _submission.get())):
            if value is not None:
                line[name] = value
        facts = getattr(record, "facts", None)
        if isinstance(facts, Mapping):
            line.update((name, value) for name, value in facts.items() if value is not None)
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            line["error"] = _error(error)
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def _message(record: logging.LogRecord) -> str:
    """What is said; Django adds the address that was asked for, which may name a vehicle."""
    if record.name.startswith("django."):
        return str(record.msg).partition(":")[0]
    if level() == "debug" or not any(isinstance(part, BaseException) for part in _parts(record)):
        return record.getMessage()
    named = tuple(_name(part) if isinstance(part, BaseException) else part for part in _parts(record))
    return str(record.msg) % named


def _parts(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


def _error(error: BaseException) -> dict[str, Any]:
    """An error and what caused it: types, SQLSTATEs, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    told: dict[str, Any] = {
        "type": _name(error),
        "sqlstate": getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None),
        "code": getattr(error, "code", None) if type(error).__module__.startswith("suyuan.") else None,
        "frames": [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if level() == "debug":
        told["said"] = str(error)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["cause"] = _name(cause)
    return {name: value for name, value in told.items() if value is not None}


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _module(path: str) -> str:
    """The file below the folder that it was installed into."""
    for mark in ("/site-packages/", "/src/", "/lib/"):
        _, found, rest = path.rpartition(mark)
        if found:
            return rest
    return path


def settings() -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`: everything of this process, as lines on standard error."""
    wanted = level().upper()
    own = {"level": "NOTSET", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "suyuan.server.kit.journal.JsonLines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"level": wanted, "handlers": ["lines"]},
        "loggers": {
            "django": own,
            "django.request": {**own, "level": "ERROR"},  # what a client did wrong, he is told
            "django.server": own,
            "gunicorn.error": own,
            "gunicorn.access": own,
            "procrastinate": {**own, "level": "WARNING" if wanted == "INFO" else "NOTSET"},
        },
    }
