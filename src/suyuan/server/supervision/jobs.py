"""The workers that keep duties and findings current, and tell companies of them."""

import logging
from typing import ClassVar

from django.db import transaction

from suyuan.server.kit.connection import cursor
from suyuan.server.kit.rounds import Rounds
from suyuan.server.supervision.services import Followed, follow
from suyuan.server.supervision.services.notifying import notify
from suyuan.server.supervision.services.webhooks import deliver_next

log = logging.getLogger(__name__)


class Follower(Rounds):
    """Follows the ledger; several may run, one at a time does a round."""

    log = log
    fails = "duties are not kept current"

    def work(self) -> bool:
        """One round; whether it changed anything."""
        return self.once().anything

    def once(self) -> Followed:
        """One round."""
        with transaction.atomic(), cursor() as run:
            return follow(run, clock=self.clock)


class Messenger(Rounds):
    """Makes the digest of each day and delivers to webhooks, beside the follower; several may run."""

    log = log
    fails = "digests are not made or delivered"
    interval_s: ClassVar[float] = 5.0

    def work(self) -> bool:
        """Today's digests, if they are not made yet, and one delivery; whether there was anything to do."""
        with transaction.atomic(), cursor() as run:
            made = notify(run, self.clock)
        with transaction.atomic(), cursor() as run:
            return deliver_next(run, self.clock) or bool(made)
