"""What others use of the store: a client session, and the acts of an administrator.

A session is one author: it knows what it has read and written of each key (its *context*), and what
it writes next supersedes exactly that. Its name must be its own for ever; the client adds the number
of the machine's life to it, because a machine that restarts has forgotten its counters.

A request goes to any node. If that node does not answer in time, or refuses, another is tried
as long as there is time: the write is the same write, its version says so. If all fail, the most
telling of their errors is raised: what a node gave as its reason rather than that another one was silent.

In a store that keeps the newest value (`conflicts`) a session need not know anything: a write gets its timestamp
from the node that is to coordinate it, and from then on it is the same write wherever it is sent.

A failed write is *definite* only if no node could do it, whatever comes: the request asks for the impossible, or
it never got a timestamp and so was never sent. Any other refusal is of the moment (starting, disk full, another
ring, too few replicas), and on a network that may deliver a message twice the second copy may come when that has
passed.
"""

from __future__ import annotations

from typing import Any

from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.store.messages import Found, Get, Join, Leave, Put, Stamp
from playground.systems.store.service import StoreService
from playground.systems.store.settings import Conflicts, StoreSettings
from playground.systems.store.versions import Siblings, Version, Versioned, covers, join, timestamp

__all__ = ["Conflicts", "Join", "Leave", "StoreClient", "StoreService", "StoreSettings"]

AVOID_US = 3_000_000
"""How long a coordinator that did not answer is passed over."""
ATTEMPTS = 3


