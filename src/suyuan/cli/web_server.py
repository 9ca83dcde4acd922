"""gunicorn with our settings, in this process."""

import os
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

THREADS = 16
TIMEOUT_S = 120


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

        return application


def run(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM."""
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
            "loglevel": os.environ.get("SUYUAN_LOG", "warning"),
            "control_socket_disable": True,
        }
    ).run()
