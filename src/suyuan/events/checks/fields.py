"""The rules of one field by its type: each looks at a text once, however often it stands in the file."""

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import polars as pl

from suyuan.codes.columns import Spelled, check_battery_codes, check_companies, check_divisions, check_vins, spell
from suyuan.events.checks.context import Context
from suyuan.events.checks.judged import Fault, Judged
from suyuan.events.checks.texts import Mask, is_null, mask, repeated
from suyuan.events.checks.times import judge_date, judge_datetime
from suyuan.events.vocabulary import Field, FieldType, vocabulary
from suyuan.sheets.findings import pack

TEXT_LIMIT = 200
"""Longest text in a field, in characters."""

_SUGGESTED = 100  # different wrong texts that get a suggestion; a file with more has another problem
_CONTROL = r"[\p{Cc}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]"
_NUMBER = r"^(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?P<unit>\s*\D.*)?$"
_UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"

_TEXT = pl.col("text")
_TEXT_FAULTS = (
    (_TEXT.str.len_chars() > TEXT_LIMIT).alias("long"),
    _TEXT.str.contains(_CONTROL).alias("control"),
)
_NUMBER_PARTS = _TEXT.str.strip_chars().str.extract_groups(_NUMBER).alias("parts")
_NUMBER_READ = (
    pl.col("number").str.strip_prefix("+").cast(pl.Float64, strict=False).alias("value"),
    pl.col("unit").str.strip_chars().str.to_lowercase().fill_null("").alias("unit"),
)

Judge: TypeAlias = Callable[[Field, pl.Series, Context], Judged]


def _verdicts(frame: pl.DataFrame) -> tuple[Fault, ...]:
    """The faults that the columnar functions of `suyuan.codes` found."""
    faults = []
    for name in ("finding", "warning"):
        found = frame[name]
        if found.null_count() < len(found):
            codes = found.drop_nulls().unique().cast(pl.String).sort()
            faults += [Fault(code, mask(found == code)) for code in codes]
    return tuple(faults)


def judge_codes(field: Field, codes: Spelled, context: Context) -> Judged:
    """Battery codes whose bytes are laid out already."""
    return Judged(codes.codes, _verdicts(check_battery_codes(codes, context.reference, field.levels or "PMC")))


def _battery_code(field: Field, texts: pl.Series, context: Context) -> Judged:
    return judge_codes(field, spell(texts), context)


def _vin(field: Field, texts: pl.Series, context: Context) -> Judged:
    return Judged(texts, _verdicts(check_vins(texts, context.strict_vin, context.reference)))


def _division(field: Field, texts: pl.Series, context: Context) -> Judged:
    return Judged(texts, _verdicts(check_divisions(texts, context.reference)))


def _registered(texts: pl.Series, register: Mapping[str, int]) -> pl.Series:
    return pl.Series([register.get(text) for text in texts], dtype=pl.Int32)


def _company(field: Field, texts: pl.Series, context: Context) -> Judged:
    judged = Judged(texts, _verdicts(check_companies(texts)))
    if context.companies is None:
        return judged
    number = _registered(texts, context.companies)
    unknown = Fault("events.company_unknown", is_null(number) & judged.sound())
    return Judged(texts, number=number, faults=(*judged.faults, unknown))


def _site(field: Field, texts: pl.Series, context: Context) -> Judged:
    judged = _text(field, texts, context)
    if context.sites is None:
        return judged
    number = _registered(judged.typed, context.sites)
    unknown = Fault("events.site_unknown", is_null(number) & judged.sound())
    return Judged(judged.typed, (*judged.faults, unknown), number)


def _text(field: Field, texts: pl.Series, context: Context) -> Judged:
    found = texts.to_frame("text").select_seq(_TEXT_FAULTS)
    long = Fault("events.text_long", mask(found["long"]), {"limit": TEXT_LIMIT})
    return Judged(texts, (long, Fault("events.text_control", mask(found["control"]))))


def _record(field: Field, texts: pl.Series, context: Context) -> Judged:
    wrong = ~mask(texts.str.contains(_UUID))
    return Judged(texts.str.to_lowercase(), (Fault("events.record_id", wrong),))


def _number(field: Field, texts: pl.Series, context: Context) -> Judged:
    parts = texts.to_frame("text").select(_NUMBER_PARTS).unnest("parts").select_seq(_NUMBER_READ)
    value, unit = parts["value"], parts["unit"]
    number = value.to_numpy()  # NaN where it could not be read
    read = np.isfinite(number)
    foreign = read & mask((unit != "") & (unit != (field.unit or "").lower()))
    outside = read & ~foreign & ~((number >= _low(field)) & (number <= _high(field)))
    limits = {"minimum": field.minimum, "maximum": field.maximum, "unit": field.unit, "range": shown_range(field)}
    faults = [
        Fault("events.number_unreadable", ~read),
        Fault("events.number_unit", foreign, limits),
        Fault("events.number_range", outside, limits),
    ]
    if field.type is FieldType.INTEGER:
        faults.append(Fault("events.number_whole", read & ~foreign & (number != np.floor(number))))
    return Judged(value, tuple(faults))


