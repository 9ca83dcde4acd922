"""Distances on WGS 84: published lines, and what the search by boxes relies on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes.distances import HALF_ROUND_M, MEAN_RADIUS_M, SPHERE_ERROR, box_around, geodesic_m

LONGITUDE, LATITUDE = st.floats(-180, 180), st.floats(-90, 90)


def sphere_m(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    phi, other = math.radians(latitude), math.radians(other_latitude)
    part = math.sin((other - phi) / 2) ** 2
    part += math.cos(phi) * math.cos(other) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * MEAN_RADIUS_M * math.asin(math.sqrt(min(part, 1.0)))


def test_published_lines() -> None:
    # Vincenty 1975 in the form of Geoscience Australia: Flinders Peak to Buninyong, 54,972.271 m (on GRS 80)
    flinders = (144 + 25 / 60 + 29.52440 / 3600, -(37 + 57 / 60 + 3.72030 / 3600))
    buninyong = (143 + 55 / 60 + 35.38390 / 3600, -(37 + 39 / 60 + 10.15610 / 3600))
    assert geodesic_m(*flinders, *buninyong) == pytest.approx(54_972.271, abs=1e-3)
    # a quarter of the meridian of WGS 84, and half the equator's antipodes by way of the pole
    assert geodesic_m(0, 0, 0, 90) == pytest.approx(10_001_965.729, abs=1e-3)
    assert geodesic_m(0, 0, 180, 0) == pytest.approx(20_003_931.459, abs=1e-3)


@given(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE)
def test_the_sphere_differs_by_no_more_than_is_said(
    longitude: float, latitude: float, other_longitude: float, other_latitude: float
) -> None:
    exact = geodesic_m(longitude, latitude, other_longitude, other_latitude)
    assert exact <= HALF_ROUND_M
    assert abs(sphere_m(longitude, latitude, other_longitude, other_latitude) - exact) <= SPHERE_ERROR * exact + 1e-3


@given(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE, st.floats(1_000, 19_000_000))
def test_a_box_holds_what_is_near(
    longitude: float, latitude: float, other_longitude: float, other_latitude: float, radius_m: float
) -> None:
    box = box_around(longitude, latitude, radius_m)
    if sphere_m(longitude, latitude, other_longitude, other_latitude) <= radius_m:
        assert box.west <= other_longitude <= box.east
        assert box.south <= other_latitude <= box.north
