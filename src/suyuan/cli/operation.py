"""`suyuan init`, `serve`, `worker`: running a server on this machine."""

import contextlib
import os
from collections.abc import Iterator

from suyuan.cli.commands import command, option
from suyuan.cli.exits import Exit
from suyuan.cli.output import note
from suyuan.cli.speech import count, say
from suyuan.cli.usage import number

HERE = "127.0.0.1"
PORT = 8000


@command("init", "cli.help_init")
def init() -> int:
    """Make the data folder and the database, and bring its tables up to date."""
    from suyuan.cli.ring import check_whole, set_up

    check_whole()
    set_up()
    from django.conf import settings

    from suyuan.server.kit.schema import migrate, pending

    if settings.DATABASE_URL:
        prepare_roles()
    missing = pending()
    migrate()
    note(say("cli.initialised", folder=str(settings.HOME), count=count(len(missing))))
    return Exit.OK


def prepare_roles() -> None:
    """Make our roles on a PostgreSQL of somebody else, where the login may do that."""
    from django.conf import settings
    from psycopg import errors
    from psycopg.conninfo import conninfo_to_dict

    from suyuan.server.kit.roles import prepare

    url = os.environ.get("DATABASE_OWNER_URL") or str(settings.DATABASE_URL)
    with contextlib.suppress(errors.InsufficientPrivilege):  # an administrator has made them, or migrating says so
        prepare(url, str(conninfo_to_dict(url).get("dbname", "suyuan")))


@command("serve", "cli.help_serve")
@option("--host", default=HERE, show_default=True, metavar="ADDRESS", text="cli.opt_host")
@option("--port", type=number(1, 65_535), default=PORT, show_default=True, text="cli.opt_port")
@option("--workers", type=number(1, 64), default=2, show_default=True, text="cli.opt_workers")
@option("--no-worker", is_flag=True, text="cli.opt_no_worker")
def serve(host: str, port: int, workers: int, no_worker: bool) -> int:
    """Serve the API, with a worker for large files beside it, until stopped."""
    from suyuan.cli.ring import enter

    enter()
    return serve_until_stopped(host, port, workers, with_worker=not no_worker)


def serve_until_stopped(host: str, port: int, workers: int, *, with_worker: bool) -> int:
    """Run web server and worker as children of this process until Ctrl-C or SIGTERM; the database is running."""
    from django.db import connections

    from suyuan.cli.processes import tending

    connections.close_all()
    check_port(host, port)
    ended = Exit.OK.value
    with tending() as crew:
        crew.start("http-server", "--host", host, "--port", str(port), "--workers", str(workers))
        if with_worker:
            crew.start("worker")
            crew.start("supervision", "follow")
            crew.start("answers", "follow")
        if has_passphrase():
            crew.start("log", "integrate")
        else:
            note(say("cli.log_not_kept"))
        for line in ("cli.serving_api", "cli.serving_docs"):
            note(say(line, address=f"http://{'[' + host + ']' if ':' in host else host}:{port}"))
        note(say("cli.stop_with"))
        with contextlib.suppress(KeyboardInterrupt):
            ended = crew.watch()
    if ended:
        note(say("cli.child_ended", code=str(ended)))
    return Exit.OK if not ended else Exit.UNEXPECTED


def has_passphrase() -> bool:
    """Whether the signing keys can be opened, so that the log is kept."""
    return bool(os.environ.get("SUYUAN_KEY_PASSPHRASE") or os.environ.get("SUYUAN_KEY_PASSPHRASE_FILE"))


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on, before anything is started.

    Raises
    ------
    NotReady
        ``cli.port_taken``.
    """
    import socket

    from suyuan.cli.ring import NotReady

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise NotReady("cli.port_taken", host=host, port=str(port), said=error.strerror or "") from error


@command("http-server", "cli.help_http_server", hidden=True)
@option("--host", default=HERE)
@option("--port", type=number(1, 65_535), default=PORT)
@option("--workers", type=number(1, 64), default=2)
def http_server(host: str, port: int, workers: int) -> None:
    """The web server alone, as `serve` starts it."""
    from suyuan.cli.processes import follow_parent
    from suyuan.cli.web_server import run

    follow_parent()
    run(host, port, workers)


@command("worker", "cli.help_worker")
@option("--concurrency", type=number(1, 32), default=1, show_default=True, text="cli.opt_concurrency")
@option("--once", is_flag=True, text="cli.opt_once")
def worker(concurrency: int, once: bool) -> int:
    """Work on large files in the background until stopped."""
    from suyuan.cli.processes import follow_parent
    from suyuan.cli.ring import enter

    follow_parent()
    enter()
    from procrastinate.contrib.django import app

    taken_up = take_up_left_behind()
    if taken_up:
        note(say("cli.taken_up", count=count(taken_up)))
    with _worker_connector():
        app.run_worker(concurrency=concurrency, wait=not once, install_signal_handlers=True)
    return Exit.OK


def take_up_left_behind() -> int:
    """Finish what a crash left unfinished; how many that were. What somebody works on stays his."""
    from suyuan.server.answers import jobs as answers
    from suyuan.server.handover import jobs as handover
    from suyuan.server.laboratory import jobs as laboratory
    from suyuan.server.submissions import services
    from suyuan.server.submissions.models import FINISHED, State, Submission

    unfinished = [State.RECEIVED.value, State.WORKING.value]
    numbers = Submission.objects.filter(state__in=unfinished).order_by("number").values_list("number", flat=True)
    finished = 0
    for unfinished_number in list(numbers):
        with contextlib.suppress(Exception):  # it says itself what stopped it, and stands as failed
            finished += services.work(unfinished_number).state in FINISHED
    for room in (laboratory, handover):
        with contextlib.suppress(Exception):
            finished += room.take_up_left_behind()
    with contextlib.suppress(Exception):
        finished += answers.take_up_left_behind()
    return finished


@contextlib.contextmanager
def _worker_connector() -> Iterator[None]:
    """The queue over a connection of its own, as a worker needs it."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        yield
        return
    with app.replace_connector(connector.get_worker_connector()):
        yield
