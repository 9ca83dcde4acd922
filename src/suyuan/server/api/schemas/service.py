"""The state of the service."""

from typing import Literal

from ninja import Schema


class HealthOut(Schema):
    """The server runs."""

    status: Literal["ok"]
    version: str


class ReadyOut(Schema):
    """The server can serve: its database answers."""

    status: Literal["ready"]
