"""Locks on batteries, so that two submissions never both claim one.

Cells have no row that could be locked. A small submission shares the *stripes* of its lots and locks
each battery alone; a large one locks its stripes whole. Both take them in the order of their numbers,
stripes first, so that no two submissions can wait for each other. Vehicles and materials have rows,
and unique keys, of their own. All locks end with the transaction.
"""

from hashlib import blake2b

import numpy as np
import psycopg

from suyuan.events.containment import Ints, Keys
from suyuan.server.kit.connection import Row

SMALL = 512  # batteries that are locked one by one
STRIPES = 1024  # bounds the server's lock table whatever the number of lots
_SPACE = 7719  # our part of the two-number lock space

_SHARED = "SELECT pg_advisory_xact_lock_shared(%s, k) FROM unnest(%s::integer[]) AS k"
_WHOLE = "SELECT pg_advisory_xact_lock(%s, k) FROM unnest(%s::integer[]) AS k"
_SINGLE = "SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) AS k"


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def lock_batteries(run: psycopg.Cursor[Row], batteries: Keys) -> None:
    """Lock every battery in `batteries` until the transaction ends; waits for whoever holds one.

    Who has none shares a stripe all the same, so that `lock_everything` keeps him out.
    """
    if not len(batteries):
        run.execute(_SHARED, [_SPACE, [0]])
        return
    present = np.flatnonzero(np.bincount(batteries.lot)).tolist()
    hashes = {lot: _hash(batteries.lots[lot]) for lot in present}
    stripes = sorted({value % STRIPES for value in hashes.values()})
    if len(batteries) > SMALL:
        run.execute(_WHOLE, [_SPACE, stripes])
        return
    run.execute(_SHARED, [_SPACE, stripes])
    run.execute(_SINGLE, [_single_keys(batteries, hashes).tolist()])


def lock_everything(run: psycopg.Cursor[Row]) -> None:
    """Keep every other writer out until the transaction ends."""
    run.execute(_WHOLE, [_SPACE, list(range(STRIPES))])


def _single_keys(batteries: Keys, hashes: dict[int, int]) -> Ints:
    lots, place = np.unique(batteries.lot, return_inverse=True)
    of_lot = np.array([hashes[int(lot)] for lot in lots], np.int64)[place]
    mixed = of_lot ^ (batteries.serial * np.int64(0x9E3779B97F4A7C15 - (1 << 64)))
    return np.unique(mixed)
