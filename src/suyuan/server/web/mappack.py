"""The slot for a map that an operator brings along: a pack of shapes with its manifest, checked before it is shown.

A pack is a zip with ``manifest.json`` (``name``, ``source``, ``licence``, ``review`` (审图号, may be empty), ``crs``,
``level``, ``file``, ``inset``) and the GeoJSON that ``file`` names, one feature a province, each with its six digits of
GB/T 2260 as property ``adcode``. The program draws no border of its own; without a pack provinces are tiles.

What a map of China must show follows 公开地图内容表示规范 (Ministry of Natural Resources, February 2023):
all provinces with Taiwan, 钓鱼岛 and its islands, and the south as far as 曾母暗沙, or an inset for 南海诸岛.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from suyuan.kernel import Finding
from suyuan.server.kit.problems import Refusal
from suyuan.server.web.components.region import Pack, tiles

FOLDER: Final = "mappack"
MANIFEST: Final = "manifest.json"
SHAPES: Final = "shapes.json"
LARGEST: Final = 32 << 20  # bytes of shapes, unpacked
SYSTEMS: Final = ("WGS84", "CGCS2000")
LEVEL: Final = "province"
PROVINCES: Final = 34
_TEXTS: Final = ("name", "source", "licence", "review", "crs", "level", "file")
_DIAOYU: Final = (123 + 28.4 / 60, 25 + 44.6 / 60)
"""钓鱼岛 as the State Oceanic Administration published it on 2012-09-15: 25°44.6′ N, 123°28.4′ E."""
_NEAR_DEGREES: Final = 0.5
_SOUTH_DEGREES: Final = 4.0
"""曾母暗沙 lies at 3°58′ N."""
_KINDS: Final = frozenset({"Polygon", "MultiPolygon", "Point", "MultiPoint", "LineString", "MultiLineString"})

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Checked:
    """A pack as it was read: its manifest, its shapes, and what is wrong with it (nothing if it may be shown)."""

    manifest: Mapping[str, Any]
    shapes: bytes
    features: int
    findings: Sequence[Finding]

    @property
    def review(self) -> str:
        """Its 审图号; empty for a sketch."""
        return str(self.manifest.get("review", "")).strip()


def read_pack(content: bytes) -> Checked:
    """Read and check a pack.

    Raises
    ------
    Refusal
        ``mappack.not_a_pack``, ``mappack.too_large``: there is nothing that could be checked.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            manifest = _json(_member(packed, MANIFEST))
            shapes = _member(packed, str(manifest.get("file", "")))
        told = _json(shapes)
    except (zipfile.BadZipFile, ValueError, KeyError, RecursionError, RuntimeError, EOFError) as trouble:
        raise Refusal("mappack.not_a_pack", manifest=MANIFEST) from trouble
    return checked(manifest, told, shapes)


def _member(packed: zipfile.ZipFile, name: str) -> bytes:
    with packed.open(name) as stream:
        found = stream.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise Refusal("mappack.too_large", largest=LARGEST >> 20)
    return found


def _json(content: bytes) -> dict[str, Any]:
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def checked(manifest: Mapping[str, Any], told: Mapping[str, Any], shapes: bytes) -> Checked:
    """What is wrong with a manifest and its shapes."""
    features = told.get("features")
    listed = [one for one in features if isinstance(one, dict)] if isinstance(features, list) else []
    findings = [*_of_manifest(manifest), *_of_features(listed, inset=manifest.get("inset") is True)]
    return Checked(manifest, shapes, len(listed), findings)


