"""Answers as a Django app."""

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """The room's tables are plain SQL in its migrations; it has no ORM models."""

    name = "suyuan.server.answers"
    label = "answers"
