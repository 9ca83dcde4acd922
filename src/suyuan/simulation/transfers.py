"""How batteries go from one company to another: told by both sides, under one note."""

import numpy as np
import polars as pl

from suyuan.simulation.story import Story
from suyuan.simulation.texts import Ints, numbered


def transfer(  # noqa: PLR0913, PLR0917  who gives what to whom, when, under which note
    story: Story, rng: np.random.Generator, codes: pl.Series, sender: Ints, receiver: Ints, left: Ints, note: str
) -> None:
    """From stock to stock: `codes[i]` leave `sender[i]` on the day `left[i]` and arrive within three days.

    `note` begins the number of the hand-over notes.
    """
    world = story.world
    notes = numbered(note, np.arange(len(codes)))
    story.tell("transferred_out", left, sender, code=codes, document_no=notes, **world.party(receiver))
    story.tell(
        "transferred_in",
        left + rng.integers(1, 4, len(codes)),
        receiver,
        code=codes,
        from_company=world.codes_of(sender),
        document_no=notes,
        site=world.sites_of(receiver),
    )
