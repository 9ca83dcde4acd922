"""The policy by which receipts of this installation are verified: its logs, and the witnesses that it asks."""

from pathlib import Path

from suyuan.server.log.queries.place import KEYS, POLICY, Place

ALONE = "quorum none\n"


def policy_text(place: Place) -> str:
    """A policy file: a line for each key of each of our logs, then what the installation's own policy says.

    The public halves of the keys stand beside the logs, where the integrator writes them: nobody else needs
    to read the folder of keys.
    """
    lines = []
    for origin, path in place.shard_files(KEYS):
        for key in path.read_text(encoding="utf-8").split():
            lines.append(f"log {key} {place.address(origin)}".rstrip())
    own = _own(place.folder / POLICY)
    return "\n".join([*lines, own]) if lines else own


def _own(path: Path) -> str:
    """The witnesses and the quorum; the log lines of this file are ours to write."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ALONE
    return "\n".join(line for line in text.split("\n") if line.split()[:1] != ["log"])
