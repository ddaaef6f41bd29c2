"""The learner's side of ZAB: turn to a leader, take over its history, then do as it says.

ZooKeeper has this in ``Learner.java`` and ``Follower.java``.

1. Discovery. Promise the leader's epoch: nobody of an older epoch is listened to from then on. The promise is on the
   disk before it is given, and given once: who has promised this epoch before is not counted again.
2. Synchronisation. Cut off what the leader has not got, take what it has, enter the epoch. That is acknowledged when
   all of it is on the disk.
3. Broadcast. Log each proposal and acknowledge it once it is safe; apply what is committed, in order.

The leader is given up when its connection breaks, or when it is silent for ``sync_ticks``. A server that finds itself
late (it was frozen) does not listen to what has come meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from playground.kernel.errors import DiskError
from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.history import Point
from playground.systems.zookeeper.zab_messages import (
    PORT,
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

CONNECT_TICKS = 3
"""For so long a learner takes a refusal for "not yet": who was elected may learn of it later."""


class Learner:
    """One server's time with one leader."""

    def __init__(self, peer: Peer, leader: str) -> None:
        self._peer = peer
        self.leader = leader
        self.epoch = 0
        """The leader's, once it is known."""
        self.entered = False
        self.serving = False
        self.over = False
        self._heard_us = self._since_us = peer.clock.monotonic_us
        self._deadline_us = self._since_us + peer.init_us
        self._connection = self._connect()

    @property
    def phase(self) -> str:
        """As in ZooKeeper's ``ZabState``."""
        if not self.epoch:
            return "discovery"
        return "broadcast" if self.serving else "synchronisation"

    def in_time(self) -> bool:
        """Whether the leader was heard of lately, by this server's clock."""
        now_us = self._peer.clock.monotonic_us
        return now_us - self._heard_us <= self._peer.sync_us if self.serving else now_us <= self._deadline_us

    def tick(self) -> None:
        if not self.in_time():
            self._peer.look(f"{self.leader} is silent")

    def end(self) -> None:
        self.over = True
        self._connection.close()

    def forward(self, request: Any) -> None:
        self._connection.send(Forward(request))

    # --- the connection ---------------------------------------------------------------

    def _connect(self) -> Connection:
        history = self._peer.log.history
        connection = self._peer.connect(self.leader, PORT, FollowerInfo(history.accepted, history.whole))
        connection.on_message = self._on_message
        connection.on_closed = self._on_closed
        return connection

    def _on_closed(self, _reason: str) -> None:
        if self.over:
            return
        waited_us = self._peer.clock.monotonic_us - self._since_us
        if self.epoch or waited_us > CONNECT_TICKS * self._peer.tick_us:
            self._peer.look(f"{self.leader} has closed the connection")
        else:  # perhaps it does not know yet that it was elected
            self._peer.after(self._peer.tick_us // 4, self._connect_again)

    def _connect_again(self) -> None:
        if not self.over:
            self._connection = self._connect()

    def _on_message(self, message: Any) -> None:
        if self.over:
            return
        if not self.in_time():
            self._peer.look(f"{self.leader} is silent")
            return
        self._heard_us = self._peer.clock.monotonic_us
        try:
            self._take(message)
        except DiskError as error:
            self._peer.look(str(error))

    def _take(self, message: Any) -> None:
        match message:
            case Ping():
                self._on_ping(message)
            case Proposal():
                self._on_proposal(message)
            case Commit():
                self._peer.commit(message.zxid)
            case Told():
                self._peer.application.on_answer(message.answer)
            case LeaderInfo():
                self._on_leader_info(message)
            case Diff():
                self._on_diff(message)
            case Snap():
                self._on_snap(message)
            case NewLeader():
                self._on_new_leader(message)
            case UpToDate():
                self._on_up_to_date(message)
            case _:
                raise AssertionError(f"a leader does not send {message!r}")

    def _when_safe(self, answer: object) -> Callable[[], None]:
        """Send ``answer`` when what is being written is on the disk."""
        return partial(self._answer, answer)

    def _answer(self, answer: object) -> None:
        if not self.over:
            self._connection.send(answer)

    # --- discovery ----------------------------------------------------------------------

    def _on_leader_info(self, message: LeaderInfo) -> None:
        history = self._peer.log.history
        if message.epoch < history.accepted:
            self._peer.look(f"{self.leader} leads in an epoch that is over")
            return
        self.epoch = message.epoch
        if not history.whole:
            self._answer(AckEpoch(0, 0, False))
            return
        counts = message.epoch > history.accepted
        answer = self._when_safe(AckEpoch(history.current, history.last.zxid, counts))
        if counts:
            self._peer.log.promise(message.epoch, answer)
        else:
            answer()

    # --- synchronisation ------------------------------------------------------------------

    def _on_diff(self, message: Diff) -> None:
        peer, history = self._peer, self._peer.log.history
        if peer.applied.zxid > message.zxid or history.before(message.zxid) != Point(message.zxid, message.chain):
            self._contradict(message.zxid)
        elif history.last.zxid > message.zxid:
            peer.log.cut(message.zxid)

    def _on_snap(self, message: Snap) -> None:
        point = Point(message.zxid, message.chain)
        self._peer.log.install(point, message.snapshot)
        self._peer.restore(point, message.snapshot)

    def _contradict(self, zxid: int) -> None:
        """The leader lacks what this server has applied, or has something else: disks have lost what was committed."""
        peer = self._peer
        text = f"{peer.name} has applied what {self.leader} does not have beyond {spelled(zxid)}: it begins anew"
        peer.note("alert", text, group="ensemble", term=self.epoch)
        peer.log.forget(lambda: None)
        peer.look("its history contradicts the leader's")

    def _on_new_leader(self, message: NewLeader) -> None:
        self._peer.log.enter(message.epoch, self._when_safe(AckNewLeader()))
        self.entered = True

    def _on_up_to_date(self, message: UpToDate) -> None:
        self.serving = True
        self._peer.commit(message.zxid)
        self._peer.follow(self)

    # --- broadcast ------------------------------------------------------------------------

    def _on_proposal(self, message: Proposal) -> None:
        then = self._when_safe(Ack(message.zxid)) if self.entered else _nothing
        self._peer.log.add(message.zxid, message.data, then)

    def _on_ping(self, message: Ping) -> None:
        self._answer(Pong(message.sent_us, self._peer.application.ping() if self.serving else None))


def _nothing() -> None:
    pass
