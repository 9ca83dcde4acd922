"""The laboratory as a Django app."""

from django.apps import AppConfig


class LaboratoryConfig(AppConfig):
    """The room's tables are plain SQL in its migrations; it has no ORM models."""

    name = "suyuan.server.laboratory"
    label = "laboratory"
