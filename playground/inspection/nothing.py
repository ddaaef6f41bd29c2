"""A cluster without a database: nothing is kept, and nothing is promised."""

from __future__ import annotations

from playground.checkers.history import Operation
from playground.inspection.part import DatabasePart, Promised
from playground.systems.violations import Violation


class NoDatabasePart(DatabasePart):
    """Whoever asks is refused."""

    why_stale = "there is no database"

    def promised_fresh(self, read: Operation) -> bool:
        return False

    def promised_durable(self, key: str, value: str) -> bool:
        return False

    def lost(self, promised: Promised) -> list[Violation]:
        return []
