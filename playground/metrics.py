"""How the cluster does in its clients' eyes: rates, latencies, errors, second by second.

Fed by the history; holds one bucket per virtual second for the curves, and every
latency of the run (4 bytes each) for percentiles.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from playground.checkers.history import History, Operation

BUCKET_US = 1_000_000
KEEP_BUCKETS = 600


@dataclass(slots=True)
class Bucket:
    """What ended within one virtual second (``index`` seconds after the start)."""

    index: int
    ok: int = 0
    failed: int = 0
    unknown: int = 0
    stale: int = 0
    latencies_us: list[int] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return self.failed + self.unknown


class Metrics:
    """Figures over the operations of one history."""

    def __init__(self, history: History) -> None:
        self.buckets: deque[Bucket] = deque(maxlen=KEEP_BUCKETS)
        self.read_us = array("L")
        self.write_us = array("L")
        history.listen(ended=self._ended)

    def recent(self, now_us: int, seconds: int) -> list[Bucket]:
        """The last ``seconds`` whole or begun buckets, oldest first; empty ones where nothing ended."""
        newest = now_us // BUCKET_US
        known = {bucket.index: bucket for bucket in list(self.buckets)[-seconds - 1 :]}
        return [known.get(index) or Bucket(index) for index in range(max(0, newest - seconds + 1), newest + 1)]

    def rate(self, now_us: int) -> float:
        """Operations per second that ended well, over the last three full seconds."""
        full = self.recent(now_us, 4)[:-1]
        return sum(bucket.ok for bucket in full) / len(full) if full else 0.0

    def error_share(self, now_us: int) -> float:
        """Share of operations that ended in an error over the last five seconds."""
        recent = self.recent(now_us, 5)
        ended = sum(bucket.ok + bucket.errors for bucket in recent)
        return sum(bucket.errors for bucket in recent) / ended if ended else 0.0

    def recent_percentiles_us(self, now_us: int) -> tuple[int, int]:
        """(p50, p99) over the last ten seconds; (0, 0) if nothing ended."""
        latencies = [each for bucket in self.recent(now_us, 10) for each in bucket.latencies_us]
        return percentile(latencies, 50), percentile(latencies, 99)

    def _ended(self, operation: Operation) -> None:
        index = operation.completed_us // BUCKET_US
        if not self.buckets or self.buckets[-1].index != index:
            self.buckets.append(Bucket(index))
        bucket = self.buckets[-1]
        if operation.outcome == "ok":
            bucket.ok += 1
            bucket.stale += operation.stale
            bucket.latencies_us.append(operation.latency_us)
            (self.write_us if operation.write else self.read_us).append(operation.latency_us)
        elif operation.outcome == "fail":
            bucket.failed += 1
        else:
            bucket.unknown += 1


def percentile(values: Sequence[int], percent: float) -> int:
    """The nearest-rank percentile; 0 for no values."""
    if not values:
        return 0
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]
