"""Residual capacity and energy of a battery from one record by one protocol."""

from dataclasses import dataclass
from statistics import stdev

from suyuan.assessment.capacity.instrument import Instrument
from suyuan.assessment.capacity.judging import Battery, Check, accept, check_discharge, stop_rule
from suyuan.assessment.capacity.measure import Amount, Resistance, discharged, resistances, temperatures
from suyuan.assessment.capacity.phases import Match, matches, phases_of
from suyuan.assessment.capacity.protocol import Protocol, Rule
from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.record import Kind, Record

__all__ = ["Battery", "Discharge", "Residual", "residual_capacity"]


@dataclass(frozen=True, slots=True)
class Discharge:
    """One full discharge of a record.

    Parameters
    ----------
    step
        Number of its first step, from 1.
    charge, energy
        What was taken out (Ah, Wh).
    charge_efficiency, energy_efficiency
        Taken out over put in by the charge before (ratio); None unless that charge began empty.
    mean_current_a, end_v, duration_s
        Mean current, last voltage, duration.
    start_celsius, rise_k
        Temperature at its start and its largest rise; None if not recorded.
    """

    step: int
    charge: Amount
    energy: Amount
    charge_efficiency: float | None
    energy_efficiency: float | None
    mean_current_a: float
    end_v: float
    duration_s: float
    start_celsius: float | None
    rise_k: float | None
    resistances: tuple[Resistance, ...]


@dataclass(frozen=True, slots=True)
class Residual:
    """The answer.

    Parameters
    ----------
    capacity, energy
        Residual capacity (Ah) and energy (Wh): the mean of the discharges that count.
    counted
        First steps of the discharges that count: the first window that meets the stop rule, else the last
        window; without a stop rule the last discharge.
    set_aside
        First steps of full discharges at another rate than the protocol's, where others were at its rate.
    spread
        Standard deviation of the charge of all full discharges over their mean (ratio); None for fewer than two.
    soh
        Capacity over rated capacity (ratio); None if that is not known.
    followed
        Whether all requirements of binding status are met; None if one of them could not be judged.
    """

    protocol: Protocol
    capacity: Amount
    energy: Amount
    counted: tuple[int, ...]
    set_aside: tuple[int, ...]
    spread: float | None
    soh: float | None
    followed: bool | None
    discharges: tuple[Discharge, ...]
    checks: tuple[Check, ...]
    instrument: Instrument | None

    @property
    def accepted(self) -> bool | None:
        """Whether the battery reaches what the protocol accepts; None if it asks for nothing or cannot be judged."""
        found = [check.met for check in self.checks if check.requirement.rule is Rule.ACCEPTANCE]
        return found[0] if found else None

    @property
    def unmet(self) -> tuple[Check, ...]:
        """The requirements that were not met, whatever their status."""
        return tuple(check for check in self.checks if check.met is False)


def residual_capacity(
    record: Record,
    protocol: Protocol,
    battery: Battery | None = None,
    instrument: Instrument | None = None,
) -> Residual:
    """Measure the residual capacity in a record.

    Raises
    ------
    AssessmentError
        The record holds no discharge that ends a pass through the protocol's sequence.
    """
    if record.kind is Kind.IMPEDANCE:
        raise AssessmentError("assessment.no_capacity_in_spectrum", form=record.form)
    if record.kind is Kind.SERIES and record.series["current_ampere"].null_count():
        raise AssessmentError("assessment.no_current_no_capacity", form=record.form)
    plate = battery or Battery()
    phases = phases_of(record.steps)
    found = matches(phases, protocol)
    if not found:
        wanted = [place.phase + ("?" if place.optional else "") for place in protocol.sequence]
        seen = [phase.phase for phase in phases[:12]]
        raise AssessmentError("assessment.no_full_discharge", protocol=protocol.id, wanted=wanted, found=seen)
    chosen, aside = _at_rate(record, found, protocol, plate)
    repeat = protocol.requirement(Rule.REPEATABILITY)
    if repeat is not None and repeat.most_cycles is not None:
        chosen = chosen[: repeat.most_cycles]
    measured = tuple(_discharge(record, match, protocol, instrument) for match in chosen)
    checks, counting = _checks(record, chosen, measured, protocol, plate)
    capacity, energy = _mean([each.charge for each in counting]), _mean([each.energy for each in counting])
    acceptance = protocol.requirement(Rule.ACCEPTANCE)
    if acceptance is not None:
        checks = (*checks, accept(capacity, acceptance, plate))
    return Residual(
        protocol=protocol,
        capacity=capacity,
        energy=energy,
        counted=tuple(each.step for each in counting),
        set_aside=tuple(int(record.steps["step_count"][match.discharge.first]) for match in aside),
        spread=_spread([each.charge.value for each in measured]),
        soh=capacity.value / plate.rated_ah if plate.rated_ah else None,
        followed=_followed(checks),
        discharges=measured,
        checks=checks,
        instrument=instrument,
    )


