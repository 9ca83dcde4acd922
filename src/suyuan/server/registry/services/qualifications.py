"""Enter what companies are entitled to or were fined for; end a row once, withdraw a wrong one; nothing is deleted."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Final

import polars as pl
from django.db import transaction

from suyuan.codes.columns import check_divisions
from suyuan.codes.divisions import check_division
from suyuan.kernel import Severity
from suyuan.rules import law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.kit.staging import stage
from suyuan.server.registry.models import VendorStatus
from suyuan.server.registry.queries.qualifications import CATEGORIES, qualification, qualification_kinds
from suyuan.server.registry.queries.register import companies
from suyuan.server.registry.services.companies import with_numbers
from suyuan.server.registry.services.sieve import Imported, Sieve, arrange
from suyuan.sheets import findings as table
from suyuan.sheets.reading import read
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.template import Column, Template

QUALIFICATIONS: Final = pl.Schema(
    {
        "company": pl.String(),
        "kind": pl.String(),
        "category": pl.String(),
        "reference": pl.String(),
        "batch": pl.String(),
        "division": pl.String(),
        "amount_yuan": pl.Float64(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
        "status": pl.String(),
        "source": pl.String(),
        "note": pl.String(),
    }
)
"""Columns of a row brought; `company` is the company's code."""

BAR: Final = "list.bar_after_penalty"
_KEY: Final = ("number", "kind", "category", "reference", "valid_from")
_SAME: Final = ("batch", "division", "amount_yuan", "status", "note")
_TYPES: Final = {
    **dict.fromkeys(("class", *QUALIFICATIONS), "text"),
    **dict.fromkeys(("valid_from", "valid_to"), "date"),
    "number": "integer",
    "amount_yuan": "numeric",
}
_KNOWN: Final = """
SELECT company, kind, category, reference, valid_from, valid_to, batch, division, amount_yuan::float8, status, note
  FROM registry_qualification WHERE company = ANY (%s) AND withdrawn_at IS NULL ORDER BY number
"""
_INSERT: Final = """
INSERT INTO registry_qualification (company, class, kind, category, reference, batch, division, amount_yuan, valid_from,
                                    valid_to, status, source, note, entered_at, entered_by)
SELECT number, class, kind, category, reference, batch, division, amount_yuan, valid_from, valid_to, status, source,
       note, %s, %s FROM brought ORDER BY number, kind, valid_from, category, reference
    ON CONFLICT (company, kind, category, reference, valid_from) WHERE withdrawn_at IS NULL DO NOTHING
"""
_END: Final = """
UPDATE registry_qualification q SET valid_to = b.valid_to, ended_at = %s, ended_by = %s, end_source = b.source
  FROM brought b WHERE b.number = q.company AND (b.kind, b.category, b.reference, b.valid_from)
       = (q.kind, q.category, q.reference, q.valid_from) AND q.withdrawn_at IS NULL AND q.valid_to IS NULL
   AND b.valid_to IS NOT NULL
"""
_WITHDRAW: Final = """
UPDATE registry_qualification SET withdrawn_at = %s, withdrawn_by = %s, reason = %s
 WHERE number = %s AND withdrawn_at IS NULL
"""


@cache
def qualification_template() -> Template:
    """The sheet in which qualifications are brought."""
    kinds = {name: (one.label.zh, one.label.en) for name, one in qualification_kinds().items()}
    categories = {name: (label.zh, label.en) for name, label in CATEGORIES.items()}
    status = {
        VendorStatus.CONFIRMED.value: ("已核实", "confirmed"),
        VendorStatus.REPORTED.value: ("自报或第三方报告", "reported"),
        VendorStatus.SIMULATED.value: ("模拟", "simulated"),
    }
    return Template(
        kind="qualification",
        version="1",
        zh="企业资质",
        en="qualifications",
        columns=(
            Column("company", "企业代码", "company code", required=True, aliases=("统一社会信用代码",)),
            Column("kind", "资质类别", "kind of qualification", required=True, choices=kinds),
            Column("category", "综合利用类别", "category", choices=categories),
            Column("reference", "文号", "reference", aliases=("证书编号", "文书号")),
            Column("batch", "批次", "batch"),
            Column("division", "地区代码", "division"),
            Column("amount_yuan", "罚款金额(元)", "fine (yuan)", "number", unit="yuan"),
            Column("valid_from", "起始日期", "first day", "date", required=True, aliases=("公告日期", "处罚日期")),
            Column("valid_to", "截止日期", "last day", "date", aliases=("有效期至", "移出日期")),
            Column("status", "可信程度", "how sure", required=True, choices=status),
            Column("source", "来源", "source", required=True),
            Column("note", "备注", "note"),
        ),
        record=("company", "kind", "category", "reference", "valid_from"),
    )


