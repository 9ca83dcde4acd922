"""How fast a log's trees are hashed, grown, proved and audited, on one core and in memory.

The reference is one call of hashlib's SHA-256 for each leaf, measured in turns with our own work in the
same process. Nothing is written to a disk here: what the whole integrator does with the disk is not
part of this measurement.
"""

import random
import time
from collections.abc import Callable
from hashlib import sha256

from benchmarks.figures import figure
from suyuan.kernel import canonical_json
from suyuan.tlog import (
    Checkpoint,
    Edge,
    KeyType,
    MerkleTree,
    Receipt,
    SignerKey,
    SubmissionLeaf,
    TileReader,
    TlogProof,
    audit,
    leaf_hashes,
    parse_policy,
    record_leaf_hashes,
    record_salt,
    records_tree,
    verify_receipt,
)

RECORDS = 200_000
ENTRIES = 100_000
BATCH = 4096
ROUNDS = 5
PROOFS = 2000
SECRET = bytes(range(32))
TESSERA = (
    "for orientation, another thing measured: Tessera (Go) on POSIX files sustains about 2,900 writes/s on "
    "mirrored SAS disks, 12 cores, and more than 1,500 on a small cloud machine (its docs/performance.md, 1029108)"
)


def records(count: int) -> list[bytes]:
    """Records as the ledger keeps them: canonical JSON, about 400 bytes each."""
    dice = random.Random(7)
    row = {
        "kind": "pack_produced",
        "slot": "pack",
        "reporter": "91110105MA009PJM56",
        "occurred_us": 1_790_000_000_000_000,
    }
    made = []
    for number in range(count):
        identity = f"{dice.getrandbits(128):032x}"
        rows = [{**row, "lot": f"04QCB76836300JBC{at}", "serial": number, "record": identity} for at in range(2)]
        made.append(canonical_json({"id": identity, "rows": rows}))
    return made


def submission(inner: MerkleTree) -> SubmissionLeaf:
    """A leaf of the log, about 500 bytes."""
    return SubmissionLeaf(
        submission="44-2027-000017",
        kind="pack_produced",
        regime="2026-04-01",
        received_at="2027-01-05T08:30:00Z",
        submitter="0" * 32,
        received="0" * 64,
        records=inner.size,
        records_root=inner.root.hex(),
    )


def in_turns(acts: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Processor seconds of each act, `ROUNDS` times, in turns: nothing here waits, a busy machine does not count."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            start = time.process_time()
            act()
            taken[name].append(time.process_time() - start)
    return taken


def rate(what: str, count: int, seconds: list[float], unit: str, **more: float | str) -> None:
    """Print a rate, that of the best round."""
    figure(what, count / min(seconds), unit, **more)


def against(what: str, seconds: list[float], reference: list[float]) -> None:
    """Print how many times as long as the reference something takes, both in their best round."""
    figure(what, min(seconds) / min(reference), "times", at_most=3.0)


def inner_trees() -> None:
    """The inner tree of a submission, with salts and without, beside the bare hashes."""
    held = records(RECORDS)
    leaves = [record_salt(SECRET, number) + record for number, record in enumerate(held)]
    print(f"{RECORDS:,} records of {sum(map(len, held)) / RECORDS:.0f} bytes; best of {ROUNDS} rounds, processor time")
    taken = in_turns(
        {
            "raw": lambda: [sha256(leaf).digest() for leaf in leaves],
            "built": lambda: MerkleTree.of(leaf_hashes(leaves)).root,
            "salted": lambda: records_tree(SECRET, held).root,
            "hashes": lambda: record_leaf_hashes(SECRET, held),
        }
    )
    rate("hashlib SHA-256 over the inner leaves, nothing else (reference)", RECORDS, taken["raw"], "leaves/s")
    rate("inner leaves hashed and built into the tree", RECORDS, taken["built"], "leaves/s", at_least=250_000)
    rate("records salted, hashed and built into the tree", RECORDS, taken["salted"], "leaves/s", at_least=250_000)
    rate("records salted and hashed", RECORDS, taken["hashes"], "leaves/s")
    against("inner leaves hashed and built, against the reference", taken["built"], taken["raw"])
    against("records salted, hashed and built, against the reference", taken["salted"], taken["raw"])


def integrated(entries: list[bytes]) -> tuple[Edge, dict[str, bytes]]:
    """The entries in a log, batch by batch, as an integrator takes them."""
    edge, files = Edge(), dict[str, bytes]()
    for at in range(0, len(entries), BATCH):
        growth = edge.grow(entries[at : at + BATCH])
        files.update(growth.files)
        edge = growth.edge
    return edge, files


def logs() -> None:
    """Integrating, proving, verifying and auditing a log of submissions."""
    leaf = submission(records_tree(SECRET, records(100)))
    entries = [bytes(leaf).replace(b"000017", b"%06d" % number) for number in range(ENTRIES)]
    edge, files = integrated(entries)
    taken = in_turns(
        {
            "raw": lambda: [sha256(entry).digest() for entry in entries],
            "grown": lambda: integrated(entries),
            "audited": lambda: audit(edge.size, edge.root, files.__getitem__),
            "proved": lambda: [TileReader(files.__getitem__, edge.size).inclusion(at * 47) for at in range(PROOFS)],
        }
    )
    note = f"batches of {BATCH:,}, bundles, tiles and root, as bytes in memory; {TESSERA}"
    rate("log entries integrated", ENTRIES, taken["grown"], "leaves/s", at_least=20_000, aim=200_000, note=note)
    against("log entries integrated, against SHA-256 over them", taken["grown"], taken["raw"])
    rate("log entries audited with all tiles and bundles", ENTRIES, taken["audited"], "entries/s")
    rate("inclusion proofs made from tiles, none kept", PROOFS, taken["proved"], "proofs/s")
    receipts(entries, files, leaf)


def receipts(entries: list[bytes], files: dict[str, bytes], leaf: SubmissionLeaf) -> None:
    """Verifying a receipt with two witnesses, from its document and the policy's text."""
    log = SignerKey("trace.example/prov/440000/2027", KeyType.ED25519, b"L" * 32)
    witnesses = [SignerKey(f"witness.example/{n}", KeyType.COSIGNATURE, bytes([n]) * 32) for n in (1, 2)]
    lines = [f"log {log.verifier}", *(f"witness w{n} {key.verifier}" for n, key in enumerate(witnesses))]
    policy = parse_policy("\n".join([*lines, "group both all w0 w1", "quorum both", ""]))
    reader = TileReader(files.__getitem__, len(entries))
    note = Checkpoint(log.name, reader.size, reader.root).sign([log, *witnesses], 1_799_137_900)
    receipt = bytes(Receipt(leaf, TlogProof(17, reader.inclusion(17), bytes(note)), SECRET))
    if verify_receipt(receipt, policy).outcome != "valid":
        raise SystemExit("the receipt does not verify")
    taken = in_turns({"verified": lambda: [verify_receipt(receipt, policy) for _ in range(200)]})
    rate("receipts verified, three signatures each", 200, taken["verified"], "receipts/s")


def main() -> None:
    """Measure and print."""
    inner_trees()
    logs()


if __name__ == "__main__":
    main()
