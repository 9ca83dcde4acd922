"""Every evidence query by name, over everything or narrowed to what some records touched."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from suyuan.server.supervision.queries.evidence.groups import GROUPS
from suyuan.server.supervision.queries.evidence.objects import OBJECTS
from suyuan.server.supervision.queries.evidence.records import RECORDS

EVIDENCE: Mapping[str, str] = MappingProxyType({**RECORDS, **OBJECTS, **GROUPS})

_HERE = re.compile(r"\{here (\w)\}")
_OF = re.compile(r"\{(company|site) (\w\.\w+)\}")


class About(StrEnum):
    """What decides whether evidence stands: the records of one object, of a company, of a site, or all there are."""

    OBJECT = "object"
    COMPANY = "company"
    SITE = "site"
    EVERYTHING = "everything"


def asked(name: str) -> str:
    """The query over the whole ledger."""
    return _uniform(name, _OF.sub("TRUE", _HERE.sub("TRUE", EVIDENCE[name])))


def narrowed(name: str) -> str:
    """The query for the objects in `supervision_touched`, the companies and sites in the tables beside it."""
    here = r"(\1.lot, \1.serial) IN (SELECT h.lot, h.serial FROM supervision_touched h)"
    of = r"\2 IN (SELECT h.number FROM supervision_touched_\1 h)"
    return _uniform(name, _OF.sub(of, _HERE.sub(here, EVIDENCE[name])))


def about(name: str) -> About:
    """What a query can be narrowed to."""
    query = EVIDENCE[name]
    if _HERE.search(query):
        return About.OBJECT
    found = _OF.search(query)
    return About(found[1]) if found else About.EVERYTHING


def _uniform(name: str, query: str) -> str:
    """With the columns that all queries share."""
    if name in GROUPS:
        return query
    return (
        "SELECT q.key, q.company, q.party, q.site, NULL::text AS division, NULL::jsonb AS figures, q.lot, q.serial,"  # noqa: S608
        f" q.record FROM ({query}) AS q"
    )
