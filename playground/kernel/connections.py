"""Connections: streams of messages that arrive in order, each once, or break. What TCP promises, and no more.

The network carries datagrams that are lost, doubled and overtaken. A connection numbers what it sends, keeps it until
the other side has acknowledged it, and sends it again if that takes too long (RFC 9293; the timeout is RFC 6298's,
backed off exponentially; the first time it does not wait for that: the probe of RFC 8985). The receiver puts it in
order and drops what it has.

* A connection begins with its first message: whoever listens on the port is given the connection and that message.
* It belongs to two processes. A process that does not know a connection (it is a later life, or has closed its end)
  resets it. A machine without power answers nothing: then it breaks only after :data:`GIVE_UP_US`. Who wants to know
  earlier sends something from time to time and expects an answer.
* A copy of a first message that comes so late that it meets a later life opens a connection there. Each segment tells
  the life of its sender, so the side that opened it learns of that and breaks it (TCP draws new sequence numbers).
* Broken is final: what was sent and not acknowledged may or may not have arrived. Whoever goes on opens another.
* An acknowledgement says that the process has taken a message, not that it has acted on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.kernel.messages import message

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.timers import Timer

RTO_US = 200_000
"""The least time before something is sent again (Linux's TCP_RTO_MIN)."""
RTO_MAX_US = 3_000_000
ACK_US = 40_000
"""How long an acknowledgement may wait for a message to travel with (Linux's TCP_DELACK_MIN)."""
GIVE_UP_US = 30_000_000
PROBE_US = 10_000
"""What a probe waits beside two round trips and a late acknowledgement."""
_BURST = 16
"""So many messages are sent again at a time."""

Id = tuple[str, int]
"""Who opened a connection, and the number it has there."""
OnMessage = Callable[[Any], object]
OnClosed = Callable[[str], object]


@message
class Segment:
    """One message of a connection, an acknowledgement, or (``reset``) its end."""

    id: Id
    number: int
    """The place of ``body`` in what this side sends, from 1; 0: it carries nothing."""
    acknowledged: int
    """All up to this one has arrived from the other side."""
    body: Any = None
    port: str = ""
    """What whoever opens a connection asks for, on all that it sends before it has had an answer."""
    reset: bool = False
    life: int = 0
    """Which of its machine's lives the sender is; a reset need not say."""


class Connection:
    """One end. ``on_message(body)`` is called for each message, ``on_closed(reason)`` once when it has broken."""

    __slots__ = (
        "_ack_timer",
        "_acknowledged",
        "_desk",
        "_early",
        "_life",
        "_port",
        "_probed",
        "_resend_timer",
        "_rto_us",
        "_sent",
        "_srtt_us",
        "_taken",
        "_unacknowledged",
        "id",
        "on_closed",
        "on_message",
        "open",
        "peer",
    )

    def __init__(self, desk: ConnectionDesk, peer: str, id: Id, port: str) -> None:
        self.peer = peer
        self.id = id
        self.open = True
        self.on_message: OnMessage = _ignore
        self.on_closed: OnClosed = _ignore
        self._desk = desk
        self._port = port
        self._sent = 0
        self._acknowledged = 0
        self._unacknowledged: deque[tuple[int, Any, int]] = deque()
        """``(number, body, first sent at)``; -1 in the place of the time: sent again, so it tells nothing."""
        self._taken = 0
        self._early: dict[int, Any] = {}
        self._life = 0
        """The other side's; 0: nothing was heard of it."""
        self._srtt_us = 0
        self._rto_us = RTO_US
        self._probed = False
        """It was sent again since anything was acknowledged: the network is bad, be patient."""
        self._ack_timer: Timer | None = None
        self._resend_timer: Timer | None = None

    def send(self, body: Any) -> None:
        """Send ``body``. On a connection that has broken it goes nowhere: ``on_closed`` has said so."""
        if not self.open:
            return
        self._sent = number = self._sent + 1
        process = self._desk.process
        self._unacknowledged.append((number, body, process.node.clock.monotonic_us))
        self._transmit(number, body)
        if self._resend_timer is None:
            self._resend_timer = process.after(self._patience_us, self._resend)

    def close(self) -> None:
        """Break it from this side. The other one is told, if it can be reached; ``on_closed`` is not called here."""
        if self.open:
            self._end()
            self._desk.transmit(self.peer, Segment(self.id, 0, self._taken, reset=True))

    @property
    def unacknowledged(self) -> int:
        """Messages sent of which it is not known that they have arrived."""
        return len(self._unacknowledged)

    @property
    def _patience_us(self) -> int:
        if self._probed or not self._srtt_us:
            return self._rto_us
        return min(self._rto_us, 2 * self._srtt_us + ACK_US + PROBE_US)

    def take(self, segment: Segment) -> None:
        """A segment has arrived."""
        if segment.reset:
            self._break(f"{self.peer} has reset the connection")
            return
        if segment.life != self._life:
            if self._life:
                self.close()
                self.on_closed(f"{self.peer} is in another life")
                return
            self._life = segment.life
        if segment.acknowledged > self._acknowledged:
            self._note_acknowledged(segment.acknowledged)
        number = segment.number
        if not number:
            return
        if number == self._taken + 1:
            self._taken = number
            self._owe_ack()
            self.on_message(segment.body)
            while self._early and self.open and self._taken + 1 in self._early:
                self._taken += 1
                self.on_message(self._early.pop(self._taken))
        else:
            if number > self._taken:
                self._early[number] = segment.body
            self._owe_ack()

    def _note_acknowledged(self, acknowledged: int) -> None:
        self._acknowledged = acknowledged
        self._probed = False
        waiting = self._unacknowledged
        sent_us = -1
        while waiting and waiting[0][0] <= acknowledged:
            sent_us = waiting.popleft()[2]
        if sent_us >= 0:
            took_us = self._desk.process.node.clock.monotonic_us - sent_us
            self._srtt_us = took_us if not self._srtt_us else (7 * self._srtt_us + took_us) // 8
            self._rto_us = min(RTO_MAX_US, max(RTO_US, 2 * self._srtt_us))

    def _owe_ack(self) -> None:
        if self._ack_timer is None:
            self._ack_timer = self._desk.process.after(ACK_US, self._ack)

    def _ack(self) -> None:
        self._ack_timer = None
        if self.open:
            self._desk.transmit(self.peer, Segment(self.id, 0, self._taken, life=self._desk.life))

    def _transmit(self, number: int, body: Any) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        port = "" if self._acknowledged else self._port
        self._desk.transmit(self.peer, Segment(self.id, number, self._taken, body, port, life=self._desk.life))

    def _resend(self) -> None:
        self._resend_timer = None
        waiting = self._unacknowledged
        if not self.open or not waiting:
            return
        process = self._desk.process
        now_us = process.node.clock.monotonic_us
        oldest_us = waiting[0][2]
        if oldest_us >= 0 and now_us - oldest_us < self._rto_us:  # what the timer was set for has arrived
            self._resend_timer = process.after(self._rto_us - (now_us - oldest_us), self._resend)
            return
        if self._desk.patience_is_over(self, now_us):
            self._break(f"{self.peer} has not answered for {GIVE_UP_US / 1e6:g} s")
            return
        due = min(_BURST, len(waiting))
        for index in range(due):
            number, body, _ = waiting[index]
            waiting[index] = (number, body, -1)
            self._transmit(number, body)
        if self._probed:
            self._rto_us = min(RTO_MAX_US, 2 * self._rto_us)
        self._probed = True
        self._resend_timer = process.after(self._rto_us, self._resend)

    def _break(self, reason: str) -> None:
        if self.open:
            self._end()
            self.on_closed(reason)

    def _end(self) -> None:
        self.open = False
        self._desk.forget(self)
        for timer in (self._ack_timer, self._resend_timer):
            if timer is not None:
                timer.cancel()
        self._unacknowledged.clear()
        self._early.clear()


class ConnectionDesk:
    """The connections of one process, and the ports on which it listens."""

    __slots__ = ("_heard_us", "_newest", "_open", "_ports", "life", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self.life = process.node.boots
        self._open: dict[tuple[str, Id], Connection] = {}
        self._ports: dict[str, Callable[[Connection, Any], object]] = {}
        self._newest: dict[str, int] = {}
        """Peer -> the highest number of a connection it has opened here: what comes late for older ones opens none."""
        self._heard_us: dict[tuple[str, Id], int] = {}
        """When the other side of a connection was heard of last."""

    def listen(self, port: str, accept: Callable[[Connection, Any], object]) -> None:
        """Call ``accept(connection, first message)`` for each connection to ``port``."""
        assert port not in self._ports, f"somebody listens on {port} already"
        self._ports[port] = accept

    def connect(self, peer: str, port: str, hello: Any) -> Connection:
        """Open a connection; ``hello`` is its first message."""
        node = self.process.node
        # Counted by the machine, not by the process: connections of an earlier life are others.
        node.next_call += 1
        connection = self._make(peer, (node.name, node.next_call), port)
        connection.send(hello)
        return connection

    def transmit(self, peer: str, segment: Segment) -> None:
        if self.process.alive:
            self.process.world.network.send(self.process.node, peer, segment)

    def forget(self, connection: Connection) -> None:
        key = (connection.peer, connection.id)
        self._open.pop(key, None)
        self._heard_us.pop(key, None)

    def patience_is_over(self, connection: Connection, now_us: int) -> bool:
        return now_us - self._heard_us[connection.peer, connection.id] >= GIVE_UP_US

    def on_segment(self, source: str, segment: Segment) -> None:
        key = (source, segment.id)
        connection = self._open.get(key)
        if connection is None:
            if segment.reset:
                return
            opener, count = segment.id
            accept = self._ports.get(segment.port)
            if accept is None or opener != source or count <= self._newest.get(source, -1):
                self.transmit(source, Segment(segment.id, 0, 0, reset=True))
                return
            self._newest[source] = count
            connection = self._make(source, segment.id, "")
            connection.on_message = lambda hello, made=connection: accept(made, hello)  # type: ignore[misc]
        else:
            self._heard_us[key] = self.process.node.clock.monotonic_us
        connection.take(segment)

    def _make(self, peer: str, id: Id, port: str) -> Connection:
        connection = Connection(self, peer, id, port)
        self._open[peer, id] = connection
        self._heard_us[peer, id] = self.process.node.clock.monotonic_us
        return connection


def _ignore(_what: Any) -> None:
    pass
