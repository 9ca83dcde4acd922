"""The cases room, as Django knows it."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Its label is the prefix of its tables."""

    name = "suyuan.server.cases"
    label = "cases"
