"""What must hold of the ensemble, always or once it is quiet.

Plain functions that see with god's eye, between any two events of a live world or after a run. What must hold of
the broadcast stands in :mod:`.zab_checks`.

======================  ================================================================================
of the servers, always  `History.look` (one history, and what each transaction may do), `orphans`
                        `sessions_end` (who is silent loses its session, claim Z2)
of sessions, always     `safe_sessions_live`, `views_go_forward`, `watches_fire_once`, `writes_linearizable`
once quiet              `no_change_missed`
======================  ================================================================================

Quiet: every session is connected, and nothing has been written for a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from playground.kernel.node import Life
from playground.systems.running import running as running_in
from playground.systems.violations import Violation
from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.handle import State
from playground.systems.zookeeper.observing import Observation
from playground.systems.zookeeper.roles import leader
from playground.systems.zookeeper.service import Applied, ZooKeeperService
from playground.systems.zookeeper.tree import Tree, parent_of
from playground.systems.zookeeper.txns import Changed, Ended, Made, Opened, Removed

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, ZooKeeperService]

SAME = "one history"
SOUND = "transactions are sound"
EPHEMERAL = "ephemerals go with their session"
SILENT = "silent sessions end"
SAFE = "safe sessions live"
FORWARD = "views go forward"
ONCE = "watches fire once"
LINEARIZABLE = "writes are linearizable"
MISSED = "no change is missed"
_REMEMBERED = 20_000


def running(world: World) -> dict[str, ZooKeeperService]:
    """The servers whose process has begun to serve (frozen ones too), in the world's order."""
    return running_in(world, ZooKeeperService)


@dataclass(slots=True)
class History:
    """The one history, followed transaction by transaction. One per world; look a few times a second."""

    zxid: int = 0
    """Followed up to here."""
    owners: dict[str, int] = field(default_factory=dict)
    """Every znode -> its session, 0 for persistent ones."""
    versions: dict[str, int] = field(default_factory=dict)
    sessions: dict[int, None] = field(default_factory=dict)
    digests: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Zxid -> the digest of the tree, and the server that had it first."""
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Server -> its life, and up to where it was looked at."""

    def look(self, services: Services) -> list[Violation]:
        """All servers have the same tree at the same zxid, and each transaction does what it may."""
        found: list[Violation] = []
        for name, service in services.items():
            new = self._new(name, service)
            for applied in new:
                digest, first = self.digests.setdefault(applied.zxid, (applied.digest, name))
                if digest != applied.digest:
                    text = f"at {spelled(applied.zxid)} the tree of {name} differs from that of {first}"
                    found.append(Violation(SAME, name, text))
            further = [applied for applied in new if applied.zxid > self.zxid]
            if further and not self._joins(service, further):
                self._begin(service.tree)
            else:
                for applied in further:
                    self._follow(applied, found)
        if len(self.digests) > 2 * _REMEMBERED:
            for zxid in sorted(self.digests)[:-_REMEMBERED]:
                del self.digests[zxid]
        return found

    def _new(self, name: str, service: ZooKeeperService) -> list[Applied]:
        life, seen = self.seen.get(name, (0, 0))
        if life != service.process.node.boots:
            seen = 0
        new = [*takewhile(lambda applied: applied.zxid > seen, reversed(service.recent))]
        self.seen[name] = (service.process.node.boots, service.tree.zxid)
        return new[::-1]

    def _joins(self, service: ZooKeeperService, further: list[Applied]) -> bool:
        """Whether nothing is missing between what was followed and what is further."""
        if service.begun <= self.zxid and len(service.recent) < (service.recent.maxlen or 0):
            return True
        return any(applied.zxid <= self.zxid for applied in service.recent)

    def _begin(self, tree: Tree) -> None:
        """Too much has passed unseen: go on from here."""
        self.zxid = tree.zxid
        self.owners = {path: node.owner for path, node in tree.nodes.items()}
        self.versions = {path: node.version for path, node in tree.nodes.items()}
        self.sessions = dict.fromkeys(tree.sessions)

    def _follow(self, applied: Applied, found: list[Violation]) -> None:
        zxid, txn, _ = applied
        self.zxid = zxid
        if txn.session and txn.changes and txn.session not in self.sessions:
            text = f"{spelled(zxid)} changes something for session {spelled(txn.session)}, which is over"
            found.append(Violation(SOUND, spelled(zxid), text))
        for change in txn.changes:
            match change:
                case Made(path=path, owner=owner):
                    if path in self.owners:
                        found.append(Violation(SOUND, path, f"{spelled(zxid)} makes {path} a second time"))
                    self.owners[path], self.versions[path] = owner, 0
                case Changed(path=path, version=version):
                    if version != self.versions.get(path, -2) + 1:
                        text = f"{spelled(zxid)} gives {path} version {version} after {self.versions.get(path)}"
                        found.append(Violation(SOUND, path, text))
                    self.versions[path] = version
                case Removed(path=path):
                    self._remove(path, zxid, found)
                case Opened():
                    self.sessions[zxid] = None
                case Ended():
                    self._end(change, zxid, found)
                case _:
                    pass

    def _end(self, change: Ended, zxid: int, found: list[Violation]) -> None:
        for path in change.paths:
            if self.owners.get(path) != change.session:
                text = f"{path} went with session {spelled(change.session)}, but it was not its own"
                found.append(Violation(EPHEMERAL, path, text))
            self._remove(path, zxid, found)
        for path in [path for path, owner in self.owners.items() if owner == change.session]:
            text = f"{path} is still there, but its session {spelled(change.session)} is over"
            found.append(Violation(EPHEMERAL, path, text))
        self.sessions.pop(change.session, None)

    def _remove(self, path: str, zxid: int, found: list[Violation]) -> None:
        if self.owners.pop(path, None) is None:
            found.append(Violation(SOUND, path, f"{spelled(zxid)} deletes {path}, which is not there"))
        self.versions.pop(path, None)


