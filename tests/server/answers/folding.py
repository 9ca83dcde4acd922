"""Lives of packs for the tests of answers, and the folds that follow from them."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction

from suyuan.server.answers.services import Followed, Report, follow, rebuild
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from tests.server.cast import NOW, Cast
from tests.server.ledger.acting import VIN, cell, module, pack
from tests.server.supervision.watching import Watched, executed, following

TODAY = NOW.date()
CLOCK = FixedClock(NOW)


@dataclass
class Folded:
    """A cast that reports lives of packs, and the worker behind it."""

    cast: Cast
    watched: Watched = field(default_factory=Watched)

    def made(self, number: int, on: date) -> str:
        """A pack that the maker made."""
        row = {
            "pack_code": pack(number),
            "produced_on": on,
            "module_code": module(number),
            "cell_code": cell(number),
        }
        self.watched.report("pack_produced", self.cast.maker, [row])
        return pack(number)

    def installed(self, number: int, on: date, vin: str = VIN, *, sold_in: str | None = None) -> str:
        """A pack in a vehicle, which was sold the day after if `sold_in` names a division."""
        code = self.made(number, on - timedelta(days=3))
        row = {"vin": vin, "pack_code": code, "produced_on": on}
        self.watched.report("vehicle_produced", self.cast.carmaker, [row])
        if sold_in is not None:
            row = {"vin": vin, "sold_on": on + timedelta(days=1), "division": sold_in}
            self.watched.report("vehicle_sold", self.cast.carmaker, [row])
        return code

    def removed(self, code: str, on: date, vin: str = VIN) -> None:
        """Taken out of its vehicle by the dismantler."""
        row = {"code": code, "vin": vin, "removed_on": on}
        self.watched.report("battery_removed", self.cast.dismantler, [row])

    def handed(self, code: str, on: date) -> None:
        """Handed by the dismantler to the utiliser."""
        party = {"party": self.cast.utiliser.code, "party_no": self.cast.utiliser.number}
        self.watched.report("transferred_out", self.cast.dismantler, [{"code": code, "handed_over_on": on, **party}])

    def utilised(self, code: str, on: date) -> None:
        """Received by the utiliser."""
        self.watched.report("utiliser_received", self.cast.utiliser, [{"code": code, "received_on": on}])

    def fold(self) -> Followed:
        """Rounds of both workers."""
        following(CLOCK)
        with transaction.atomic(), cursor() as run:
            return follow(run, CLOCK)


def rebuilt(*, check: bool = True) -> Report:
    """Everything folded anew, or compared."""
    with transaction.atomic(), cursor() as run:
        return rebuild(run, check=check, clock=CLOCK)


def stays(code: str) -> list[tuple[object, ...]]:
    """(stage, from, until, division, came from) of a pack, in order."""
    from suyuan.codes.keys import split_code

    return executed(
        "SELECT stage, from_on, until_on, division, came_stage, reason FROM answers_stay"
        " WHERE lot = %s AND serial = %s ORDER BY place",
        list(split_code(code)),
    )
