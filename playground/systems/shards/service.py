"""The sharded database on one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.service import Service
from playground.systems.gossip.client import Vitals
from playground.systems.shards.settings import ShardsSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process


class ShardsService(Service):
    """One data node: a replica of each shard that it is a member of. ``members``: the data nodes of the configuration."""

    def __init__(
        self,
        process: Process,
        settings: ShardsSettings,
        members: tuple[str, ...],
        ensemble: tuple[str, ...],
        *,
        points: int = 100,
        session_timeout_us: int = 3_000_000,
        joining: bool = False,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.points = points

    def vitals(self) -> Vitals:
        """What gossip tells of this machine."""
        raise NotImplementedError

    def take_work(self) -> int:
        """How many reads and writes this node has done since this was last asked."""
        raise NotImplementedError
