"""What others use of it: the service that a node runs, and its settings."""

from __future__ import annotations

from playground.systems.coordination.service import CoordinationService
from playground.systems.coordination.settings import CoordinationSettings, Election

__all__ = ["CoordinationService", "CoordinationSettings", "Election"]
