"""UUIDs of version 7 (RFC 9562), made in bulk: ordered by time, and inside a batch by position."""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_COUNTER_BITS = 26  # the 12 bits of rand_a and the top 14 of rand_b
_LOW_BITS = 14
_RANDOM_BITS = 48
LARGEST_BATCH = 1 << (_COUNTER_BITS - 1)


def uuid7_batch(n: int, at_ms: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make `n` identifiers for one moment, strictly increasing as byte strings.

    Parameters
    ----------
    n
        How many, at most `LARGEST_BATCH`.
    at_ms
        Milliseconds since 1970-01-01 UTC, 48 bits.
    rng
        Source of the random bits; seed it from the operating system outside tests.

    Returns
    -------
    (n, 16) array of bytes, most significant first.

    Notes
    -----
    A counter of 26 bits starts at a random place in its lower half and numbers the batch (RFC
    9562, section 6.2, method 1); the other 48 bits are random for each identifier.
    """
    if not 0 <= n <= LARGEST_BATCH:
        raise ValueError(f"a batch holds 0 to {LARGEST_BATCH} identifiers, not {n}")
    if not 0 <= at_ms < 1 << 48:
        raise ValueError(f"{at_ms} ms is outside 48 bits")
    counter = rng.integers(0, LARGEST_BATCH, dtype=np.uint64) + np.arange(n, dtype=np.uint64)
    noise = rng.integers(0, 1 << _RANDOM_BITS, size=n, dtype=np.uint64)
    words = np.empty((n, 2), dtype=">u8")
    words[:, 0] = np.uint64(at_ms << 16 | 0x7000) | counter >> np.uint64(_LOW_BITS)
    low = counter & np.uint64((1 << _LOW_BITS) - 1)
    words[:, 1] = np.uint64(0b10 << 62) | low << np.uint64(_RANDOM_BITS) | noise
    return words.view(np.uint8).reshape(n, 16)


def uuid7(at_ms: int, rng: np.random.Generator) -> UUID:
    """Make one identifier; see `uuid7_batch`."""
    return UUID(bytes=uuid7_batch(1, at_ms, rng).tobytes())