def read_qualifications(body: bytes, name: str | None = None) -> Sheet:
    """A table of qualifications as received: xlsx, csv, Parquet, JSON or NDJSON; headings in either language.

    Raises
    ------
    SheetError
        Nothing can be read.
    """
    return read(body, [qualification_template()], name=name, template="qualification")


def import_sheet(by: Scope, who: str, sheet: Sheet, clock: Clock = SYSTEM_CLOCK) -> Imported:
    """Enter the rows of a sheet that were read well; what reading found stands before what checking found."""
    if not sheet.readable:
        return Imported(0, sheet.findings)
    spoilt = table.refused_rows(sheet.findings)
    kept = sheet.columns.with_row_index("place").filter(~pl.col("place").is_in(spoilt.implode()))
    unread = _unreadable(kept)
    kept = kept.filter(~pl.col("place").is_in(table.refused_rows(unread).implode()))
    known = kept.select(name for name in QUALIFICATIONS if name in kept.columns)
    done = import_qualifications(by, who, known, clock)
    places = kept["place"].to_list()
    moved = done.findings.with_columns(
        pl.col("row").replace_strict(range(len(places)), places, default=None, return_dtype=pl.UInt32)
        if places
        else pl.col("row")
    )
    return Imported(done.entered, table.concat([sheet.findings, unread, moved]))


def _unreadable(rows: pl.DataFrame) -> pl.DataFrame:
    """Cells that are no number or no day, each refused by itself."""
    found = []
    for name, kind in QUALIFICATIONS.items():
        if name not in rows.columns or kind == pl.String:
            continue
        text = pl.col(name)
        told = text.str.to_date("%Y-%m-%d", strict=False) if kind == pl.Date else text.cast(kind, strict=False)
        bad = rows.filter(text.is_not_null() & told.is_null())
        found.append(table.make(bad["place"], name, "qualifications.unreadable", Severity.REFUSE, bad[name]))
    return table.concat(found)


def import_qualifications(
    by: Scope, who: str, rows: pl.DataFrame | Sequence[Mapping[str, object]], clock: Clock = SYSTEM_CLOCK
) -> Imported:
    """Enter qualifications (columns `QUALIFICATIONS`); rows that pass are entered, the others named.

    A row that is known and now brings its last day ends the known one; one that is known word for word changes
    nothing. `who` is kept with every row.
    """
    frame = with_numbers(arrange(rows, QUALIFICATIONS)).with_columns(
        pl.col("category", "reference", "batch", "note").fill_null(""),
        pl.col("kind")
        .replace_strict({name: one.sort for name, one in qualification_kinds().items()}, default=None)
        .alias("class"),
    )
    sieve = Sieve(_seated(frame))
    _check_form(sieve, clock.today())
    _check_company(sieve, by)
    _check_known(sieve)
    _warn_of_penalties(sieve)
    passed = sieve.passed
    if passed.height:
        now = clock.now()
        with transaction.atomic(), cursor() as bulk:
            stage(bulk, "brought", passed, _TYPES)
            bulk.execute(_END, [now, who])
            bulk.execute(_INSERT, [now, who])
            bulk.execute("DROP TABLE brought")
    return Imported(passed.height, sieve.findings)


def _seated(frame: pl.DataFrame) -> pl.DataFrame:
    """With the division in which each company is seated."""
    numbers = frame["number"].drop_nulls().unique().to_list()
    known = companies(Scope.of_nation(), numbers).select("number", seat="division")
    return frame.join(known, on="number", how="left", maintain_order="left")


