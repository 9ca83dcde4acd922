"""What the exit status says; scripts may rely on it, so a number never changes its meaning."""

import sys
from enum import IntEnum

from suyuan.kernel import SuyuanError


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    UNEXPECTED = 1  # a fault of the program
    USAGE = 2  # the command was not understood, or a file it names is not there
    NOT_FOUND = 3  # no such battery, submission, company …
    REJECTED = 4  # the data is rejected in full
    PARTLY = 5  # some of the data is accepted, some is not
    NOT_PERMITTED = 6  # no key, a wrong key, or not permitted
    UNAVAILABLE = 7  # server or database do not answer; later perhaps
    CONFLICT = 8  # contradicts what is there, or is already reported
    INTERRUPTED = 130  # Ctrl-C


_BY_STATUS = {
    401: Exit.NOT_PERMITTED,
    403: Exit.NOT_PERMITTED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    429: Exit.UNAVAILABLE,
    502: Exit.UNAVAILABLE,
    503: Exit.UNAVAILABLE,
    504: Exit.UNAVAILABLE,
}
# Connections that fail, by the module that raises; it is not imported to find out.
_OFF_LINE = {"psycopg": "OperationalError", "django.db.utils": "OperationalError", "httpx": "TransportError"}


def exit_of(error: SuyuanError) -> Exit:
    """The exit code for an error that has its sentence.

    An error with an HTTP status goes by that. Without one it comes from a thinking room and means
    that the content cannot be taken, unless it is the data folder or database that failed.
    """
    own = getattr(error, "exit_code", None)  # the client's errors bring theirs along
    if isinstance(own, int):
        return Exit(own)
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return _BY_STATUS.get(status, Exit.UNEXPECTED if status >= 500 else Exit.REJECTED)
    return Exit.UNAVAILABLE if error.code.startswith("kit.") else Exit.REJECTED


def is_off_line(error: BaseException) -> bool:
    """Whether it says that the database or the server cannot be reached."""
    for module, name in _OFF_LINE.items():
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(error, kind):
            return True
    return False


def of_counts(accepted: int, refused: int) -> Exit:
    """The exit code for data of which `accepted` parts were taken and `refused` were not."""
    if not refused:
        return Exit.OK
    return Exit.PARTLY if accepted else Exit.REJECTED
