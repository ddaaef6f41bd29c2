"""Who plays which part, so that a command can be aimed at it: ``crash master of shard-1``, ``freeze slave of k0``.

Whoever aims stands outside and sees all; no node of the database asks here. ``thing``: a shard's name or a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def master(services: Mapping[str, Any], thing: str) -> tuple[str, ...]:
    """The node that leads the shard in the highest epoch; () if none does."""
    raise NotImplementedError


def slave(services: Mapping[str, Any], thing: str) -> tuple[str, ...]:
    """The other members of the shard."""
    raise NotImplementedError


def replica(services: Mapping[str, Any], thing: str) -> tuple[str, ...]:
    """All members of the shard, the master first."""
    raise NotImplementedError


owner = master
