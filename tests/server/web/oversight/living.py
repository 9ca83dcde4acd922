"""A few batteries of this year for the pages of supervision: in use, collected, on the way, lost sight of."""

from datetime import date

from django.db import transaction

from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.services.facts import Fact, enter_fact
from tests.server.answers.folding import CLOCK, Folded
from tests.server.cast import Cast

YEAR = "2026"


def lived(cast: Cast) -> Folded:
    """Four packs: one in use in Guangdong; of three in Zhejiang one was received, one is on the way, one is lost.

    The carmaker owes two papers: one has been overdue since November, one is due in December.
    """
    folded = Folded(cast)
    folded.installed(1, date(2026, 2, 1), "LGWEEUA59JE003435", sold_in="440300")
    received = folded.installed(2, date(2026, 2, 1), "1M8GDM9AXKP042788", sold_in="330100")
    folded.removed(received, date(2026, 5, 1), "1M8GDM9AXKP042788")
    folded.handed(received, date(2026, 5, 3))
    folded.utilised(received, date(2026, 5, 9))
    lost = folded.installed(3, date(2026, 2, 1), "LSVAA2186E2100001", sold_in="330100")
    folded.removed(lost, date(2026, 6, 1), "LSVAA2186E2100001")
    folded.handed(lost, date(2026, 6, 3))
    away = folded.installed(4, date(2026, 2, 1), "LSVAA2183E2100005", sold_in="330100")
    folded.removed(away, date(2026, 11, 10), "LSVAA2183E2100005")
    with transaction.atomic(), cursor() as run:
        for day, model in ((date(2026, 5, 6), "m1"), (date(2026, 6, 1), "m2")):
            enter_fact(run, Fact(cast.carmaker.number, "model_certified", day, model), clock=CLOCK)
    folded.fold()
    return folded
