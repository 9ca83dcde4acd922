"""A slow and simple judge of histories, written from the vocabulary alone: what the simulator tells must be lawful."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import polars as pl

from suyuan.events.vocabulary import Kind, Parts, Slot, vocabulary
from suyuan.simulation import Upload

Row: TypeAlias = dict[str, str | None]


@dataclass(frozen=True)
class Thing:
    stage: str = "unknown"
    holder: str | None = None
    consignee: str | None = None
    vehicle: str | None = None


@dataclass
class Judge:
    """Folds records one by one and remembers what is not lawful."""

    things: dict[str, Thing] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    objections: list[str] = field(default_factory=list)

    def of(self, code: str) -> Thing:
        """What is true of a thing: its own state, or that of what it is inside of."""
        while code not in self.things and code in self.parent:
            code = self.parent[code]
        return self.things.get(code, Thing())

    def hear(self, kind: Kind, rows: list[Row], reporter: str) -> None:
        touched = [
            (slot, code, row)
            for slot in kind.slots
            for code, row in {r[slot.field]: r for r in rows}.items()
            if code is not None
        ]
        for slot, code, row in touched:
            self._examine(kind, slot, code, row, reporter)
        self._contain(kind, rows)
        changed = {code: self._after(slot, self.of(code), row, reporter) for slot, code, row in touched}
        self.things.update(changed)

    def _examine(self, kind: Kind, slot: Slot, code: str, row: Row, reporter: str) -> None:
        thing = self.of(code)
        wrong = []
        if thing.stage not in slot.before:
            wrong.append(f"stage {thing.stage}")
        known = thing.stage != "unknown"
        if known and slot.holder == "reporter" and thing.holder != reporter:
            wrong.append("holder")
        if known and slot.holder == "consignee" and thing.consignee != reporter:
            wrong.append("consignee")
        if slot.vehicle == "none" and thing.vehicle:
            wrong.append("bound")
        if slot.vehicle == "this" and row["vin"] and thing.vehicle != row["vin"]:
            wrong.append("bound elsewhere")
        if wrong:
            self.objections.append(f"{kind.name}.{slot.name} {code}: {', '.join(wrong)}")

    @staticmethod
    def _after(slot: Slot, thing: Thing, row: Row, reporter: str) -> Thing:
        sets = slot.sets
        who = {"reporter": reporter, "party": row.get("party"), "nobody": None}
        if sets.stage:
            thing = replace(thing, stage=sets.stage)
        if sets.holder:
            thing = replace(thing, holder=who[sets.holder])
        if sets.consignee:
            thing = replace(thing, consignee=who[sets.consignee])
        if sets.vehicle:
            thing = replace(thing, vehicle=row["vin"] if sets.vehicle == "this" else None)
        return thing

    def _contain(self, kind: Kind, rows: list[Row]) -> None:
        if kind.parts is Parts.TREE:
            for row in rows:
                above = row[kind.main.field]
                for name in kind.children:
                    code = row.get(name)
                    if code and above and self.parent.setdefault(code, above) != above:
                        self.objections.append(f"{code} is inside {self.parent[code]} and {above}")
                    above = code or above
        elif kind.parts is Parts.EXCHANGE:
            self._exchange(rows[0])
        elif kind.parts is Parts.RELEASE:
            for row in rows:
                if self.parent.pop(row["child_code"] or "", None) != row["code"]:
                    self.objections.append(f"{row['child_code']} was not inside {row['code']}")

    def _exchange(self, row: Row) -> None:
        old, new = str(row["old_code"]), str(row["new_code"])
        self.things[old] = self.of(old)
        if old in self.parent:
            self.parent[new] = self.parent.pop(old)


def records(kind: Kind, table: pl.DataFrame) -> Iterator[list[Row]]:
    """The records of a file: runs of rows that agree in the fields of the record."""
    known = [name for name in kind.record if name in table.columns]
    for _, rows in table.cast(pl.String).group_by(known, maintain_order=True):
        yield [dict.fromkeys(kind.fields) | row for row in rows.to_dicts()]


def table_of(upload: Upload) -> pl.DataFrame:
    """The rows of an uploaded file under canonical names."""
    if upload.format == "parquet":
        return pl.read_parquet(io.BytesIO(upload.data))
    kind = vocabulary().kinds[upload.kind]
    table = pl.read_excel(io.BytesIO(upload.data), sheet_name="数据", infer_schema_length=None)
    table = table.rename({f.label.zh: f.name for f in kind.fields.values() if f.label.zh in table.columns})
    return table.with_columns(
        pl.col(name).replace({label.zh: key for key, label in f.choices.items()})
        for name, f in kind.fields.items()
        if f.choices and name in table.columns
    ).select(pl.all())
