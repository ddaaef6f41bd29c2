"""Who plays which part for a key, so that a command can be aimed at it: ``crash owner of k0``.

Whoever aims stands outside and sees all; no node of the store asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playground.systems.store import checks


def owner(services: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The first node of the key's preference list; () if ``key`` is "" or nobody is up."""
    return replicas(services, key)[:1]


def replicas(services: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The nodes that hold the key's copies, its owner first."""
    where = checks.placing(services)
    return tuple(where.place(key).owners) if where is not None and key else ()
