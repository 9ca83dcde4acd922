"""A witness that is killed never takes back what it promised, and its own log goes on without gap or fork."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from suyuan.server.witness.folder import LogFolder
from suyuan.tlog import audit, open_checkpoint, parse_checkpoint, parse_note
from suyuan.tlog.reading import read_bundle
from suyuan.tlog.tiles import ENTRIES, tiles_on
from tests.server.witness.test_witness_journal import OWN, journal
from tests.server.witness.watching import PASSPHRASE, post, prepare, recorded, request, witness
from tests.tlog.cast import LOG, NATION, signed

ROOT = Path(__file__).resolve().parents[3]


def whole(root: Path, sizes: list[int]) -> None:
    """The own log is whole and has a checkpoint for each size in order, as far as it was published."""
    folder = LogFolder(root / "checkpoints")
    note = folder.checkpoint()
    if note is None:
        return
    checkpoint = parse_checkpoint(parse_note(note).text)
    assert audit(checkpoint.size, checkpoint.root, folder.read) == ()
    listed = [
        open_checkpoint(entry, [LOG.verifier])[0].size
        for bundle in tiles_on(ENTRIES, checkpoint.size)
        for entry in read_bundle(folder.read, bundle)
    ]
    assert listed == sizes[: len(listed)]


def test_killed_at_every_step_nothing_promised_is_lost(tmp_path: Path) -> None:
    witness(tmp_path).records.close()
    command = [sys.executable, "-m", "tests.server.witness.mortal_witness", str(tmp_path)]
    kept, step, killed = 0, 0, 0
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin
        assert parent.stdout
        while True:
            step += 1
            parent.stdin.write(f"{step}\n")
            parent.stdin.flush()
            end, status = map(int, parent.stdout.readline().split())
            made = witness(tmp_path)
            held = recorded(made)
            size = held.size if held else 0
            made.records.close()
            assert size in ((kept + 2,) if status == 200 else (kept, kept + 2)), f"step {step}"
            kept = size
            whole(tmp_path, list(range(2, kept + 1, 2)))
            if end == 0:
                break
            assert end == -signal.SIGKILL, f"step {step}"
            killed += 1
        parent.stdin.close()
    assert killed > 15
    made = witness(tmp_path)
    journal(tmp_path, made.records).integrate()
    assert open_checkpoint(LogFolder(tmp_path / "checkpoints").checkpoint() or b"", [OWN.verifier])[0].size == kept // 2
    made.records.close()


def start(root: Path) -> tuple[subprocess.Popen[str], str]:
    """The program itself; it says its address when it serves."""
    command = [sys.executable, "-m", "suyuan.cli", "log", "witness", str(root), "--name", NATION.name]
    process = subprocess.Popen(
        [*command, "--port", "0", "--interval", "1"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SUYUAN_KEY_PASSPHRASE": PASSPHRASE, "SUYUAN_LANG": "en"},
    )
    assert process.stderr
    told = process.stderr.readline()
    assert "add-checkpoint" in told, told + process.stderr.read()
    address = next(word for word in told.split() if word.startswith("http")).removesuffix("/add-checkpoint,")
    assert urlsplit(address).port
    return process, address


def ask_on(address: str, size: int, promised: list[int]) -> None:
    """Ask for size after size until nobody answers; `promised` gets each that was cosigned."""
    with httpx.Client(trust_env=False) as client, contextlib.suppress(httpx.TransportError):
        while True:
            answer = client.post(f"{address}/add-checkpoint", content=request(size, signed(size + 1)))
            if answer.status_code == 200:
                promised.append(size + 1)
            else:  # kept just before the last kill, and the answer was lost
                assert (answer.status_code, answer.text) == (409, f"{size + 1}\n")
            size += 1


def test_the_program_survives_sigkill_in_the_middle_of_its_work(tmp_path: Path) -> None:
    prepare(tmp_path, NATION.name)
    chance, promised = random.Random(7), [0]
    for _ in range(3):
        process, address = start(tmp_path)
        try:
            asking = threading.Thread(target=ask_on, args=(address, promised[-1], promised))
            asking.start()
            time.sleep(chance.uniform(0.2, 0.5))
        finally:
            process.kill()
            process.wait()
            asking.join()
            if process.stderr:
                process.stderr.close()
    last = promised[-1]
    assert last > 3
    process, address = start(tmp_path)
    try:
        assert post(address, request(0, signed(last + 5))).text in (f"{last}\n", f"{last + 1}\n")
        assert httpx.get(f"{address}/health", trust_env=False).text == "ok\n"
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    whole(tmp_path, list(range(1, last + 2)))
    size = parse_checkpoint(parse_note(LogFolder(tmp_path / "checkpoints").checkpoint() or b"").text).size
    assert size in (last, last + 1)
