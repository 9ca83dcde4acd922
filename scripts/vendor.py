"""Copy the front end's libraries into the package, so that it installs and runs without Node and without a network.

Run by hand after `frontend/package.json` changed (needs Node and the npm registry):

    cd frontend && npm ci --ignore-scripts && cd .. && python -m scripts.vendor

Each library goes to ``src/suyuan/server/web/static/vendor/<name>-<version>/`` with its licence; ``VENDOR.json`` beside
them says for every file where it comes from, its SHA-256, and whether it is the published file or was made from it:
scripts that use a newer language than ECMAScript 2017 are brought down to it by esbuild, since the browsers of many
offices are old. What only tests need, the accessibility checker and a parser, goes to ``tests/browser/vendor/``.
"""

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
FRONTEND: Final = ROOT / "frontend"
MODULES: Final = FRONTEND / "node_modules"
SHIPPED: Final = ROOT / "src" / "suyuan" / "server" / "web" / "static"
FOR_TESTS: Final = ROOT / "tests" / "browser" / "vendor"
LANGUAGE: Final = "es2017"


@dataclass(frozen=True, slots=True)
class Library:
    """What is taken of one npm package: files by their name in our folder, and where its licence is."""

    package: str
    name: str
    files: dict[str, str]
    licences: tuple[str, ...] = ("LICENSE",)
    lower: bool = False  # whether esbuild brings scripts down to `LANGUAGE`
    bundle: str | None = None  # a file of `frontend/` that is bundled instead of copying
    contains: str = ""


LIBRARIES: Final = (
    Library("htmx.org", "htmx", {"htmx.js": "dist/htmx.min.js"}, lower=True),
    Library(
        "@alpinejs/csp",
        "alpine-csp",
        {"alpine.js": "dist/cdn.js"},
        licences=("licences/alpinejs.txt",),
        lower=True,
        contains="@vue/reactivity (MIT)",
    ),
    Library(
        "bootstrap",
        "bootstrap",
        {"bootstrap.css": "dist/css/bootstrap.min.css", "bootstrap.js": "dist/js/bootstrap.bundle.min.js"},
        lower=True,
        contains="@popperjs/core (MIT)",
    ),
    Library(
        "echarts",
        "echarts",
        {},
        licences=("LICENSE", "NOTICE"),
        bundle="charts.js",
        contains="zrender (BSD-3-Clause), tslib (0BSD)",
    ),
    Library(
        "leaflet",
        "leaflet",
        {
            "leaflet.js": "dist/leaflet.js",
            "leaflet.css": "dist/leaflet.css",
            **{
                f"images/{name}": f"dist/images/{name}"
                for name in (
                    "layers-2x.png",
                    "layers.png",
                    "marker-icon-2x.png",
                    "marker-icon.png",
                    "marker-shadow.png",
                )
            },
        },
    ),
    Library(
        "zxing-wasm",
        "zxing-wasm",
        {"reader.js": "dist/iife/reader/index.js", "zxing_reader.wasm": "dist/reader/zxing_reader.wasm"},
        lower=True,
        contains="zxing-cpp (Apache-2.0, text in the LICENSE of this distribution)",
    ),
)
TESTING: Final = (
    Library("axe-core", "axe-core", {"axe.js": "axe.min.js"}, licences=("LICENSE", "LICENSE-3RD-PARTY.txt")),
    Library("acorn", "acorn", {"acorn.js": "dist/acorn.js"}),
)


def vendor(libraries: tuple[Library, ...], target: Path) -> list[dict[str, Any]]:
    """Copy `libraries` into `target` and describe what lies there now."""
    shutil.rmtree(target, ignore_errors=True)
    return [_take(library, target) for library in libraries]


def _take(library: Library, target: Path) -> dict[str, Any]:
    told = json.loads((MODULES / library.package / "package.json").read_text(encoding="utf-8"))
    folder = target / f"{library.name}-{told['version']}"
    folder.mkdir(parents=True)
    files = {}
    if library.bundle:
        made = folder / f"{library.name}.js"
        _esbuild(FRONTEND / library.bundle, made, "--bundle", "--format=iife", f"--global-name={library.name}")
        files[made.name] = _facts(made, f"bundle of frontend/{library.bundle}")
    for name, source in library.files.items():
        copy = folder / name
        copy.parent.mkdir(exist_ok=True)
        if library.lower and name.endswith(".js"):
            _esbuild(MODULES / library.package / source, copy)
            files[name] = _facts(copy, f"{source}, brought down by esbuild")
        else:
            content = (MODULES / library.package / source).read_bytes()
            copy.write_bytes(re.sub(rb"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?\n?", b"\n", content))
            files[name] = _facts(copy, source)
    for licence in library.licences:
        # what the package does not carry along lies in our own folder
        source_of = FRONTEND if licence.startswith("licences/") else MODULES / library.package
        shutil.copyfile(source_of / licence, folder / Path(licence).name)
    facts = {"name": library.package, "version": told["version"], "licence": told["license"], "folder": folder.name}
    return {**facts, **({"contains": library.contains} if library.contains else {}), "files": files}


def _facts(path: Path, source: str) -> dict[str, Any]:
    content = path.read_bytes()
    return {"from": source, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _esbuild(source: Path, target: Path, *options: str) -> None:
    program = MODULES / ".bin" / "esbuild"
    common = (f"--target={LANGUAGE}", "--minify", "--charset=utf8", "--legal-comments=inline", "--log-level=warning")
    subprocess.run([program, source, f"--outfile={target}", *common, *options], check=True, cwd=FRONTEND)


def sprite(target: Path) -> dict[str, Any]:
    """One file with every icon of ``frontend/icons.txt`` as a symbol of that name."""
    package = MODULES / "@tabler" / "icons"
    symbols = []
    for name in (FRONTEND / "icons.txt").read_text(encoding="utf-8").split():
        drawing = (package / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        shapes = "".join(re.findall(r"<(?:path|circle|rect|line|polyline)[^>]*/>", drawing))
        shapes = shapes.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    style = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    told = json.loads((package / "package.json").read_text(encoding="utf-8"))
    folder = target / f"tabler-icons-{told['version']}"
    folder.mkdir(parents=True)
    drawn = folder / "icons.svg"
    drawn.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {style}>\n' + "\n".join(symbols) + "\n</svg>\n", encoding="utf-8"
    )
    shutil.copyfile(package / "LICENSE", folder / "LICENSE")
    facts = {"name": "@tabler/icons", "version": told["version"], "licence": told["license"], "folder": folder.name}
    return {**facts, "files": {"icons.svg": _facts(drawn, "icons/outline, one sprite of frontend/icons.txt")}}


def _write(target: Path, libraries: list[dict[str, Any]]) -> None:
    text = json.dumps({"language": LANGUAGE, "libraries": libraries}, indent=2, ensure_ascii=False)
    (target / "VENDOR.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Bring both folders up to date."""
    folder = SHIPPED / "vendor"
    libraries = vendor(LIBRARIES, folder)
    _write(folder, [*libraries, sprite(folder)])
    _write(FOR_TESTS, vendor(TESTING, FOR_TESTS))


if __name__ == "__main__":
    main()
