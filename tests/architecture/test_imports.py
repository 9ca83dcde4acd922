"""Imports run downhill; the contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.house import ROOT


def test_imports_run_downhill() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_upward_import_is_seen(tmp_path: Path) -> None:
    """The twin: the same layers on a copy in which the lowest room imports a higher one."""
    for room, text in {"kernel": "import suyuan.events", "events": "", ".": ""}.items():
        folder = tmp_path / "suyuan" / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(text)
    contract = (ROOT / "pyproject.toml").read_text().partition('name = "Server rooms')[0].rpartition("[[")[0]
    (tmp_path / "pyproject.toml").write_text(contract)
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "suyuan.kernel -> suyuan.events" in done.stdout
