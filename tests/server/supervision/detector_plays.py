"""What is reported so that a detector fires, and the twins that must not: sums, stock, codes, chemistry, vehicles."""

from collections.abc import Callable
from datetime import date, timedelta

from tests.server.cast import Cast
from tests.server.ledger.acting import MATERIAL, VIN, cell, module, pack, pack_rows
from tests.server.supervision.watching import Watched, executed, received

Play = Callable[[Cast, Watched], object]
MADE = date(2026, 4, 2)
LATER = date(2026, 2, 9)


def made(w: Watched, c: Cast, number: int = 1, on: date = MADE) -> str:
    """A pack in the maker's hands."""
    tree = {module(number): [cell(2 * number), cell(2 * number + 1)]}
    w.report("pack_produced", c.maker, pack_rows(pack(number), tree, on), [0, 0])
    return pack(number)


def given(w: Watched, c: Cast, code: str, day: date = date(2026, 9, 1)) -> str:
    """The maker hands a battery to the utiliser."""
    out = {"code": code, "handed_over_on": day, "party": c.utiliser.code, "party_no": c.utiliser.number}
    w.report("transferred_out", c.maker, [out])
    return code


def taken(w: Watched, c: Cast, code: str, day: date = date(2026, 9, 9)) -> object:
    return w.report("utiliser_received", c.utiliser, [received(code, day)])


def built(w: Watched, c: Cast, number: int = 1, on: date = date(2026, 4, 20)) -> str:
    """A pack bound to the vehicle."""
    code = made(w, c, number)
    w.report("stocked", c.maker, [{"code": code, "stocked_on": date(2026, 4, 3)}])
    w.report(
        "vehicle_produced", c.carmaker, [{"vin": VIN, "pack_code": code, "produced_on": on, "vehicle_model": "X1"}]
    )
    return code


def replaced(w: Watched, c: Cast, old: int, new: int, day: date) -> object:
    """A repairer puts a pack of the after-sales stock in the place of another."""
    made(w, c, new)
    w.report("after_sales_stocked", c.maker, [{"code": pack(new), "stocked_on": date(2026, 4, 5)}])
    row = {"vin": VIN, "old_code": pack(old), "new_code": pack(new), "replaced_on": day}
    return w.report("replaced", c.repairer, [row])


def repaired(w: Watched, c: Cast, times: int) -> None:
    built(w, c)
    for number in range(1, times + 1):
        replaced(w, c, number, number + 1, date(2026, 5, number))


def scrapped(w: Watched, c: Cast, day: date = date(2026, 7, 1), **more: object) -> object:
    return w.report("vehicle_scrapped", c.dismantler, [{"vin": VIN, "scrapped_on": day, **more}])


def taken_out(w: Watched, c: Cast, day: date) -> None:
    """A repairer takes the pack out, and the vehicle is scrapped without one."""
    row = {"code": built(w, c), "vin": VIN, "removed_on": day}
    w.report("battery_removed", c.repairer, [row])
    scrapped(w, c, date(2026, 9, 1), missing_reason="removed_before")


def delivered_for(w: Watched, c: Cast, note: str, day: date = date(2026, 6, 1)) -> None:
    row = {"product_code": made(w, c, on=date(2026, 1, 5)), "delivered_on": day}
    w.report("product_delivered", c.utiliser, [{**row, "application_field": "other", "field_note": note}])


def treated(w: Watched, c: Cast, lithium_kg: float, source: str | None = None, **more: object) -> None:
    row = {"treatment_no": "T1", "treated_on": date(2026, 10, 1), "source_code": source, "material_batch": MATERIAL}
    w.report("treated", c.utiliser, [{**row, "material": "lithium", "mass_kg": lithium_kg, **more}])


def delivered_material(w: Watched, c: Cast, made_kg: float, delivered_kg: float) -> None:
    treated(w, c, made_kg)
    row = {"material_batch": MATERIAL, "delivered_on": date(2026, 10, 9), "mass_kg": delivered_kg}
    w.report("material_delivered", c.utiliser, [row])


def recovered(w: Watched, c: Cast, lithium_kg: float, *, filed: bool = True, number: int = 1, **more: object) -> None:
    """A pack of 400 kg with filed 4 kg of lithium is treated."""
    if filed:
        details = '{"composition": {"lithium": 0.01}}'
        executed("UPDATE registry_code_filing SET mass_kg = 400, details = %s::jsonb WHERE level = 'P'", [details])
    taken(w, c, given(w, c, made(w, c, number)))
    treated(w, c, lithium_kg, pack(number), **more)


def stored(w: Watched, c: Cast, packs: int, site: str = "O1", day: date = date(2026, 2, 1), first: int = 1) -> object:
    """Packs of 400 kg come to an outlet."""
    at = {"received_on": day, "site": site, "site_no": c.collector.sites[site], "mass_kg": 400.0}
    return w.report("outlet_received", c.collector, [{"code": pack(first + n), **at} for n in range(packs)])


def passed_on(w: Watched, c: Cast, packs: int, day: date) -> object:
    to = {"handed_over_on": day, "party": c.utiliser.code, "party_no": c.utiliser.number}
    return w.report("outlet_handed_over", c.collector, [{"code": pack(n + 1), **to} for n in range(packs)])


