"""What anybody may know of a battery: its digital ID. `public.toml` says what that is, and nothing else is answered.

Vehicles, batches of material and what the ledger has never heard of have no digital ID, and are not told apart.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

import psycopg

from suyuan.codes.alphabets import CHEMISTRIES
from suyuan.codes.battery import BatteryCode, parse
from suyuan.codes.errors import CodeError
from suyuan.codes.keys import split_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import columns
from suyuan.server.ledger.queries.entries import valid
from suyuan.server.ledger.queries.history import History, gather
from suyuan.server.ledger.queries.objects import ask_states, state_row
from suyuan.server.ledger.queries.together import together

EVERYTHING: Final = Scope.of_nation()  # the program itself reads; what leaves is what `public.toml` says
LONGEST_CODE: Final = 40
MOST_NEAR: Final = 3
_CHINA: Final = timedelta(hours=8)
_LOOK_ALIKE: Final = {"0": "O", "O": "0", "1": "I", "I": "1", "Q": "0", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "Z": "2"}  # fmt: skip  # noqa: E501

_DESIGN: Final = """
SELECT f.model, f.rated_capacity_ah, f.nominal_voltage_v, f.mass_kg, c.name_zh, c.name_en, c.simulated
  FROM (SELECT * FROM registry_code_filing WHERE prefix = %(prefix)s
           AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to >= %(day)s)) AS f
  FULL JOIN (SELECT company FROM registry_vendor_code WHERE code = %(vendor)s
                AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to >= %(day)s)) AS v ON true
  JOIN registry_company c ON c.number = coalesce(f.company, v.company)
 LIMIT 1
"""
_NEAR: Final = """
SELECT o.code FROM unnest(%s::text[], %s::text[], %s::integer[]) AS o (code, lot, serial)
 WHERE EXISTS (SELECT FROM ledger_event e WHERE e.lot = o.lot AND e.serial = o.serial)
 ORDER BY o.code LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a life in a plain word, and the month in which it began (``2026-04``)."""

    name: str
    month: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Facts that are not public: how many, of which group, and who may ask for them."""

    group: str
    count: int
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The digital ID of a battery.

    `facts` has the public facts that are known, by the names of `public.toml`; units stand in the names.
    `maker_names` are (zh, en). `simulated` marks a battery of a made-up company.
    """

    code: str
    status: str
    facts: Mapping[str, str | float | date]
    maker_names: tuple[str, str]
    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    levels: frozenset[str]
    public: frozenset[str]
    withheld: tuple[Withheld, ...]
    step: Mapping[str, str]
    status: Mapping[str, str]


@cache
def rules() -> _Rules:
    """The table, read once."""
    text = (files("suyuan.server.ledger.queries") / "public.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    hidden = sorted(row["group"] for row in table["fact"] if not row["public"])
    return _Rules(
        frozenset(table["levels"]),
        frozenset(row["name"] for row in table["fact"] if row["public"]),
        tuple(Withheld(group, len(list(rows)), tuple(table["audience"][group])) for group, rows in groupby(hidden)),
        _by_stage(table["step"]),
        _by_stage(table["status"]),
    )


def _by_stage(words: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    return MappingProxyType({stage: word for word, stages in words.items() for stage in stages})


def identity(run: psycopg.Cursor[Row], code: str, on: date) -> Identity | None:
    """The digital ID of a battery; None for everything that has none. `on` is the day that years are read from."""
    if not 0 < len(code) <= LONGEST_CODE:
        return None
    gathered = gather(run, EVERYTHING, split_code(code))
    if not gathered.visible or gathered.kind not in rules().levels:
        return None
    (states,) = together(run, ask_states(gathered, None))
    stage = vocabulary().stage_name(state_row(gathered, None, states)[0])
    return _identity(run, gathered, _parsed(code, on), code, stage)


def _identity(
    run: psycopg.Cursor[Row], gathered: History, parsed: BatteryCode | None, code: str, stage: str
) -> Identity:
    table = rules()
    facts: dict[str, str | float | date] = {"kind": gathered.kind}
    names, simulated = ("", ""), False
    if parsed is not None:
        facts |= {"chemistry": CHEMISTRIES[parsed.chemistry], "made_on": parsed.produced_on}
        design = _design(run, parsed)
        if design is not None:
            names, simulated = (design[4], design[5]), design[6]
            facts |= {"maker": design[4]} | _measures(*design[:4])
    steps = _steps(gathered) if "steps" in table.public else ()
    return Identity(
        code,
        table.status.get(stage, "abnormal"),
        {name: value for name, value in facts.items() if name in table.public},
        names if "maker" in table.public else ("", ""),
        steps,
        table.withheld,
        simulated,
    )


def _parsed(code: str, on: date) -> BatteryCode | None:
    try:
        return parse(code, on)
    except CodeError:  # an old record whose code would not be accepted today
        return None


def _design(run: psycopg.Cursor[Row], parsed: BatteryCode) -> Row | None:
    """What was filed for the design on the day it was made, and its maker by filing or vendor code."""
    given = {"prefix": parsed.design, "vendor": parsed.vendor, "day": parsed.produced_on}
    return run.execute(_DESIGN, given).fetchone()


def _measures(model: str | None, ah: float | None, v: float | None, kg: float | None) -> dict[str, str | float]:
    energy = None if ah is None or v is None else ah * v / 1000
    found = {"model": model, "rated_capacity_ah": ah, "nominal_voltage_v": v, "rated_energy_kwh": energy, "mass_kg": kg}
    return {name: value for name, value in found.items() if value is not None and value != ""}


def _steps(gathered: History) -> tuple[Step, ...]:
    """The life in plain words: each time the word changes, in the order of time."""
    words = rules().step
    told: list[Step] = []
    rows = {entry.id: entry for entry in valid(list(gathered.life())) if entry.sets.stage is not None}
    for entry in sorted(rows.values(), key=lambda entry: entry.moment):
        word = words.get(entry.sets.stage or "")
        if word is not None and (not told or told[-1].name != word):
            told.append(Step(word, _month(entry.occurred_ms)))
    return tuple(told)


def _month(occurred_ms: int) -> str:
    return (datetime.fromtimestamp(occurred_ms / 1000, UTC) + _CHINA).strftime("%Y-%m")


def near(run: psycopg.Cursor[Row], code: str, on: date) -> list[str]:
    """Codes of batteries with a digital ID from which `code` differs by one sign that looks alike; three at most."""
    signs = [(at, _LOOK_ALIKE[sign]) for at, sign in enumerate(code) if sign in _LOOK_ALIKE]
    others = sorted({code[:at] + other + code[at + 1 :] for at, other in signs})
    candidates = [other for other in others if _parsed(other, on) is not None]
    keys = [split_code(other) for other in candidates]
    rows = run.execute(_NEAR, [candidates, *columns(keys), MOST_NEAR]).fetchall()
    return [found for (found,) in rows]
