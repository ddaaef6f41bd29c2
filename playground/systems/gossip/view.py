"""One node's view of all nodes: the table of heartbeats and what it believes because of it.

The rules this module keeps:

* **The higher count wins.** An entry is replaced, vitals included, by one with a higher count
  and by nothing else. Maximum is commutative, associative and idempotent, so counts only rise
  and the result does not depend on order, repetition or route (van Renesse et al. 1998).
* **Only a rise is a sign of life.** Belief follows from how long ago a count last rose, by the
  observer's own monotonic clock. The first count heard of a node says that it once lived, not
  that it lives: the node stays UNKNOWN until its count rises or it speaks in person.
* **Who is accused speaks up.** A restarted node counts from 1 while the others remember more; as
  soon as one of them shows it the old count it goes on above it (SWIM's refutation, with the
  heartbeat counter in the place of the incarnation number). So nothing need be kept on disk.
* **Time slept is not silence.** Who was frozen hears nothing; it must not blame the others. After
  `excuse` everybody's silence is counted anew (the idea of Lifeguard's local health).
* **Forgotten is the highest count.** Removing a node for good sets its count to `FORGOTTEN`,
  which spreads and wins like any other count; nobody who still remembers the node can undo it.

One weakness is real, not simplified: a node that starts anew may hear two old counts of a dead
node, the higher one later, take that for a rise and believe it alive until the silence shows.

Nothing here knows the network, timers or the journal. Instants are microseconds of the observer's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from playground.systems.gossip.messages import FORGOTTEN, NO_VITALS, Entry, Vitals
from playground.systems.gossip.settings import GossipSettings


class Belief(Enum):
    """What one node believes of another."""

    UNKNOWN = "unknown"
    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"
    FORGOTTEN = "forgotten"


TURNS: dict[Belief, tuple[Belief, ...]] = {
    Belief.UNKNOWN: (Belief.ALIVE, Belief.SUSPECT, Belief.FORGOTTEN),
    Belief.ALIVE: (Belief.SUSPECT, Belief.FORGOTTEN),
    Belief.SUSPECT: (Belief.ALIVE, Belief.DEAD, Belief.FORGOTTEN),
    Belief.DEAD: (Belief.ALIVE, Belief.FORGOTTEN),
    Belief.FORGOTTEN: (),
}
"""Which belief may follow which."""


class Peer:
    """What is known of one node (the observer itself included)."""

    __slots__ = ("belief", "entry", "name", "risen_us", "since_us", "steady")

    def __init__(self, name: str, now_us: int) -> None:
        self.name = name
        self.entry: Entry = (name, 0, NO_VITALS)
        self.belief = Belief.UNKNOWN
        self.risen_us = now_us
        """When its count last rose: how old our knowledge is."""
        self.since_us = now_us
        """Since when its silence counts against it; later than ``risen_us`` if we slept."""
        self.steady = False
        """Somebody else, and believed alive: a rise changes the entry and nothing more."""


Turned = Callable[[Peer, Belief, int], None]
"""Called after a belief changed: the peer, what was believed before, the instant."""


class View:
    """The table of the node ``name``; ``turned`` hears of each change of belief."""

    def __init__(
        self, name: str, members: Iterable[str], settings: GossipSettings, now_us: int, turned: Turned
    ) -> None:
        self.me = Peer(name, now_us)
        self.me.belief = Belief.ALIVE
        self.peers: dict[str, Peer] = {name: self.me}
        self.targets: list[str] = []
        """The other members, in no order that matters."""
        self._suspect_after_us = settings.suspect_after_us
        self._dead_after_us = settings.dead_after_us
        self._turned = turned
        self._alive: tuple[str, ...] | None = None
        for member in members:
            self.meet(member, now_us)

    # --- the table --------------------------------------------------------------

    def table(self) -> tuple[Entry, ...]:
        """All entries, to be shown to another node."""
        return tuple([peer.entry for peer in self.peers.values()])

    def beat(self, vitals: Vitals, now_us: int) -> None:
        """Count one heartbeat of my own. Who was forgotten counts no more."""
        me = self.me
        if me.belief is not Belief.FORGOTTEN:
            me.entry = (me.name, me.entry[1] + 1, vitals)
        me.risen_us = me.since_us = now_us

    def merge(self, entries: tuple[Entry, ...], now_us: int, *, whole: bool) -> list[Entry]:
        """Take what is newer; return what I know better than was shown.

        ``whole``: the entries are all that the other node has, so what is missing in them it has never heard of.
        """
        peers = self.peers
        better: list[Entry] = []
        for entry in entries:
            peer = peers.get(entry[0]) or self.meet(entry[0], now_us)
            mine = peer.entry
            if mine is entry:
                continue  # the most frequent case by far; what follows would come to the same
            if entry[1] > mine[1]:
                if peer.steady and entry[1] < FORGOTTEN:
                    peer.entry = entry
                    peer.risen_us = peer.since_us = now_us
                else:
                    self._rise(peer, entry, now_us)
                    if peer is self.me:
                        better.append(peer.entry)
            elif entry[1] < mine[1]:
                better.append(mine)
        if whole and len(peers) > len(entries):
            shown = {entry[0] for entry in entries}
            better += [peer.entry for peer in peers.values() if peer.name not in shown]
        return better

    def _rise(self, peer: Peer, entry: Entry, now_us: int) -> None:
        """A count rose, and not of somebody who is believed alive anyway."""
        if entry[1] >= FORGOTTEN:
            self.forget(peer.name, now_us)
        elif peer is self.me:
            # They remember a former life of mine: go on above what I had counted then.
            peer.entry = (peer.name, entry[1] + 1, peer.entry[2])
        else:
            first = peer.entry[1] == 0
            peer.entry = entry
            peer.risen_us = peer.since_us = now_us
            if not first:
                self._turn(peer, Belief.ALIVE, now_us)

    # --- members ------------------------------------------------------------------

    def meet(self, name: str, now_us: int) -> Peer:
        """Learn that there is a member ``name``."""
        peer = self.peers.get(name)
        if peer is None:
            peer = self.peers[name] = Peer(name, now_us)
            self.targets.append(name)
        return peer

    def forget(self, name: str, now_us: int) -> None:
        """``name`` is no member any more, now and for ever."""
        peer = self.meet(name, now_us)
        if peer.belief is not Belief.FORGOTTEN:
            peer.entry = (name, FORGOTTEN, NO_VITALS)
            if peer is not self.me:
                self.targets.remove(name)
            self._turn(peer, Belief.FORGOTTEN, now_us)

    def members(self) -> tuple[str, ...]:
        """All that are not forgotten, myself included, by name."""
        return tuple(sorted(peer.name for peer in self.peers.values() if peer.belief is not Belief.FORGOTTEN))

    def alive(self) -> tuple[str, ...]:
        """All that are believed alive, myself included, by name."""
        if self._alive is None:
            self._alive = tuple(sorted(peer.name for peer in self.peers.values() if peer.belief is Belief.ALIVE))
        return self._alive

    # --- beliefs ------------------------------------------------------------------

    def hears(self, name: str, now_us: int) -> None:
        """A message came from ``name`` in person: the first sign of life needs no second count."""
        peer = self.peers.get(name)
        if peer is not None and peer.belief is Belief.UNKNOWN:
            peer.since_us = now_us
            self._turn(peer, Belief.ALIVE, now_us)

    def judge(self, now_us: int) -> None:
        """Look at everybody's silence. A node never heard of stays unknown."""
        suspect_before_us = now_us - self._suspect_after_us
        for peer in tuple(self.peers.values()):
            if peer.since_us > suspect_before_us or peer is self.me:
                continue
            if peer.belief is Belief.ALIVE or (peer.belief is Belief.UNKNOWN and peer.entry[1]):
                self._turn(peer, Belief.SUSPECT, now_us)
            if peer.belief is Belief.SUSPECT and now_us - peer.since_us >= self._dead_after_us:
                self._turn(peer, Belief.DEAD, now_us)

    def excuse(self, now_us: int) -> None:
        """I slept: nobody's silence until now counts. Beliefs stay as they were."""
        for peer in self.peers.values():
            peer.since_us = now_us

    def _turn(self, peer: Peer, belief: Belief, now_us: int) -> None:
        before = peer.belief
        assert belief in TURNS[before], f"{peer.name}: {belief.value} cannot follow {before.value}"
        peer.belief = belief
        peer.steady = belief is Belief.ALIVE and peer is not self.me
        self._alive = None
        self._turned(peer, before, now_us)
