"""Connections to the web server, from the first byte until somebody is in.

A connection costs a little before anybody has said who they are, and a web server waits for ever for the first line.
Rules kept here, below all that speaks HTTP:

* What is not a visit is closed after a while: whoever only fetches a page has it long before.
* The guard (:mod:`.guard`) says how many there may be and how often they come, as it does of logins over SSH; but a
  browser opens several for one page.
* What comes in over one, whatever it is, comes in bounded: a flood is cut before anybody has to read it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from playground.bucket import Bucket
from playground.serve.guard import Guard
from playground.serve.limits import Limits
from playground.serve.listening import keep_little
from playground.serve.logbook import Logbook

A_PAGE = 6
"""A browser opens so many connections for one page."""
WRAPPED = 4
"""A key takes so many times its size on a web socket."""


class Gate:
    """``proxied``: all connections come from one address, which says nothing about the visitors."""

    def __init__(self, limits: Limits, logbook: Logbook, *, proxied: bool = False) -> None:
        most = limits.logins * A_PAGE
        self._guard = Guard(
            replace(
                limits,
                logins=most,
                logins_per_address=most if proxied else limits.logins_per_address * A_PAGE,
                visits_per_minute=limits.visits_per_minute * (limits.visitors if proxied else A_PAGE),
            )
        )
        self._limits = limits
        self._logbook = logbook
        self._waiting: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many connections there are that are no visits."""
        return len(self._waiting)

    def came(self, transport: asyncio.Transport) -> bool:
        """A new connection. False: it has been cut."""
        answer = self._guard.knock(transport, peer(transport), time.monotonic())
        if answer.refused:
            self._logbook.refused(peer(transport), f"a connection: {answer.refused}")
            transport.abort()
            return False
        if isinstance(answer.instead, asyncio.Transport):
            self._cut(answer.instead, "a connection without a visit, of too many")
        loop = asyncio.get_running_loop()
        self._waiting[transport] = loop.call_later(
            self._limits.login_s, self._cut, transport, "no visit came of a connection"
        )
        return True

    def passed(self, transport: asyncio.BaseTransport | None) -> None:
        """It is a visit now, or gone. May be called again."""
        if isinstance(transport, asyncio.Transport) and transport in self._waiting:
            self._waiting.pop(transport).cancel()
            self._guard.over(transport)

    def bucket(self) -> Bucket:
        """For what comes in over one connection, in bytes."""
        limits = self._limits
        return Bucket(limits.input_burst_bytes * WRAPPED, limits.input_bytes_per_s * WRAPPED, time.monotonic())

    def flooded(self, transport: asyncio.Transport) -> None:
        """More came in than there was room for."""
        self._cut(transport, "a connection: more was sent than anybody types")

    def _cut(self, transport: asyncio.Transport, why: str) -> None:
        self.passed(transport)
        self._logbook.refused(peer(transport), why)
        transport.abort()


class Gated(asyncio.Protocol):
    """Stands between a connection and ``inner``, which never hears of one that the gate has cut."""

    def __init__(self, inner: asyncio.Protocol, gate: Gate) -> None:
        self._inner: asyncio.Protocol | None = inner
        self._gate = gate
        self._in = gate.bucket()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert self._inner is not None
        assert isinstance(transport, asyncio.Transport)
        keep_little(transport)
        self._transport = transport
        if self._gate.came(transport):
            self._inner.connection_made(transport)
        else:
            self._inner = None

    def data_received(self, data: bytes) -> None:
        if self._inner is None or self._transport is None or self._transport.is_closing():
            return
        if self._in.take(len(data), time.monotonic()):
            self._inner.data_received(data)
        else:
            self._gate.flooded(self._transport)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._inner is not None else None

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._gate.passed(self._transport)
        if self._inner is not None:
            self._inner.connection_lost(error)
            self._inner = None


def peer(transport: asyncio.BaseTransport | None) -> str:
    """The address at the other end."""
    name = transport.get_extra_info("peername") if transport is not None else None
    return str(name[0]) if name else "nowhere"
