"""A made-up map for the tests: every province a square where its tile stands, and what the rules ask for."""

import io
import json
import zipfile
from typing import Any

from suyuan.server.web.components.region import tiles

MANIFEST: dict[str, Any] = {
    "name": "测试地图",
    "source": "tests",
    "licence": "CC0-1.0",
    "review": "GS(2026)0000号",
    "crs": "CGCS2000",
    "level": "province",
    "file": "china.json",
}


def shapes() -> dict[str, Any]:
    """34 features; Taiwan's has a corner at 钓鱼岛, Hainan's reaches to 3° N."""
    features = []
    for tile in tiles():
        if tile.division:
            east, north = 75.0 + 4 * tile.column, 54.0 - 4 * tile.row
            corners = [[east, north], [east + 4, north], [east + 4, north + 4], [east, north + 4], [east, north]]
            if tile.division == "710000":
                corners.insert(2, [123.47, 25.74])
            if tile.division == "460000":
                corners.insert(1, [112.3, 3.9])
            shape = {"type": "Polygon", "coordinates": [corners]}
            features.append({"type": "Feature", "properties": {"adcode": tile.division}, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}


def packed(manifest: dict[str, Any] | None = None, drawn: dict[str, Any] | None = None) -> bytes:
    """A zip with both."""
    told, target = {**MANIFEST, **(manifest or {})}, io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("manifest.json", json.dumps(told, ensure_ascii=False))
        pack.writestr("china.json", json.dumps(shapes() if drawn is None else drawn))
    return target.getvalue()
