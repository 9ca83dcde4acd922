"""Make the keeper of this installation from its settings."""

from collections.abc import Callable

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.log.queries.place import Place
from suyuan.server.log.services.cosigning import Witnesses
from suyuan.server.log.services.integrating import Keys
from suyuan.server.log.services.keeping import Keeper
from suyuan.server.log.services.regime import regime_on
from suyuan.server.log.services.sealing import Sealer
from suyuan.server.witness.keys import KeyFolder
from suyuan.tlog import KeyType, VerifierKey


def keeper(place: Place, keys: KeyFolder, passphrase: str, clock: Clock = SYSTEM_CLOCK) -> Keeper:
    """The integrator of every shard of `place`."""
    sealer = Sealer(place, clock, regime_on)
    return Keeper(place, sealer, Witnesses(place.policy, clock), opened(keys, passphrase), clock)


def opened(folder: KeyFolder, passphrase: str) -> Callable[[str], Keys]:
    """The keys of an origin, opened again only when the folder's keys change; the first is made where none is."""
    kept: dict[str, tuple[list[tuple[VerifierKey, bool]], Keys]] = {}

    def keys_of(origin: str) -> Keys:
        held = [(one.verifier, one.is_active) for one in folder.list() if one.verifier.name == origin]
        if not held:  # where every key was retired, somebody wanted it so
            held.append((folder.create(origin, KeyType.ED25519, passphrase), True))
        if origin not in kept or kept[origin][0] != held:
            signers = folder.signers(origin, KeyType.ED25519, passphrase)
            kept[origin] = (held, Keys(signers, [verifier for verifier, _ in held]))
        return kept[origin][1]

    return keys_of
