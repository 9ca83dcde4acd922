"""The error of this room: a proof, note, tile or document that is not what it should be."""

from suyuan.kernel import SuyuanError
from suyuan.kernel.findings import Value

LONGEST_TEXT = 120


class TlogError(SuyuanError):
    """Something is malformed or does not verify; `code` says what, `data` where.

    Texts in `data` come from outside: they are cut, and what is no Unicode in them is replaced, so that
    every error can be stored and shown.
    """

    def __init__(self, code: str, **data: Value) -> None:
        super().__init__(code, **{name: _showable(value) for name, value in data.items()})


def _showable(value: Value) -> Value:
    if isinstance(value, str):
        return value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    return [str(_showable(part)) for part in value] if isinstance(value, list) else value