def _of_manifest(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    for name in _TEXTS:
        value = manifest.get(name)
        if not isinstance(value, str) or (not value.strip() and name != "review"):
            yield Finding("mappack.manifest_lacks", {"key": name})
    if manifest.get("crs") not in SYSTEMS:
        yield Finding("mappack.crs_unknown", {"given": str(manifest.get("crs"))[:40], "known": list(SYSTEMS)})
    if manifest.get("level") != LEVEL:
        yield Finding("mappack.level_unknown", {"given": str(manifest.get("level"))[:40], "known": LEVEL})


def _of_features(features: Sequence[Mapping[str, Any]], *, inset: bool) -> Iterator[Finding]:
    codes = [_code(one) for one in features]
    wanted = {tile.division: tile.name_zh for tile in tiles() if tile.division}
    missing = [f"{code} {name}" for code, name in wanted.items() if code not in codes]
    if missing:
        yield Finding("mappack.provinces_missing", {"missing": missing, "wanted": PROVINCES})
    twice = sorted({code for code in codes if code in wanted and codes.count(code) > 1})
    if twice:
        yield Finding("mappack.provinces_twice", {"twice": twice})
    points = [point for one in features for point in _points(one)]
    if not points or any(not (-180 <= east <= 180 and -90 <= north <= 90) for east, north in points):
        yield Finding("mappack.not_degrees", {})
        return
    east, north = _DIAOYU
    if not any(abs(one - east) <= _NEAR_DEGREES and abs(other - north) <= _NEAR_DEGREES for one, other in points):
        yield Finding("mappack.point_missing", {"place": "钓鱼岛及其附属岛屿"})
    if not inset and min(north for _, north in points) > _SOUTH_DEGREES:
        yield Finding("mappack.point_missing", {"place": "南海诸岛（至曾母暗沙）"})


def _code(feature: Mapping[str, Any]) -> str:
    properties = feature.get("properties")
    return str(properties.get("adcode", "")) if isinstance(properties, dict) else ""


def _points(feature: Mapping[str, Any]) -> Iterator[Point]:
    """The corners of a shape: degrees east and north."""
    shape = feature.get("geometry")
    if not isinstance(shape, dict) or shape.get("type") not in _KINDS:
        return
    waiting = [shape.get("coordinates")]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, list):
            continue
        if len(found) >= 2 and all(isinstance(one, int | float) for one in found[:2]):
            yield float(found[0]), float(found[1])
        else:
            waiting += found


def install(pack: Checked) -> Path:
    """Put a pack that may be shown into the slot, in place of the one before; the folder.

    Raises
    ------
    Refusal
        ``mappack.refused``: something is wrong with it.
    """
    if pack.findings:
        raise Refusal("mappack.refused", count=len(pack.findings))
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.dumps(dict(pack.manifest), ensure_ascii=False, indent=1).encode()
    for name, content in ((SHAPES, pack.shapes), (MANIFEST, manifest)):
        fresh = folder / f"{name}.new"
        fresh.write_bytes(content)
        fresh.replace(folder / name)
    return folder


def installed() -> Checked | None:
    """The pack in the slot as it stands there now, checked; None where there is none or it cannot be read."""
    folder = _folder()
    try:
        shapes = (folder / SHAPES).read_bytes()
        return checked(_json((folder / MANIFEST).read_bytes()), _json(shapes), shapes)
    except (OSError, ValueError):
        return None


def _folder() -> Path:
    return Path(settings.HOME) / FOLDER


@lru_cache(maxsize=2)
def _shown(_folder_name: str, _changed_ns: int) -> tuple[Checked, str] | None:
    found = installed()
    if found is None or found.findings:
        return None
    return found, hashlib.sha256(found.shapes).hexdigest()[:16]


def shown_shapes() -> tuple[Checked, str] | None:
    """The pack that pages show, and the name of its shapes; None without one that may be shown."""
    manifest = _folder() / MANIFEST
    try:
        changed_ns = manifest.stat().st_mtime_ns
    except OSError:
        return None
    return _shown(str(manifest), changed_ns)


def shown_pack() -> Pack | None:
    """The same as the part of the pages needs it."""
    found = shown_shapes()
    if found is None:
        return None
    pack, digest = found
    told = pack.manifest
    return Pack(f"/g/map/{digest}.json", str(told["name"]), str(told["source"]), str(told["licence"]), pack.review)
