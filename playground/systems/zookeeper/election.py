"""Fast leader election: which server to follow next (ZooKeeper's ``FastLeaderElection``; Medeiros 2012, section 4.2).

* Each server that looks for a leader votes for itself, tells all, and changes to any better vote that it hears of:
  the newer epoch entered, then the later zxid, then the later place in the configuration.
* Votes are counted within a round. Who hears of a later round joins it; who hears of an earlier one says where we are.
* When a quorum votes alike, a better vote may still be on its way: wait for a tick, unless all servers have voted.
* Notifications are datagrams. So they are repeated, less and less often.
* Who hears from a leader itself that it leads turns to it. It is that leader's business to have a quorum (see
  :mod:`.leader`), and whoever cannot reach it looks again. Here this is simpler than the original, which
  wants a quorum to confirm it: election decides only whom to try.
* A server that has forgotten promises has no vote. It asks, and joins the leader that answers.

None of this is needed for safety. Two servers may well believe that they are elected: the epochs tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playground.systems.zookeeper.zab_messages import Notification, Stand

if TYPE_CHECKING:
    from playground.kernel.timers import Timer
    from playground.systems.zookeeper.peer import Peer

MOST_TICKS = 5
"""Between two notifications, after a while."""


class Vote(NamedTuple):
    """Compared from left to right: the greater one wins."""

    epoch: int
    zxid: int
    rank: int
    """The server's place in the configuration."""


class Election:
    """One server's part in electing. Lives as long as the process: ``begin`` and ``end`` as often as need be."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._ranks = {name: rank for rank, name in enumerate(peer.servers)}
        self.round = 0
        self.running = False
        self.vote = Vote(0, 0, self._ranks[peer.name])
        self._votes: dict[str, Vote] = {}
        """Of this round, by voter."""
        self._repeat_us = 0
        self._repeating: Timer | None = None
        self._finalizing: Timer | None = None

    @property
    def favourite(self) -> str:
        """Whom this server votes for, or voted for last."""
        return self._peer.servers[self.vote.rank]

    def begin(self) -> None:
        """Look for a leader. The log must be safe by now: the vote tells what is in it."""
        self.running = True
        self.round += 1
        self._votes.clear()
        self.vote = self._own()
        self._repeat_us = self._peer.tick_us
        self._tell_all()
        self._repeat_later()
        self._count()

    def end(self) -> None:
        self.running = False
        self._settle(None)
        if self._repeating is not None:
            self._repeating.cancel()

    def on_notification(self, source: str, heard: Notification) -> None:
        """While looking."""
        if heard.stand is Stand.LEADING:
            self._decide(source)
            return
        if not self._peer.log.history.whole or heard.stand is Stand.ASKING or heard.leader not in self._ranks:
            return
        if heard.stand is Stand.FOLLOWING:  # a server that has heard of this one's election already
            if heard.round == self.round and heard.leader == self.favourite:
                self._votes[source] = self.vote
                self._count()
            return
        vote = Vote(heard.epoch, heard.zxid, self._ranks[heard.leader])
        if heard.round > self.round:
            self.round = heard.round
            self._votes.clear()
            self._change(max(vote, self._own()))
        elif heard.round < self.round or vote < self.vote:
            self._tell(source)
            if heard.round < self.round:
                return
        elif vote > self.vote:
            self._change(vote)
        self._votes[source] = vote
        self._count()

    def _own(self) -> Vote:
        history = self._peer.log.history
        return Vote(history.current, history.last.zxid, self._ranks[self._peer.name])

    def _change(self, vote: Vote) -> None:
        self.vote = vote
        self._settle(None)
        self._tell_all()

    def _count(self) -> None:
        """Decide, if enough votes are like this server's own."""
        if not self._peer.log.history.whole:
            return
        alike = 1 + sum(self._votes.get(name) == self.vote for name in self._peer.others)
        if alike == len(self._peer.servers):
            self._decide(self.favourite)
        elif alike < self._peer.quorum:
            self._settle(None)
        elif self._finalizing is None or not self._finalizing.live:
            self._settle(self._peer.after(self._peer.tick_us, self._finalize))

    def _finalize(self) -> None:
        if self.running:
            self._decide(self.favourite)

    def _settle(self, timer: Timer | None) -> None:
        if self._finalizing is not None:
            self._finalizing.cancel()
        self._finalizing = timer

    def _decide(self, leader: str) -> None:
        self.end()
        self._peer.on_elected(leader)

    def _tell(self, server: str) -> None:
        self._peer.send(server, self._notification())

    def _tell_all(self) -> None:
        for server in self._peer.others:
            self._peer.send(server, self._notification())

    def _notification(self) -> Notification:
        if not self._peer.log.history.whole:
            return Notification(Stand.ASKING, 0)
        return Notification(Stand.LOOKING, self.round, self.favourite, self.vote.epoch, self.vote.zxid)

    def _repeat(self) -> None:
        if self.running:
            self._tell_all()
            self._repeat_us = min(2 * self._repeat_us, MOST_TICKS * self._peer.tick_us)
            self._repeat_later()

    def _repeat_later(self) -> None:
        if self.running:
            self._repeating = self._peer.after(self._repeat_us, self._repeat)
