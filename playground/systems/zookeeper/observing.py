"""What sessions saw, written down by the world's clock: what the checks of the clients' side judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from playground.systems.zookeeper.handle import ZooKeeper
from playground.systems.zookeeper.messages import Call, Fired, Result, Sync, Write
from playground.systems.zookeeper.watching import Registered

if TYPE_CHECKING:
    from playground.kernel.world import World


class Observer(Protocol):
    """Is told what a session sees; for checks. It must change nothing."""

    def asked(self, call: Call) -> None:
        """A request is made."""

    def answered(self, call: Call, result: Result) -> None:
        """Its answer has come."""

    def registered(self, watch: Registered) -> None:
        """A watch is set."""

    def fired(self, fired: Fired, watches: tuple[Registered, ...]) -> None:
        """An event has come, for ``watches``."""


class Done(NamedTuple):
    """A write (or a sync) that was acknowledged: when it was asked for and answered, and its zxid."""

    asked_us: int
    answered_us: int
    zxid: int
    client: str


class Backward(NamedTuple):
    """An answer from an older state than the session had seen before."""

    client: str
    zxid: int
    seen: int


class Observation:
    """All sessions that are observed. ``unexpected``: events that no watch of the session waited for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sessions: dict[int, ZooKeeper] = {}
        """By their places: the order in which they were begun."""
        self.done: list[Done] = []
        self.backward: list[Backward] = []
        self.unexpected: list[tuple[str, Fired]] = []
        self.fired: dict[tuple[int, int], int] = {}
        """Session (by its place) and watch -> how often it fired; 0: not yet."""
        self._begun = 0

    @property
    def keepers(self) -> list[ZooKeeper]:
        return [*self.sessions.values()]

    def observe(self, keeper: ZooKeeper) -> None:
        """Write down what this session sees. Ask before it starts."""
        keeper.observer = _Observer(self, keeper, self._begun)
        self.sessions[self._begun] = keeper
        self._begun += 1

    def trim(self, keep: int) -> None:
        """Forget what was judged: sessions that are over, watches that have fired, all but the last ``keep`` writes."""
        gone = [place for place, each in self.sessions.items() if each.over or not each.service.process.alive]
        for place in gone:
            del self.sessions[place]
        self.fired = {watch: 0 for watch, times in self.fired.items() if not times and watch[0] in self.sessions}
        self.backward.clear()
        self.unexpected.clear()
        del self.done[:-keep]


class _Observer:
    def __init__(self, observation: Observation, keeper: ZooKeeper, place: int) -> None:
        self._observation = observation
        self._keeper = keeper
        self._place = place
        self._asked_us: dict[int, int] = {}
        self._seen = 0

    def asked(self, call: Call) -> None:
        self._asked_us[call.cxid] = self._observation.world.now_us

    def answered(self, call: Call, result: Result) -> None:
        observation = self._observation
        asked_us = self._asked_us.pop(call.cxid)
        self._see(result.zxid)
        if isinstance(call.body, Write | Sync):
            done = Done(asked_us, observation.world.now_us, result.zxid, self._keeper.service.name)
            observation.done.append(done)

    def registered(self, watch: Registered) -> None:
        self._observation.fired[self._place, watch.number] = 0

    def fired(self, fired: Fired, watches: tuple[Registered, ...]) -> None:
        self._see(fired.zxid)
        if not watches:
            self._observation.unexpected.append((self._keeper.service.name, fired))
        for watch in watches:
            number = (self._place, watch.number)
            self._observation.fired[number] = self._observation.fired.get(number, 0) + 1

    def _see(self, zxid: int) -> None:
        if zxid < self._seen:
            self._observation.backward.append(Backward(self._keeper.service.name, zxid, self._seen))
        self._seen = max(self._seen, zxid)
