"""What a client of any store can do, whichever store it is: what a workload and a stateless server are written to."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class RequestId(NamedTuple):
    """Names a write for ever, so that it takes effect once however often it is sent.

    RIFL (Lee et al., "Implementing Linearizability at Large Scale and Low Latency", SOSP 2015): a store remembers what
    it did for each session's requests from ``first_open`` on; of the earlier ones the session knows the outcome, so a
    copy of one that comes late is refused.
    """

    session: str
    """A client's life: nobody else ever has this name."""
    number: int
    """Counts the session's writes, from 1."""
    first_open: int
    """The lowest number whose outcome the session does not know yet."""


class Database(Protocol):
    """A session with a store. Raises CallError, definite or not, if it cannot be done."""

    def start(self) -> None:
        """The machine serves: begin to find out whom to ask."""

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        """The values of ``key``: none, one, or several that were written concurrently.

        ``r``: how many replicas must answer, where the store has quorums; elsewhere it is refused (definite).
        """

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        """Write. ``w``: as ``r``."""

    def observed(self, key: str) -> frozenset[str]:
        """The values that this session's next write to ``key`` supersedes by what it has seen (siblings only)."""

    def whom(self, members: tuple[str, ...]) -> None:
        """The operator's list of machines that may be asked has changed."""

    async def leave(self, node: str) -> None:
        """Have ``node``, dead or alive, taken out of the store; returns when that has begun."""
