"""A client for the HTTP API: no Django, no database, only httpx.

>>> from suyuan.client import Client
>>> client = Client("http://127.0.0.1:8000", key="sy_…")  # or Client.from_env()
"""

from suyuan.client.client import Client
from suyuan.client.errors import (
    ClientError,
    Conflict,
    Forbidden,
    NotFound,
    Rejected,
    Unavailable,
    Unexpected,
)
from suyuan.client.files import Kept
from suyuan.client.submissions import Submission

__all__ = [
    "Client",
    "ClientError",
    "Conflict",
    "Forbidden",
    "Kept",
    "NotFound",
    "Rejected",
    "Submission",
    "Unavailable",
    "Unexpected",
]
