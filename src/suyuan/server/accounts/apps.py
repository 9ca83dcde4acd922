"""The accounts room, as Django knows it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Its label is the prefix of its tables."""

    name = "suyuan.server.accounts"
    label = "accounts"
