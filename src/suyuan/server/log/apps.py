"""The log as a Django app."""

from django.apps import AppConfig


class LogConfig(AppConfig):
    """The log's tables are plain SQL in its migrations; its files stand in the data folder."""

    name = "suyuan.server.log"
    label = "log"
