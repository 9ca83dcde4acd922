"""From the records of battery packs to their stays: where each was, from when to when, when it was lost sight of."""

from dataclasses import dataclass

import polars as pl
import psycopg

from suyuan.events.vocabulary import vocabulary
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.histories import divisions, ratings, touches
from suyuan.server.answers.queries.stored import STAY
from suyuan.server.kit.connection import Row

_OBJECT = ("lot", "serial")
_CHINA_MS = 8 * 3_600_000
_DAY_MS = 86_400_000
UNKNOWN = "000000"
_NEVER = 2_000_000  # days since 1970: behind every date
_LASTING = [at.SECOND_USE, at.RECYCLED, at.DISPOSED, at.EXPORTED]  # a missing receipt changes nothing there


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What stays are computed with: where companies and sites lie, what packs are rated, the limit in days."""

    firms: dict[int, str]
    sites: dict[int, str]
    rated: pl.DataFrame
    limit_days: int

    @classmethod
    def now(cls, run: psycopg.Cursor[Row]) -> "Reckoning":
        """With the register as it is."""
        firms, sites = divisions(run)
        return cls(firms, sites, ratings(run), int(at.limit().value))

    def stays(self, packs: pl.DataFrame, vehicles: pl.DataFrame) -> pl.DataFrame:
        """The stays of whole histories, in the columns of the table and the order of its key.

        Parameters
        ----------
        packs, vehicles
            See `suyuan.server.answers.queries.histories`.
        """
        made = packs.filter((pl.col("kind") == _no("product_made")) & (pl.col("slot") == 0)).select(_OBJECT)
        packs = packs.join(made, on=_OBJECT, how="anti")  # products are counted by what they are made of
        if not packs.height:
            return pl.DataFrame(schema=dict(STAY))
        points = self._placed(_told(_with_vehicles(packs, vehicles), vehicles))
        return self._rated(_cohort(_stays(_split(points, self.limit_days))))

    def _placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """With division and company; both as last known where a record leaves them open."""
        seat = pl.col("company").replace_strict(self.firms, default="", return_dtype=pl.String)
        lies = pl.col("site").replace_strict(self.sites, default="", return_dtype=pl.String)
        in_use = pl.col("stage") == at.IN_USE
        told = pl.when(in_use).then(pl.col("sold_in")).otherwise(pl.when(pl.col("site") > 0).then(lies))
        division = pl.coalesce(*(pl.when(one.str.len_chars() == len(UNKNOWN)).then(one) for one in (told, seat)))
        return rows.with_columns(division=division.forward_fill().over(_OBJECT).fill_null(UNKNOWN))

    def _rated(self, rows: pl.DataFrame) -> pl.DataFrame:
        long, short = (
            self.rated.filter(pl.col("prefix").str.len_chars() == size).rename(
                {"prefix": f"_{size}", "energy_wh": f"_wh{size}", "mass_g": f"_g{size}"}
            )
            for size in (14, 7)
        )
        named = rows.with_columns(pl.col("lot").str.slice(0, size).alias(f"_{size}") for size in (14, 7))
        both = named.join(long, on="_14", how="left").join(short, on="_7", how="left")
        return (
            both.with_columns(energy_wh=pl.coalesce("_wh14", "_wh7"), mass_g=pl.coalesce("_g14", "_g7"))
            .select(pl.col(name).cast(kind) for name, kind in STAY.items())
            .sort("lot", "serial", "place")
        )


def _no(kind: str) -> int:
    return vocabulary().kinds[kind].no


def _effects() -> pl.DataFrame:
    words = vocabulary()
    slots = {kind.no: kind.slots for kind in words.kinds.values()}
    rows = [
        (
            kind,
            slot,
            words.stages[sets.stage] if sets.stage else None,
            sets.holder,
            sets.consignee,
            sets.site,
            sets.vehicle,
        )
        for kind, slot in touches()
        for sets in [slots[kind][slot].sets]
    ]
    names = {"kind": pl.Int16, "slot": pl.Int16, "sets_stage": pl.Int16}
    words_of = dict.fromkeys(("sets_holder", "sets_consignee", "sets_site", "sets_vehicle"), pl.String)
    return pl.DataFrame(rows, {**names, **words_of}, orient="row")


def _with_vehicles(packs: pl.DataFrame, vehicles: pl.DataFrame) -> pl.DataFrame:
    """The records of packs, and among them those of each vehicle that the pack was ever in (slot -1)."""
    of_vehicle = packs.filter(pl.col("vin").is_not_null()).select(*_OBJECT, "vin").unique(maintain_order=True)
    more = of_vehicle.join(vehicles, on="vin", how="inner").select(
        *_OBJECT, "event", "kind", "vin", "ms", "stands", slot=pl.lit(-1, pl.Int16)
    )
    return pl.concat([packs, more], how="diagonal").sort(*_OBJECT, "ms", "stands", "slot", descending=False)


def _told(rows: pl.DataFrame, vehicles: pl.DataFrame) -> pl.DataFrame:
    """What is true of a pack after each record: stage, company, consignee with its day, site, its vehicle's fate."""
    known = rows.join(_effects(), on=["kind", "slot"], how="left", maintain_order="left")
    day = ((pl.col("ms") + _CHINA_MS) // _DAY_MS).cast(pl.Int32)

    def number(role: str) -> pl.Expr:
        sets = pl.col(f"sets_{role}")
        told = pl.when(sets == "reporter").then(pl.col("reporter")).when(sets == "party").then(pl.col("party"))
        return told.when(sets == "site").then(pl.col("site")).when(sets.is_not_null()).then(0)

    bound = (
        pl.when(pl.col("sets_vehicle") == "this")
        .then(pl.col("vin"))
        .when(pl.col("sets_vehicle") == "none")
        .then(pl.lit(""))
    )
    consigned = pl.when(pl.col("sets_consignee").is_not_null()).then(day)
    scrapping = (pl.col("kind") == _no("vehicle_scrapped")) & (pl.col("slot") == 1)
    known = known.with_columns(
        day=day,
        raw=pl.col("sets_stage"),
        holder=number("holder"),
        consignee=number("consignee"),
        site=number("site"),
        bound=bound,
        consigned=consigned,
        bound_ms=pl.when(pl.col("sets_vehicle") == "this").then(pl.col("ms")),
        named_ms=pl.when(scrapping).then(pl.col("ms")),
    )
    filled = ("raw", "holder", "consignee", "site", "bound", "consigned", "bound_ms", "named_ms")
    known = known.with_columns(pl.col(name).forward_fill().over(_OBJECT) for name in filled)
    # records of a vehicle count while the pack is in it, and no history begins with one
    known = known.filter(pl.col("raw").is_not_null(), (pl.col("slot") >= 0) | (pl.col("vin") == pl.col("bound")))
    known = known.with_columns(
        company=pl.when(pl.col("holder") > 0).then(pl.col("holder")).forward_fill().over(_OBJECT).fill_null(0),
        site=pl.col("site").fill_null(0),
    )
    return _staged(_fate(known, vehicles))


def _fate(rows: pl.DataFrame, vehicles: pl.DataFrame) -> pl.DataFrame:
    """With the last that was recorded of the vehicle until then: where it was sold, when scrapped or exported."""
    rows = rows.with_row_index("_row").sort("ms")
    for kind, column in (
        ("vehicle_sold", "sold_in"),
        ("vehicle_scrapped", "scrapped_ms"),
        ("vehicle_exported", "gone_ms"),
    ):
        value = pl.col("sold_in") if column == "sold_in" else pl.col("ms")
        told = vehicles.filter(pl.col("kind") == _no(kind)).select(bound="vin", ms="ms", _value=value)
        told = told.sort("ms").rename({"_value": column})
        rows = rows.join_asof(told, on="ms", by="bound", strategy="backward", check_sortedness=False)
    return rows.sort("_row").drop("_row")


def _staged(rows: pl.DataFrame) -> pl.DataFrame:
    """With the stage of the answers, why a battery may be lost, and from which day the limit counts."""
    numbers = at.stages().of_vocabulary
    plain = pl.col("raw").replace_strict(numbers, default=at.MADE, return_dtype=pl.Int16)
    # what an outlet or utiliser hands over stays with it until it is received
    held = pl.when(plain != at.RETIRED).then(plain).forward_fill().over(_OBJECT)
    rows = rows.with_columns(_plain=plain, _held=held)
    kept = (pl.col("_plain") == at.RETIRED) & pl.col("_held").is_in([at.COLLECTED, at.UTILISING])
    stage = pl.when(kept).then(pl.col("_held")).otherwise(pl.col("_plain"))
    exported = (pl.col("_plain") == at.IN_USE) & pl.col("gone_ms").is_not_null()
    rows = rows.with_columns(stage=pl.when(exported).then(pl.lit(at.EXPORTED, pl.Int16)).otherwise(stage))
    scrapped = (pl.col("stage") == at.IN_USE) & pl.col("scrapped_ms").is_not_null()
    named = pl.col("named_ms").is_not_null() & (pl.col("named_ms") >= pl.col("bound_ms"))
    since_ms = pl.max_horizontal("scrapped_ms", "bound_ms")
    since = ((since_ms + _CHINA_MS) // _DAY_MS).cast(pl.Int32)
    awaited = (pl.col("consignee") > 0) & ~pl.col("stage").is_in([*_LASTING, at.IN_USE])
    lost = pl.col("stage") == at.UNACCOUNTED
    return rows.with_columns(
        since=pl.when(lost)
        .then(pl.col("day"))
        .when(awaited)
        .then(pl.col("consigned"))
        .when(scrapped & ~named)
        .then(since),
        reason=pl.when(lost)
        .then(at.LOST)
        .when(awaited)
        .then(at.NOT_RECEIVED)
        .when(scrapped & ~named)
        .then(at.SCRAPPED_WITHOUT_IT),
    )


def _split(points: pl.DataFrame, limit_days: int) -> pl.DataFrame:
    """One row an interval between records, cut where the limit runs out: behind that the battery is unaccounted."""
    after = pl.col("day").shift(-1).over(_OBJECT).fill_null(_NEVER)
    wait = pl.when(pl.col("reason") == at.LOST).then(0).otherwise(limit_days + 1)
    rows = points.with_columns(_until=after, _lapse=(pl.col("since") + wait).fill_null(_NEVER))
    place = [*_OBJECT, "division", "company", "event", "_order"]
    rows = rows.with_row_index("_order")
    before = rows.filter(pl.col("_lapse") > pl.col("day"), pl.col("stage") != at.UNACCOUNTED).select(
        *place, "stage", from_on="day", reason=pl.lit(0, pl.Int16), _half=pl.lit(0)
    )
    began = pl.max_horizontal("day", "_lapse")
    behind = rows.filter((pl.col("_lapse") < pl.col("_until")) | (pl.col("_lapse") <= pl.col("day"))).select(
        *place,
        stage=pl.lit(at.UNACCOUNTED, pl.Int16),
        from_on=began,
        reason=pl.col("reason").cast(pl.Int16),
        _half=pl.lit(1),
    )
    return pl.concat([before, behind], how="diagonal_relaxed").sort("_order", "_half")


def _stays(rows: pl.DataFrame) -> pl.DataFrame:
    """Intervals of one place joined to a stay, each with the place that it came from."""
    what = ("stage", "division", "company")
    same = pl.all_horizontal(
        *(pl.col(name) == pl.col(name).shift(1).over(_OBJECT) for name in (*what, "reason"))
    ).fill_null(False)
    rows = rows.filter(~same)
    came = {f"came_{name}": pl.col(name).shift(1).over(_OBJECT) for name in what}
    rows = rows.with_columns(
        **came,
        until_on=pl.col("from_on").shift(-1).over(_OBJECT),
        place=pl.int_range(pl.len()).over(_OBJECT).cast(pl.Int16),
    )
    return rows.with_columns(
        pl.col("came_stage").fill_null(at.OUTSIDE),
        pl.col("came_division").fill_null(UNKNOWN),
        pl.col("came_company").fill_null(0),
    )


def _cohort(rows: pl.DataFrame) -> pl.DataFrame:
    """With the day of arrival in the stays in which a battery left use."""
    told = at.stages()
    lives = (pl.col("stage") == at.IN_USE).cast(pl.Int32).cum_sum().over(_OBJECT)
    rows = rows.with_columns(_life=lives)
    arrival = pl.when(pl.col("stage").is_in(told.arrived)).then(pl.col("from_on"))
    arrived = arrival.backward_fill().over(*_OBJECT, "_life")
    left = (pl.col("came_stage") == at.IN_USE) & pl.col("stage").is_in(told.out_of_use)
    rows = rows.with_columns(arrived_on=pl.when(left).then(arrived))
    return rows.with_columns(
        pl.col(name).cast(pl.Int32).cast(pl.Date) for name in ("from_on", "until_on", "arrived_on")
    )
