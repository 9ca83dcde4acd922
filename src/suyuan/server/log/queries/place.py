"""Where this installation keeps its logs, and under which names."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suyuan.server.witness.folder import CHECKPOINT, LogFolder
from suyuan.tlog.checkpoints import parse_checkpoint
from suyuan.tlog.notes import parse_note
from suyuan.tlog.policy import Policy, parse_policy
from suyuan.tlog.shards import Shard, parse_origin

POLICY = "policy"
KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Place:
    """The logs of one installation.

    Parameters
    ----------
    base
        What all origins begin with: host and path, without scheme.
    folder
        Below it each shard has a folder of its own, and the policy stands there.
    seat
        Province of those that have none: six digits.
    url
        Address behind which the folder is served; empty where it is not.
    is_one
        Whether all companies share the log of `seat`, as where a province or a company runs its own ledger.
    """

    base: str
    folder: Path
    seat: str
    url: str = ""
    is_one: bool = False

    def shard(self, province: str, year: int) -> Shard:
        """The shard of a province in a year."""
        return Shard(self.base, province, year)

    def province(self, division: str | None) -> str:
        """Whose log takes the submissions of a company with this division."""
        return self.seat if self.is_one or not division else f"{division[:2]}0000"

    def files(self, origin: str) -> LogFolder:
        """The files of a shard: under the path that its URL has below the base."""
        shard = parse_origin(origin)
        return LogFolder(self.folder / "prov" / shard.province / str(shard.year))

    def shard_files(self, name: str) -> list[tuple[str, Path]]:
        """(origin, path) of a file of this name in the folder of every shard that has one here."""
        return [
            (f"{self.base}/prov/{path.parent.parent.name}/{path.parent.name}", path)
            for path in sorted(self.folder.glob(f"prov/*/*/{name}"))
        ]

    def published(self) -> dict[str, bytes]:
        """The published checkpoint of every shard that has a folder here, by origin."""
        return {origin: path.read_bytes() for origin, path in self.shard_files(CHECKPOINT)}

    def address(self, origin: str) -> str:
        """The address of a shard; empty where it is not served."""
        shard = parse_origin(origin)
        return f"{self.url.rstrip('/')}/prov/{shard.province}/{shard.year}" if self.url else ""

    @property
    def policy(self) -> Policy | None:
        """Which witnesses are asked, and how many have to cosign; None where nobody is."""
        try:
            return parse_policy((self.folder / POLICY).read_bytes())
        except FileNotFoundError:
            return None


def size_of(checkpoint: bytes | None) -> int:
    """Entries that a published checkpoint speaks of; 0 where there is none."""
    return parse_checkpoint(parse_note(checkpoint).text).size if checkpoint else 0


@cache
def here() -> Place:
    """The place that the settings name."""
    from django.conf import settings  # noqa: PLC0415  only where Django has been set up

    folder, url = Path(settings.LOG_FOLDER), settings.LOG_URL
    return Place(settings.LOG_BASE, folder, settings.LOG_SEAT, url, is_one=settings.LOG_IS_ONE)
