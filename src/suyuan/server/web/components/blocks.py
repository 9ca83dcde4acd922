"""Small parts: a receipt, what is withheld, a number explained, reasons, a job on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from suyuan.kernel.findings import Value


@dataclass(frozen=True, slots=True)
class ReceiptBlock:
    """A receipt: what was received when, and by what anybody can check it.

    `qr` is a data address of a picture that leads to ``/verify``; `pdf` the one-page paper.
    """

    number: str
    received_at: datetime
    counts: Sequence[tuple[str, int]]
    rules: str
    file_sha256: str
    chain: str = ""
    qr: str = ""
    pdf: str = ""
    verify: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Facts that this reader may not see, and which were not sent: how many, who may, where to ask."""

    count: int
    who: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure that opens: its definition, formula, moment and source, and the rows behind it.

    `definition`, `formula` and `source` are codes or plain text; `kind` is that of a table's column.
    """

    text: str
    value: float | None
    kind: str
    definition: str
    formula: str = ""
    as_of: datetime | None = None
    source: str = ""
    rows: str = ""
    unit: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that can be chosen: its code and the code of its words."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A job on its way.

    Parameters
    ----------
    address
        Of this part alone; it is asked again every second until the job has ended.
    step
        Code of what it does now.
    done, total
        How far it is; total None while that is unknown.
    state
        ``running``, ``done``, ``failed`` or ``cancelled``.
    started_at, now
        For the time that is left.
    cancel, result
        Addresses; empty where there is none (any more).
    error
        The number under which the log has what went wrong.
    """

    address: str
    step: str
    done: int
    total: int | None
    state: str
    started_at: datetime
    now: datetime
    cancel: str = ""
    result: str = ""
    error: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.state == "running"

    @property
    def ratio(self) -> float:
        """How much is done, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def remaining_s(self) -> int | None:
        """Seconds that are left if it goes on like this; None while that cannot be said."""
        if not self.total or not self.done or not self.running:
            return None
        spent = (self.now - self.started_at).total_seconds()
        return max(round(spent / self.done * (self.total - self.done)), 1)
