"""Places on Chinese maps: the pairs that open converters publish, and the way back.

Pairs of WGS 84 and GCJ-02 from the tests of eviltransform (googollee/eviltransform, BSD), of BD-09 and GCJ-02 from
those of coordtransform (wandergis/coordtransform, MIT). Numbers alone were taken.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.codes.coordinates import (
    Datum,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)

PAIRS = [
    (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),  # Shanghai
    (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),  # Shenzhen
    (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),  # Beijing
    (116.404, 39.915, 116.41024449916938, 39.91640428150164),
]
EAST, NORTH = st.floats(73.5, 135.0), st.floats(18.0, 53.0)


@pytest.mark.parametrize(("east", "north", "shifted_east", "shifted_north"), PAIRS)
def test_published_pairs(east: float, north: float, shifted_east: float, shifted_north: float) -> None:
    assert wgs84_to_gcj02(east, north) == pytest.approx((shifted_east, shifted_north), abs=1e-9)
    assert to_wgs84(shifted_east, shifted_north, Datum.GCJ02) == pytest.approx((east, north), abs=1e-9)


def test_published_pairs_of_bd09() -> None:
    assert gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)
    # the published way back takes one step and says so; ours goes on until it meets
    assert bd09_to_gcj02(116.404, 39.915) == pytest.approx((116.39762729119315, 39.90865673957631), abs=1e-6)


@given(EAST, NORTH)
def test_there_and_back(east: float, north: float) -> None:
    assert gcj02_to_wgs84(*wgs84_to_gcj02(east, north)) == pytest.approx((east, north), abs=2e-9)
    baidu = gcj02_to_bd09(*wgs84_to_gcj02(east, north))
    assert to_wgs84(*baidu, Datum.BD09) == pytest.approx((east, north), abs=4e-9)


def test_columns_nothing_and_abroad() -> None:
    east, north = np.array([121.5, np.nan, 2.35]), np.array([31.2, np.nan, 48.85])
    found_east, found_north = to_wgs84(east, north, Datum.GCJ02)
    assert np.isnan(found_east[1])
    assert np.isnan(found_north[1])
    assert (found_east[2], found_north[2]) == (2.35, 48.85)
    assert abs(found_east[0] - 121.5) > 1e-3
    assert [float(value) for value in to_wgs84(121.5, 31.2, Datum.WGS84)] == [121.5, 31.2]