def _check_form(sieve: Sieve, today: date) -> None:
    kinds = qualification_kinds()
    sieve.require("company", "kind", "valid_from", "status", "source")
    sieve.note("kind", "qualifications.kind_unknown", ~pl.col("kind").is_in(list(kinds)), {"known": list(kinds)})
    states = [status.value for status in VendorStatus]
    sieve.note("status", "qualifications.status_unknown", ~pl.col("status").is_in(states), {"known": states})
    named = pl.col("category") != ""
    of_category = pl.col("kind").is_in([name for name, one in kinds.items() if one.categorised])
    wrong = named & ~pl.col("category").is_in(list(CATEGORIES))
    sieve.note("category", "qualifications.category_unknown", wrong, {"known": list(CATEGORIES)})
    sieve.note("category", "qualifications.category_missing", of_category & ~named)
    sieve.note("category", "qualifications.category_strange", ~of_category & named)
    sieve.judge("division", check_divisions(sieve.frame["division"], today), lambda text: check_division(text, today))
    is_pilot = pl.col("kind") == "pilot_region"
    sieve.note("division", "registry.value_missing", is_pilot & pl.col("division").is_null(), {"field": "division"})
    fined = pl.col("amount_yuan")
    sieve.note("amount_yuan", "qualifications.amount_impossible", ~fined.is_finite() | (fined < 0) | (fined >= 1e14))
    not_fine = fined.is_not_null() & (pl.col("class") != "penalty")
    sieve.note("amount_yuan", "qualifications.amount_strange", not_fine)
    sieve.once("company", "kind", "category", "reference", "valid_from")
    sieve.valid_period()


def _check_company(sieve: Sieve, by: Scope) -> None:
    unknown = pl.col("number").is_null() & pl.col("company").is_not_null()
    sieve.note("company", "registry.company_unknown", unknown)
    prefix = by.division_prefix
    if prefix is None:
        sieve.note("company", "registry.outside_scope", pl.lit(value=True))
    elif prefix:
        inside = pl.col("seat").str.starts_with(prefix).fill_null(value=False)
        sieve.note("company", "registry.outside_scope", ~inside & pl.col("number").is_not_null())


def _known(numbers: list[int]) -> pl.DataFrame:
    schema = {"number": pl.Int32(), **{name: QUALIFICATIONS[name] for name in _KEY[1:]}, "known_to": pl.Date()}
    schema |= {f"known_{name}": QUALIFICATIONS[name] for name in _SAME}
    with cursor() as run:
        return pl.DataFrame(run.execute(_KNOWN, [numbers]).fetchall(), schema, orient="row")


def _check_known(sieve: Sieve) -> None:
    """A known row may get its last day once, and is not changed otherwise."""
    known = _known(sieve.frame["number"].drop_nulls().unique().to_list())
    both = sieve.frame.join(known, on=list(_KEY), how="inner")
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"known_{name}")) for name in _SAME)
    moved = pl.col("known_to").is_not_null() & pl.col("valid_to").ne_missing(pl.col("known_to"))
    for code, rows in (("known_otherwise", both.filter(other)), ("ended_before", both.filter(moved & ~other))):
        sieve.note("kind", f"qualifications.{code}", pl.col("row").is_in(rows["row"].implode()))


def _warn_of_penalties(sieve: Sieve) -> None:
    """A company on a list within the time for which a penalty bars it: entered, and remarked on."""
    known = _known(sieve.frame["number"].drop_nulls().unique().to_list())
    mine = ["number", "kind", "valid_from"]
    every = pl.concat([known.select(mine), sieve.frame.select(mine)]).unique()
    penalties = every.filter(pl.col("kind") == "administrative_penalty").select("number", fined_on="valid_from")
    bars = [(one.validity.start, one.validity.end, one.told) for one in law().values.get(BAR, ()) if one.told]
    for start, end, months in bars:
        within = penalties.filter(pl.col("fined_on").is_between(pl.lit(start), pl.lit(end or date.max)))
        until = pl.col("fined_on").dt.offset_by(f"{int(months or 0)}mo")
        barred = sieve.frame.filter(pl.col("class") == "list").join(within, on="number")
        rows = barred.filter(pl.col("valid_from").is_between(pl.col("fined_on"), until))["row"]
        data = {"months": int(months or 0)}
        hit = pl.col("row").is_in(rows.implode())
        sieve.note("valid_from", "qualifications.barred", hit, data, severity=Severity.WARNING)


def withdraw_qualification(by: Scope, who: str, number: int, reason: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take back a row that was entered by mistake; it stays, with the reason and who took it back.

    Raises
    ------
    Missing
        ``qualifications.not_found`` if there is none in the scope, or it was withdrawn before.
    Forbidden
        ``registry.outside_scope`` for a company: only an authority says what a company is entitled to.
    Refusal
        ``qualifications.reason_missing``.
    """
    if by.division_prefix is None:
        raise Forbidden("registry.outside_scope", value=str(number))
    if not reason.strip():
        raise Refusal("qualifications.reason_missing")
    with transaction.atomic(), cursor() as run:
        qualification(run, by, number)
        if not run.execute(_WITHDRAW, [clock.now(), who, reason, number]).rowcount:
            raise Missing("qualifications.not_found", number=number)
