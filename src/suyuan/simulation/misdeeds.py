"""Outlets that store more than they may: part of what is true, as leaks are, and noted with them."""

import numpy as np
import polars as pl

from suyuan.simulation.ending import Leaks, old_packs
from suyuan.simulation.story import Story
from suyuan.simulation.texts import numbered

LOAD_KG = 6_500.0
"""What is brought to an outlet that stores too much: more than the five tonnes of docs/regulation.md, section 6."""
_STAY_DAYS = 60


def tell_overfull(story: Story, leaks: Leaks) -> None:
    """At the beginning of the window some outlets take in a load of old packs, and keep them for two months."""
    rng = np.random.default_rng([story.plan.seed, 10])
    world = story.world
    outlets = np.array([one.index for one in world.of_role("outlet_operator")])
    chosen = outlets[rng.random(len(outlets)) < story.plan.errors.overfull]
    if not len(chosen):
        return
    shape = int(rng.integers(0, len(world.designs)))
    packs = int(np.ceil(LOAD_KG / world.designs[shape].mass_kg))
    outlet = np.repeat(chosen, packs)
    n = len(outlet)
    code = old_packs(world, np.full(n, world.designs[shape].index), 1)
    day = np.full(n, story.first_day + 6)
    mass = pl.repeat(world.designs[shape].mass_kg, n, dtype=pl.Float64, eager=True)
    site = world.sites_of(outlet)
    brought = numbered("模拟用户", np.arange(n))
    story.tell("outlet_received", day, outlet, code=code, site=site, from_name=brought, mass_kg=mass)
    utiliser = world.some("utiliser", rng.random(n))
    to, left = world.party(utiliser), day + _STAY_DAYS
    story.tell("outlet_handed_over", left, outlet, code=code, mass_kg=mass, **to)
    whence, where = world.codes_of(outlet), world.sites_of(utiliser)
    story.tell("utiliser_received", left + 2, utiliser, code=code, from_company=whence, mass_kg=mass, site=where)
    leaks.note(
        "overfull", world.sites_of(chosen), code.gather(np.arange(len(chosen)) * packs), day[: len(chosen)], chosen
    )
