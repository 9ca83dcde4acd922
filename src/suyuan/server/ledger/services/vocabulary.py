"""The reference table `effect`, written from the vocabulary."""

from suyuan.events.vocabulary import Slot, vocabulary
from suyuan.server.kit.connection import APP_ALIAS, cursor

COMPACT = frozenset({"cell_produced"})
"""Kinds whose objects get no row of their own: a year makes some 2.4 thousand million cells."""


def changes_state(kind: str, slot: Slot) -> bool:
    """Whether an event of `kind` gives the objects in `slot` a state row."""
    sets = slot.sets
    return kind not in COMPACT and any((sets.stage, sets.holder, sets.consignee, sets.site, sets.vehicle))


def write_effects(alias: str = APP_ALIAS) -> None:
    """Make `effect` say what the vocabulary says; safe to repeat."""
    words = vocabulary()
    rows = [
        (
            kind.no,
            number,
            words.stages[sets.stage] if sets.stage else None,
            sets.holder,
            sets.consignee,
            sets.site,
            sets.vehicle,
            sets.stage is not None and slot.before != {"unknown"},
        )
        for kind in words.kinds.values()
        for number, slot in enumerate(kind.slots)
        for sets in [slot.sets]
        if changes_state(kind.name, slot)
    ]
    with cursor(alias) as run:
        run.execute("DELETE FROM vocabulary_effect")
        run.executemany("INSERT INTO vocabulary_effect VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", rows)