def sold(w: Watched, c: Cast, vehicles: int, removed: int, years: int = 8) -> None:
    """Vehicles sold in Zhejiang years ago, and packs that were removed there this summer."""
    day = date(2026, 11, 22) - timedelta(days=round(365.25 * years))
    rows = [{"vin": f"LSUYUAN{n:010d}", "sold_on": day, "division": "330100"} for n in range(vehicles)]
    w.report("vehicle_sold", c.carmaker, rows)
    if removed:
        out = [{"code": pack(500 + n), "removed_on": date(2026, 7, 1)} for n in range(removed)]
        w.report("battery_removed", c.dismantler, out)


def brought(w: Watched, c: Cast, code: str, by: str = "dismantler") -> object:
    """A dismantler removes a pack; an outlet receives a code from him, or from another."""
    w.report("battery_removed", c.dismantler, [{"code": built(w, c), "vin": VIN, "removed_on": date(2026, 6, 1)}])
    at = {"received_on": date(2026, 6, 9), "site": "O2", "site_no": c.collector.sites["O2"]}
    return w.report("outlet_received", c.collector, [{"code": code, "from_company": getattr(c, by).code, **at}])


def other_letter(w: Watched, c: Cast, letter: str) -> None:
    """A pack of letter B with a module of another, or the same."""
    part = module(1)
    w.report("pack_produced", c.maker, pack_rows(pack(1), {part[:4] + letter + part[5:]: [cell(1)]}, MADE), [0])


FIRES: dict[str, Play] = {
    "destination.prohibited_use": lambda c, w: delivered_for(w, c, "用于电动自行车换电"),
    "vehicle.too_many_packs": lambda c, w: repaired(w, c, 4),
    "scrap.pack_changed": lambda c, w: [built(w, c), scrapped(w, c, pack_code=made(w, c, 2))],
    "chemistry.differs": lambda c, w: scrapped(w, c, pack_code=built(w, c), chemistry="E"),
    "code.near_duplicate": lambda c, w: [given(w, c, made(w, c)), taken(w, c, pack(9))],
    "material.more_than_made": lambda c, w: delivered_material(w, c, 100.0, 103.0),
    "recycler.mass_balance": lambda c, w: recovered(w, c, 3.0),
    "outlet.over_limit": lambda c, w: stored(w, c, 13),
    "retirement.below_expected": lambda c, w: sold(w, c, 160, 11),
}
ALSO_FIRES: list[tuple[str, Play]] = [
    ("vehicle.too_many_packs", lambda c, w: [built(w, c), built(w, c, 2, date(2026, 4, 25))]),
    ("scrap.pack_changed", lambda c, w: taken_out(w, c, date(2026, 6, 3))),
    ("chemistry.differs", lambda c, w: other_letter(w, c, "E")),
    ("code.near_duplicate", lambda c, w: [given(w, c, made(w, c)), taken(w, c, pack(1)[:-2] + "O1")]),
    ("code.near_duplicate", lambda c, w: brought(w, c, pack(9))),
    ("recycler.mass_balance", lambda c, w: recovered(w, c, 4.2)),
    (
        "outlet.over_limit",  # full on the last day of the limit, whatever went later
        lambda c, w: [stored(w, c, 13, day=date(2026, 3, 31)), passed_on(w, c, 10, date(2026, 4, 2))],
    ),
]
TWINS: dict[str, list[Play]] = {
    "destination.prohibited_use": [
        lambda c, w: delivered_for(w, c, "用于机房备电"),
        lambda c, w: delivered_for(w, c, "用于电动自行车换电", date(2026, 3, 31)),  # the day before the rule
    ],
    "vehicle.too_many_packs": [
        lambda c, w: repaired(w, c, 3),
        lambda c, w: [built(w, c), built(w, c, 2)],  # built with two
    ],
    "scrap.pack_changed": [
        lambda c, w: scrapped(w, c, pack_code=built(w, c)),
        lambda c, w: [built(w, c), replaced(w, c, 1, 2, date(2026, 5, 1)), scrapped(w, c, pack_code=pack(2))],
        lambda c, w: taken_out(w, c, date(2026, 6, 2)),  # ninety-one days before
    ],
    "chemistry.differs": [
        lambda c, w: scrapped(w, c, pack_code=built(w, c), chemistry="B"),
        lambda c, w: other_letter(w, c, "B"),
    ],
    "code.near_duplicate": [
        lambda c, w: [given(w, c, made(w, c)), made(w, c, 9), taken(w, c, pack(9))],  # both were made
        lambda c, w: [given(w, c, made(w, c)), taken(w, c, pack(19))],  # two characters
        lambda c, w: [given(w, c, made(w, c)), taken(w, c, pack(1))],
        lambda c, w: brought(w, c, pack(9), by="repairer"),
        lambda c, w: brought(w, c, pack(1)),
    ],
    "material.more_than_made": [lambda c, w: delivered_material(w, c, 100.0, 101.9)],
    "recycler.mass_balance": [
        lambda c, w: recovered(w, c, 3.6),
        lambda c, w: recovered(w, c, 3.0, filed=False),
        lambda c, w: recovered(w, c, 9.0, uncoded_mass_kg=500.0),
    ],
    "outlet.over_limit": [
        lambda c, w: stored(w, c, 12),
        lambda c, w: stored(w, c, 13, "O2"),  # a central outlet
        lambda c, w: stored(w, c, 13, day=date(2026, 4, 1)),  # the limit has ended
        lambda c, w: [stored(w, c, 7), passed_on(w, c, 7, LATER), stored(w, c, 7, day=LATER, first=50)],
    ],
    "retirement.below_expected": [
        lambda c, w: sold(w, c, 160, 12),
        lambda c, w: sold(w, c, 130, 0),  # fewer than twenty are expected
        lambda c, w: sold(w, c, 160, 0, years=1),
    ],
}  # fmt: skip
