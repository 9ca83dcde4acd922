"""What objects are: packs, modules, cells, products, batches of material, vehicles.

A battery is a product if a valid record made it as one, whatever its code looks like; codes of products
and of others have the same forms. Else position 4 of its code says what it is.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import psycopg

from suyuan.codes.keys import OF_COMPANY
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.entries import PRODUCT_MADE, Entry, valid
from suyuan.server.ledger.queries.valid import VALID

LEVELS = {"P": "pack", "M": "module", "C": "cell"}
BATTERY = (12, 17, 19, 24, 26)
"""Characters of a lot of batteries, or of a code that is its own lot."""

_PRODUCTS = f"""
SELECT DISTINCT e.lot, e.serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.kind = {PRODUCT_MADE} AND e.slot = 0 AND {VALID}
"""  # noqa: S608  constants


@lru_cache(maxsize=1 << 14)
def kind_of_lot(lot: str) -> str:
    """What the batteries of a lot are that were not made as products, or that a lot is material."""
    return LEVELS.get(lot[3], "material") if len(lot) in BATTERY and OF_COMPANY not in lot else "material"


def kind_of(key: Key, products: Collection[Key] = ()) -> str:
    """What a battery or a batch of material is, `products` being those made as such."""
    return "product" if key in products else kind_of_lot(key[0])


def objects_of(rows: Iterable[Entry]) -> set[str]:
    """What the records of one object take it for: battery, vehicle or material."""
    return {entry.kind.slots[entry.slot].object for entry in rows if entry.touches}


def kind_of_rows(key: Key, rows: Sequence[Entry]) -> str:
    """What an object with these records is: they know it better than a code that may look like another."""
    objects = objects_of(rows)
    if "vehicle" in objects:
        return "vehicle"
    if objects == {"material"}:
        return "material"
    return kind_of(key, (key,) if is_product(rows) else ())


def is_product(rows: Sequence[Entry]) -> bool:
    """Whether an object with these records was made as a product."""
    makings = {entry.id for entry in rows if entry.kind.no == PRODUCT_MADE and entry.slot == 0}
    return bool(makings) and any(entry.id in makings for entry in valid(rows))


def products_among(run: psycopg.Cursor[Row], keys: Collection[Key]) -> set[Key]:
    """Those of `keys` that were made as products."""
    return set(run.execute(_PRODUCTS, columns(sorted(keys))).fetchall()) if keys else set()
