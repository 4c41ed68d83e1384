"""A numbering of ids that stays small: some 20 bytes an id, whatever its length."""

from __future__ import annotations

import os
from array import array
from hashlib import blake2b

# Ids come from archives that anyone may have written: under a key that nobody knows, two ids that share a digest
# cannot be made on purpose.
_KEY = os.urandom(16)


def digest(identifier: str) -> int:
    """64 bits that stand for an id while this process lives.

    By chance, two of a million ids share them in one of 37 million runs.
    """
    data = identifier.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8, key=_KEY).digest(), "little")


class Numbering:
    """Numbers digests 0, 1, 2 … in the order of their first coming."""

    def __init__(self) -> None:
        self._digests = array("Q")
        self._slots = array("I", bytes(4 * 1024))  # number + 1, or 0 for an empty slot; open addressing

    def __len__(self) -> int:
        return len(self._digests)

    def find(self, wanted: int) -> int | None:
        """The number of a digest, or None if it was never added."""
        number = self._slots[self._slot(wanted)]
        return number - 1 if number else None

    def add(self, wanted: int) -> int:
        """The number of a digest, which is new if the digest is."""
        slot = self._slot(wanted)
        if number := self._slots[slot]:
            return number - 1
        self._digests.append(wanted)
        self._slots[slot] = len(self._digests)
        if 3 * len(self._digests) > 2 * len(self._slots):
            self._grow()
        return len(self._digests) - 1

    def _slot(self, wanted: int) -> int:
        """Where the digest is, or would be."""
        slots, digests = self._slots, self._digests
        last = len(slots) - 1
        slot = wanted & last
        while (number := slots[slot]) and digests[number - 1] != wanted:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        self._slots = slots = array("I", bytes(8 * len(self._slots)))
        last = len(slots) - 1
        for number, known in enumerate(self._digests, 1):
            slot = known & last
            while slots[slot]:
                slot = (slot + 1) & last
            slots[slot] = number
