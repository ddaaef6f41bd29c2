"""What scenarios measure of the balancers: how soon the dead are found, what that costs, who gets how much (L1 to L3).

A `Ledger` looks from outside and changes nothing. It is told of every entry of the journal, which gives the exact
instants, and looks a few times a second at what the balancers believe and have counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.kernel.journal import Entry
from playground.systems.balancer import checks
from playground.systems.balancer.liveness import MECHANISMS, Belief
from playground.systems.balancer.settings import Liveness

if TYPE_CHECKING:
    from playground.kernel.world import World

KEEP_US = 60_000_000
"""For how long it is remembered who got how much."""


@dataclass(slots=True)
class Incident:
    """A server that crashed or froze. Times in microseconds of the world; None: not yet, or never."""

    server: str
    what: str
    """``crash`` or ``freeze``."""
    at_us: int
    failed_then: int
    """Requests that had failed before."""
    detected_us: dict[tuple[str, Liveness], int] = field(default_factory=dict)
    """How long it took, by balancer and mechanism, whichever of them decided."""
    ejected_us: int | None = None
    """When the active balancer passed it over."""
    lost: int = 0
    """Requests that failed, whyever, from the beginning until it was ejected (or was back, if it never was)."""
    failed_after: int = 0
    """Requests that failed, whyever, from then on until it was back."""
    back_us: int | None = None
    """When it served again, or went on."""
    readmitted_us: int | None = None
    """When the active balancer had given it its full share again."""

    def detection_us(self, by: Liveness) -> int | None:
        """How long the slowest balancer took; None if nobody noticed."""
        spans = [span_us for (_, mechanism), span_us in self.detected_us.items() if mechanism == by]
        return max(spans, default=None)


class Ledger:
    """Of one world. Make it before the world runs; call `look` a few times a second."""

    def __init__(self, world: World) -> None:
        self.incidents: list[Incident] = []
        self.groundless = 0
        """Ejections of servers that had neither crashed nor frozen: what was wrong lay elsewhere, or nothing was."""
        self._world = world
        self._servers: dict[str, None] = {}
        self._sent: deque[tuple[int, dict[str, int]]] = deque()
        self._counted: dict[tuple[str, int], tuple[int, int, int]] = {}
        """Requests failed, retries and forbidden retries of each life of a balancer: one that is over counts, too."""
        self._tries: dict[tuple[str, int], dict[str, int]] = {}
        """Tries sent to each server, of each life of a balancer."""
        self._refused: dict[tuple[str, int], int] = {}
        world.journal.watch(self._happened)

    # --- what was measured ------------------------------------------------------------------

    def shares(self, window_us: int) -> dict[str, float]:
        """The part of all tries of the last ``window_us`` that each server got, 0..1; {} if there were none."""
        if not self._sent:
            return {}
        newest_us, newest = self._sent[-1]
        oldest = next(sent for at_us, sent in self._sent if at_us >= newest_us - window_us)
        got = {name: newest[name] - oldest[name] for name in newest}
        total = sum(got.values())
        return {name: count / total for name, count in got.items()} if total else {}

    def figures(self) -> Mapping[str, float | int | bool]:
        """Times in seconds, the worst of all incidents. What was not measured is left out."""
        self.look()
        failed, retried, unaffordable = (sum(each[i] for each in self._counted.values()) for i in range(3))
        found: dict[str, float | int | bool] = {
            "requests_failed": failed,
            "requests_lost": sum(each.lost for each in self.incidents),
            "requests_failed_after_ejection": sum(each.failed_after for each in self.incidents),
            "retries": retried,
            "retries_forbidden": unaffordable,
            "requests_refused": sum(self._refused.values()),
            "groundless_ejections": self.groundless,
        }
        for by in MECHANISMS:
            spans_us = [span for each in self.incidents if (span := each.detection_us(by)) is not None]
            if spans_us:
                found[f"detection_{by.replace('-', '_')}_s"] = max(spans_us) / 1e6
        full_us = [
            each.readmitted_us - each.back_us
            for each in self.incidents
            if each.readmitted_us is not None and each.back_us is not None
        ]
        if full_us:
            found["full_share_after_s"] = max(full_us) / 1e6
        return found

    # --- looking ------------------------------------------------------------------------------

    def look(self) -> None:
        """See what the balancers believe and have counted by now."""
        world = self._world
        now_us = world.now_us
        balancers = checks.balancers(world)
        for name, balancer in balancers.items():
            boot = (name, balancer.process.node.boots)
            self._counted[boot] = (balancer.failed, balancer.retried, balancer.unaffordable)
            for server, tally in balancer.tallies.items():
                self._servers[server] = None
                self._tries.setdefault(boot, {})[server] = tally.sent
            for incident in self._open():
                for by, evidence in balancer.watch.watched[incident.server].member.evidence.items():
                    ago_us = balancer.clock.monotonic_us - evidence.since_us
                    took_us = now_us - ago_us - incident.at_us
                    if evidence.belief is Belief.DEAD and took_us >= 0:
                        incident.detected_us.setdefault((name, by), took_us)
        for name, service in checks.servers(world).items():
            self._refused[name, service.process.node.boots] = service.refused
        sent = dict.fromkeys(self._servers, 0)
        for tries in self._tries.values():
            for server, count in tries.items():
                sent[server] += count
        self._sent.append((now_us, sent))
        while self._sent[0][0] < now_us - KEEP_US:
            self._sent.popleft()

    def _happened(self, entry: Entry) -> None:
        if entry.subject in self._servers and entry.kind in ("crash", "freeze", "up", "thaw"):
            self.look()
            if entry.kind in ("crash", "freeze"):
                self._close(entry)
                self.incidents.append(Incident(entry.subject, entry.kind, entry.at_us, self._failed()))
            else:
                self._close(entry)
        elif entry.kind in ("ejected", "readmitted"):
            self._treated(entry)

    def _close(self, entry: Entry) -> None:
        for incident in self._open():
            if incident.server == entry.subject:
                incident.back_us = entry.at_us
                if incident.ejected_us is None:
                    incident.lost = self._failed() - incident.failed_then
                else:
                    incident.failed_after = self._failed() - incident.failed_then - incident.lost

    def _treated(self, entry: Entry) -> None:
        about = dict(entry.data).get("about")
        if entry.kind == "ejected" and all(each.server != about for each in self._open()):
            self.groundless += 1
        balancer = checks.balancers(self._world).get(entry.subject)
        newest = next((each for each in reversed(self.incidents) if each.server == about), None)
        if balancer is None or not balancer.active or newest is None:
            return
        if entry.kind == "ejected" and newest.ejected_us is None and newest.back_us is None:
            self.look()
            newest.ejected_us = entry.at_us
            newest.lost = self._failed() - newest.failed_then
        elif entry.kind == "readmitted" and newest.back_us is not None and newest.readmitted_us is None:
            newest.readmitted_us = entry.at_us

    def _open(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.back_us is None]

    def _failed(self) -> int:
        return sum(failed for failed, _, _ in self._counted.values())
