"""Who plays which part among the balancers: ``crash active``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def active(services: Mapping[str, Any], _thing: str) -> tuple[str, ...]:
    """The balancer that forwards; () if none does."""
    return tuple(name for name, service in services.items() if service.active)


def standby(services: Mapping[str, Any], _thing: str) -> tuple[str, ...]:
    """The balancers that wait."""
    return tuple(name for name, service in services.items() if not service.active)
