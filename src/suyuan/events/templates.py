"""The sheet of every kind of event, made from the vocabulary: headings, notes, allowed values, an example row."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from suyuan.events.checks.fields import TEXT_LIMIT, shown_range
from suyuan.events.checks.shapes import shape_of
from suyuan.events.vocabulary import Field, FieldType, Kind, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.sheets import Column, Template

_EXAMPLE_CODES = MappingProxyType(
    {
        "P": "04FPE03EQBA5918B61100019",
        "M": "04QMB76836300JBC40000057",
        "C": "04QCB76836300JBC40000903",
    }
)
_EXAMPLE_OTHER_CODES = MappingProxyType(
    {
        "P": "04FPE03EQBA5918B61100020",
        "M": "04QMB76836300JBC40000058",
        "C": "04QCB76836300JBC40000904",
    }
)
_EXAMPLE_PRODUCT = "04QMB76FCF0000012RM"

_EXAMPLES: Mapping[FieldType, str] = MappingProxyType(
    {
        FieldType.VIN: "LGWEEUA59JE003435",
        FieldType.COMPANY: "91350900587527783P",
        FieldType.BATCH: "LI2CO3-2026-0007",
        FieldType.SITE: "S001",
        FieldType.RECORD: "0190a1b2-3c4d-7e5f-8a6b-7c8d9e0f1a2b",
        FieldType.DIVISION: "350902",
        FieldType.DATE: "2026-03-15",
        FieldType.DATETIME: "2026-03-15 08:30:00",
    }
)

# Where the type alone would give an example that means nothing.
_EXAMPLES_BY_FIELD: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("correction", "field"): "produced_on",
        ("correction", "value"): "2026-03-16",
        ("correction", "reason"): "录入有误",
        ("withdrawal", "reason"): "录入有误",
        ("vehicle_scrapped", "chemistry"): "三元",
        ("treated", "material"): "锂",
        ("assessed", "soh"): "0.82",
        ("assessed", "residual_capacity_ah"): "98.4",
        ("assessed", "residual_energy_wh"): "34400",
        ("product_made", "voltage_v"): "48",
        ("product_made", "energy_kwh"): "4.8",
        # One source is either coded or not; a battery that is missing has no code.
        ("product_made", "source_company"): "",
        ("product_made", "source_count"): "",
        ("treated", "uncoded_mass_kg"): "",
        ("vehicle_scrapped", "missing_reason"): "",
    }
)
_EXAMPLE_NUMBER = "100"


def example(kind: Kind, field: Field) -> str:
    """The text of `field` in the example row; empty where the row leaves it blank."""
    if (kind.name, field.name) in _EXAMPLES_BY_FIELD:
        return _EXAMPLES_BY_FIELD[kind.name, field.name]
    if field.type is FieldType.BATTERY_CODE:
        return _example_code(kind, field)
    if field.type in (FieldType.NUMBER, FieldType.INTEGER):
        return _EXAMPLE_NUMBER
    if field.type is FieldType.CHOICE:
        return next(iter(field.choices.values())).zh
    if field.type is FieldType.TEXT:
        return _example_text(field)
    return _EXAMPLES[field.type]


def _example_code(kind: Kind, field: Field) -> str:
    if field.name == "product_code":
        return _EXAMPLE_PRODUCT
    if field.name == "new_code":
        return _EXAMPLE_OTHER_CODES[field.levels[0]]
    # A part is one level below what it is in: the lowest level that is allowed.
    part = field.name in shape_of(kind).listed
    return _EXAMPLE_CODES[field.levels[-1] if part else field.levels[0]] if field.levels else _EXAMPLE_CODES["M"]


def _example_text(field: Field) -> str:
    """Numbers of documents look like numbers; other texts and all personal fields stay blank."""
    if field.personal:
        return ""
    if field.name.endswith(("_no", "_id")):
        return "A2026-0001"
    return "A1" if field.required or field.name.endswith("model") else ""


def _note(field: Field, *, of_record: bool) -> tuple[str, str]:
    """The remark on a field, in Chinese and English."""
    remarks: list[tuple[str, Mapping[str, Value]]] = []
    match field.type:
        case FieldType.NUMBER | FieldType.INTEGER:
            remarks.append((f"events.note_{field.type.value}", {"range": shown_range(field)}))
        case FieldType.BATTERY_CODE:
            remarks.append(("events.note_battery_code", {"levels": list(field.levels or "PMC")}))
        case FieldType.TEXT | FieldType.BATCH:
            remarks.append((f"events.note_{field.type.value}", {"limit": TEXT_LIMIT}))
        case _:
            remarks.append((f"events.note_{field.type.value}", {}))
    if of_record:
        remarks.append(("events.note_of_record", {}))
    if field.personal:
        remarks.append(("events.note_personal", {}))
    zh, en = ([sentence(code, data, language) for code, data in remarks] for language in (Language.ZH, Language.EN))
    return "".join(zh), " ".join(en)


def _column(kind: Kind, field: Field) -> Column:
    spans_rows = bool(shape_of(kind).listed)
    return Column(
        name=field.name,
        zh=field.label.zh,
        en=field.label.en,
        type=field.type.value,
        required=field.required,
        choices=MappingProxyType({key: (label.zh, label.en) for key, label in field.choices.items()}),
        aliases=() if field.wire is None or field.wire == field.name else (field.wire,),
        example=example(kind, field),
        note=_note(field, of_record=spans_rows and field.name not in shape_of(kind).listed),
        unit=field.unit,
        # What a correction sets right may be a name, too; which field it is stands in another column.
        private=field.personal or (kind.about_record and field.name == "value"),
    )


def template(kind: Kind) -> Template:
    """The sheet in which records of `kind` are reported.

    >>> template(vocabulary().kinds["pack_produced"]).names[:4]
    ('pack_code', 'produced_on', 'module_code', 'cell_code')
    """
    return Template(
        kind=kind.name,
        version=vocabulary().version,
        zh=kind.label.zh,
        en=kind.label.en,
        columns=tuple(_column(kind, field) for field in kind.fields.values()),
        record=kind.record,
        nesting=shape_of(kind).nests,
    )


@cache
def all_templates() -> tuple[Template, ...]:
    """The sheets of all kinds, in the order of the vocabulary."""
    return tuple(template(kind) for kind in vocabulary().kinds.values())
