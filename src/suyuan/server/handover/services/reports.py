"""Which reports follow from an act, and from a hand-over that both sides confirmed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from suyuan import rules
from suyuan.codes.keys import compose_code
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.server.accounts.queries import Principal
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.handover.queries.standing import packs_in, standings
from suyuan.server.handover.services.reporting import Record, Report
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import code_and_roles, sites

if TYPE_CHECKING:
    from suyuan.server.handover.services.acting import Act

EXEMPT: Final = "scrap.swap_models_exempt"
REASONS: Final = ("swap_model", "lost", "removed_before", "unknown")
"""Why a vehicle comes without its pack; the words are the vocabulary's."""

_OUT: Final = ("outlet_handed_over", "transferred_out")
_IN: Final = ("utiliser_received", "outlet_received", "transferred_in")
_TWO: Final = 2
_Same: TypeAlias = Mapping[str, str | date]


def of_act(who: Principal, said: "Act", clock: Clock) -> list[Report]:
    """The reports of an act, in the order in which they are to be sent.

    Raises
    ------
    Refusal
        ``handovers.site_missing``, ``handovers.two_codes_wanted``, ``handovers.vin_missing``,
        ``handovers.vin_unknown``,
        ``handovers.certificate_missing``, ``handovers.reason_missing``, ``handovers.reason_too_many``,
        ``handovers.not_exempt``.
    """
    makers = {"take_in": _take_in, "replace": _replace, "scrap": _scrap, "receive": _receive}
    company = who.scope.company or 0
    return [
        Report("own", kind, company, who.scope.site, who.person, records)
        for kind, records in makers[said.task](who, said, clock)
    ]


def _take_in(who: Principal, said: "Act", clock: Clock) -> Iterator[tuple[str, list[Record]]]:
    site = said.site or only_site(who.scope, clock)
    if not site:
        raise Refusal("handovers.site_missing")
    if said.taken_out:
        yield "battery_removed", _taken_out(said, site)
    same: _Same = {"received_on": said.day, "site": site, "from_company": said.party, "vin": said.vin}
    yield "outlet_received", [_filled(code=code, mass_kg=_mass_of_one(said), **same) for code in said.codes]


def _replace(who: Principal, said: "Act", clock: Clock) -> Iterator[tuple[str, list[Record]]]:
    if len(said.codes) != _TWO:
        raise Refusal("handovers.two_codes_wanted", count=len(said.codes))
    old, new = said.codes
    vin = said.vin or _vehicle_of(who, old, clock)
    yield "replaced", [_filled(vin=vin, old_code=old, new_code=new, replaced_on=said.day, party=said.party)]


def _vehicle_of(who: Principal, battery: str, clock: Clock) -> str:
    """The vehicle that the old battery is in: filled in for who has it before him, and noted as a reading."""
    (standing,) = standings(Scope.of_nation(), [battery])
    if standing.vehicle is None:
        raise Refusal("handovers.vin_unknown", battery=battery)
    log_reads(who, [Reading("scan.vehicle", battery)], clock)
    return standing.vehicle


def _scrap(who: Principal, said: "Act", clock: Clock) -> Iterator[tuple[str, list[Record]]]:
    if not said.vin:
        raise Refusal("handovers.vin_missing")
    if not said.document_no:
        raise Refusal("handovers.certificate_missing")
    bound = {compose_code(*key) for key in packs_in(Scope.of_nation(), said.vin)}
    missing = len(bound - set(said.codes)) if bound else int(not said.codes)
    _check_reason(said, missing)
    same: _Same = {"vin": said.vin, "scrapped_on": said.day, "certificate_no": said.document_no}
    records = [_filled(pack_code=code, **same) for code in said.codes]
    yield "vehicle_scrapped", records + ([_filled(missing_reason=said.missing_reason, **same)] if missing else [])
    if said.taken_out and said.codes:
        yield "battery_removed", _taken_out(said, said.site or only_site(who.scope, clock))


