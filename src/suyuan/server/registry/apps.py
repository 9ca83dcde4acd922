"""The registry room, as Django knows it."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Its label is the prefix of its tables."""

    name = "suyuan.server.registry"
    label = "registry"
