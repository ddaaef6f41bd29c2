"""One client's connection, as its server has it: requests are answered in the order in which they came.

A write is passed on at once, and answered when this server has applied it. What comes behind it waits, reads too: so a
session's reads see its writes. A read with no write before it is answered at once from what the server has
(`Hunt et al. 2010`, section 4: fast reads).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from playground.kernel.connections import Connection
from playground.systems.zookeeper.messages import Call, Close, Connect, Sync, Write

AGREED = (Write, Sync, Close)
"""What the leader has to be asked for."""


class Desk:
    """``session`` is 0 until the leader has made or found it."""

    def __init__(self, connection: Connection, hello: Connect, timeout_us: int, now_us: int) -> None:
        self.connection = connection
        self.hello = hello
        self.timeout_us = timeout_us
        self.session = 0
        self.heard_us = now_us
        self.queue: deque[Call] = deque()
        """What is not answered yet: nothing, or a write first."""

    def send(self, message: Any) -> None:
        self.connection.send(message)

    @property
    def reads(self) -> bool:
        """Whether the next thing in the queue is a read."""
        return bool(self.queue) and not isinstance(self.queue[0].body, AGREED)
