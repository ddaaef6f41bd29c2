"""The ensemble: as such, and as the database of the clients.

What is promised of an ensemble is promised while the disks of a majority are whole, and no disk has forgotten what it
had acknowledged. Beyond that nothing is judged any more. A check that needs something to happen in time waits longer
if a machine, a clock or the network is ill, or is not asked at all.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from playground.chaos import machines
from playground.checkers.history import Operation
from playground.inspection.disks import Disks
from playground.inspection.part import DatabasePart, Figures, Part, Promised, Report
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.systems.violations import Violation
from playground.systems.zookeeper import checks, kept, zab_checks
from playground.systems.zookeeper.handle import WITNESS, State
from playground.systems.zookeeper.observing import Observation
from playground.systems.zookeeper.peer import GROUP

if TYPE_CHECKING:
    from playground.cluster import Cluster

MOST_DRIFT_PPM = 200_000
"""Sessions and leases hold as long as no clock is more than a fifth too fast or too slow."""
CALM = 5
"""Looks, of a second each, after which whoever watches has been told."""
JUDGED_WRITES = 1_000
"""Acknowledged writes that are kept to compare the next ones with."""
_LIVES = ("crash", "freeze", "thaw", "up")


class EnsemblePart(Part):
    """Atomic broadcast, sessions and watches."""

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        settings = cluster.spec.zookeeper
        self._patience_us = 3 * (settings.sync_ticks + 1) * settings.tick_ms * 1_000
        """Longer than a leader that nobody follows may take to know it, its clock a fifth too slow."""
        self._disks = Disks(cluster, "ensemble", settings.quorum, _nobody)
        self._suspect: dict[str, None] = {}
        """Servers whose disks were lost or damaged and that were not brought up to date since, and those that lie."""
        self._sequence = zab_checks.Memory()
        self._loneliness = zab_checks.Loneliness()
        self._history = checks.History()
        self._silence = checks.Silence()
        self._late: dict[Violation, None] = {}
        """Found when it was judged: what was once looked at is not looked at again."""
        self._expired = 0
        self._observation = cluster.world.witnesses[WITNESS] = Observation(cluster.world)
        self._misled = False
        """A clock was so wrong that a client may have relied on its session for longer than it lasts."""
        self._calm: deque[int] = deque(maxlen=CALM + 1)
        """The newest zxid at each of the last looks, as long as all is well and every session is connected."""

    @property
    def sound(self) -> bool:
        """No more was broken than the promises allow for."""
        return self._disks.lost < self.cluster.spec.zookeeper.quorum and not self._disks.lied

    def look(self) -> None:
        for violation in (*self._always(), *self._of_sessions(), *self._in_time(), *self._missed()):
            self.report(violation)

    def happened(self, entry: Entry) -> None:
        self._disks.happened(entry)
        if entry.kind == "clock":
            drift_ppm = self.cluster.node(entry.subject).clock.drift_ppm
            self._misled = self._misled or abs(drift_ppm) > MOST_DRIFT_PPM
        if self.cluster.kinds.get(entry.subject) != "ensemble":
            return
        data = dict(entry.data)
        if data.get("lose_disk") or data.get("fault") in ("rot", "lie"):
            self._suspect[entry.subject] = None
        elif entry.kind == "rebuilt" and not self.cluster.node(entry.subject).disk.lying:
            self._suspect.pop(entry.subject, None)
        elif entry.kind == "expired":
            self._expired += 1
        elif entry.kind in ("elected", "deposed") and data.get("group") == GROUP:
            # What an old leader did must fit what the next one does.
            for violation in self._always():
                self.report(violation)

    def judge(self) -> list[Violation]:
        self._late |= dict.fromkeys((*self._always(), *self._of_sessions()))
        found = [*self._late]
        if self.sound:
            nodes = {name: self.cluster.node(name) for name in self.cluster.spec.zookeeper.names}
            found += zab_checks.committed_is_safe(nodes, self._sequence.newest, frozenset(self._suspect))
        return found

    def figures(self) -> Figures:
        return {"transactions": self._sequence.transactions, "sessions_expired": self._expired}

    def _always(self) -> list[Violation]:
        """What holds between any two events."""
        servers = checks.running(self.cluster.world)
        found = self._sequence.look({name: server.peer for name, server in servers.items()})
        found += self._history.look(servers)
        found += checks.orphans(servers)
        return found if self.sound else []

    def _in_time(self) -> list[Violation]:
        """What must come to pass before long, if nothing slows it down."""
        cluster, world = self.cluster, self.cluster.world
        hampered = any(not rule.cuts for fault in cluster.faults for rule in fault.rules)
        if hampered or not all(self._in_order(name) for name in cluster.spec.zookeeper.names):
            self._loneliness, self._silence = zab_checks.Loneliness(), checks.Silence()
            return []
        servers = checks.running(world)
        up = {name: server.peer for name, server in servers.items() if cluster.node(name).life is Life.UP}
        found = self._loneliness.look(up, cluster.now_us, self._patience_us)
        found += checks.sessions_end(world, servers, self._silence)
        return found if self.sound else []

    def _of_sessions(self) -> list[Violation]:
        """What sessions were promised, whatever happens to them."""
        servers, observation = checks.running(self.cluster.world), self._observation
        found = [
            *checks.views_go_forward(observation),
            *checks.watches_fire_once(observation),
            *checks.writes_linearizable(observation),
        ]
        if not self._misled:
            found += checks.safe_sessions_live(servers, observation)
        observation.trim(JUDGED_WRITES)
        return found if self.sound else []

    def _missed(self) -> list[Violation]:
        """Changes that somebody has not been told of for a while, though nothing was in the way."""
        cluster, observation = self.cluster, self._observation
        servers = checks.running(cluster.world)
        well = not cluster.faults and all(self._in_order(name) and self._keeps_up(name) for name in cluster.names)
        if not well or any(keeper.state is not State.CONNECTED for keeper in observation.keepers):
            self._calm.clear()
            return []
        self._calm.append(max((server.tree.zxid for server in servers.values()), default=0))
        return checks.no_change_missed(servers, observation, self._calm[0]) if len(self._calm) > CALM else []

    def _keeps_up(self, name: str) -> bool:
        """Whether nothing waits there to be taken: who has more to do than it can is told late."""
        process = self.cluster.node(name).process
        return process is None or not process.held

    def _in_order(self, name: str) -> bool:
        """Whether a machine, up or not, has a CPU, a disk and a clock to rely on, and does not stand still."""
        node = self.cluster.node(name)
        slow = machines.cpu_is_slow(node, self.cluster.usual_event_us(name))
        ill = slow or machines.disk_is_ill(node) or abs(node.clock.drift_ppm) > MOST_DRIFT_PPM
        return not ill and node.life is not Life.FROZEN


class KeeperPart(DatabasePart):
    """The znodes under /kv are the clients' data: writes are linearizable, reads only if each begins with a sync.

    Every server has a copy; a write is acknowledged when a majority has it on disk.
    """

    def __init__(self, cluster: Cluster, report: Report) -> None:
        super().__init__(cluster, report)
        self._settings = cluster.spec.zookeeper
        self.disks = Disks(cluster, "ensemble", self._settings.quorum, self._alarm)
        self.linearizable = self._settings.sync_reads
        self.why_stale = "a server may lag; sync_reads asks the leader first"
        self._standing = Standing(cluster)
        cluster.history.listen(ended=self._standing.ended)

    @property
    def sound(self) -> bool:
        """No more was broken than the promises allow for."""
        return self.disks.lost < self._settings.quorum and not self.disks.lied

    def promised_fresh(self, read: Operation) -> bool:
        return self.linearizable and self.sound

    def promised_durable(self, key: str, value: str) -> bool:
        return self.sound

    def lost(self, promised: Promised) -> list[Violation]:
        held = kept.values(self.cluster.node(name) for name in self._settings.names)
        return [
            Violation("no lost writes", key, f"{key}={value} was acknowledged and no server has it any more")
            for key, values in sorted(self.acknowledged(promised).items())
            for value in sorted(values)
            if not self.cluster.staleness.covers(key, held.get(key, ()), value)
        ]

    def happened(self, entry: Entry) -> None:
        self.disks.happened(entry)
        self.linearizable = self._settings.sync_reads and self.sound
        if entry.kind in _LIVES and entry.subject in self._settings.names:
            self._standing.look()

    def judge(self) -> list[Violation]:
        return kept.same(checks.running(self.cluster.world), self._settings.names) if self.cluster.quiet else []

    def converged(self) -> bool:
        return not kept.same(checks.running(self.cluster.world), self._settings.names)

    def figures(self) -> Figures:
        copies = kept.copies(checks.running(self.cluster.world))
        return {
            "min_copies": min(copies.values(), default=0),
            "under_replicated": sum(1 for each in copies.values() if each < self._settings.quorum),
            **self._standing.figures(),
        }

    def _alarm(self, number: int) -> None:
        text = f"{number} disks of the ensemble are lost at once: from now on writes may be lost, and reads stale"
        self.cluster.world.record("alert", "", text)


class Standing:
    """How many servers are up, and what was written meanwhile (claim Z1). A frozen server is not up."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._names = cluster.spec.zookeeper.names
        self._quorum = cluster.spec.zookeeper.quorum
        self._up = 0
        self._majority_once = False
        self._since_us = 0
        """Since when it has been as it is: all are up, or only a majority is, or not even that."""
        self._without_us = 0
        self._written = {"some": 0, "few": 0}

    def look(self) -> None:
        """A server has come or gone."""
        before, now_us = self._state, self._cluster.now_us
        without_us = self._going_on_us()
        self._up = sum(self._cluster.node(name).life is Life.UP for name in self._names)
        if self._state != before:
            self._without_us += without_us
            self._since_us = now_us
        self._majority_once = self._majority_once or self._up >= self._quorum

    def ended(self, operation: Operation) -> None:
        """Count an acknowledged write, if it was made and done while the same servers, more or less, were up."""
        state = self._state
        done = operation.write and operation.outcome == "ok" and operation.invoked_us >= self._since_us
        if done and state in self._written and self._majority_once:
            self._written[state] += 1

    def figures(self) -> Figures:
        return {
            "majority_down_s": (self._without_us + self._going_on_us()) / 1e6,
            "writes_without_majority": self._written["few"],
            "writes_with_servers_down": self._written["some"],
        }

    @property
    def _state(self) -> str:
        if self._up < self._quorum:
            return "few"
        return "some" if self._up < len(self._names) else "all"

    def _going_on_us(self) -> int:
        lacking = self._majority_once and self._state == "few"
        return self._cluster.now_us - self._since_us if lacking else 0


def _nobody(_number: int) -> None:
    """Whoever keeps the clients' data tells of it."""
