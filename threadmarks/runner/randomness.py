"""Every source of randomness that a file can reach, seeded: the same file must take the same path in every process."""

import os
import random
from typing import Any

_SEED = "threadmarks"
_original_seed = random.Random.seed


class _Stream:
    """One sequence of bytes. To begin it again costs as much as a thread's start, and few programs draw from it."""

    def __init__(self) -> None:
        self._random = random.Random(_SEED)
        self._drawn = False

    def draw(self, count: int) -> bytes:
        """The next bytes."""
        self._drawn = True
        return self._random.randbytes(count)

    def restart(self) -> None:
        """Back to its first byte."""
        if self._drawn:
            self._drawn = False
            _original_seed(self._random, _SEED)


_stream = _Stream()


def seeded_bytes(count: int) -> bytes:
    """Stands in for `os.urandom`."""
    if count < 0:
        raise ValueError("negative argument not allowed")
    return _stream.draw(count)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random.seed`: without a seed of the caller's own, one of ours."""
    _original_seed(self, int.from_bytes(_stream.draw(16), "big") if a is None else a, version)


def install() -> None:
    """Replace the operating system's randomness in this process."""
    random.Random.seed = _seed  # type: ignore[method-assign]  # replaced on purpose
    os.urandom = seeded_bytes
    random._urandom = seeded_bytes  # type: ignore[attr-defined]  # bound early by the module


def restart() -> None:
    """Begin the same sequence again, for the next schedule."""
    _stream.restart()
    random.seed(0)
