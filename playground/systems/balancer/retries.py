"""How many retries a balancer may add to the load: the retry budget.

Retries help while few requests fail. When servers are overloaded all requests fail, and then retries multiply the very
load that makes them fail: the overload feeds itself and stays when its cause has gone (a metastable failure: Bronson
et al., "Metastable Failures in Distributed Systems", HotOS 2021). So retries are held to a share of the requests
(Finagle's ``RetryBudget``; Envoy's ``retry_budget``; "Site Reliability Engineering", 2016, chapter 21: per-client
retry budget, a tenth).

In the last ten seconds there are never more retries than ``share`` of the requests, plus :data:`MINIMUM`, so that a
balancer with little to do may retry as well.
"""

from __future__ import annotations

from collections import deque

WINDOW_US = 10_000_000
BUCKET_US = 100_000
"""How finely the window moves on: what is counted is the last 9.9 s to 10 s."""
MINIMUM = 3


class RetryBudget:
    """Counts requests and retries. ``share`` None: no limit. ``now_us`` never falls."""

    def __init__(self, share: float | None) -> None:
        self.share = share
        self._buckets: deque[list[int]] = deque()
        """``[number, requests, retries]`` of each tenth of a second with any."""
        self._requests = 0
        self._retries = 0

    def request(self, now_us: int) -> None:
        """A request has come (not a retry)."""
        self._bucket(now_us)[1] += 1
        self._requests += 1

    def take(self, now_us: int) -> bool:
        """Whether one retry more is allowed; if so it is counted."""
        if self.left(now_us) < 1:
            return False
        self._bucket(now_us)[2] += 1
        self._retries += 1
        return True

    def left(self, now_us: int) -> float:
        """How many retries are allowed right now; infinity without a limit."""
        self._forget(now_us)
        if self.share is None:
            return float("inf")
        return self.share * self._requests + MINIMUM - self._retries

    def _bucket(self, now_us: int) -> list[int]:
        self._forget(now_us)
        number = now_us // BUCKET_US
        if not self._buckets or self._buckets[-1][0] != number:
            self._buckets.append([number, 0, 0])
        return self._buckets[-1]

    def _forget(self, now_us: int) -> None:
        oldest = (now_us - WINDOW_US) // BUCKET_US + 1
        while self._buckets and self._buckets[0][0] < oldest:
            _, requests, retries = self._buckets.popleft()
            self._requests -= requests
            self._retries -= retries