def _discharge(record: Record, match: Match, protocol: Protocol, instrument: Instrument | None) -> Discharge:
    phase = match.discharge
    charge, energy = discharged(record, phase, instrument)
    start, rise = temperatures(record, phase)
    of_charge, of_energy = _efficiencies(match, protocol)
    hours = phase.duration_s / 3600
    return Discharge(
        step=int(record.steps["step_count"][phase.first]),
        charge=charge,
        energy=energy,
        charge_efficiency=of_charge,
        energy_efficiency=of_energy,
        mean_current_a=phase.discharged_ah / hours if hours > 0 else 0.0,
        end_v=float(record.steps["end_v"][phase.last]),
        duration_s=phase.duration_s,
        start_celsius=start,
        rise_k=rise,
        resistances=resistances(record, match, protocol.resistance_times_s, instrument),
    )


def _efficiencies(match: Match, protocol: Protocol) -> tuple[float | None, float | None]:
    """Only for a charge that began where a full discharge had ended: a top-up says nothing."""
    put, before = match.charge, match.before
    full = before is not None and before.discharged_ah >= protocol.least_share * match.discharge.discharged_ah
    if put is None or not full or put.charged_ah <= 0 or put.charged_wh <= 0:
        return None, None
    return match.discharge.discharged_ah / put.charged_ah, match.discharge.discharged_wh / put.charged_wh


def _at_rate(
    record: Record, found: list[Match], protocol: Protocol, battery: Battery
) -> tuple[list[Match], list[Match]]:
    """The discharges at the protocol's rate and the others; all of them where none is at that rate."""
    rate = protocol.requirement(Rule.RATE)
    if rate is None:
        return found, []
    right = [match for match in found if check_discharge(record, match, rate, battery).met]
    return (right, [match for match in found if match not in right]) if right else (found, [])


def _checks(
    record: Record, found: list[Match], measured: tuple[Discharge, ...], protocol: Protocol, battery: Battery
) -> tuple[tuple[Check, ...], tuple[Discharge, ...]]:
    """Every requirement on the discharges that count, and which these are."""
    repeat = protocol.requirement(Rule.REPEATABILITY)
    last = len(measured)
    of_all = []
    if repeat is not None:
        last, check = stop_rule([each.charge.value for each in measured], repeat, battery)
        of_all.append(check)
    window = repeat.window if repeat is not None and len(measured) >= repeat.window else 1
    first = max(last - window, 0)
    each = [
        check_discharge(record, match, requirement, battery)
        for match in found[first:last]
        for requirement in protocol.requirements
        if not requirement.rule.of_result
    ]
    return (*each, *of_all), measured[first:last]


def _followed(checks: tuple[Check, ...]) -> bool | None:
    acts = [check for check in checks if check.requirement.rule is not Rule.ACCEPTANCE]
    binding = [check.met for check in acts if check.requirement.status.binding]
    if False in binding:
        return False
    return None if None in binding else True


def _mean(amounts: list[Amount]) -> Amount:
    """Errors of one tester are common to all its discharges, so the mean is no better than one of them."""
    count = len(amounts)
    return Amount(sum(each.value for each in amounts) / count, sum(each.uncertainty for each in amounts) / count)


def _spread(values: list[float]) -> float | None:
    if len(values) < 2:
        return None
    middle = sum(values) / len(values)
    return stdev(values) / middle if middle > 0 else None
