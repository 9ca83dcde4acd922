"""Corrections and withdrawals that come in a file, like any other record."""

import numpy as np
import psycopg

from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services.judging import Judged
from suyuan.server.submissions.services.result import Counted


def amend(
    run: psycopg.Cursor[Row],
    judged: Judged,
    submission: Submission,
    rng: np.random.Generator,
    clock: Clock,
    *,
    dry: bool,
) -> Counted:
    """Apply the corrections or withdrawals of `judged`; each that cannot be done is refused with its reason."""
    raise NotImplementedError
