"""Where the rooms stand, for the architecture tests."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "suyuan"
OUTER = frozenset({"cli", "client", "server"})  # what may touch the world; every other room is pure


def pure_rooms() -> list[str]:
    """The rooms that do no I/O, as they stand in the source tree."""
    return sorted(path.parent.name for path in SOURCE.glob("*/__init__.py") if path.parent.name not in OUTER)


def server_rooms() -> list[Path]:
    """The folders of the server's rooms."""
    return sorted(path.parent for path in SOURCE.glob("server/*/__init__.py"))


def modules(*folders: str) -> list[Path]:
    """Every Python module below the folders named (relative to the root)."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def pure_modules() -> list[Path]:
    """Every module of every pure room."""
    return modules(*(f"src/suyuan/{room}" for room in pure_rooms()))


def name_of(path: Path) -> str:
    """A file's name as it is written in a failure: relative to the root."""
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """The dotted name that a module is imported by."""
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints when it runs `code`."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout
