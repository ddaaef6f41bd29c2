"""So much at once, and so much per second in the long run."""

from __future__ import annotations


class Bucket:
    """So much at once, and so much per second in the long run (a token bucket). Times are of any steady clock."""

    def __init__(self, burst: float, per_s: float, now_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = burst
        self._at_s = now_s

    def left(self, now_s: float) -> float:
        """How much may be taken now; below zero, if more was taken than there was."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return self._left

    def take(self, amount: float, now_s: float) -> bool:
        """Take ``amount``. False: there was not so much; it is taken nevertheless, and lacks from now on."""
        left = self.left(now_s)
        self._left = left - amount
        return left >= amount

    def wait_s(self, now_s: float) -> float:
        """How long until something may be taken again."""
        return max(0.0, -self.left(now_s) / self._per_s)
