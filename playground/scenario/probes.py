"""Measures what a probe asks, from outside, without touching the world.

Figures of a window come from the operations that ended in it; those of the moment from the inspection, as the
report has them at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.metrics import percentile
from playground.scenario.figures import FIGURES, PERCENTILES, Span, Value
from playground.scenario.hypothesis import Hypothesis, Probe

US = 1_000_000


class Probing:
    """Answers the probes of one hypothesis about one cluster; make it before the world's first event."""

    def __init__(self, cluster: Cluster, hypothesis: Hypothesis) -> None:
        self._cluster = cluster
        self._longest_us = max(probe.over_us for probe in hypothesis.probes)
        self._ended: deque[Operation] = deque()
        self._moment: tuple[int, dict[str, Value]] = (-1, {})
        if self._longest_us:
            cluster.history.listen(ended=self._operation_ended)

    def measure(self, probe: Probe) -> Value:
        """What ``probe`` shows now. None: it could not be measured."""
        name = probe.expectation.figure.name
        if FIGURES[name].span is Span.WINDOW:
            now_us = self._cluster.now_us
            window = [each for each in self._ended if each.completed_us > now_us - probe.over_us]
            return windowed(name, window, min(probe.over_us, now_us))
        return self._of_the_moment().get(name)

    def _of_the_moment(self) -> dict[str, Value]:
        now_us = self._cluster.now_us
        if self._moment[0] != now_us:
            self._moment = now_us, moment(self._cluster)
        return self._moment[1]

    def _operation_ended(self, operation: Operation) -> None:
        self._ended.append(operation)
        while self._ended[0].completed_us <= operation.completed_us - self._longest_us:
            self._ended.popleft()


def moment(cluster: Cluster) -> dict[str, Value]:
    """The figures that can be told at any instant."""
    return {
        **inspected(cluster),
        "checks": "fail" if cluster.inspection.violations else "pass",
        "converged": cluster.inspection.converged(),
        "network_lost": cluster.world.network.lost,
    }


def inspected(cluster: Cluster) -> dict[str, Value]:
    """What the inspection counts; its seconds become microseconds, as all durations are here."""
    found: dict[str, Value] = {}
    for name, value in cluster.inspection.figures().items():
        if name.endswith("_s"):
            found[name.removesuffix("_s")] = round(value * US) or None
        else:
            found[name] = value
    return found


def windowed(name: str, ended: Iterable[Operation], over_us: int) -> Value:
    """A figure of a window of ``over_us`` from the operations that ended in it."""
    kind, _, rest = name.partition("_")
    operations = list(ended)
    if kind in ("read", "write"):
        operations = [each for each in operations if each.write is (kind == "write")]
        name = rest
    if name.removeprefix("p").isdigit() and int(name[1:]) in PERCENTILES:
        latencies = [each.latency_us for each in operations if each.outcome == "ok"]
        return percentile(latencies, int(name[1:])) if latencies else None
    if name == "error_share":
        return sum(each.outcome != "ok" for each in operations) / len(operations) if operations else None
    if name == "throughput":
        return sum(each.outcome == "ok" for each in operations) * US / over_us if over_us else None
    if name == "stale_reads":
        return sum(each.stale for each in operations)
    if name in ("reads", "writes"):
        return sum(each.write is (name == "writes") for each in operations)
    outcomes = {"operations": ("ok", "fail", "unknown"), "ok": ("ok",), "failed": ("fail",), "unknown": ("unknown",)}
    return sum(each.outcome in outcomes[name] for each in operations)
