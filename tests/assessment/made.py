"""Made records: real files come from `samples`, everything here is invented and says what it should give."""

from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> bytes:
    """A real tester's file; see samples/README.md."""
    return (SAMPLES / name).read_bytes()


def cycles_csv(
    count: int = 1, current_a: float = 10.0, hours: float = 1.0, sign: float = 1.0, step_s: float = 10.0
) -> bytes:
    """Charge, rest, discharge, rest, `count` times: a cell of `current_a * hours` Ah.

    Voltage is 3.2 V + 0.02 Ohm times the current plus a slope of 0.4 V from empty to full; the last
    cycle gives as much as the others. `sign` -1 writes discharging as positive.
    """
    rows, time, filled = ["Test Time (s),Step Index,Step Type,Current (A),Voltage (V),Temp 1 (C)"], 0.0, 0.0
    capacity = current_a * hours
    seconds = hours * 3600
    for _ in range(count):
        for step, (label, current, length) in enumerate(
            [
                ("Charge", current_a, seconds),
                ("Rest", 0.0, 1800.0),
                ("Discharge", -current_a, seconds),
                ("Rest", 0.0, 600.0),
            ]
        ):
            for moment in np.arange(0.0, length + step_s / 2, step_s):
                level = (filled + current * moment / 3600) / capacity
                volts = 3.2 + 0.4 * level + 0.02 * current
                heat = 25.0 + (2.0 * moment / length if current < 0 else 0.0)
                rows.append(f"{time + moment},{step + 1},{label},{sign * current},{volts:.6f},{heat:.3f}")
            time += length
            filled += current * length / 3600
    return ("\n".join(rows) + "\n").encode()


def telemetry_csv(charging_is_positive: bool) -> bytes:
    """One vehicle, made: 20 minutes of charging at 50 A and 20 minutes of driving at 30 A, a row every 10 s."""
    rows = ["数据时间,车速(km/h),累计里程(km),充电状态,总电压(V),总电流(A),SOC(%),最高温度值(℃)"]
    sign = 1 if charging_is_positive else -1
    for place in range(241):
        driving = place >= 120
        minute, second = divmod(place * 10, 60)
        current = (-30.0 if driving else 50.0) * sign
        volts = 350.0 + (0.05 * place if not driving else 6.0 - 0.05 * (place - 120))
        state = "3" if driving else "1"
        soc = 40 + place // 12
        rows.append(
            f"2026-05-01 08:{minute:02d}:{second:02d},{30 * driving},1000,{state},{volts:.1f},{current},{soc},25"
        )
    return ("\n".join(rows) + "\n").encode("gb18030")
