"""Counts what the clients of one world were told, over the whole run, whatever the history forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from playground.checkers.history import History, Operation
from playground.metrics import Metrics, percentile
from playground.scenario.figures import PERCENTILES
from playground.scenario.outcome import Traffic


class Tally:
    """Listens to a history from its beginning."""

    def __init__(self, history: History) -> None:
        self.errors: Counter[str] = Counter()
        self._ended: Counter[tuple[bool, str]] = Counter()
        history.listen(ended=self._operation_ended)

    def traffic(self, metrics: Metrics, *, writes: bool) -> Traffic:
        """Reads, or writes, so far."""
        ok, failed, unknown = (self._ended[writes, outcome] for outcome in ("ok", "fail", "unknown"))
        return Traffic(ok, failed, unknown, ranks(metrics.write_us if writes else metrics.read_us))

    def _operation_ended(self, operation: Operation) -> None:
        self._ended[operation.write, operation.outcome] += 1
        if operation.error:
            self.errors[operation.error] += 1


def ranks(latencies_us: Iterable[int]) -> dict[int, int]:
    """Percentile -> microseconds; all 0 if nothing ended well."""
    ordered = sorted(latencies_us)
    return {rank: percentile(ordered, rank) for rank in PERCENTILES}