class StoreClient:
    """A session. It calls through ``service``; ``coordinators`` are the nodes it may ask.

    An operation fails after ``timeout_us`` at the latest; one node gets half of that.
    ``conflicts``: as the store is set.
    """

    def __init__(
        self,
        service: Service,
        session: str,
        coordinators: tuple[str, ...],
        *,
        timeout_us: int = 1_000_000,
        conflicts: Conflicts = "siblings",
    ) -> None:
        boots = service.process.node.boots
        self.session = session if boots <= 1 else f"{session}#{boots}"
        self.coordinators = coordinators
        self.timeout_us = timeout_us
        self.conflicts = conflicts
        self._service = service
        self._chance = service.random(f"store session {session}")
        self._contexts: dict[str, Version] = {}
        self._issued: dict[str, int] = {}
        self._known: dict[str, Siblings] = {}
        self._avoid_until_us: dict[str, int] = {}

    def start(self) -> None:
        """Nothing has to be found out: any node answers."""

    def whom(self, members: tuple[str, ...]) -> None:
        """These may be asked from now on."""
        self.coordinators = members

    async def get(self, key: str, r: int | None = None) -> tuple[str, ...]:
        """The values of ``key``, more than one if they were written concurrently; () if there is none.

        Raises CallError; a read that fails has changed nothing.
        """
        found: Found = (await self._request(Get(key, r), self._deadline_us()))[0]
        if self.conflicts == "siblings":
            for sibling in found.siblings:
                self._contexts[key] = join(self._contexts.get(key, ()), sibling.version)
            self._know(key, found.siblings)
        return tuple(sibling.value for sibling in found.siblings)

    async def put(self, key: str, value: str, w: int | None = None) -> None:
        """Write ``value`` in the place of all that this session knows of the key.

        Raises CallError: ``definite`` if it certainly did not happen, else it may have, or may still.
        """
        deadline_us = self._deadline_us()
        if self.conflicts == "newest":
            version, coordinator = await self._stamp(deadline_us)
            await self._request(Put(key, value, version, w), deadline_us, coordinator)
            return
        # The counter is used up whatever comes of it: if the write's fate is unknown, another write with
        # the same version could exist elsewhere and be taken for this one.
        self._issued[key] = counter = self._issued.get(key, 0) + 1
        version = join(self._contexts.get(key, ()), ((self.session, counter),))
        self._contexts[key] = version
        self._known[key] = (*self._known.get(key, ()), Versioned(value, version))
        await self._request(Put(key, value, version, w), deadline_us)
        self._know(key, (Versioned(value, version),))

    def observed(self, key: str) -> frozenset[str]:
        """The values that this session's next write to ``key`` will supersede.

        Those that were superseded already by one of these may be left out. None if the newest value wins: then a
        write supersedes whatever has an earlier timestamp, known or not.
        """
        return frozenset(known.value for known in self._known.get(key, ()))

    async def join(self, node: str, weight: float = 1.0) -> None:
        """Have ``node`` ask to be taken into the ring; returns when the join has begun."""
        await self._service.call(node, Join(weight), timeout_us=self.timeout_us)

    async def leave(self, node: str) -> None:
        """Have ``node``, dead or alive, leave the ring; returns when the leave has begun."""
        await self._request(Leave(node), self._deadline_us())

    def _know(self, key: str, certain: Siblings) -> None:
        """These are in the store: whatever they cover need not be remembered."""
        kept = [
            known
            for known in self._known.get(key, ())
            if not any(covers(sibling.version, known.version) for sibling in certain)
        ]
        self._known[key] = (*kept, *certain)

    async def _stamp(self, deadline_us: int) -> tuple[Version, str]:
        """A timestamp for a write, and the coordinator that minted it. Raises CallError, always definite."""
        try:
            wall_us, coordinator = await self._request(Stamp(), deadline_us)
        except CallError as error:
            code = _code(error) or "unavailable"
            raise Rejected(code, error.text if isinstance(error, Rejected) else str(error)) from error
        return timestamp(wall_us), coordinator

    def _deadline_us(self) -> int:
        return self._service.clock.monotonic_us + self.timeout_us

    async def _request(self, body: Any, deadline_us: int, first: str = "") -> tuple[Any, str]:
        """The reply, and who gave it. ``first``: whom to ask first, if not anybody."""
        service = self._service
        clock = service.clock
        share_us = max(self.timeout_us // 2, 1)
        tried: list[str] = []
        certain = True
        reason: CallError = TimedOut("no time to ask anybody")
        for _ in range(ATTEMPTS):
            left_us = deadline_us - clock.monotonic_us
            if left_us <= 0:
                break
            coordinator = first if first and not tried else self._pick(tried)
            tried.append(coordinator)
            try:
                return await service.call(coordinator, body, timeout_us=min(left_us, share_us)), coordinator
            except CallError as error:
                certain = certain and error.definite and not (isinstance(error, Refused) and isinstance(body, Put))
                unavailable = _code(reason) == "unavailable"
                if _telling(error) >= _telling(reason):
                    reason = error
                if isinstance(error, TimedOut) and left_us >= share_us:
                    self._avoid_until_us[coordinator] = clock.monotonic_us + AVOID_US
                # What two coordinators say of the replicas a third one won't see otherwise.
                if unavailable or _code(error) in _HOPELESS:
                    break
        if reason.definite and not certain:
            raise Rejected(_code(reason), reason.text if isinstance(reason, Rejected) else str(reason), definite=False)
        raise reason

    def _pick(self, tried: list[str]) -> str:
        names = self.coordinators
        if not tried and not self._avoid_until_us:
            return names[int(self._chance.random() * len(names))]
        now_us = self._service.clock.monotonic_us
        self._avoid_until_us = {name: until for name, until in self._avoid_until_us.items() if until > now_us}
        fresh = [name for name in names if name not in tried]
        choice = [name for name in fresh if name not in self._avoid_until_us] or fresh or names
        return choice[int(self._chance.random() * len(choice))]


def _code(error: CallError) -> str:
    if isinstance(error, Rejected):
        return error.code
    return "starting" if isinstance(error, Refused) else ""


def _telling(error: CallError) -> int:
    """How much an error says: a node's reason, that no process is there yet, that nobody answered."""
    return 2 if isinstance(error, Rejected) else int(isinstance(error, Refused))


_HOPELESS = ("bad-request", "busy", "not-a-member")
