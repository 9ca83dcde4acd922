"""Texts that people write, before they are kept."""

from typing import Final

from suyuan.server.kit.problems import Refusal
from suyuan.sheets.unstorable import is_storable

LONGEST: Final = 10_000


def check_text(field: str, text: str, longest: int = LONGEST) -> None:
    """Refuse a text that is too long or cannot be stored: raises `Refusal` (``cases.text_wrong``)."""
    if len(text) > longest or not is_storable(text):
        raise Refusal("cases.text_wrong", field=field, longest=longest)
