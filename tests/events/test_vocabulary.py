"""The table of kinds is whole and agrees with itself."""

import re

import pytest

from suyuan.events.vocabulary import FieldType, Kind, Parts, vocabulary
from suyuan.kernel import Language

TABLE = vocabulary()
KINDS = list(TABLE.kinds.values())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)

REQUIRED_KINDS = {
    "cell_produced", "module_produced", "pack_produced", "stocked", "vehicle_produced", "vehicle_certified",
    "vehicle_sold", "body_converted", "after_sales_stocked", "replaced", "swap_in", "swapped", "swap_out",
    "test_vehicle_scrapped", "vehicle_scrapped", "battery_removed", "retired", "outlet_received",
    "outlet_handed_over", "transferred_out", "transferred_in", "utiliser_received", "assessed", "product_made",
    "product_delivered", "dismantled", "treated", "material_delivered", "disposed", "exported", "imported",
    "lost", "found", "correction", "withdrawal",
}  # fmt: skip


def test_every_kind_that_is_asked_for_is_there() -> None:
    assert set(TABLE.kinds) >= REQUIRED_KINDS


def test_numbers_are_unique_and_lead_back() -> None:
    assert len({kind.no for kind in KINDS}) == len(KINDS)
    assert all(TABLE.by_number(kind.no) is kind for kind in KINDS)
    assert len(set(TABLE.stages.values())) == len(TABLE.stages)
    assert all(TABLE.stage_name(number) == name for name, number in TABLE.stages.items())
    with pytest.raises(StopIteration):
        TABLE.by_number(0)


@each_kind
def test_names_in_both_languages(kind: Kind) -> None:
    labels = [kind.label, *(field.label for field in kind.fields.values())]
    labels += [label for field in kind.fields.values() for label in field.choices.values()]
    for label in labels:
        assert label.in_language(Language.ZH)
        assert re.search("[a-zA-Z]", label.in_language(Language.EN))
    for side in ("zh", "en"):
        names = [getattr(field.label, side) for field in kind.fields.values()]
        assert len(names) == len(set(names))


@each_kind
def test_reporters_are_roles(kind: Kind) -> None:
    assert kind.reporters
    assert set(kind.reporters) <= set(TABLE.roles)


@each_kind
def test_the_time_is_a_required_field(kind: Kind) -> None:
    time = kind.fields[kind.time]
    assert time.required
    assert time.type in (FieldType.DATE, FieldType.DATETIME)


@each_kind
def test_the_key_of_a_record_has_a_required_field(kind: Kind) -> None:
    assert set(kind.record) <= set(kind.fields)
    assert any(kind.fields[name].required for name in kind.record)


@each_kind
def test_slots_are_about_fields_of_their_type(kind: Kind) -> None:
    types = {"battery": FieldType.BATTERY_CODE, "vehicle": FieldType.VIN, "material": FieldType.BATCH}
    for slot in kind.slots:
        field = kind.fields[slot.field]
        assert field.type is types[slot.object]
        assert bool(slot.levels) == (slot.object == "battery")
        assert set(field.levels) <= set("PMC")
        assert kind.slot(slot.name) is slot
    with pytest.raises(StopIteration):
        kind.slot("nothing of the kind")


@each_kind
def test_the_first_slot_is_always_filled(kind: Kind) -> None:
    assert kind.about_record or kind.fields[kind.main.field].required or kind.main.many


@each_kind
def test_slots_ask_for_and_set_what_exists(kind: Kind) -> None:
    for slot in kind.slots:
        assert slot.before
        assert slot.before <= set(TABLE.stages)
        assert slot.holder in ("reporter", "consignee", "any")
        assert slot.vehicle in ("this", "none", "any")
        assert slot.sets.stage is None or slot.sets.stage in TABLE.stages
        assert slot.sets.holder in (None, "reporter", "party", "nobody")
        assert slot.sets.consignee in (None, "party", "nobody")
        assert slot.sets.site in (None, "site", "nowhere")
        assert slot.sets.vehicle in (None, "this", "none")
        if "party" in (slot.sets.holder, slot.sets.consignee):
            assert kind.fields["party"].type is FieldType.COMPANY
        if "this" in (slot.vehicle, slot.sets.vehicle):
            assert any(other.object == "vehicle" for other in kind.slots)


@each_kind
def test_fields_say_what_their_type_needs(kind: Kind) -> None:
    for field in kind.fields.values():
        number = field.type in (FieldType.NUMBER, FieldType.INTEGER)
        assert number == (field.minimum is not None) == (field.maximum is not None)
        assert (field.type is FieldType.CHOICE) == bool(field.choices)
        assert field.unit is None or number
        if number:
            assert (field.minimum or 0.0) < (field.maximum or 0.0)
        if field.type is FieldType.NUMBER:
            assert field.unit


@each_kind
def test_numbers_carry_their_unit_in_the_name(kind: Kind) -> None:
    for field in kind.fields.values():
        if field.unit not in (None, "1"):
            assert field.name.endswith(f"_{str(field.unit).lower()}")
            assert f"({field.unit})" in field.label.zh
            assert f"({field.unit})" in field.label.en


@each_kind
def test_choices_cannot_be_mistaken_for_each_other(kind: Kind) -> None:
    for field in kind.fields.values():
        meanings: dict[str, str] = {}
        for key, label in field.choices.items():
            for text in {key.lower(), label.zh.lower(), label.en.lower()}:
                assert meanings.setdefault(text, key) == key


@each_kind
def test_a_tree_lists_its_children_from_the_top(kind: Kind) -> None:
    assert bool(kind.children) == (kind.parts is Parts.TREE)
    assert all(kind.fields[name].type is FieldType.BATTERY_CODE for name in kind.children)


def test_personal_fields_are_those_of_people() -> None:
    personal = {field.name for kind in KINDS for field in kind.fields.values() if field.personal}
    assert personal == {"owner_name", "licence_plate", "buyer_name", "buyer_id_number", "from_name"}


def test_records_about_records_touch_no_object() -> None:
    about = {kind.name for kind in KINDS if kind.about_record}
    assert about == {"correction", "withdrawal"}
    assert all(kind.about_record != bool(kind.slots) for kind in KINDS)