def orphans(services: Services) -> list[Violation]:
    """No server has an ephemeral znode without its session."""
    return [
        Violation(EPHEMERAL, path, f"{name} has {path}, but its session {spelled(node.owner)} is over")
        for name, service in services.items()
        for path, node in service.tree.nodes.items()
        if node.owner and node.owner not in service.tree.sessions
    ]


@dataclass(slots=True)
class Silence:
    """Since when machines have been down, and a server has led."""

    down_us: dict[str, int] = field(default_factory=dict)
    led: tuple[str, int, int] = ("", 0, 0)
    """Who leads, in which epoch, since when."""


def sessions_end(world: World, services: Services, silence: Silence) -> list[Violation]:
    """A session whose machine is down ends: at the latest after twice the time that a new leader gives it."""
    now_us = world.now_us
    for name, node in world.nodes.items():
        if node.life is Life.DOWN:
            silence.down_us.setdefault(name, now_us)
        else:
            silence.down_us.pop(name, None)
    led = leader(services, "")
    if not led:
        silence.led = ("", 0, 0)
        return []
    service = services[led[0]]
    if silence.led[:2] != (led[0], service.peer.epoch):
        silence.led = (led[0], service.peer.epoch, now_us)
    found = []
    for number, session in service.tree.sessions.items():
        since_us = silence.down_us.get(session.client)
        if since_us is None:
            continue
        quiet_us = now_us - max(since_us, silence.led[2])
        if quiet_us > 2 * (session.timeout_us + service.peer.sync_us):
            text = f"{session.client} has been down for {quiet_us / 1e6:.1f} s, and its session {spelled(number)} lives"
            found.append(Violation(SILENT, session.client, text))
    return found


def safe_sessions_live(services: Services, observation: Observation) -> list[Violation]:
    """No session has ended of which its client may still be certain.

    Only as long as no clock is more than a fifth too fast or too slow.
    """
    newest = max(services.values(), key=lambda service: service.tree.zxid, default=None)
    if newest is None:
        return []
    found = []
    for keeper in observation.keepers:
        if keeper.state in (State.CLOSED, State.EXPIRED) or not keeper.service.process.alive:
            continue
        gone = 0 < keeper.session <= newest.tree.zxid and keeper.session not in newest.tree.sessions
        if gone and not keeper.closing and keeper.service.clock.monotonic_us < keeper.safe_until_us:
            text = f"the session of {keeper.service.name} is over, but it has every reason to think that it lives"
            found.append(Violation(SAFE, keeper.service.name, text))
    return found


def views_go_forward(observation: Observation) -> list[Violation]:
    """No session was shown an older state than before (single system image), nor one without its own writes."""
    return [
        Violation(FORWARD, client, f"{client} saw {spelled(zxid)} after {spelled(seen)}")
        for client, zxid, seen in observation.backward
    ]


def watches_fire_once(observation: Observation) -> list[Violation]:
    """Each watch fires once, and nobody is told what he did not ask for."""
    found = [
        Violation(ONCE, client, f"{client} was told that {fired.event.path} was {fired.event.kind}, and did not ask")
        for client, fired in observation.unexpected
    ]
    for (place, number), times in observation.fired.items():
        if times > 1:
            client = observation.sessions[place].service.name
            found.append(Violation(ONCE, client, f"watch {number} of {client} has fired {times} times"))
    return found


def writes_linearizable(observation: Observation) -> list[Violation]:
    """A write that was asked for after another was acknowledged has a higher zxid."""
    by_end = sorted(observation.done, key=lambda done: done.answered_us)
    highest, ended = 0, 0
    found = []
    for done in sorted(observation.done):
        while ended < len(by_end) and by_end[ended].answered_us < done.asked_us:
            highest = max(highest, by_end[ended].zxid)
            ended += 1
        if done.zxid <= highest:
            text = f"{done.client} wrote {spelled(done.zxid)} after {spelled(highest)} was acknowledged"
            found.append(Violation(LINEARIZABLE, done.client, text))
    return found


def no_change_missed(services: Services, observation: Observation, until: int | None = None) -> list[Violation]:
    """Once quiet: what a connected session still watches has not changed since it looked.

    With ``until`` only changes up to this zxid are asked for: then others may be under way.
    """
    newest = max(services.values(), key=lambda service: service.tree.zxid, default=None)
    if newest is None:
        return []
    until = newest.tree.zxid if until is None else until
    found = []
    for keeper in observation.keepers:
        if keeper.state is not State.CONNECTED or not keeper.service.process.alive:
            continue
        for watch in keeper.watches.waiting():
            node = newest.tree.nodes.get(watch.path)
            if watch.kind == "absent":
                changed = 0 if node is None else node.czxid
            elif node is None:
                above = newest.tree.nodes.get(parent_of(watch.path))
                changed = newest.tree.zxid if above is None else above.pzxid
            else:
                changed = node.pzxid if watch.kind == "children" else node.mzxid
            if watch.zxid < changed <= until:
                text = f"{keeper.service.name} was not told of what happened to {watch.path}"
                found.append(Violation(MISSED, keeper.service.name, text))
    return found
