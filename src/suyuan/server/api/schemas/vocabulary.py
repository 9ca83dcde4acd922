"""Kinds, templates, stages and roles."""

from ninja import Schema

from suyuan.server.api.schemas.common import Label


class TemplateOut(Schema):
    """A kind of record that can be reported, and the columns of its sheet."""

    kind: str
    label: Label
    reporters: list[str]
    columns: list[str]
    required: list[str]


class TemplatesOut(Schema):
    """All kinds."""

    version: str
    items: list[TemplateOut]


class FieldOut(Schema):
    """One field of a record."""

    name: str
    label: Label
    type: str
    unit: str | None
    required: bool
    levels: str
    minimum: float | None
    maximum: float | None
    choices: dict[str, Label]
    wire: str | None
    personal: bool


class SlotOut(Schema):
    """An object that a record touches: what must be true of it before, and the stage it is in after."""

    name: str
    field: str
    object: str
    levels: str
    many: bool
    before: list[str]
    holder: str
    vehicle: str
    stage: str | None


class KindOut(Schema):
    """A kind of record."""

    no: int
    name: str
    label: Label
    reporters: list[str]
    time: str
    record: list[str]
    slots: list[SlotOut]
    fields: list[FieldOut]


class StageOut(Schema):
    """A stage in the life of an object."""

    name: str
    no: int
    label: Label


class RoleOut(Schema):
    """A role of a company."""

    name: str
    label: Label


class VocabularyOut(Schema):
    """Every kind, stage and role of one version."""

    version: str
    kinds: list[KindOut]
    stages: list[StageOut]
    roles: list[RoleOut]
