"""Parts of a client's session: which server it tries next, and what it has asked for and not heard of."""

from __future__ import annotations

import trio

from playground.kernel.randomness import Stream
from playground.systems.zookeeper.errors import KeeperError
from playground.systems.zookeeper.messages import Call, Result, Watch

PAUSE_US = 20_000
"""The longest pause after all servers were tried once; it doubles with each round."""
HASTE_US = 1_000
"""The longest pause before that."""


class Route:
    """The servers in an order drawn by chance, round after round."""

    def __init__(self, servers: tuple[str, ...], chance: Stream) -> None:
        self._chance = chance
        self._servers = chance.sample(servers, len(servers))
        self._attempts = 0

    def next(self) -> str:
        """Whom to try."""
        self._attempts += 1
        return self._servers[(self._attempts - 1) % len(self._servers)]

    def begin(self, last: str) -> None:
        """A connection has broken: begin with the others; ``last`` was connected."""
        self._attempts = 0
        self._servers.remove(last)
        self._servers.append(last)

    def pause_us(self, most_us: int) -> int:
        """How long to wait before the next attempt: hardly, until each server was tried, and then ever longer."""
        rounds = self._attempts // len(self._servers)
        pause_us = min(PAUSE_US << min(rounds, 16), most_us) if rounds else HASTE_US
        return int(pause_us * (0.5 + self._chance.random() / 2))


class Asked:
    """A request that was made, and the way back to whoever waits."""

    __slots__ = ("asked_us", "call", "done", "error", "result", "sent", "watch")

    def __init__(self, call: Call, asked_us: int, watch: Watch | None) -> None:
        self.call = call
        self.asked_us = asked_us
        self.watch = watch
        self.sent = False
        self.done = trio.Event()
        self.result: Result | None = None
        self.error: KeeperError | None = None

    def fail(self, error: KeeperError) -> None:
        self.error = error
        self.done.set()
