"""Duties of a company, put where the worker would put them."""

from datetime import date, timedelta
from uuid import uuid4

from suyuan.codes.keys import split_code
from tests.server.api.face import pack_code
from tests.server.supervision.watching import executed

_RULE = """
INSERT INTO supervision_rule (version, duty, status)
VALUES ('utiliser.receipt@2026-04-01', 'utiliser.receipt', 'second_hand') ON CONFLICT DO NOTHING
"""
_DUTY = """
INSERT INTO supervision_duty (lot, serial, event, rule, company, started_on, due_on, official, fulfilled_on, void)
SELECT %s, %s, %s, number, %s, %s, %s, true, %s, false FROM supervision_rule WHERE duty = 'utiliser.receipt'
"""


def owed(company: int, due: date, serial: int = 1, done: date | None = None, record: str = "") -> str:
    """One duty of the company with this last day; the id of the record that it is said to have arisen from."""
    record = record or str(uuid4())
    executed(_RULE)
    executed(_DUTY, [*split_code(pack_code(serial)), record, company, due - timedelta(days=10), due, done])
    return record
