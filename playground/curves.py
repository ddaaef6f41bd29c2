"""The curves of the overview: throughput, latency and errors as the clients see them, and the work of each node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from playground.metrics import BUCKET_US, Bucket, percentile
from playground.systems.layout import Kind
from widgets import units
from widgets.shapes import Line, Series, Tone

if TYPE_CHECKING:
    from playground.cluster import Cluster


class Curves:
    """Made anew once a virtual second: the bucket under way is not shown, so that no curve jumps."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._made: tuple[tuple[int, int, int], Series] | None = None

    @property
    def _caption(self) -> str:
        servers = "; servers: requests" if self._cluster.of_kind("server") else ""
        if self._cluster.spec.database == "none":
            return "per second: messages"
        return f"per second: operations{servers}"

    @property
    def _keepers(self) -> Kind:
        """Which machines keep the data."""
        return "ensemble" if self._cluster.spec.database == "zookeeper" else "node"

    def series(self, columns: int, hues: Mapping[str, int]) -> Series:
        """``columns`` full seconds up to now, oldest first."""
        cluster = self._cluster
        key = (cluster.now_us // BUCKET_US, columns, len(cluster.members))
        if self._made is None or self._made[0] != key:
            self._made = (key, self._make(columns, hues))
        return self._made[1]

    def _make(self, columns: int, hues: Mapping[str, int]) -> Series:
        cluster = self._cluster
        buckets = cluster.metrics.recent(cluster.now_us, columns + 1)[:-1]
        lines = [
            _line("ok/s", [float(each.ok) for each in buckets], Tone.GOOD),
            _line("p50", [_latency(each, 50) for each in buckets], Tone.ACCENT, _ms),
            _line("p99", [_latency(each, 99) for each in buckets], Tone.ACCENT, _ms),
            _line("errors/s", [float(each.errors) for each in buckets], Tone.BAD),
        ]
        lines = [*(lines if cluster.spec.database != "none" else ()), *self._messages(columns)]
        workers: tuple[Kind, ...] = (self._keepers, "server")
        if cluster.spec.database == "none":
            workers = ("broker", "producer", "consumer")
        for name in (name for kind in workers for name in cluster.of_kind(kind)):
            work = cluster.inspection.work_of(name, columns)
            lines.append(Line(name, work, _text(work, _rate), hue=hues.get(name)))
        return Series(tuple(lines), BUCKET_US // 1_000, caption=self._caption)

    def _messages(self, columns: int) -> list[Line]:
        """What producers published and consumers processed; how far these are behind."""
        kafka, now_us = self._cluster.inspection.kafka, self._cluster.now_us
        if kafka is None:
            return []
        seconds = kafka.books.recent(now_us, columns + 1)[:-1]
        lags = dict(kafka.lag_samples)
        lag = [float(lags[each.index + 1]) if each.index + 1 in lags else None for each in seconds]
        lines = [
            _line("msgs in/s", [float(each.published) for each in seconds], Tone.GOOD),
            _line("processed", [float(each.processed) for each in seconds], Tone.GOOD),
            _line("lag", lag, Tone.WARN),
        ]
        if self._cluster.spec.database == "none":
            took = [percentile(each.latencies_us, 50) / 1_000 if each.latencies_us else None for each in seconds]
            lines.insert(1, _line("ack p50", took, Tone.ACCENT, _ms))
        return lines


def _count(value: float) -> str:
    return f"{value:.0f}"


def _rate(value: float) -> str:
    return f"{value:.0f}/s"


def _ms(value: float) -> str:
    return units.duration(value * 1_000)


Spelt = Callable[[float], str]


def _line(name: str, values: Sequence[float | None], tone: Tone, spelt: Spelt = _count) -> Line:
    return Line(name, tuple(values), _text(values, spelt), tone=tone)


def _text(values: Sequence[float | None], spelt: Spelt) -> str:
    newest = values[-1] if values else None
    return units.NONE if newest is None else spelt(newest)


def _latency(bucket: Bucket, percent: float) -> float | None:
    return percentile(bucket.latencies_us, percent) / 1_000 if bucket.latencies_us else None
