"""Whether a test did what its protocol asks for: met, not met, or not to be judged, with the reason."""

from collections.abc import Callable
from dataclasses import dataclass

from suyuan.assessment.capacity.measure import Amount
from suyuan.assessment.capacity.phases import Match
from suyuan.assessment.capacity.protocol import Requirement, Rule
from suyuan.assessment.record import Kind, Record


@dataclass(frozen=True, slots=True)
class Battery:
    """What is known of the battery from its type plate; each part may be missing.

    Parameters
    ----------
    rated_ah
        Rated capacity (Ah).
    end_v
        End voltage of discharge (V), of the whole object tested.
    """

    rated_ah: float | None = None
    end_v: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement held against one discharge (or against all, `step` None).

    `met` is None where it could not be judged; `reason` then says why, as a code.
    """

    requirement: Requirement
    met: bool | None
    found: float | None
    step: int | None
    reason: str | None = None
    limit: float | None = None  # what was asked for, where the protocol leaves it to the battery

    @property
    def code(self) -> str:
        """The message id of what this says."""
        outcome = {True: "met", False: "unmet", None: "not_judged"}[self.met]
        return f"assessment.{outcome}_{self.reason or self.requirement.rule.value}"


Answer = tuple[bool | None, float | None, str | None]


def check_discharge(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Check:
    """One requirement on one discharge."""
    met, found, reason = _RULES[requirement.rule](record, match, requirement, battery)
    step = int(record.steps["step_count"][match.discharge.first])
    limit = battery.end_v if requirement.rule is Rule.CUT_OFF else None
    return Check(requirement, met, found, step, reason, limit)


def _charge_before(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    return match.charge is not None, None, None if match.charge else "no_charge_before"


def _rest(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    found = match.rest.duration_s if match.rest else 0.0
    return found >= (requirement.least or 0.0) * 0.999, found, None


def _rate(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    if battery.rated_ah is None:
        return None, None, "rated_capacity_missing"
    hours = match.discharge.duration_s / 3600
    if hours <= 0:
        return None, None, "no_duration"
    found = match.discharge.discharged_ah / hours / battery.rated_ah
    wanted = requirement.value or 0.0
    return abs(found - wanted) <= requirement.tolerance * wanted + 1e-9, found, None


def _cut_off(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    found = record.steps["end_v"][match.discharge.last]
    if battery.end_v is None:
        return None, found, "end_voltage_missing"
    return found is not None and found <= battery.end_v * (1 + requirement.tolerance), found, None


def _temperature(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    found = record.steps["start_celsius"][match.discharge.first]
    if found is None:
        return None, None, "temperature_missing"
    return abs(found - (requirement.value or 0.0)) <= requirement.tolerance, found, None


def _intervals(record: Record, match: Match, requirement: Requirement, battery: Battery) -> Answer:
    if record.kind is Kind.STEPS:
        return True, None, "integrated_by_tester"
    steps = record.steps.slice(match.discharge.first, match.discharge.last - match.discharge.first + 1)
    longest = steps["longest_interval_s"].max()
    if not isinstance(longest, float) or longest <= 0:
        return False, 0.0, None
    found = match.discharge.duration_s / longest
    return found >= (requirement.least or 0.0) * 0.999, found, None


_RULES: dict[Rule, Callable[[Record, Match, Requirement, Battery], Answer]] = {
    Rule.CHARGE_BEFORE: _charge_before,
    Rule.REST: _rest,
    Rule.RATE: _rate,
    Rule.CUT_OFF: _cut_off,
    Rule.TEMPERATURE: _temperature,
    Rule.INTERVALS: _intervals,
}


def accept(capacity: Amount, requirement: Requirement, battery: Battery) -> Check:
    """Whether the capacity reaches its share of the rated one; not judged where its interval crosses the line."""
    if battery.rated_ah is None:
        return Check(requirement, None, None, None, "rated_capacity_missing")
    found, margin = capacity.value / battery.rated_ah, capacity.uncertainty / battery.rated_ah
    least = requirement.least or 0.0
    if abs(found - least) < margin:
        return Check(requirement, None, found, None, "interval_crosses_line")
    return Check(requirement, found >= least, found, None)


def stop_rule(values_ah: list[float], requirement: Requirement, battery: Battery) -> tuple[int, Check]:
    """Where the first window of discharges ends that agree, and the check of it.

    The spread of a window is its largest less its smallest charge over the rated capacity (ratio).
    Where no window agrees, the last one is shown.
    """
    count, window = len(values_ah), requirement.window
    if count < window:
        return count, Check(requirement, False, float(count), None, "too_few_discharges")
    if battery.rated_ah is None:
        return count, Check(requirement, None, None, None, "rated_capacity_missing")
    spread = 0.0
    for end in range(window, count + 1):
        inside = values_ah[end - window : end]
        spread = (max(inside) - min(inside)) / battery.rated_ah
        if spread <= requirement.tolerance:
            return end, Check(requirement, True, spread, None)
    return count, Check(requirement, False, spread, None)
