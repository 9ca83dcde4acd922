"""A minimum of a function of a few variables without derivatives: the simplex of Nelder and Mead (1965)."""

from collections.abc import Callable

import numpy as np

from suyuan.assessment.pulses.rows import Floats


def lowest(value: Callable[[Floats], float], start: Floats, step: float = 0.5, rounds: int = 45) -> Floats:
    """The best point found from `start`; the same input gives the same answer."""
    size = len(start)
    points = np.vstack([start, start + step * np.eye(size)])
    values = np.array([value(point) for point in points])
    for _ in range(rounds):
        order = np.argsort(values, kind="stable")
        points, values = points[order], values[order]
        _move(value, points, values)
    return np.asarray(points[int(np.argmin(values))])


def _move(value: Callable[[Floats], float], points: Floats, values: Floats) -> None:
    """Replace the worst point, or draw all points nearer to the best."""
    centre, worst = points[:-1].mean(axis=0), points[-1].copy()
    mirrored = 2 * centre - worst
    there = value(mirrored)
    if there < values[0]:
        further = centre + 2 * (centre - worst)
        beyond = value(further)
        points[-1], values[-1] = (further, beyond) if beyond < there else (mirrored, there)
        return
    if there < values[-2]:
        points[-1], values[-1] = mirrored, there
        return
    nearer = (centre + worst) / 2
    here = value(nearer)
    if here < values[-1]:
        points[-1], values[-1] = nearer, here
        return
    points[1:] = (points[0] + points[1:]) / 2
    values[1:] = [value(point) for point in points[1:]]
