"""What stops a witness, a mirror, a comparison or a key store; each with the status its exit code goes by."""

from typing import ClassVar

from suyuan.kernel import SuyuanError


class WitnessError(SuyuanError):
    """An act of this side of the log that cannot be done as asked."""

    status: ClassVar[int] = 422


class NotFound(WitnessError):
    """What was named is not there."""

    status = 404


class NotTrusted(WitnessError):
    """A key or passphrase is missing or wrong."""

    status = 403


class Conflict(WitnessError):
    """Two statements of one log cannot both be true, or somebody else is at work in the same place."""

    status = 409


class Unreachable(WitnessError):
    """A log, mirror or witness does not answer as it should; later perhaps."""

    status = 503
