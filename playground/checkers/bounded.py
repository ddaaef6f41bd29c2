"""How stale the stale reads were: bounded staleness, and the t of Bailis et al., "Probabilistically Bounded
Staleness for Practical Partial Quorums" (VLDB 2012).

The age of a stale read is the time from when what it missed had been acknowledged to when the read
began; of several missed values the one acknowledged first counts. A store whose reads are never older than t is
t-bounded.
"""

from __future__ import annotations

from array import array

from playground.checkers.history import History, Operation
from playground.checkers.staleness import Staleness


class Bounded:
    """Ages of the reads that ``staleness`` finds stale. It must listen to ``history`` before this does."""

    def __init__(self, history: History, staleness: Staleness) -> None:
        self.worst: Operation | None = None
        self.max_us = 0
        self._ages_us = array("Q")
        self._sorted = True
        self._staleness = staleness
        history.listen(ended=self._ended)

    def __len__(self) -> int:
        """How many reads were stale."""
        return len(self._ages_us)

    def percentile_us(self, rank: float) -> int:
        """The age that ``rank`` per cent of the stale reads don't exceed (nearest rank); 0 if none was stale."""
        if not self._ages_us:
            return 0
        if not self._sorted:
            self._ages_us = array("Q", sorted(self._ages_us))
            self._sorted = True
        at = -(-len(self._ages_us) * rank // 100)
        return self._ages_us[min(max(int(at), 1), len(self._ages_us)) - 1]

    def _ended(self, operation: Operation) -> None:
        if not operation.stale:
            return
        write = self._staleness.write
        since_us = min(write(operation.key, value).completed_us for value in operation.missed)
        age_us = operation.invoked_us - since_us
        if self.worst is None or age_us > self.max_us:
            self.worst = operation
            self.max_us = age_us
        self._ages_us.append(age_us)
        self._sorted = False
