"""Who plays which part, so that a command can be aimed at it: ``crash master``."""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.coordination.service import CoordinationService


def master(services: Mapping[str, CoordinationService], thing: str = "") -> tuple[str, ...]:
    """The node that acts as master; () if nobody does. There is one mastership, so ``thing`` is "" or its name."""
    return tuple(name for name, service in services.items() if service.acting)
