"""The door from the command line to the server's rooms on this machine."""

import os

from suyuan.kernel import SuyuanError


class NotReady(SuyuanError):
    """The installation cannot serve yet; `status` gives the exit code for "unavailable"."""

    status = 503


class NotThere(SuyuanError):
    """What was asked for is not in the ledger."""

    status = 404


def set_up() -> None:
    """Load the server's rooms and make their database answer, whatever is in it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suyuan.server.settings")
    import django
    from django.conf import settings

    django.setup()
    if settings.EMBEDDED_DATABASE:
        from suyuan.server.kit.postgres import ensure_running

        ensure_running(settings.HOME)


def check_whole() -> None:
    """Refuse to go on with what a restore that was cut short left behind.

    Raises
    ------
    NotReady
        ``cli.restore_unfinished``.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suyuan.server.settings")
    from django.conf import settings

    if (settings.HOME / "restore.unfinished").exists():
        raise NotReady("cli.restore_unfinished", folder=str(settings.HOME))


def check_set_up() -> None:
    """Refuse to go on where the database was never made, rather than make one silently.

    Raises
    ------
    NotReady
        ``cli.not_set_up``, or ``cli.restore_unfinished`` where a restore was cut short.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "suyuan.server.settings")
    from django.conf import settings

    check_whole()
    if settings.EMBEDDED_DATABASE:
        from suyuan.server.kit.postgres import seat

        if not (seat(settings.HOME) / "postgres").exists():
            raise NotReady("cli.not_set_up", folder=str(settings.HOME))


def enter() -> None:
    """Load the server's rooms; their tables must be there and up to date.

    Raises
    ------
    NotReady
        ``cli.not_set_up`` or ``cli.migrations_pending``; both say what to do.
    """
    check_set_up()
    set_up()
    from suyuan.server.kit.schema import pending

    missing = pending()
    if missing:
        raise NotReady("cli.migrations_pending", count=len(missing), first=missing[0])
