"""Reading JSON and NDJSON: flat or nested records, numbers kept letter by letter."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.assemble import Draft, settle, tidy, unrecognised
from suyuan.sheets.delimited import to_utf8
from suyuan.sheets.headings import Match, Recognition, choose
from suyuan.sheets.limits import MEBIBYTE, Limits, SheetError
from suyuan.sheets.nested import Cells, Json, Leaf, Plan, Tree, flatten, match_tree, plan
from suyuan.sheets.parsing import Doubled, Number, Parser
from suyuan.sheets.shapes import Place, strangers, unknown_places
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template
from suyuan.sheets.unstorable import Broken

_BATCH = 5_000
_SHOWN = 5
_NUMERIC = {"row": pl.UInt32, "field": pl.String, "value": pl.String, "shown": pl.String}


@dataclass(slots=True)
class Document:
    """Batches of records and what the document says of itself."""

    format: Format
    batches: Iterable[list[Json]]
    declared: tuple[str, str] | None = None


def read_records(
    data: bytes,
    form: Format,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    """The sheet in JSON or NDJSON text."""
    text = to_utf8(data)
    document = Document(form, _lines(text)) if form is Format.NDJSON else _document(text, limits)
    return read_document(document, templates, name, mapping, limits)


def read_document(
    document: Document,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    """The sheet of a stream of records."""
    batches = iter(document.batches)
    first = next(batches, [])
    if not first:
        raise SheetError("sheets.no_rows_at_all")
    recognition = _recognise(first, templates, name, mapping, document.declared)
    if recognition.match is None:
        return unrecognised(document.format, _preview(first), recognition, name)
    gathered = _Gathered(recognition.match.template, mapping, limits)
    gathered.add(first)
    for batch in batches:
        gathered.add(batch)
    match, headings = gathered.match()
    draft = Draft(
        format=document.format,
        frame=gathered.frames[0] if len(gathered.frames) == 1 else pl.concat(gathered.frames, how="diagonal"),
        row_numbers=pl.concat(gathered.numbers),
        match=match,
        recognition=recognition,
        headings=headings,
        name=name,
        numeric=pl.concat(gathered.numeric) if gathered.numeric else None,
        said=gathered.said,
    )
    return settle(tidy_records(draft), limits)


def tidy_records(draft: Draft) -> Draft:
    """Without examples and blank records; findings by index follow the rows that stay."""
    before = draft.frame.height
    numbers = draft.row_numbers
    draft.row_numbers = pl.int_range(before, dtype=pl.UInt32, eager=True)
    tidied = tidy(draft)
    kept, tidied.row_numbers = tidied.row_numbers, numbers
    if kept.len() != before:
        tidied.row_numbers = numbers.gather(kept)
        places = pl.DataFrame({"row": kept, "new": pl.int_range(kept.len(), dtype=pl.UInt32, eager=True)})
        lost = [_lost(said, places) for said in tidied.said]
        tidied.said = [*(_moved(said, places) for said in tidied.said), *lost]
        if tidied.numeric is not None:
            tidied.numeric = _moved(tidied.numeric, places)
    return tidied


def _lost(said: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Refusals of records of which nothing is left: they refuse the file, for no row can bear them."""
    refused = said.filter(pl.col("row").is_not_null() & (pl.col("severity") == Severity.REFUSE.value))
    gone = refused.join(places, on="row", how="anti", maintain_order="left")
    return gone.with_columns(row=pl.lit(None, dtype=pl.UInt32))


