"""Every source of randomness that a file can reach, seeded: the same file must take the same path in every process."""

import os
import random
from typing import Any

_SEED = "threadmarks"
_stream = random.Random(_SEED)
_original_seed = random.Random.seed


def seeded_bytes(count: int) -> bytes:
    """Stands in for `os.urandom`."""
    if count < 0:
        raise ValueError("negative argument not allowed")
    return _stream.randbytes(count)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random.seed`: without a seed of the caller's own, one of ours."""
    _original_seed(self, int.from_bytes(_stream.randbytes(16), "big") if a is None else a, version)


def install() -> None:
    """Replace the operating system's randomness in this process."""
    random.Random.seed = _seed  # type: ignore[method-assign]  # replaced on purpose
    os.urandom = seeded_bytes
    random._urandom = seeded_bytes  # type: ignore[attr-defined]  # bound early by the module


def restart() -> None:
    """Begin the same sequence again, for the next schedule."""
    _original_seed(_stream, _SEED)
    random.seed(0)