def _low(field: Field) -> float:
    return float("-inf") if field.minimum is None else field.minimum


def _high(field: Field) -> float:
    return float("inf") if field.maximum is None else field.maximum


def shown_range(field: Field) -> str:
    """The range of a number with its unit, as a person writes it; a ratio has no unit.

    >>> shown_range(vocabulary().kinds["retired"].fields["mass_kg"])
    '0.001 – 99999 kg'
    """
    unit = "" if field.unit in (None, "1") else f" {field.unit}"
    return f"{_low(field):.10g} – {_high(field):.10g}{unit}"


def _nearest(texts: pl.Series, meanings: Mapping[str, str]) -> pl.Series:
    """For each text, the choice that looks most like it; null where none does. A few texts only."""
    wanted = texts.str.to_lowercase().str.slice(0, TEXT_LIMIT)
    hits = [difflib.get_close_matches(text, meanings, n=1, cutoff=0.6) for text in wanted.head(_SUGGESTED)]
    found = [meanings[hit[0]] if hit else None for hit in hits]
    return pl.Series(found + [None] * (len(texts) - len(found)), dtype=pl.String)


def _choice_faults(
    texts: pl.Series, wrong: Mask, meanings: Mapping[str, str], shown: Mapping[str, str]
) -> tuple[Fault, ...]:
    """Unknown choices, told apart by whether a suggestion can be made."""
    every = list(shown.values())
    places = np.flatnonzero(wrong)
    nearest = _nearest(texts[places], meanings)
    near = nearest.drop_nulls().unique(maintain_order=True)
    told = {key: pack({"choices": every, "nearest": shown[key]}) for key in near}
    data = nearest.replace_strict(told, default=None, return_dtype=pl.String)
    by_value = repeated(None, len(texts), pl.String()).scatter(places, data)
    has = ~is_null(by_value)
    return (
        Fault("events.choice_near", has, by_value),
        Fault("events.choice_unknown", wrong & ~has, {"choices": every}),
    )


def _choice(field: Field, texts: pl.Series, context: Context) -> Judged:
    meanings = choice_meanings(field)
    typed = texts.str.strip_chars().str.to_lowercase().replace_strict(meanings, default=None, return_dtype=pl.String)
    wrong = is_null(typed)
    if not wrong.any():
        return Judged(typed)
    shown = {key: f"{label.zh}/{label.en}" for key, label in field.choices.items()}
    return Judged(typed, _choice_faults(texts, wrong, meanings, shown))


def choice_meanings(field: Field) -> dict[str, str]:
    """Every text that a choice may be written as, in small letters → its key."""
    meanings: dict[str, str] = {}
    for key, label in field.choices.items():
        for text in (label.en, label.zh, key):
            meanings[text.lower()] = key
    return meanings


def field_names() -> dict[str, str]:
    """Every name that a correction may give a field, in small letters → its canonical name.

    Headings count where they mean the same field in every kind.
    """
    meant: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for kind in vocabulary().kinds.values():
        if not kind.about_record:
            for field in kind.fields.values():
                names[field.name] = field.name
                for label in (field.label.zh, field.label.en):
                    meant.setdefault(label.lower(), set()).add(field.name)
    return {label: next(iter(of)) for label, of in meant.items() if len(of) == 1} | names


def judge_field_name(texts: pl.Series) -> Judged:
    """The field that a correction names."""
    typed = (
        texts.str.strip_chars().str.to_lowercase().replace_strict(field_names(), default=None, return_dtype=pl.String)
    )
    return Judged(typed, (Fault("events.field_unknown", is_null(typed)),))


JUDGES: Mapping[FieldType, Judge] = MappingProxyType(
    {
        FieldType.BATTERY_CODE: _battery_code,
        FieldType.VIN: _vin,
        FieldType.COMPANY: _company,
        FieldType.BATCH: _text,
        FieldType.SITE: _site,
        FieldType.RECORD: _record,
        FieldType.DIVISION: _division,
        FieldType.DATE: judge_date,
        FieldType.DATETIME: judge_datetime,
        FieldType.NUMBER: _number,
        FieldType.INTEGER: _number,
        FieldType.CHOICE: _choice,
        FieldType.TEXT: _text,
    }
)
"""The rules of every field type."""
