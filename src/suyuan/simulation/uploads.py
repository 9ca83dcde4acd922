"""The files that enterprises upload: one a company, kind and upload date; small ones xlsx, large ones Parquet."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl
import xlsxwriter  # type: ignore[import-untyped] # ships no types

from suyuan.events.vocabulary import Field, Kind, vocabulary
from suyuan.sheets.names import NOTES_SHEET
from suyuan.simulation.errors import Reports
from suyuan.simulation.production import pack_rows
from suyuan.simulation.texts import EPOCH
from suyuan.simulation.world import World

Sink = Callable[[str, bytes], object]
"""Takes the name of a file and its bytes."""

LARGEST_FILE_ROWS = 1_000_000
NOTE_ZH = "模拟数据:本文件由模拟器生成,企业、车辆和电池均为虚构。"
NOTE_EN = "simulated: made by a simulator; companies, vehicles and batteries are invented."
_CREATED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as an enterprise sends it."""

    order: int
    path: str
    company: str
    kind: str
    reported_on: date
    format: str
    records: int
    rows: int
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def file_table(world: World, reports: Reports, xlsx_rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which files there are, and which record goes into which.

    Returns
    -------
    files
        `order`, `path`, `kind`, `by`, `reported`, `format`, `records`, `rows`, in the order of submission.
    places
        `record`, `order` (of its file) and `row`: its first data row there, counted from 0.
    """
    inside = pl.Series([design.cells_in_pack for design in world.all_designs])
    parts = []
    for kind, frame in reports.told.items():
        rows = inside.gather(frame["_design"]) if kind == "pack_produced" else pl.repeat(1, frame.height, eager=True)
        sized = frame.select(pl.col("_record").alias("record"), "_at", rows.cast(pl.Int64).alias("rows"))
        parts.append(sized.group_by("record").agg(pl.first("_at"), pl.sum("rows")))
    records = reports.records.join(pl.concat(parts), on="record")
    # Within a file by time; packs by lot, as they come off the line.
    lots = reports.told.get(
        "pack_produced", pl.DataFrame(schema={"_record": pl.Int64, "_design": pl.Int64, "_serial": pl.Int64})
    )
    records = records.join(
        lots.select(pl.col("_record").alias("record"), "_design", "_serial"), on="record", how="left"
    ).sort("reported", "rank", "by", "_at", "_design", "_serial", "order", "record", nulls_last=True)
    group = ["reported", "rank", "by"]
    split = records.with_columns(((pl.col("rows").cum_sum().over(group) - 1) // LARGEST_FILE_ROWS).alias("part"))
    split = split.with_columns(pl.struct(*group, "part").rle_id().cast(pl.Int64).alias("order"))
    places = split.select("record", "order", (pl.col("rows").cum_sum().over("order") - pl.col("rows")).alias("row"))
    files = split.group_by("order", maintain_order=True).agg(
        pl.first("kind", "by", "reported"), pl.len().alias("records"), pl.sum("rows")
    )
    files = files.with_columns(
        pl.when(pl.col("rows") <= xlsx_rows).then(pl.lit("xlsx")).otherwise(pl.lit("parquet")).alias("format"),
        world.usccs.gather(files["by"]).alias("company"),
        pl.col("reported").cast(pl.Int32).cast(pl.Date).alias("reported_on"),
    )
    path = pl.format(
        "uploads/{}_{}_{}_{}_simulated.{}",
        pl.col("order").cast(pl.String).str.zfill(5),
        pl.col("reported_on").cast(pl.String),
        "company",
        "kind",
        "format",
    )
    return files.with_columns(path.alias("path")), places


def render(
    world: World, packs: pl.DataFrame, reports: Reports, files: pl.DataFrame, places: pl.DataFrame, seed: int
) -> Iterator[Upload]:
    """The files one after the other, in the order of submission."""
    placed = {
        kind: frame.join(places, left_on="_record", right_on="record", maintain_order="left")
        .sort("order", "row", "_record", maintain_order=True)
        .partition_by("order", as_dict=True)
        for kind, frame in reports.told.items()
    }
    for row in files.iter_rows(named=True):
        rows = placed[row["kind"]].pop((row["order"],))
        described = vocabulary().kinds[row["kind"]]
        table = _pack_table(world, packs, rows, seed) if row["kind"] == "pack_produced" else _table(described, rows)
        data = xlsx(described, table) if row["format"] == "xlsx" else parquet(table, row["kind"])
        yield Upload(
            order=row["order"],
            path=row["path"],
            company=row["company"],
            kind=row["kind"],
            reported_on=row["reported_on"],
            format=row["format"],
            records=row["records"],
            rows=table.height,
            data=data,
        )


def _table(kind: Kind, rows: pl.DataFrame) -> pl.DataFrame:
    """The fields that are required or filled in somewhere."""
    return rows.select(
        name for name, field in kind.fields.items() if field.required or rows[name].null_count() < rows.height
    )


def _pack_table(world: World, packs: pl.DataFrame, rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One row a cell; what the record states (its code, its date) stands in every row of the pack."""
    keys = ["design", "day", "serial"]
    stated = rows.select(
        "pack_code", "produced_on", "model", "order_no", *(pl.col(f"_{name}").alias(name) for name in keys)
    ).with_row_index("place")
    trees = pl.concat(pack_rows(world, packs, stated.select(keys).unique(maintain_order=True), seed))
    trees = trees.select(pl.col("pack_code").alias("code"), "module_code", "cell_code")
    joined = stated.join(packs.select(*keys, "code"), on=keys, maintain_order="left").join(
        trees, on="code", maintain_order="left_right"
    )
    return joined.sort("place", maintain_order=True).select(
        "pack_code", "produced_on", "module_code", "cell_code", "model", "order_no"
    )


def parquet(table: pl.DataFrame, kind: str) -> bytes:
    """A table as Parquet, with the canonical headings, marked as simulated."""
    stream = io.BytesIO()
    marks = {"suyuan.simulated": "true", "suyuan.note": NOTE_EN, "suyuan.kind": kind}
    table.write_parquet(stream, compression="zstd", compression_level=1, statistics=False, metadata=marks)
    return stream.getvalue()


def xlsx(kind: Kind, table: pl.DataFrame) -> bytes:
    """A table as xlsx with Chinese headings and labels; a second sheet says that it is simulated."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_numbers": False, "strings_to_urls": False})
    book.set_properties({"created": _CREATED, "title": f"{kind.label.zh}(模拟 simulated)", "comments": NOTE_EN})
    sheet = book.add_worksheet("数据")
    styles: dict[pl.DataType, object] = {
        pl.Date(): book.add_format({"num_format": "yyyy-mm-dd"}),
        pl.Datetime("us"): book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    for place, name in enumerate(table.columns):
        column = _labelled(kind.fields[name], table[name])
        sheet.write_string(0, place, kind.fields[name].label.zh)
        write = sheet.write_string if column.dtype == pl.String else sheet.write_number
        style = styles.get(column.dtype)
        for row, value in enumerate(_excel_values(column), start=1):
            if value is not None:
                write(row, place, value, style)
        sheet.set_column(place, place, 28 if column.dtype == pl.String else 16)
    notes = book.add_worksheet(NOTES_SHEET)
    notes.write_string(0, 0, NOTE_ZH)
    notes.write_string(1, 0, NOTE_EN)
    book.close()
    return stream.getvalue()


def _labelled(field: Field, column: pl.Series) -> pl.Series:
    """Choices by their Chinese label, as people fill them in; everything else as it is."""
    return column.replace({key: label.zh for key, label in field.choices.items()}) if field.choices else column


def _excel_values(column: pl.Series) -> list[str] | list[float]:
    """Values as Excel stores them: days and moments are days since 1899-12-30."""
    shift = (EPOCH - date(1899, 12, 30)).days
    if column.dtype == pl.Date:
        return (column.cast(pl.Int32) + shift).to_list()
    if column.dtype == pl.Datetime:
        seconds = column.cast(pl.Int64) / 1e6
        return (seconds / 86_400 + shift).to_list()
    return column.to_list()
