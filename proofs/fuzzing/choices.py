"""A `Random` whose numbers are bytes that somebody else chose: hypothesis, which can then make them fewer and smaller."""

from random import Random


class Choices(Random):
    """Takes one byte for a number below 256, three for a greater one, and 0 when no byte is left."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    @property
    def left(self) -> bool:
        """Whether there are bytes left to choose by."""
        return self._at < len(self._data)

    def _randbelow(self, n: int) -> int:
        """What `randrange`, `choice` and the others stand on."""
        size = 1 if n <= 256 else 3
        part = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(part, "big") % n
