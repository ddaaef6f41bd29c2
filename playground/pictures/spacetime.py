"""The space-time diagram: from what the tracer keeps to lanes, arrows and moments."""

from __future__ import annotations

from collections.abc import Mapping

from playground.cluster import Cluster
from playground.frame import Lens
from playground.kernel.tracing import Tracer
from widgets.shapes import Lane, SpaceTime


class SpaceTimePicture:
    """Of one cluster. ``hues``: of the machines."""

    def __init__(self, cluster: Cluster, tracer: Tracer, hues: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._tracer = tracer
        self._hues = hues

    def picture(self, lens: Lens, selected: str) -> SpaceTime:
        """What ``lens`` shows while ``selected`` is the selected machine."""
        end_us = self._cluster.now_us if lens.end_us < 0 else lens.end_us
        lanes = tuple(Lane(name, self._hues[name]) for name in self._cluster.names)
        return SpaceTime(lanes, (), (), (), end_us - lens.span_us, end_us, since_us=self._tracer.since_us)
