"""States, lives and trees."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import JsonValue

from suyuan.server.api.schemas.common import Count


class PlaceOut(Schema):
    """A site."""

    number: int
    code: str
    name: str


class StateOut(Schema):
    """What is true of a battery, vehicle or batch of material: stage, holder, place, and what it is inside of."""

    code: str
    kind: str
    state: str
    state_label: str
    holder: str | None
    holder_name: str | None
    consignee: str | None
    consignee_name: str | None
    in_transit: bool
    site: PlaceOut | None
    vehicle: str | None
    inside: list[str]


class TouchOut(Schema):
    """An object of a record."""

    slot: str
    code: str


class FoundOut(Schema):
    """A contradiction that was found when a record was accepted."""

    code: str
    data: dict[str, JsonValue]
    message: str


class EventOut(Schema):
    """One record of a life: when it happened, when it was reported and by whom."""

    id: str
    kind: str
    label: str
    occurred_at: str
    received_at: datetime
    reporter: str
    reporter_name: str
    party: str | None
    party_name: str | None
    site: PlaceOut | None
    vehicle: str | None
    through: str | None
    objects: list[TouchOut]
    body: dict[str, JsonValue]
    findings: list[FoundOut]
    status: Literal["valid", "corrected", "withdrawn"]
    replaced_by: str | None
    corrects: str | None


class LifeOut(StateOut):
    """A whole life."""

    derived_from: list[str]
    derived_into: list[str]
    events: list[EventOut]


class OutlineOut(Schema):
    """An object by code and kind."""

    code: str
    kind: str


class NodeOut(OutlineOut):
    """An object with its parts; cells are counted, and listed on demand."""

    children: list["NodeOut"]
    cells: Count


class TreeOut(NodeOut):
    """The parts of an object, and its containers, the nearest first."""

    ancestors: list[OutlineOut]
