"""The commands of docs/witness.md are run as they stand there, in their order and in one folder."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from suyuan.server.witness.asking import obtain
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import MOST_CONNECTIONS, REQUEST_S, Site
from suyuan.server.witness.trust import LOOK_AGAIN_S, read_trust
from suyuan.tlog import KeyType, audit, open_checkpoint, parse_verifier_key
from suyuan.tlog.witness import LARGEST_REQUEST_BYTES
from tests.server.witness.watching import serving, write_log
from tests.tlog.cast import LOG, signed, tree

PAGE = Path(__file__).resolve().parents[3] / "docs" / "witness.md"
LONG = re.compile(r"^suyuan log (witness|serve|mirror-all) ", re.M)


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Shell:
    """A reader who follows the page."""

    def __init__(self, root: Path, province: str, running: ExitStack) -> None:
        self.root, self.running, self.told = root, running, ""
        program = root / "bin" / "suyuan"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m suyuan.cli "$@"\n')
        program.chmod(0o755)
        self.ports = {"8090": str(free_port()), "8091": str(free_port()), "--interval 60": "--interval 1"}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")},
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "SUYUAN_LANG": "en",
            "COLUMNS": "40",  # a narrow window must not fold a key
            "PROVINCE_URL": province,
            "PROVINCE_KEY": str(LOG.verifier),
            "SUYUAN_KEY_PASSPHRASE_FILE": str(root / "passphrase"),
        }

    def follow(self, block: str) -> None:
        for written, here in self.ports.items():
            block = block.replace(written, here)
        if LONG.search(block):
            self.told = self.running.enter_context(self.kept(block))
            return
        command = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        self.told = done.stdout + done.stderr

    @contextmanager
    def kept(self, block: str) -> Iterator[str]:
        """A command that runs until it is stopped, and its first line."""
        command = ["bash", "-euc", f"exec {block}"]
        process = subprocess.Popen(command, cwd=self.root, env=self.environment, stderr=subprocess.PIPE, text=True)
        assert process.stderr
        try:
            yield process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    write_log(tmp_path / "province", 300)
    with ExitStack() as running:
        url = running.enter_context(serving(Site("", {"log": LogFolder(tmp_path / "province")}))) + "/log"
        shell = Shell(tmp_path, url, running)
        witness = f"http://127.0.0.1:{shell.ports['8090']}"
        for block in blocks():
            if "--restore" in block:
                shutil.copytree(tmp_path / "province", tmp_path / "lost")
                (tmp_path / "lost/tile/entries/000").unlink()
            shell.follow(block)
            if "log witness" in block:
                assert f"{witness}/add-checkpoint" in shell.told
                assert obtain(witness, signed(300), tree(300).consistency, 0).is_cosigned
            if "log serve" in block:
                (name,) = [path.name for path in (tmp_path / "mirrors").iterdir()]
                served = httpx.get(f"http://127.0.0.1:{shell.ports['8091']}/{name}/checkpoint", trust_env=False)
                assert open_checkpoint(served.content, [LOG.verifier])[0].size == 300
            if "log compare" in block:
                assert "contradicts" not in shell.told
    assert audit(300, tree(300).root, LogFolder(tmp_path / "lost").read) == ()
    (third,) = read_trust(tmp_path / "third" / "logs").values()
    assert third.keys[0].type is KeyType.ED25519
    assert third.origin == third.keys[0].name
    assert parse_verifier_key((tmp_path / "nation-new.cosigner").read_text().strip()).name == "witness.example/nation"


def test_the_page_says_the_limits_that_hold() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"at most {MOST_CONNECTIONS} at once" in text
    assert f"a request has {REQUEST_S:.0f} seconds, a body {LARGEST_REQUEST_BYTES // 1024} KiB" in text
    assert LOOK_AGAIN_S == 2
    assert "every two seconds" in text
