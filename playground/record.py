"""What led to a state: the cluster, the seed, what was planned, and what was done. It reproduces the state exactly.

* A :class:`Script` is what stood there before anybody acted: the scenario in play, if one is.
* A :class:`Record` adds what has been done, as it took effect, and up to which instant nothing else has been done.

The commands of a record are in the order in which they took effect. Whoever re-executes one plans them in this order,
each at its instant; a command comes after every event of its instant. What the script holds for later instants than the
record's end is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.spec import ClusterSpec

Timeline = tuple[tuple[int, Any], ...]
"""``(at_us, command)``, in order."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is planned before anybody acts. Instants in virtual microseconds."""

    title: str = ""
    timeline: Timeline = ()
    captions: tuple[tuple[int, str], ...] = ()
    until_us: int | None = None
    """Where the session stands still by itself; None: nowhere."""
    stops: tuple[int, ...] = ()
    """Where it pauses by itself, as long as nobody has acted: there is something to read."""

    def after(self, at_us: int) -> Timeline:
        """What is planned for later instants than ``at_us``."""
        return tuple(item for item in self.timeline if item[0] > at_us)


@dataclass(frozen=True, slots=True)
class Record:
    """All that is needed to replay a session: and what it must come to."""

    spec: ClusterSpec
    seed: int
    timeline: Timeline
    end_us: int
    digest: str
    touched: bool = False
    """Somebody acted, beyond what was planned."""
    script: Script = Script()
    branched_us: int = -1
    """Where the session parted from another one; -1: it never did."""

    def to_come(self, done: int) -> Timeline:
        """What happens after the first ``done`` commands: the rest of what was done, then the rest of the script."""
        return (*self.timeline[done:], *self.script.after(self.end_us))

    def continues(self, timeline: Timeline, at_us: int) -> bool:
        """Whether a run that has carried out ``timeline`` and stands at ``at_us`` lies on the way of this record."""
        done = len(timeline)
        rest = self.timeline[done:]
        return self.timeline[:done] == timeline and (not rest or rest[0][0] >= at_us) and at_us <= self.end_us