def _check_reason(said: "Act", missing: int) -> None:
    if missing and said.missing_reason not in REASONS:
        raise Refusal("handovers.reason_missing", count=missing)
    if not missing and said.missing_reason:
        raise Refusal("handovers.reason_too_many")
    if said.missing_reason == "swap_model" and not swap_models_exempt(said.day):
        raise Refusal("handovers.not_exempt", day=said.day.isoformat())


def swap_models_exempt(on: date) -> bool:
    """Whether the law lets vehicles of swap models come to scrapping without a battery on a day."""
    found = rules.value(EXEMPT, on)
    return isinstance(found, rules.InForce) and found.told is True


def _receive(who: Principal, said: "Act", clock: Clock) -> Iterator[tuple[str, list[Record]]]:
    site = said.site or only_site(who.scope, clock)
    same: _Same = {"received_on": said.day, "from_company": said.party, "document_no": said.document_no, "site": site}
    yield "utiliser_received", [_filled(code=code, mass_kg=_mass_of_one(said), **same) for code in said.codes]


def _taken_out(said: "Act", site: str) -> list[Record]:
    return [_filled(code=code, vin=said.vin, removed_on=said.day, site=site) for code in said.codes]


def _mass_of_one(said: "Act") -> float | None:
    """A mass is said of all together; of several nobody knows what each weighs."""
    return said.mass_kg if len(said.codes) == 1 else None


def _filled(**values: str | float | date | None) -> Record:
    """A record without what was left blank; days as texts."""
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return {name: value for name, value in told.items() if value is not None and value != ""}


def only_site(scope: Scope, clock: Clock) -> str:
    """The site where there is only one to choose; blank where there are several or none."""
    known = sites(scope, on=clock.today())
    return str(known["code"][0]) if known.height == 1 else ""


def of_giver(giver: int, codes: Sequence[str], on: date) -> dict[str, str]:
    """By code, the kind in which its giver reports it; the stage of each and the giver's roles decide.

    Raises
    ------
    Refusal
        ``handovers.not_held`` with the codes that are not the giver's to hand over.
    """
    _, roles = code_and_roles(giver, on) or ("", frozenset())
    found = standings(Scope.of_company(giver), codes)
    named = {one.code: _first(_OUT, one.stage, roles) for one in found if one.mine and one.vehicle is None}
    kinds = {code: kind for code, kind in named.items() if kind is not None}
    unfit = [code for code in codes if code not in kinds]
    if unfit:
        raise Refusal("handovers.not_held", codes=unfit[:5], count=len(unfit))
    return kinds


def of_receiver(receiver: int, given: Mapping[str, str], site: str, on: date) -> dict[str, str]:
    """By code, the kind in which its receiver reports it, from what is true of it after the giver's report.

    Raises
    ------
    Refusal
        ``handovers.receiver_may_not`` if none of the company's roles may report it, ``handovers.site_missing``.
    """
    _, roles = code_and_roles(receiver, on) or ("", frozenset())
    stages = {one.code: one.stage for one in standings(Scope.of_nation(), list(given))}
    kinds: dict[str, str] = {}
    for code, kind_out in given.items():
        kind = _first(_IN, vocabulary().kinds[kind_out].slots[0].sets.stage or stages[code], roles)
        if kind is None:
            raise Refusal("handovers.receiver_may_not", battery=code)
        if kind == "outlet_received" and not site:
            raise Refusal("handovers.site_missing")
        kinds[code] = kind
    return kinds


def _first(names: Sequence[str], stage: str | None, roles: frozenset[str]) -> str | None:
    kinds = (vocabulary().kinds[name] for name in names)
    return next((kind.name for kind in kinds if _fits(kind, stage, roles)), None)


def _fits(kind: Kind, stage: str | None, roles: frozenset[str]) -> bool:
    if kind.name.startswith("outlet_") and "outlet_operator" not in roles:
        return False
    return bool(roles & set(kind.reporters)) and stage in kind.slots[0].before
