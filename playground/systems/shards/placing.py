"""Which shard a key belongs to, and who holds which shard in the beginning.

Keys are spread over the names of the shards by a circle, so every client and node finds the same without asking.
Who holds a shard stands in ZooKeeper; only its first members follow from the configuration.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from playground.kernel.errors import UserError
from playground.systems.ring.client import HashRing
from playground.systems.shards.settings import ShardsSettings

FIRST_IDENTITY = 1
"""Of the file that a founding member makes for a shard before its machine comes up for the first time."""


@lru_cache(maxsize=16)
def circle(shards: tuple[str, ...], points: int) -> HashRing:
    """The circle on which the shards stand."""
    return HashRing(shards, points_per_node=points)


def shard_of(key: str, settings: ShardsSettings, points: int) -> str:
    """The shard that a key belongs to."""
    return circle(settings.names, points).owner(key)


def founders(shard: str, settings: ShardsSettings, members: tuple[str, ...]) -> tuple[str, ...]:
    """The first members of a shard: as many nodes as there are copies, each shard beginning one node further on."""
    begin = settings.names.index(shard)
    return tuple(members[(begin + i) % len(members)] for i in range(min(settings.copies, len(members))))


class Assignment(NamedTuple):
    """What ZooKeeper holds of a shard: the epoch of its newest master, and its members with their identities."""

    epoch: int
    members: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.members)

    def has(self, name: str, identity: int) -> bool:
        return (name, identity) in self.members

    def replaced(self, old: str, new: str, identity: int) -> Assignment:
        """With ``new`` in the place of ``old``."""
        return self._replace(
            members=tuple((new, identity) if name == old else (name, number) for name, number in self.members)
        )

    def __str__(self) -> str:
        return f"{self.epoch}; " + ",".join(f"{name}:{identity}" for name, identity in self.members)

    @classmethod
    def parse(cls, text: str) -> Assignment:
        """The inverse of ``str``. UserError for a text that is none (somebody has set the znode by hand)."""
        try:
            epoch, _, members = text.partition("; ")
            pairs = (each.rpartition(":") for each in members.split(",") if each)
            return cls(int(epoch), tuple((name, int(identity)) for name, _, identity in pairs))
        except ValueError as error:
            raise UserError(f"{text!r} is no state of a shard: expected 'epoch; name:identity,…'") from error


def acknowledging(settings: ShardsSettings, members: int) -> int:
    """How many of so many members must have a write on their disks before it is acknowledged."""
    return members if settings.mode == "all" else settings.acknowledging


def electing(settings: ShardsSettings, members: int) -> int:
    """How many of so many members an election must hear, so that one of them has every acknowledged write."""
    return 1 if settings.mode == "async" else max(1, members - acknowledging(settings, members) + 1)
