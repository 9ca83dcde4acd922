"""gunicorn with our settings, in this process."""

import os
from collections.abc import Callable
from logging.config import dictConfig
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from suyuan.server.kit.tally import Seats

THREADS = 16
TIMEOUT_S = 120
SPARE_SLOTS = 8  # for each worker: those that end slowly keep theirs while the next ones begin


class Journal(Logger):  # type: ignore[misc]  # the library has no types
    """What gunicorn says, written down like everything else; its lines of requests, with addresses in them, are not."""

    def setup(self, cfg: Any) -> None:
        """Take the library's own handlers out."""
        from suyuan.server.kit import journal

        super().setup(cfg)
        dictConfig(journal.settings())


def _seat(seats: "Seats") -> dict[str, Callable[[Any, Any], None]]:
    """What gunicorn calls when a worker begins and ends, so that each counts requests in a slot of its own."""
    from suyuan.server.kit import tally

    def before_fork(_: Any, worker: Any) -> None:
        worker.suyuan_slot = seats.take()

    def after_fork(_: Any, worker: Any) -> None:
        tally.sit(worker.suyuan_slot)

    def after_end(_: Any, worker: Any) -> None:
        seats.leave(worker.suyuan_slot)

    return {"pre_fork": before_fork, "post_fork": after_fork, "child_exit": after_end}


def _meet() -> None:
    """Let small submissions wait in one place, whichever worker they came to."""
    from suyuan.server.submissions.services import gathering

    gathering.meet()


class WebServer(BaseApplication):  # type: ignore[misc]  # the library has no types
    """The API on one address; each worker process loads it after it was forked."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in self.settings.items():
            if name in self.cfg.settings:  # older versions know fewer
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application."""
        from suyuan.server.wsgi import application

        _meet()
        return application


def run(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM."""
    from suyuan.server.kit import journal, tally

    seats = tally.share(SPARE_SLOTS * workers)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # each request is small; threads of its own would only wait
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    WebServer(
        {
            "bind": address,
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": TIMEOUT_S,
            "graceful_timeout": 20,
            "keepalive": 5,
            "proc_name": "suyuan",
            "loglevel": journal.level(),
            "logger_class": Journal,
            **_seat(seats),
            "control_socket_disable": True,
        }
    ).run()
