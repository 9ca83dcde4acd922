"""Hand-overs as a Django app."""

from django.apps import AppConfig


class HandoverConfig(AppConfig):
    """The room's tables are plain SQL in its migrations; it has no ORM models."""

    name = "suyuan.server.handover"
    label = "handover"
