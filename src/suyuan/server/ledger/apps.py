"""The ledger as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """The ledger's tables are plain SQL in its migrations; it has no ORM models."""

    name = "suyuan.server.ledger"
    label = "ledger"

    def ready(self) -> None:
        """After each migration the table of effects says what this version's vocabulary says."""
        post_migrate.connect(_write_effects, sender=self)


def _write_effects(using: str, **_: Any) -> None:
    from suyuan.server.ledger.services.vocabulary import write_effects

    write_effects(using)
