"""The cast of these tests: keys of a log and three witnesses, small logs, files in memory."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from suyuan.tlog import Checkpoint, Edge, KeyType, MerkleTree, Note, SignerKey, leaf_hashes

HERE = Path(__file__).parent
VECTORS = HERE / "vectors"
SPECS = HERE.parents[1] / "specs" / "vectors"

ORIGIN = "trace.example/prov/440000/2027"
LOG = SignerKey(ORIGIN, KeyType.ED25519, b"L" * 32)
NATION = SignerKey("witness.example/nation", KeyType.COSIGNATURE, b"1" * 32)
UNIVERSITY = SignerKey("witness.example/university", KeyType.COSIGNATURE, b"2" * 32)
STRANGER = SignerKey("witness.example/stranger", KeyType.COSIGNATURE, b"3" * 32)
NOW_S = 1_799_137_900

NOTHING: dict[str, bytes] = {}
"""A log without files."""

POLICY = f"""log {LOG.verifier}
witness nation {NATION.verifier}
witness university {UNIVERSITY.verifier}
group both all nation university
quorum both
"""


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def entries(count: int) -> list[bytes]:
    """Entries of different lengths, the same every time."""
    return [b"entry %d " % number + b"x" * (number % 7) for number in range(count)]


def tree(count: int) -> MerkleTree:
    return MerkleTree.of(leaf_hashes(entries(count)))


def checkpoint(size: int, origin: str = ORIGIN, root: bytes | None = None) -> Checkpoint:
    return Checkpoint(origin, size, tree(size).root if root is None else root)


def signed(size: int, root: bytes | None = None, signer: SignerKey = LOG) -> Note:
    return checkpoint(size, signer.name, root).sign([signer])


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    left = 1
    while 2 * left < len(hashes):
        left *= 2
    return sha256(b"\x01" + naive_root(hashes[:left]) + naive_root(hashes[left:])).digest()


def stored(count: int, *steps: int) -> tuple[Edge, dict[str, bytes]]:
    """A log of `count` entries as files, grown in steps of the given sizes."""
    edge, files, everything, at = Edge(), dict[str, bytes](), entries(count), 0
    for step in (*steps, count):
        growth = edge.grow(everything[at : at + step])
        at = min(at + step, count)
        for path, content in growth.files:
            assert files.setdefault(path, content) == content
        edge = growth.edge
    return edge, files
