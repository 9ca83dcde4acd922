"""Rows brought to the register, what is found in them, and those that may be entered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from suyuan.kernel import Finding, Severity, SuyuanError
from suyuan.kernel.findings import Value
from suyuan.server.kit.problems import Conflict, Forbidden, Refusal
from suyuan.sheets import findings

_STATUS: Mapping[str, type[Refusal]] = {
    "registry.outside_scope": Forbidden,
    "registry.company_exists": Conflict,
    "registry.site_exists": Conflict,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of rows brought in bulk: how many were entered, and what was found in all of them."""

    entered: int
    findings: pl.DataFrame

    def or_raise(self) -> None:
        """Raise the first finding that refuses a row."""
        refused = self.findings.filter(pl.col("severity") == Severity.REFUSE.value).sort("row", maintain_order=True)
        if refused.height:
            code, data, value = refused.select("code", "data", "value").row(0)
            raise _STATUS.get(code, Refusal)(code, **{"value": value, **findings.unpack(data)})


def arrange(rows: pl.DataFrame | Sequence[Mapping[str, object]], schema: pl.Schema) -> pl.DataFrame:
    """The rows with exactly the columns of `schema`; a column that is not there is null.

    Raises
    ------
    SuyuanError
        ``registry.column_unknown`` or ``registry.column_type``.
    """
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)
    strange = sorted(set(frame.columns) - set(schema))
    if strange:
        raise SuyuanError("registry.column_unknown", columns=strange, known=list(schema))
    absent = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    try:
        whole = frame.with_columns(absent)
        return whole.select(_typed(name, whole.schema[name], kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        raise SuyuanError("registry.column_type", said=str(error).splitlines()[0][:200]) from error


def _typed(name: str, given: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    return column.str.to_date("%Y-%m-%d") if given == pl.String and wanted == pl.Date else column.cast(wanted)


class Sieve:
    """Collects findings about the rows of a frame; each check looks at all rows at once."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame.with_row_index("row")
        self._found: list[pl.DataFrame] = []

    def note(
        self,
        field: str,
        code: str,
        where: pl.Expr,
        data: Mapping[str, Value] | None = None,
        severity: Severity = Severity.REFUSE,
    ) -> None:
        """Find `code` in `field` of every row `where` holds (null counts as no)."""
        rows = self.frame.filter(where.fill_null(value=False))
        kind = rows.schema[field]
        text = rows[field].list.join(",") if isinstance(kind, pl.List) else rows[field].cast(pl.String)
        self._found.append(findings.make(rows["row"], field, code, severity, text, data))

    def judge(self, field: str, verdicts: pl.DataFrame, explain: Callable[[str], tuple[Finding, ...]]) -> None:
        """Take over the verdicts of a columnar check of `suyuan.codes.columns`.

        `explain` is the scalar check: it is asked about each different text with a verdict, for
        what the sentence needs to know.
        """
        for column, severity in (("finding", Severity.REFUSE), ("warning", Severity.WARNING)):
            verdict = verdicts.select(verdict=pl.col(column).cast(pl.String))
            rows = pl.concat([self.frame.select("row", field), verdict], how="horizontal").drop_nulls("verdict")
            told = {
                (text, found.code): findings.pack({"position": found.position, **found.data})
                for text in rows[field].unique().to_list()
                for found in reversed(explain(text))
            }
            pairs = zip(rows[field], rows["verdict"], strict=True)
            data = pl.Series([told.get(pair) for pair in pairs], dtype=pl.String)
            self._found.append(findings.make(rows["row"], field, rows["verdict"], severity, rows[field], data))

    def require(self, *fields: str) -> None:
        """Refuse rows where one of the fields is empty."""
        for field in fields:
            empty = pl.col(field).is_null()
            if isinstance(self.frame.schema[field], pl.List):
                empty |= pl.col(field).list.len() == 0
            elif self.frame.schema[field] == pl.String:
                empty |= pl.col(field).str.strip_chars() == ""
            self.note(field, "registry.value_missing", empty, {"field": field})

    def once(self, *fields: str) -> None:
        """Refuse all rows but the first that agree in `fields`."""
        again = ~pl.struct(*fields).is_first_distinct()
        self.note(fields[0], "registry.row_repeated", again, {"fields": list(fields)})

    def valid_period(self) -> None:
        """Refuse rows that end before they begin."""
        self.note("valid_to", "registry.validity_reversed", pl.col("valid_to") < pl.col("valid_from"))

    @property
    def findings(self) -> pl.DataFrame:
        """Everything found, by row."""
        return findings.concat(self._found).sort("row", maintain_order=True)

    @property
    def passed(self) -> pl.DataFrame:
        """The rows that nothing refuses."""
        return self.frame.filter(~pl.col("row").is_in(findings.refused_rows(self.findings).implode()))
