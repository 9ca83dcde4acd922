"""A finding: what is wrong or doubtful, as a code and its data, never as prose.

Refusing a record is an ordinary result of checking it. The sentence that a person reads is
made at the edge, by `suyuan.kernel.catalogue.sentence`, in Chinese or English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | list[str] | None


class Severity(StrEnum):
    """What a finding means for the record it was found in."""

    REFUSE = "refuse"  # the record is not accepted
    FINDING = "finding"  # the record is accepted, a supervisor sees the contradiction
    WARNING = "warning"  # the record is accepted, the submitter is told


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Parameters
    ----------
    code
        Stable identifier, `<room>.<name>`, for example ``codes.length``. It is a message id, too.
    data
        What the sentence needs: plain JSON values only.
    position
        Character position, counted from 1, where the finding has one.
    severity
        See `Severity`.
    """

    code: str
    data: Mapping[str, Value] = field(default_factory=dict)
    position: int | None = None
    severity: Severity = Severity.REFUSE


class SuyuanError(Exception):
    """An act that cannot be done, as a code and its data.

    Each room derives its exceptions from it; a face turns one into a sentence and an exit code
    or an HTTP status.
    """

    def __init__(self, code: str, **data: Value) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    @property
    def finding(self) -> Finding:
        """The same fact as a value."""
        return Finding(self.code, self.data)
