"""Who changed what, and when: one line for every write that a person made."""

import json
from collections.abc import Mapping
from datetime import datetime

from suyuan.kernel.findings import Value
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope

_INSERT = """
INSERT INTO accounts_deed (at, person, act, subject, data, level, division, company, site)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def note_deed(
    person: int | None, scope: Scope, act: str, subject: str, at: datetime, data: Mapping[str, Value] | None = None
) -> None:
    """Write down that somebody did something, acting for `scope`; in the transaction of what was done."""
    told = json.dumps(dict(data or {}), ensure_ascii=False)
    with cursor() as run:
        run.execute(
            _INSERT,
            [at, person, act, subject, told, scope.level.value, scope.division, scope.company, scope.site],
        )
