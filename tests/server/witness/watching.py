"""What the tests of witness and mirror share: small logs in folders, and witnesses that run in threads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from suyuan.server.witness.deciding import Witness
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.http_server import HttpServer, Site
from suyuan.server.witness.incidents import IncidentFolder
from suyuan.server.witness.keys import KeyFolder
from suyuan.server.witness.process import KEYS, LOGS, Order, Running, running
from suyuan.server.witness.records import Records
from suyuan.server.witness.trust import Trust
from suyuan.tlog import (
    AddCheckpoint,
    Checkpoint,
    Edge,
    KeyType,
    Note,
    Recorded,
    SignerKey,
    VerifierKey,
    parse_checkpoint,
    parse_note,
)
from tests.tlog.cast import LOG, NATION, NOW_S, entries, tree

PASSPHRASE = "only for tests"
CHEAP = 10


def write_log(root: Path, size: int, signer: SignerKey = LOG, made: Callable[[int], list[bytes]] = entries) -> Note:
    """Bring the log in a folder to `size` entries, batch after batch, and publish it."""
    folder = LogFolder(root)
    published = folder.checkpoint()
    edge = Edge()
    if published is not None:
        edge = Edge.read(parse_checkpoint(parse_note(published).text).size, folder.read)
    growth = edge.grow(made(size)[edge.size :])
    folder.write(growth.files)
    note = Checkpoint(signer.name, size, growth.edge.root).sign([signer])
    folder.publish(bytes(note))
    return note


def other_entries(count: int) -> list[bytes]:
    """The entries of a log that lies: from the fourth on they are others."""
    return [entry if place < 3 else b"changed " + entry for place, entry in enumerate(entries(count))]


def trust_file(folder: Path, *verifiers: VerifierKey, url: str = "") -> Path:
    """A folder of trusted logs with one log in it."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ", ".join(f'"{verifier}"' for verifier in verifiers)
    lines = [f'origin = "{verifiers[0].name}"', f"keys = [{keys}]", *([f'url = "{url}"'] if url else [])]
    (folder / "log.toml").write_text("".join(f"{line}\n" for line in lines))
    return folder


def witness(root: Path, *logs: VerifierKey, signers: Sequence[SignerKey] = (NATION,)) -> Witness:
    """A witness over a folder, without HTTP."""
    trust = Trust(trust_file(root / LOGS, *(logs or (LOG.verifier,))))
    records, incidents = Records(root / "records.sqlite3"), IncidentFolder(root / "incidents", lambda: NOW_S)
    return Witness(signers[0].name, signers, trust, records, incidents, lambda: NOW_S)


def request(old_size: int, note: Note) -> bytes:
    """A request with the right proof of the honest log."""
    checkpoint = parse_checkpoint(note.text)
    proof = tree(checkpoint.size).consistency(old_size) if 0 < old_size < checkpoint.size else ()
    return bytes(AddCheckpoint(old_size, proof, note, checkpoint))


def recorded(witness: Witness, origin: str = LOG.name) -> Recorded | None:
    """What the witness has on record."""
    with witness.records.turn(origin) as turn:
        return turn.recorded


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """An HTTP server in a thread of this process; its address."""
    import threading

    server = HttpServer("127.0.0.1", 0, site)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{site.prefix}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def prepare(root: Path, name: str, *logs: VerifierKey) -> tuple[VerifierKey, VerifierKey]:
    """Keys and trusted logs in the folder of a witness; the keys of its cosignatures and of its own log."""
    keys = KeyFolder(root / KEYS, CHEAP)
    cosigner = keys.create(name, KeyType.COSIGNATURE, PASSPHRASE)
    own = keys.create(f"{name}/checkpoints", KeyType.ED25519, PASSPHRASE)
    trust_file(root / LOGS, *(logs or (LOG.verifier,)))
    return cosigner, own


@contextmanager
def whole_witness(root: Path, name: str, *, witnesses: Sequence[tuple[VerifierKey, str]] = ()) -> Iterator[Running]:
    """A witness as the program runs it, on a free port."""
    with running(Order(root, name, port=0, witnesses=witnesses), PASSPHRASE) as serves:
        yield serves


def post(address: str, body: bytes) -> httpx.Response:
    return httpx.post(f"{address}/add-checkpoint", content=body, trust_env=False)
