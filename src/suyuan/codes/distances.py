"""How far two places on WGS 84 lie apart: on the ellipsoid, and a sphere to search with.

`geodesic_m` is Karney's method (J. Geodesy 87, 2013, 43-55; the library geographiclib), exact to some 15 nm and
for every pair of places, antipodes too. A sphere of the mean radius differs from it by at most `SPHERE_ERROR`
of the distance, which is what lets an index search with the sphere and still miss nothing.
"""

import math
from typing import Final, NamedTuple

from geographiclib.geodesic import Geodesic  # type: ignore[import-untyped]  # the library has no types

MEAN_RADIUS_M: Final = 6_371_008.771_4  # (2a + b) / 3 of WGS 84
SPHERE_ERROR: Final = 0.0057
"""Largest share by which the distance on the sphere differs; its worst is 0.56 %, along a meridian at the equator."""

HALF_ROUND_M: Final = 20_100_000.0
"""More than the distance of any two places (m)."""


class Box(NamedTuple):
    """A rectangle of degrees that holds everything within some distance of a place."""

    west: float
    south: float
    east: float
    north: float


def geodesic_m(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Metres along the shortest line on the ellipsoid.

    >>> round(geodesic_m(116.391, 39.907, 121.474, 31.230) / 1000)
    1067
    """
    inverse = Geodesic.WGS84.Inverse(latitude, longitude, other_latitude, other_longitude, Geodesic.DISTANCE)
    return float(inverse["s12"])


def box_around(longitude: float, latitude: float, radius_m: float) -> Box:
    """The box around everything within `radius_m` on the sphere.

    One that would cross the meridian of 180 degrees, or holds a pole, spans all longitudes.
    """
    angle = radius_m / MEAN_RADIUS_M
    reach = math.degrees(angle) + 1e-6
    south, north = max(latitude - reach, -90.0), min(latitude + reach, 90.0)
    if south <= -90.0 or north >= 90.0:
        return Box(-180.0, south, 180.0, north)
    aside = math.degrees(math.asin(min(math.sin(angle) / math.cos(math.radians(latitude)), 1.0))) + 1e-6
    if longitude - aside < -180.0 or longitude + aside > 180.0:
        return Box(-180.0, south, 180.0, north)
    return Box(longitude - aside, south, longitude + aside, north)