def _moved(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    return rows.join(places, on="row", how="inner", maintain_order="left").select(
        pl.col("new").alias("row"), pl.exclude("row", "new")
    )


def _recognise(
    batch: list[Json],
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    declared: tuple[str, str] | None,
) -> Recognition:
    tree = Tree()
    tree.grow(batch)
    kind = batch[0].get("kind") if isinstance(batch[0], dict) else None
    version = batch[0].get("version") if isinstance(batch[0], dict) else None
    kinds = {template.kind for template in templates}
    if declared is None and isinstance(kind, str) and kind in kinds:
        declared = (kind, version if isinstance(version, str) else "")
    if declared and declared[0] in kinds:
        templates = [template for template in templates if template.kind == declared[0]]
    matches = [match_tree(tree, template, mapping)[0] for template in templates]
    recognition = choose(
        [match for match in matches if match.columns], [], [name or ""], declared, alone=len(templates) == 1
    )
    if declared and not declared[1]:
        recognition.declared = None
    return recognition


@dataclass(slots=True)
class _Gathered:
    """Flat columns of the batches so far."""

    template: Template
    mapping: Mapping[str, str] | None
    limits: Limits
    frames: list[pl.DataFrame] = field(default_factory=list)
    numbers: list[pl.Series] = field(default_factory=list)
    numeric: list[pl.DataFrame] = field(default_factory=list)
    said: list[pl.DataFrame] = field(default_factory=list)
    tree: Tree = field(default_factory=Tree)
    fit: tuple[Match, list[Leaf]] = field(init=False)  # of all records so far
    records: int = 0
    height: int = 0

    def add(self, batch: list[Json]) -> None:
        """Lay one batch flat."""
        self.tree.grow(batch)
        match, found = self.fit = match_tree(self.tree, self.template, self.mapping)
        self.limits.check_columns(len(found))
        rows, numbers = self._rows(batch, plan(match, found), unknown_places(match, found))
        columns = {name: [row.get(name) for row in rows] for name in match.columns.values()}
        frame = pl.DataFrame(
            {name: self._texts(name, values) for name, values in columns.items()},
            schema=dict.fromkeys(columns, pl.String),
        )
        self.frames.append(frame)
        self.numbers.append(pl.Series(numbers, dtype=pl.UInt32))
        self.height += len(rows)
        self.limits.check_rows(self.height)

    def _rows(self, batch: list[Json], how: Plan, unknown: Set[Place]) -> tuple[list[Cells], list[int]]:
        rows: list[Cells] = []
        numbers: list[int] = []
        for record in batch:
            self.records += 1
            flat = flatten(record, how)
            if unknown or type(record) is Doubled:
                self._refuse(record, self.height + len(rows), unknown)
            rows += flat
            numbers += [self.records] * len(flat)
        return rows, numbers

    def _refuse(self, record: Json, row: int, unknown: Set[Place]) -> None:
        """Refuse a record of which a part could not be read: what is left of it would be another record."""
        keys: dict[str, list[str]] = {}
        if isinstance(record, Doubled):
            keys["sheets.duplicate_key"] = record.keys_twice
        if isinstance(record, dict) and unknown:
            for code, key in strangers(record, self.template.nesting, unknown):
                if key not in keys.setdefault(code, []):
                    keys[code].append(key)
        for code, named in keys.items():
            data: dict[str, Value] = {"keys": named[:_SHOWN], "record": self.records}
            self.said.append(table.make([row], None, code, Severity.REFUSE, data=data))

    def _texts(self, name: str, values: list[Json]) -> list[str | None]:
        column = self.template.column(name)
        if column.needs_letters:
            at = [i for i, value in enumerate(values) if type(value) is Number]
            if at:
                texts = [str(values[i]) for i in at]
                rows = [self.height + i for i in at]
                parts = {"row": rows, "field": [name] * len(at), "value": texts, "shown": texts}
                self.numeric.append(pl.DataFrame(parts, schema=_NUMERIC))
        odd = [i for i, value in enumerate(values) if isinstance(value, list | dict)]
        if odd:
            rows = [self.height + i for i in odd]
            self.said.append(table.make(rows, name, "sheets.nested_value", Severity.REFUSE, data={"field": name}))
        broken = [i for i, value in enumerate(values) if type(value) is Broken]
        if broken:
            rows = [self.height + i for i in broken]
            received = pl.Series([str(values[i]) for i in broken])
            self.said.append(table.make(rows, name, "sheets.bad_unicode", Severity.REFUSE, received, {"field": name}))
        return [value if value is None or isinstance(value, str) else _plain(value) for value in values]

    def match(self) -> tuple[Match, dict[str, str]]:
        """How all records together fit, and canonical name → heading."""
        match, found = self.fit
        headings = {name: found[position].where for position, name in match.columns.items()}
        return match, headings


def _plain(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _preview(batch: list[Json]) -> list[list[str | None]]:
    tree = Tree()
    tree.grow(batch)
    keys = [*tree.fields, *tree.lists]
    body = [record for record in batch[:10] if isinstance(record, dict)]
    return [list(keys), *[[_shown(record.get(key)) for key in keys] for record in body]]


def _shown(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else _plain(value)


def _lines(text: bytes) -> Iterator[list[Json]]:
    parser = Parser()
    batch: list[Json] = []
    start, line = 0, 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line += 1
        piece = text[start:end].strip()
        start = end + 1
        if not piece:
            continue
        batch.append(parser.parse(piece, line))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _document(text: bytes, limits: Limits) -> Document:
    if len(text) > limits.max_json:
        raise SheetError("sheets.json_too_large", found=len(text) // MEBIBYTE, limit=limits.max_json // MEBIBYTE)
    parsed = Parser().parse(text, 1)
    declared = None
    records: Json = parsed
    if isinstance(parsed, dict) and isinstance(parsed.get("records"), list):
        records = parsed["records"]
        if isinstance(parsed, Doubled):
            raise SheetError("sheets.duplicate_key", keys=parsed.keys_twice[:_SHOWN], record=0)
        if isinstance(parsed.get("kind"), str):
            declared = (str(parsed["kind"]), str(parsed.get("version") or ""))
    elif isinstance(parsed, dict):
        records = [parsed]
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SheetError("sheets.json_shape")
    batches = (records[i : i + _BATCH] for i in range(0, len(records), _BATCH))
    return Document(Format.JSON, batches, declared)
