"""The judges that read a finished history, and what counts as something found.

Cheap ones judge every run; linearizability is exponential in the worst case (Gibbons & Korach 1997) and is
judged only where it is expected.
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.cluster import Cluster
from playground.scenario.figures import Value

_COUNTS = ("stale_reads", "lost_writes", "read_your_writes", "monotonic_reads")
"""More than none of these is something found."""
_VERDICTS = {"checks": "fail", "hypothesis": "fail", "linearizable": "violation"}


def judge(cluster: Cluster, wanted: frozenset[str]) -> dict[str, Value]:
    """The verdicts on the whole history; those of ``wanted`` that are costly too."""
    return {}


def found_something(figures: Mapping[str, Value]) -> bool:
    """Whether any judge found anything: an invariant, a judge of the history, or the hypothesis."""
    return any(figures.get(name) for name in _COUNTS) or any(
        figures.get(name) == bad for name, bad in _VERDICTS.items()
    )
