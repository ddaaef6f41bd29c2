"""What must hold of the sharded database, always or once it is quiet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.systems.shards.service import ShardsService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.kernel.node import Node

Services = Mapping[str, ShardsService]
Covers = Callable[[str, tuple[str, ...], str], bool]


@dataclass(slots=True)
class Memory:
    """What the checks saw before. One per world."""


def one_master_per_epoch(services: Services, memory: Memory) -> list[Violation]:
    raise NotImplementedError


def prefixes(services: Services, memory: Memory) -> list[Violation]:
    raise NotImplementedError


def lost_writes(nodes: Iterable[Node], acknowledged: Mapping[str, Iterable[str]], covers: Covers) -> list[Violation]:
    raise NotImplementedError


def held_values(nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    raise NotImplementedError


def copies(services: Services) -> dict[str, int]:
    """Shard -> how many of its members that run hold all that its master has committed."""
    raise NotImplementedError


def under_replicated(services: Services) -> list[Violation]:
    raise NotImplementedError


def reversed_everywhere(services: Services, failed: Mapping[str, Iterable[str]]) -> list[Violation]:
    """``failed``: key -> values whose write has failed definitely."""
    raise NotImplementedError


def converged(services: Services) -> list[Violation]:
    raise NotImplementedError
