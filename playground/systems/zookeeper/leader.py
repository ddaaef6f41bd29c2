"""The leader's side of ZAB: found an epoch, bring a quorum to one history, then broadcast.

ZooKeeper has this in ``Leader.java`` and ``LearnerHandler.java``.

1. Discovery. Once a quorum has turned to it (itself included) it picks an epoch above all that they have promised, and
   has them promise it. If one of them has come further than itself, in epochs entered and then in transactions, it
   gives up.
2. Synchronisation. Each learner is brought to the leader's history: by what it lacks (DIFF), after it has cut off what
   was never committed (TRUNC), or by a snapshot (SNAP). Once a quorum has entered the epoch all of that is committed.
3. Broadcast. Each transaction is proposed to all, in order, and committed when a quorum has it on disk: the leader's
   own disk counts like any other, and not before it is done.

A leader that is not answered by a quorum for ``sync_ticks`` stops leading. So does one whose own clock says that it
has been out of action for as long (a freeze, a CPU that cannot keep up): it finds out before it acts on anything.

A learner that has forgotten its promises counts for nothing, and is not even synchronised until a quorum *of the
others* has answered a ping that was sent after it came. Otherwise it could be the one that had promised something to a
newer leader, or had acknowledged what that one has committed, and would now help an old leader that does not know yet.

One thing differs from ZooKeeper: a leader that meets a server which has promised a newer epoch gives up, so that the
next epoch is above it. ZooKeeper leaves such a server outside until the next election.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from playground.kernel.errors import DiskError
from playground.systems.zookeeper.application import zxid_of
from playground.systems.zookeeper.zab_messages import (
    Ack,
    AckEpoch,
    AckNewLeader,
    Commit,
    Diff,
    FollowerInfo,
    Forward,
    LeaderInfo,
    NewLeader,
    Ping,
    Pong,
    Proposal,
    Snap,
    Told,
    UpToDate,
)

if TYPE_CHECKING:
    from playground.kernel.connections import Connection
    from playground.systems.zookeeper.peer import Peer


class Link:
    """What a leader knows of one learner, on one connection."""

    def __init__(self, connection: Connection, hello: FollowerInfo, now_us: int) -> None:
        self.connection = connection
        self.server = connection.peer
        self.whole = hello.whole
        self.since_us = self.heard_us = now_us
        self.answered_us = -1
        """When the newest ping was sent that it has answered."""
        self.last_zxid = -1
        """What it had when it came; -1: it has not said yet."""
        self.invited = False
        """It was told the epoch, although it has forgotten its promises."""
        self.synchronising = False
        """It has been sent all that the leader has, and is sent what comes."""
        self.synchronised = False
        self.acked = 0

    def send(self, message: Any) -> None:
        self.connection.send(message)


class Leader:
    """One server's time as a leader, from its election on."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.epoch = 0
        """0 until it is known which it will be."""
        self.phase = "discovery"
        """As in ZooKeeper's ``ZabState``."""
        self.over = False
        self.committed = 0
        self.links: dict[str, Link] = {}
        self._counter = 0
        self._accepted = {peer.name: peer.log.history.accepted}
        self._promised: set[str] = set()
        self._entered = False
        """Its own disk knows that it has entered the epoch."""
        self._own_acked = 0
        self._deadline_us = peer.clock.monotonic_us + peer.init_us
        self._ticked_us = peer.clock.monotonic_us
        self._found_epoch()

    # --- time ---------------------------------------------------------------------------

    def in_time(self) -> bool:
        """Whether it may act: it is not late itself, and a quorum was heard of lately (or has still time to come)."""
        peer, now_us = self._peer, self._peer.clock.monotonic_us
        if now_us - self._ticked_us > peer.tick_us + peer.sync_us:
            return False
        if self.phase != "broadcast":
            return now_us <= self._deadline_us
        near = sum(link.synchronised and now_us - link.heard_us <= peer.sync_us for link in self.links.values())
        return near + 1 >= peer.quorum

    def tick(self) -> None:
        peer, now_us = self._peer, self._peer.clock.monotonic_us
        if not self.in_time():
            self._give_up()
            return
        self._ticked_us = now_us
        for link in [*self.links.values()]:
            silent_us = now_us - (link.heard_us if link.synchronised else link.since_us)
            if silent_us > (peer.sync_us if link.synchronised else peer.init_us):
                self._drop(link)
            elif link.synchronising:
                link.send(Ping(now_us))

    def _give_up(self) -> None:
        self._peer.look("it has no quorum any more" if self.phase == "broadcast" else "it has found no quorum")

    def end(self) -> None:
        self.over = True
        for link in self.links.values():
            link.connection.close()

    # --- learners -------------------------------------------------------------------------

    def welcome(self, connection: Connection, hello: FollowerInfo) -> None:
        """A learner turns to this server."""
        if not self.in_time():
            self._give_up()
            connection.close()
            return
        known = self.links.get(connection.peer)
        if known is not None:
            self._drop(known)
        link = Link(connection, hello, self._peer.clock.monotonic_us)
        self.links[link.server] = link
        connection.on_message = partial(self._on_message, link)
        connection.on_closed = lambda _reason: self._forget(link)
        if not link.whole:
            return
        if self.epoch:
            if hello.accepted > self.epoch:
                self._peer.look(f"{link.server} has promised a newer epoch")
            elif self._peer.name in self._promised:
                link.send(LeaderInfo(self.epoch))
        else:
            self._accepted[link.server] = hello.accepted
            self._found_epoch()

    def _forget(self, link: Link) -> None:
        if self.links.get(link.server) is link:
            del self.links[link.server]

    def _drop(self, link: Link) -> None:
        link.connection.close()
        self._forget(link)

    def _on_message(self, link: Link, message: Any) -> None:
        if self.over:
            return
        if not self.in_time():
            self._give_up()
            return
        link.heard_us = self._peer.clock.monotonic_us
        match message:
            case Ack():
                link.acked = max(link.acked, message.zxid)
                self._advance()
            case Pong():
                self._on_pong(link, message)
            case Forward():
                if self.phase == "broadcast" and link.synchronised:
                    self._peer.application.on_request(link.server, message.request)
            case AckEpoch():
                self._on_ack_epoch(link, message)
            case AckNewLeader():
                self._on_ack_new_leader(link)
            case _:
                raise AssertionError(f"a learner does not send {message!r}")

    def _on_pong(self, link: Link, message: Pong) -> None:
        link.answered_us = message.sent_us
        if self.phase == "broadcast" and link.synchronised and message.told is not None:
            self._peer.application.on_ping(link.server, message.told)
        for waiting in self.links.values():
            if not waiting.whole and not waiting.invited and self._is_followed_since(waiting.since_us):
                waiting.invited = True
                waiting.send(LeaderInfo(self.epoch))

    def _is_followed_since(self, since_us: int) -> bool:
        """Whether a quorum of servers that remember their promises, this one included, has followed it at some
        instant after ``since_us``."""
        links = self.links.values()
        return (
            self.phase == "broadcast"
            and 1 + sum(link.whole and link.synchronised and link.answered_us > since_us for link in links)
            >= self._peer.quorum
        )

    # --- discovery ------------------------------------------------------------------------

    def _found_epoch(self) -> None:
        if len(self._accepted) < self._peer.quorum:
            return
        self.epoch = max(self._accepted.values()) + 1
        try:
            self._peer.log.promise(self.epoch, self._on_promised)
        except DiskError as error:
            self._peer.look_soon(str(error))

    def _on_promised(self) -> None:
        """Its own promise is on its disk."""
        if self.over:
            return
        self._promised.add(self._peer.name)
        for link in self.links.values():
            if link.whole:
                link.send(LeaderInfo(self.epoch))
        self._begin_synchronisation()

    def _on_ack_epoch(self, link: Link, message: AckEpoch) -> None:
        peer, history = self._peer, self._peer.log.history
        link.last_zxid = message.last_zxid
        if self.phase != "discovery":
            self._synchronise(link)
            return
        if (message.current, message.last_zxid) > (history.current, history.last.zxid):
            peer.look(f"{link.server} has come further")
            return
        if message.counts and link.whole:
            self._promised.add(link.server)
        self._begin_synchronisation()

    # --- synchronisation --------------------------------------------------------------------

    def _begin_synchronisation(self) -> None:
        if len(self._promised) < self._peer.quorum or self._peer.name not in self._promised:
            return
        self.phase = "synchronisation"
        try:
            self._peer.log.enter(self.epoch, partial(self._on_entered, self._peer.log.history.last.zxid))
        except DiskError as error:
            self._peer.look_soon(str(error))
            return
        for link in self.links.values():
            if link.last_zxid >= 0:
                self._synchronise(link)

    def _synchronise(self, link: Link) -> None:
        """Send all that the learner lacks; from now on it is sent what comes as well."""
        if link.synchronising:
            return
        peer, history = self._peer, self._peer.log.history
        if not link.whole or link.last_zxid < history.floor.zxid:
            begin = peer.applied
            link.send(Snap(*begin, peer.application.snapshot()))
        else:
            begin = history.before(link.last_zxid)
            link.send(Diff(*begin))
        for entry in history.between(begin.zxid, history.last.zxid):
            link.send(Proposal(entry.zxid, entry.data))
        link.send(NewLeader(self.epoch))
        link.synchronising = True
        link.acked = 0
        link.last_zxid = history.last.zxid

    def _on_ack_new_leader(self, link: Link) -> None:
        link.synchronised = link.whole = True
        link.acked = max(link.acked, link.last_zxid)
        if self.phase == "broadcast":
            link.send(UpToDate(self.committed))
            self._advance()
        else:
            self._establish()

    def _on_entered(self, last_zxid: int) -> None:
        """Its own disk has the epoch, and the history up to ``last_zxid`` that it begins with."""
        if not self.over:
            self._entered = True
            self._own_acked = last_zxid
            self._establish()
            self._advance()

    def _establish(self) -> None:
        """Serve, once a quorum has this leader's history on its disks: all of it is committed thereby."""
        followers = [link for link in self.links.values() if link.synchronised]
        if self.phase != "synchronisation" or self._entered + len(followers) < self._peer.quorum:
            return
        self.phase = "broadcast"
        self.committed = self._peer.log.history.last.zxid
        self._peer.commit(self.committed)
        self._peer.lead(self)
        for link in followers:
            link.send(UpToDate(self.committed))

    # --- broadcast --------------------------------------------------------------------------

    @property
    def next_zxid(self) -> int:
        return zxid_of(self.epoch, self._counter + 1)

    def propose(self, data: bytes) -> int:
        """Have all log a transaction; returns its zxid. Raises DiskFull: then nobody was told of it."""
        zxid = self.next_zxid
        self._peer.log.add(zxid, data, partial(self._on_logged, zxid))
        self._counter += 1
        for link in self.links.values():
            if link.synchronising:
                link.send(Proposal(zxid, data))
        return zxid

    def answer(self, server: str, answer: Any) -> None:
        link = self.links.get(server)
        if link is not None and link.synchronised:
            link.send(Told(answer))

    def _on_logged(self, zxid: int) -> None:
        if not self.over:
            self._own_acked = zxid
            if self.in_time():
                self._advance()
            else:
                self._give_up()

    def _advance(self) -> None:
        """Commit what a quorum has on its disks."""
        if self.phase != "broadcast":
            return
        acked = [link.acked for link in self.links.values() if link.synchronised]
        if self._entered:
            acked.append(self._own_acked)
        acked.sort(reverse=True)
        if len(acked) < self._peer.quorum or acked[self._peer.quorum - 1] <= self.committed:
            return
        self.committed = acked[self._peer.quorum - 1]
        for link in self.links.values():
            if link.synchronising:
                link.send(Commit(self.committed))
        self._peer.commit(self.committed)
