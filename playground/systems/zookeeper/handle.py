"""A client's session with the ensemble (ZooKeeper calls it a handle).

The rules of a session (Hunt et al. 2010, section 2; the programmer's guide, "ZooKeeper Sessions"):

* It is connected to one server at a time. A server that says nothing for a third of the timeout is given up, and
  another is tried, in an order drawn by chance, at once and then with growing pauses.
* A third of the timeout after the last ping comes the next. A ping is answered once the leader has heard it.
* Requests are answered in the order in which they were made. If the connection breaks before the answer comes, they
  fail with `ConnectionLoss`: what was sent may have been done or not, but once the session is connected again and a
  `sync` has been answered, nothing of it is still to come. What was not sent fails with the attempt to connect, too,
  and says that it is definite.
* Disconnected is not expired: only the ensemble ends a session, and it can tell so only when it is reached again.
* Watches fire once. They are kept here as well: another server gets them all, with the zxid up to which the session has
  seen the tree, and fires at once those whose change was missed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

import trio

from playground.kernel.connections import Connection
from playground.kernel.service import Service
from playground.kernel.timers import Timer
from playground.systems.zookeeper.connecting import Asked, Route
from playground.systems.zookeeper.errors import ConnectionLoss, KeeperError, SessionExpired, error_of
from playground.systems.zookeeper.messages import (
    Call,
    Close,
    Connect,
    Connected,
    Exists,
    Expired,
    Fired,
    GetChildren,
    GetData,
    Op,
    Ping,
    Pong,
    Result,
    SetWatches,
    Stat,
    Sync,
    Watch,
    Write,
)
from playground.systems.zookeeper.service import PORT
from playground.systems.zookeeper.watching import WatchBook

if TYPE_CHECKING:
    from playground.systems.zookeeper.observing import Observer

WITNESS = "zookeeper"
"""Under this name the world may have an :class:`~.observing.Observation` of all sessions."""
LOOKS = 6
"""So many times in a timeout the client looks whether a ping is due, or its server silent."""


class State(Enum):
    """Of a session, as its client knows it (ZooKeeper's KeeperState)."""

    CONNECTING = "connecting"
    """Not connected for the first time yet."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """No server answers. The session may live or have expired: only the ensemble can say so, later."""
    EXPIRED = "expired"
    CLOSED = "closed"


class ZooKeeper:
    """A session. It speaks through ``service``, to one of ``servers`` at a time, over a connection.

    Requests are answered in the order in which they were made. ``on_state(state)`` is called whenever the state
    changes. After EXPIRED or CLOSED it is of no use any more: make another. All methods may raise
    :class:`ConnectionLoss`, :class:`SessionExpired`, or other subclasses of :class:`KeeperError`. Watches fire once,
    before the client sees the new state by any other answer, and are carried over to the next server.
    """

    def __init__(
        self,
        service: Service,
        servers: tuple[str, ...],
        *,
        timeout_us: int,
        on_state: Callable[[State], object] | None = None,
    ) -> None:
        self.state = State.CONNECTING
        self.session = 0
        """The session's number; 0 before it was given one."""
        self.server = ""
        """The server it is connected to; "" if none."""
        self.timeout_us = timeout_us
        """As asked for, and once connected as the ensemble gives it."""
        self.last_zxid = 0
        """The session has seen the tree up to here."""
        self._told_zxid = 0
        """All events up to here have come. One transaction may fire several watches, so an event proves nothing of the
        others; but whatever is answered comes after all of them."""
        self.observer: Observer | None = None
        self.closing = False
        """It was asked to end the session."""
        self.watches = WatchBook()
        self.service = service
        self._listeners: list[Callable[[State], object]] = [] if on_state is None else [on_state]
        self._changed = trio.Event()
        self._route = Route(servers, service.random(f"zookeeper session {service.process.node.next_call}"))
        self._password = ""
        self._connection: Connection | None = None
        self._tried = ""
        self._looks: Timer | None = None
        self._asked: deque[Asked] = deque()
        self._cxid = 0
        self._connect_us = self._heard_us = self._looked_us = 0
        self._pings: dict[int, int] = {}
        """Pings that are not confirmed yet -> when they were sent."""
        self._ping = 0
        self._pinged_us = 0
        self._confirmed_us = -1
        witness = service.process.world.witnesses.get(WITNESS)
        if witness is not None:
            witness.observe(self)

    def start(self) -> None:
        """Begin to connect."""
        self._connect()

    def listen(self, on_state: Callable[[State], object]) -> None:
        """Call ``on_state(state)`` as well whenever the state changes."""
        self._listeners.append(on_state)

    async def connected(self) -> None:
        """Wait until it is connected. SessionExpired: it never will be."""
        while self.state is not State.CONNECTED:
            if self.over:
                raise SessionExpired(f"the session is {self.state.value}")
            await self._changed.wait()

    @property
    def safe_until_us(self) -> int:
        """By this machine's monotonic clock: until then the session has certainly not expired (-1: nobody knows).

        Half the timeout after the sending of the newest message that the *leader* is known to have taken into account.
        Holds as long as no clock is more than a fifth too fast or too slow.
        """
        if self._confirmed_us < 0 or self.over:
            return -1
        return self._confirmed_us + self.timeout_us // 2

    @property
    def over(self) -> bool:
        return self.state in (State.EXPIRED, State.CLOSED)

    # --- requests ----------------------------------------------------------------------------

    async def create(self, path: str, data: str = "", *, ephemeral: bool = False, sequential: bool = False) -> str:
        """The path that was made (with ten digits at its end if ``sequential``). NodeExists, NoNode (no parent) …"""
        values = await self._ask(Write((Op("create", path, data, ephemeral=ephemeral, sequential=sequential),)))
        return str(values[0])

    async def get(self, path: str, watch: Watch | None = None) -> tuple[str, Stat]:
        """Data and stat. NoNode. ``watch``: told when it is changed or deleted."""
        data, stat = await self._ask(GetData(path, watch is not None), watch)
        return data, stat

    async def set(self, path: str, data: str, version: int = -1) -> Stat:
        """BadVersion unless ``version`` is the znode's (or -1)."""
        (stat,) = await self._ask(Write((Op("set", path, data, version),)))
        assert isinstance(stat, Stat)
        return stat

    async def delete(self, path: str, version: int = -1) -> None:
        """NoNode, NotEmpty, BadVersion."""
        await self._ask(Write((Op("delete", path, version=version),)))

    async def exists(self, path: str, watch: Watch | None = None) -> Stat | None:
        """None if there is none. ``watch``: told when it is created, changed or deleted."""
        stat: Stat | None = await self._ask(Exists(path, watch is not None), watch)
        return stat

    async def children(self, path: str, watch: Watch | None = None) -> tuple[str, ...]:
        """Names, sorted. ``watch``: told when one comes or goes, or the znode itself goes."""
        names: tuple[str, ...] = await self._ask(GetChildren(path, watch is not None), watch)
        return names

    async def multi(self, *ops: Op) -> tuple[str | Stat | None, ...]:
        """All or nothing: what each gave (create: the path; set: the stat). Raises the first one's error that fails."""
        values: tuple[str | Stat | None, ...] = await self._ask(Write(ops))
        return values

    async def sync(self) -> None:
        """After it, this session sees all that was committed before it was asked for.

        It is agreed upon like a write. (ZooKeeper's own asks the leader alone, so one that does not know yet that it
        was replaced may answer.)
        """
        await self._ask(Sync())

    async def close(self) -> None:
        """End the session; its ephemerals go at once, or when it expires if no server can be reached."""
        if self.over:
            return
        self.closing = True
        try:
            if self.state is State.CONNECTED:
                await self._ask(Close())
        except KeeperError:
            pass
        finally:
            if not self.over:
                self._end(State.CLOSED)

    async def _ask(self, body: Any, watch: Watch | None = None) -> Any:
        if self.over:
            raise SessionExpired(f"the session is {self.state.value}")
        self._cxid += 1
        asked = Asked(Call(self._cxid, body), self._now_us, watch)
        self._asked.append(asked)
        if self.observer is not None:
            self.observer.asked(asked.call)
        if self.state is State.CONNECTED:
            self._send(asked)
        await asked.done.wait()
        if asked.error is not None:
            raise asked.error
        assert asked.result is not None
        return asked.result.value

    def _send(self, asked: Asked) -> None:
        assert self._connection is not None
        asked.sent = True
        self._connection.send(asked.call)

    # --- connecting ---------------------------------------------------------------------------

    @property
    def _now_us(self) -> int:
        return self.service.clock.monotonic_us

    def _connect(self) -> None:
        if self.over:
            return
        self._tried = self._route.next()
        self._connect_us = self._heard_us = self._looked_us = self._now_us
        hello = Connect(self.session, self._password, self.last_zxid, self.timeout_us)
        connection = self._connection = self.service.connect(self._tried, PORT, hello)
        connection.on_message = lambda message: self._on_message(connection, message)
        connection.on_closed = lambda reason: self._on_closed(connection, reason)
        self._looks = self.service.every(max(1, self.timeout_us // LOOKS), self._look)

    def _on_closed(self, connection: Connection, reason: str) -> None:
        if connection is self._connection:
            self._lose(reason)

    def _lose(self, reason: str) -> None:
        """The connection is of no use any more; try another server."""
        self._hang_up()
        if self.state is State.CONNECTED:
            self._route.begin(last=self._tried)
            self._turn(State.DISCONNECTED)
        asked, self._asked = self._asked, deque()
        for each in asked:
            each.fail(ConnectionLoss(reason, definite=not each.sent))
        if not self.over:
            self.service.after(self._route.pause_us(self.timeout_us // 15), self._connect)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if self._looks is not None:
            self._looks.cancel()
        self._pings.clear()
        self.server = ""

    def _end(self, state: State) -> None:
        """The session is over."""
        self._hang_up()
        self.watches = WatchBook()
        asked, self._asked = self._asked, deque()
        self._turn(state)
        for each in asked:
            each.fail(SessionExpired(f"the session is {state.value}"))

    def _turn(self, state: State) -> None:
        self.state = state
        changed, self._changed = self._changed, trio.Event()
        changed.set()
        for listener in [*self._listeners]:
            listener(state)

    # --- time ---------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Is a ping due? Has the server been silent for too long?"""
        now_us, third_us = self._now_us, self.timeout_us // 3
        late_us, self._looked_us = now_us - self._looked_us - self.timeout_us // LOOKS, now_us
        if late_us > third_us // 2:
            self._heard_us += late_us  # this machine was asleep: what came meanwhile may still wait to be heard
        waiting = self.state is not State.CONNECTED or self._pings or any(each.sent for each in self._asked)
        if waiting and now_us - max(self._heard_us, self._oldest_us()) >= third_us:
            self._lose(f"{self._tried} does not answer")
        elif self.state is State.CONNECTED and now_us - self._pinged_us >= third_us - self.timeout_us // (2 * LOOKS):
            self._send_ping()

    def _oldest_us(self) -> int:
        """When that was sent whose answer is waited for longest."""
        oldest = [next(iter(self._pings.values()))] if self._pings else []
        oldest += [each.asked_us for each in self._asked if each.sent][:1]
        return min(oldest, default=self._connect_us)

    def _send_ping(self) -> None:
        assert self._connection is not None
        self._ping += 1
        self._pinged_us = self._pings[self._ping] = self._now_us
        self._connection.send(Ping(self._ping))

    # --- what the server says -------------------------------------------------------------------

    def _on_message(self, connection: Connection, message: Any) -> None:
        if connection is not self._connection:
            return
        self._heard_us = self._now_us
        if isinstance(message, Result):
            self._on_result(message)
        elif isinstance(message, Pong):
            self._see(message.zxid)
            self._confirm(self._pings.pop(message.number, -1))
        elif isinstance(message, Fired):
            self._on_fired(message)
        elif isinstance(message, Connected):
            self._on_connected(message)
        elif isinstance(message, Expired):
            self._end(State.EXPIRED)

    def _on_connected(self, message: Connected) -> None:
        self.session, self._password = message.session, message.password
        if message.timeout_us != self.timeout_us and self._looks is not None:
            self.timeout_us = message.timeout_us
            self._looks.interval_us = max(1, self.timeout_us // LOOKS)
        self.server = self._tried
        self._pinged_us = self._connect_us
        self._confirm(self._connect_us)
        connection = self._connection
        assert connection is not None
        if self.watches:
            # What was missed comes before any answer. Until then the session has not been told more than it had: if
            # this connection breaks first, the next server has to know from where on events are missing.
            connection.send(SetWatches(self._told_zxid, *self.watches.paths()))
        else:
            self._see(message.zxid)
        for asked in self._asked:
            self._send(asked)
        self._turn(State.CONNECTED)

    def _on_result(self, result: Result) -> None:
        asked = self._asked.popleft()
        call = asked.call
        assert call.cxid == result.cxid, f"an answer to request {result.cxid} where {call.cxid} was due"
        self._see(result.zxid)
        if isinstance(call.body, Write | Sync):
            self._confirm(asked.asked_us)
        if self.observer is not None:
            self.observer.answered(call, result)
        if asked.watch is not None:
            self._register(call.body, asked.watch, result)
        if result.error is not None:
            asked.fail(error_of(*result.error))
        else:
            asked.result = result
            asked.done.set()

    def _register(self, body: Any, watch: Watch, result: Result) -> None:
        registered = self.watches.register(body, watch, result)
        if registered is not None and self.observer is not None:
            self.observer.registered(registered)

    def _on_fired(self, fired: Fired) -> None:
        self.last_zxid = max(self.last_zxid, fired.zxid)
        watches = self.watches.fire(fired.event)
        if self.observer is not None:
            self.observer.fired(fired, watches)
        for watch in watches:
            watch.callback(fired.event)

    def _see(self, zxid: int) -> None:
        """An answer says so; all events up to there came before it."""
        self.last_zxid = max(self.last_zxid, zxid)
        self._told_zxid = max(self._told_zxid, zxid)

    def _confirm(self, sent_us: int) -> None:
        """The leader has taken into account what was sent then."""
        self._confirmed_us = max(self._confirmed_us, sent_us)
