"""Hash trees of two levels: how two nodes find out what they hold differently.

The keys that a node shares with a peer fall into `BUCKETS` buckets; a bucket's hash is the
XOR of its keys' fingerprints, the root's that of the buckets (Merkle 1987 has the tree; XOR
makes it cheap to keep up to date, and fingerprints are 64 bits of BLAKE2, so that differences
don't cancel). If the roots are equal so are the data: the usual case costs one integer.

A write only marks its key. Fingerprints are brought up to date when somebody asks, so a key
that is written a hundred times between two comparisons is hashed once.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from playground.systems.ring.client import Placement
from playground.systems.store.records import fingerprint
from playground.systems.store.versions import Siblings

BUCKETS = 64


class Trees:
    """The trees of one node, one for each peer it shares keys with. ``data`` is the node's live data."""

    def __init__(self, name: str, data: Mapping[str, Siblings]) -> None:
        self._name = name
        self._data = data
        self._placement: Placement | None = None
        self._fingerprints: list[dict[str, int]] = [{} for _ in range(BUCKETS)]
        self._trees: dict[str, list[int]] = {}
        self.changed: dict[str, None] = {}
        """Keys whose fingerprint is out of date."""

    def refresh(self, placement: Placement) -> None:
        """Bring everything up to date. A new placement means new trees, from the fingerprints there are."""
        if placement is not self._placement:
            self._placement = placement
            self._trees = {}
            for bucket, prints in enumerate(self._fingerprints):
                for key, print_ in prints.items():
                    self._flip(key, bucket, print_)
        if self.changed:
            for key in self.changed:
                bucket = crc32(key.encode()) % BUCKETS
                prints = self._fingerprints[bucket]
                old = prints.get(key, 0)
                new = fingerprint(key, self._data.get(key, ()))
                if new:
                    prints[key] = new
                else:
                    prints.pop(key, None)
                self._flip(key, bucket, old ^ new)
            self.changed.clear()

    def buckets(self, peer: str) -> tuple[int, ...]:
        """The bucket hashes of what is shared with ``peer``."""
        return tuple(self._trees.get(peer, [0] * BUCKETS))

    def root(self, peer: str) -> int:
        """The hash over everything that is shared with ``peer``; 0 if that is nothing."""
        root = 0
        for bucket in self._trees.get(peer, ()):
            root ^= bucket
        return root

    def items(self, peer: str, bucket: int) -> list[tuple[str, int]]:
        """The shared keys in a bucket with their fingerprints, sorted."""
        assert self._placement is not None
        place = self._placement.place
        name = self._name
        found = []
        for key, print_ in self._fingerprints[bucket].items():
            owners = place(key).owners
            if peer in owners and name in owners:
                found.append((key, print_))
        return sorted(found)

    def _flip(self, key: str, bucket: int, difference: int) -> None:
        assert self._placement is not None
        owners = self._placement.place(key).owners
        if self._name not in owners:
            return
        for owner in owners:
            if owner != self._name:
                tree = self._trees.get(owner)
                if tree is None:
                    tree = self._trees[owner] = [0] * BUCKETS
                tree[bucket] ^= difference
