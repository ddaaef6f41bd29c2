"""Gossip on one node: when it speaks, to whom, and what it tells the journal.

Each round, by the node's own clock: find out whether we slept, count a heartbeat, judge the
others' silence, and show the table to ``fanout`` random members (push); they answer with what
they know better (pull). Rounds begin at a random phase and vary by 5 % so that nodes don't march in step.

Members are picked from all, the dead included: if only those believed alive were asked, the two
sides of a healed partition would never find each other again.

All handlers are plain methods; what is believed and why stands in :mod:`.view`, what other
systems spread in :mod:`.rumours`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.kernel.service import Service, handles
from playground.systems.gossip.messages import Answer, Push, Tell, Vitals
from playground.systems.gossip.rumours import Rumours, Topic
from playground.systems.gossip.settings import GossipSettings
from playground.systems.gossip.view import Belief, Peer, View

if TYPE_CHECKING:
    from playground.kernel.node import Process

OVERSLEPT = 0.5
"""A round that comes later than planned by more than this share of the interval: the node was frozen."""
WOBBLE = 0.1
"""Width of the random spread of a round's length, as a share of the interval."""
HURRY = 0.05
"""A change that another system spreads is told on within this share of the interval."""


class GossipService(Service):
    """Spreads heartbeats, vitals and rumours; believes each node alive, suspect or dead.

    ``peers``: the members known at the start (own name allowed). ``vitals()``: this machine's, asked each round.
    """

    def __init__(
        self, process: Process, settings: GossipSettings, peers: tuple[str, ...], vitals: Callable[[], Vitals]
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.boot = process.node.boots
        """Which life of the node this is, from 1: the table does not outlive it."""
        self.view = View(self.name, peers, settings, self.clock.monotonic_us, self._turned)
        self._vitals = vitals
        self._draw = self.random("gossip").random
        self._due_us = 0
        self._rumours = Rumours()
        self._hurrying = False
        self._listeners: list[Callable[[str, Belief], None]] = []

    # --- what other systems on this node may ask -----------------------------------

    def believes(self, node: str) -> Belief:
        """What this node believes of ``node``: ALIVE of itself, UNKNOWN of a name it never met."""
        peer = self.view.peers.get(node)
        return Belief.UNKNOWN if peer is None else peer.belief

    def members(self) -> tuple[str, ...]:
        """All members it knows of, itself included, whatever it believes of them; sorted."""
        return self.view.members()

    def alive_members(self) -> tuple[str, ...]:
        """The members it believes alive, itself included; suspects are not; sorted."""
        return self.view.alive()

    def count(self, node: str) -> int:
        """The highest heartbeat count heard of ``node``; 0: none yet."""
        peer = self.view.peers.get(node)
        return 0 if peer is None else peer.entry[1]

    def age_us(self, node: str) -> int | None:
        """How long ago, by this node's clock, the count of ``node`` last rose. 0 of itself, None if never heard of."""
        peer = self.view.peers.get(node)
        if peer is None or not peer.entry[1]:
            return None
        return 0 if peer is self.view.me else self.clock.monotonic_us - peer.risen_us

    def vitals_of(self, node: str) -> Vitals | None:
        """Load and free memory of ``node`` as last heard, `age_us` ago. None if never."""
        peer = self.view.peers.get(node)
        return None if peer is None or not peer.entry[1] else peer.entry[2]

    def join(self, name: str) -> None:
        """Learn of a new member; the others hear of it by gossip. No effect on a name that was forgotten.

        ``name`` must be a node of this world.
        """
        self.view.meet(name, self.clock.monotonic_us)

    def forget(self, name: str) -> None:
        """``name`` was removed from the cluster for good: nobody may take it for a member again."""
        self.view.forget(name, self.clock.monotonic_us)
        self._push()

    def spread(
        self, topic: str, state: Callable[[], object], merge: Callable[[Any], None], version: Callable[[], int]
    ) -> Callable[[], None]:
        """Spread a join-semilattice of another system (see :mod:`.rumours`); ask from its constructor or ``recover``.

        Returns what to call after a local change so that it is told within milliseconds; without
        the call it spreads with the next rounds.
        """
        self._rumours.add(Topic(topic, state, merge, version))

        def hurry() -> None:
            self._rumours.freshen(topic)
            self._hurry()

        return hurry

    def on_change(self, callback: Callable[[str, Belief], None]) -> None:
        """Call ``callback(node, belief)`` whenever this node changes its belief about another."""
        self._listeners.append(callback)

    # --- rounds -----------------------------------------------------------------------

    def start(self) -> None:
        self.view.excuse(self.clock.monotonic_us)  # recovering from the disk took its time, too
        self._plan(int(self._draw() * self.settings.interval_us))

    def _plan(self, delay_us: int) -> None:
        self._due_us = self.clock.monotonic_us + delay_us
        self.after(delay_us, self._round)

    def _round(self) -> None:
        settings = self.settings
        now_us = self.clock.monotonic_us
        late_us = now_us - self._due_us
        if late_us > OVERSLEPT * settings.interval_us:
            self.note("slept", f"{self.name} slept {late_us / 1e6:.1f} s too long and blames nobody for it")
            self.view.excuse(now_us)
        self.view.beat(self._vitals(), now_us)
        self.view.judge(now_us)
        self._push()
        self._plan(int(settings.interval_us * (1 + WOBBLE * (self._draw() - 0.5))))

    def _push(self) -> None:
        targets = self._pick()
        if targets:
            push = Push(self.view.table(), self._rumours.versions())
            for target in targets:
                self.send(target, push)

    def _pick(self) -> list[str]:
        """``fanout`` different members at random: the first steps of a shuffle."""
        targets = self.view.targets
        size = len(targets)
        count = min(self.settings.fanout, size)
        for i in range(count):
            j = i + int(self._draw() * (size - i))
            targets[i], targets[j] = targets[j], targets[i]
        return targets[:count]

    # --- what arrives -------------------------------------------------------------------

    @handles(Push)
    def on_push(self, source: str, push: Push) -> None:
        now_us = self.clock.monotonic_us
        better = self.view.merge(push.entries, now_us, whole=True)
        self.view.hears(source, now_us)
        rumours = self._rumours.differing(push.versions) if push.versions else ()
        if better or rumours:
            self.send(source, Answer(tuple(better), rumours))

    @handles(Answer)
    def on_answer(self, source: str, answer: Answer) -> None:
        me = self.view.me
        mine = me.entry
        now_us = self.clock.monotonic_us
        self.view.merge(answer.entries, now_us, whole=False)
        self.view.hears(source, now_us)
        if me.entry is not mine:
            # Just restarted, and shown what I had counted before: who showed it hears the higher count first.
            self.send(source, Answer((me.entry,)))
        if answer.rumours:
            self._take(source, answer.rumours, last=False)

    @handles(Tell)
    def on_tell(self, source: str, tell: Tell) -> None:
        self._take(source, tell.rumours, last=tell.last)

    def _take(self, source: str, rumours: tuple[Any, ...], *, last: bool) -> None:
        back = self._rumours.take(rumours)
        if back and not last:
            self.send(source, Tell(back, last=True))
        if self._rumours.pending:
            self._hurry()

    def _hurry(self) -> None:
        """Tell what is new soon, once for all that is learned until then."""
        if not self._hurrying:
            self._hurrying = True
            self.after(int(self._draw() * HURRY * self.settings.interval_us), self._tell)

    def _tell(self) -> None:
        self._hurrying = False
        tell = Tell(self._rumours.fresh())
        for target in self._pick():
            self.send(target, tell)

    # --- changes of belief ------------------------------------------------------------------

    def _turned(self, peer: Peer, before: Belief, now_us: int) -> None:
        me, it = self.name, peer.name
        silent_us = now_us - peer.since_us
        silence = f"no heartbeat for {silent_us / 1e6:.1f} s"
        if peer.belief is Belief.SUSPECT:
            self.note("suspect", f"{me} suspects {it}: {silence}", about=it, silent_us=silent_us)
        elif peer.belief is Belief.DEAD:
            self.note("dead", f"{me} believes {it} dead: {silence}", about=it, silent_us=silent_us)
        elif peer.belief is Belief.FORGOTTEN:
            text = f"{me} learns that it was removed" if it == me else f"{me} forgets {it}: it was removed"
            self.note("forget", text, about=it)
        elif before is not Belief.UNKNOWN:
            self.note("alive", f"{me} believes {it} alive again: its heartbeat rose to {peer.entry[1]}", about=it)
        for callback in self._listeners:
            callback(it, peer.belief)
