"""What this room refuses, as a code and its data."""

from suyuan.kernel import SuyuanError
from suyuan.kernel.findings import Value


class RulesError(SuyuanError):
    """Something asked of the law or the calendar that has no answer."""


class LawRefused(RulesError):
    """A file of law, calendar or draft that cannot be taken; `file` and `line` (from 1) say where."""

    def __init__(self, code: str, file: str, line: int, **data: Value) -> None:
        super().__init__(code, file=file, line=line, **data)
        self.file = file
        self.line = line
