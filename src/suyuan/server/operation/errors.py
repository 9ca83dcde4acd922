"""What can go wrong with a backup."""

from suyuan.server.kit.problems import Conflict, Refusal


class Damaged(Refusal):
    """It is no backup, not a whole one, or not as it was written."""


class TooNew(Refusal):
    """A later version of the program wrote it."""


class NotEmpty(Conflict):
    """The place is taken; nothing is ever overwritten."""
