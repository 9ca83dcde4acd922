"""What a battery was made of and what became of its parts, as an outline that opens and closes without a script.

Three levels are sent at once; what lies deeper is fetched when its branch is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DEPTH: Final = 3


@dataclass(frozen=True, slots=True)
class Kin:
    """One object in the tree.

    Parameters
    ----------
    text
        Code of what it is (cell, module, pack, vehicle, product, batch), or plain text.
    code
        Its code.
    address
        Its page, if the reader may see it.
    note
        More about it: since when, how many.
    parts
        What hangs below it.
    more
        Address that answers with the list of the parts below, where they were not sent along.
    itself
        Whether the page is about this one.
    """

    text: str
    code: str
    address: str = ""
    note: str = ""
    parts: Sequence["Kin"] = ()
    more: str = ""
    itself: bool = False
