"""Build the wheel, install it with its `server` extra in an empty environment, and let it run the demo there.

Versions are those of uv.lock, so that the trial needs nothing that setting up did not need.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "wheel"


def build(folder: Path) -> Path:
    """The wheel of this checkout, written into `folder`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("suyuan-*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """An empty environment in `folder` with `wheel[server]` in it; returns its folder of programs."""
    uv = str(Path(sys.executable).with_name("uv"))
    locked = folder.with_suffix(".txt")
    export = ["export", "--quiet", "--frozen", "--no-default-groups", "--extra", "server", "--no-emit-project"]
    subprocess.run([uv, *export, "--no-hashes", "-o", str(locked)], cwd=ROOT, check=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    pip = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", str(locked)]
    subprocess.run([*pip, f"{wheel}[server]"], check=True)
    return folder / "bin"


def main() -> int:
    """Build, install, run the demo; the exit status is the demo's."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    wheel = build(WORK)
    print(f"built {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    programs = install(wheel, WORK / "environment")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    demo = [str(programs / "suyuan"), "demo", "--no-serve", "--vehicles", "20"]
    print("suyuan", *demo[1:], flush=True)
    return subprocess.run(demo, cwd=WORK, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
