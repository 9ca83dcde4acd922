"""Places on Chinese maps brought to WGS 84: GCJ-02 (the national shift) and BD-09 (Baidu's, on top of it).

Neither shift was ever published by its maker; the formulas are those that the open converters agree on
(eviltransform, coordtransform), and the tests compare with the pairs that these publish. The way back has
no closed form: it is iterated until a step is shorter than `STEP_DEG`, about 0.1 mm, so that going there and
back meets the point that one started from. Outside of a rectangle around China nothing is shifted. All
longitudes and latitudes are degrees.
"""

from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Degrees: TypeAlias = npt.NDArray[np.float64]

STEP_DEG: Final = 1e-9
_ROUNDS: Final = 30
_SEMI_MAJOR_M: Final = 6_378_245.0  # Krasovsky's ellipsoid of 1940
_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BD_TURN: Final = np.pi * 3000.0 / 180.0
_BD_EAST_DEG, _BD_NORTH_DEG = 0.0065, 0.006


class Datum(StrEnum):
    """What a pair of degrees refers to."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(longitude: npt.ArrayLike, latitude: npt.ArrayLike, datum: Datum) -> tuple[Degrees, Degrees]:
    """Longitudes and latitudes on WGS 84; null (NaN) stays null.

    Examples
    --------
    >>> longitude, latitude = to_wgs84(116.38404722455657, 39.91334545536069, Datum.GCJ02)
    >>> round(float(longitude), 6), round(float(latitude), 6)
    (116.377817, 39.911954)
    """
    east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    if datum is Datum.BD09:
        east, north = bd09_to_gcj02(east, north)
    return gcj02_to_wgs84(east, north) if datum is not Datum.WGS84 else (east, north)


def wgs84_to_gcj02(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """The shifted places."""
    east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    inside = (east >= _WEST) & (east <= _EAST) & (north >= _SOUTH) & (north <= _NORTH)
    d_east, d_north = _shift(east, north)
    return np.where(inside, east + d_east, east), np.where(inside, north + d_north, north)


def gcj02_to_wgs84(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """The places before the shift, by fixed-point iteration: the shift changes by far less than its argument."""
    east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    found_east, found_north = east, north
    for _ in range(_ROUNDS):
        there_east, there_north = wgs84_to_gcj02(found_east, found_north)
        step_east, step_north = east - there_east, north - there_north
        found_east, found_north = found_east + step_east, found_north + step_north
        if not np.any((np.abs(step_east) > STEP_DEG) | (np.abs(step_north) > STEP_DEG)):
            break
    return found_east, found_north


def gcj02_to_bd09(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """Baidu's places: a ripple in polar coordinates and a constant offset."""
    east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    radius = np.hypot(east, north) + 0.00002 * np.sin(north * _BD_TURN)
    angle = np.arctan2(north, east) + 0.000003 * np.cos(east * _BD_TURN)
    return radius * np.cos(angle) + _BD_EAST_DEG, radius * np.sin(angle) + _BD_NORTH_DEG


def bd09_to_gcj02(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """The places before Baidu's ripple, iterated from the usual one-step answer."""
    east, north = np.asarray(longitude, np.float64), np.asarray(latitude, np.float64)
    found_east, found_north = _before_ripple(east, north)
    for _ in range(_ROUNDS):
        there_east, there_north = gcj02_to_bd09(found_east, found_north)
        step_east, step_north = east - there_east, north - there_north
        found_east, found_north = found_east + step_east, found_north + step_north
        if not np.any((np.abs(step_east) > STEP_DEG) | (np.abs(step_north) > STEP_DEG)):
            break
    return found_east, found_north


def _before_ripple(longitude: Degrees, latitude: Degrees) -> tuple[Degrees, Degrees]:
    east, north = longitude - _BD_EAST_DEG, latitude - _BD_NORTH_DEG
    radius = np.hypot(east, north) - 0.00002 * np.sin(north * _BD_TURN)
    angle = np.arctan2(north, east) - 0.000003 * np.cos(east * _BD_TURN)
    return radius * np.cos(angle), radius * np.sin(angle)


def _shift(longitude: Degrees, latitude: Degrees) -> tuple[Degrees, Degrees]:
    """How far a place is moved east and north: metres from two series, turned into degrees on the ellipsoid."""
    x, y = longitude - 105.0, latitude - 35.0
    root, product = np.sqrt(np.abs(x)), x * y
    common = _waves(x, ((20.0, 6.0), (20.0, 2.0)))
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * product + 0.2 * root
    north_m += common + _waves(y, ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * product + 0.1 * root
    east_m += common + _waves(x, ((20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30)))
    phi = np.radians(latitude)
    curve = 1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / curve**1.5
    parallel_m = _SEMI_MAJOR_M / np.sqrt(curve) * np.cos(phi)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _waves(value: Degrees, parts: tuple[tuple[float, float], ...]) -> Degrees:
    """Two thirds of a sum of sines: (amplitude, number of half turns a degree)."""
    total = np.zeros_like(value)
    for amplitude, turns in parts:
        total = total + amplitude * np.sin(turns * np.pi * value)
    return total * 2.0 / 3.0
