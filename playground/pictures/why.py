"""Why: the chain of what led to an entry of the journal, a message, or how an operation went."""

from __future__ import annotations

from collections.abc import Mapping

from playground.cluster import Cluster
from playground.frame import Question
from playground.kernel.tracing import Tracer
from widgets.shapes import Why


class Explainer:
    """Of one cluster. ``hues``: of the machines."""

    def __init__(self, cluster: Cluster, tracer: Tracer, hues: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._tracer = tracer
        self._hues = hues

    def answer(self, question: Question) -> Why:
        """What led to what is asked about."""
        return Why("", empty="not known")
