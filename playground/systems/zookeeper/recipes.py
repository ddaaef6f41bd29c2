"""What is made of sessions, ephemeral and sequential znodes, and watches: the recipes (Hunt et al. 2010, section 2.4).

Each begins when it is constructed, works in one session, and ends with it: whoever goes on opens another session and
begins anew. A recipe looks at the tree, tells what has changed by its callback, and waits for a watch. When the
connection breaks it does not know whether what it asked for was done. So, connected again, it syncs (nothing of
what it asked is still to come then) and looks.

To have won is not to be safe: the session may have expired in the meantime, and the watch may be late. Who acts
alone because of it acts only until ``keeper.safe_until_us``, or shows the term to whom he acts upon (a fencing
token: terms only rise).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

from playground.systems.zookeeper.errors import ConnectionLoss, NodeExists, NoNode, SessionExpired
from playground.systems.zookeeper.handle import State, ZooKeeper
from playground.systems.zookeeper.messages import Event, Op, Stat


async def make_parents(keeper: ZooKeeper, path: str) -> None:
    """Make all the znodes above ``path`` that are missing. Raises ConnectionLoss, SessionExpired."""
    names = path.split("/")[1:-1]
    for depth in range(1, len(names) + 1):
        above = "/" + "/".join(names[:depth])
        if await keeper.exists(above) is None:
            try:
                await keeper.create(above)
            except NodeExists:
                continue


class Recipe:
    """Looks and waits, over and over, until it is ended or its session is over."""

    def __init__(self, keeper: ZooKeeper) -> None:
        self.keeper = keeper
        self._wake = trio.Event()
        self._ended = trio.Event()
        self._ending = self._doubt = False
        keeper.listen(self._on_state)
        keeper.service.spawn(self._run)

    async def end(self) -> None:
        """Have no more to do with it; returns when what it had made is gone."""
        self._ending = True
        self._wake.set()
        await self._ended.wait()

    async def _look(self) -> bool:
        """See to it that all is as it should be. True: wait for a watch before the next look."""
        raise NotImplementedError

    async def _withdraw(self) -> None:
        """It was ended: delete what it has made."""

    def _stop(self) -> None:
        """It is over: by its end, or by the session's."""

    async def _run(self) -> None:
        try:
            while not self._ending:
                self._wake = trio.Event()
                if await self._tried(self._look) and not self._ending:
                    await self._wake.wait()
            self._stop()
            while not await self._tried(self._withdrawn):
                pass
        except SessionExpired:
            self._stop()
        self._ended.set()

    async def _tried(self, act: Callable[[], Awaitable[bool]]) -> bool:
        """What ``act`` gives; False if the connection broke over it."""
        await self.keeper.connected()
        try:
            if self._doubt:
                await self.keeper.sync()
                self._doubt = False
            return await act()
        except ConnectionLoss:
            self._doubt = True
            return False

    async def _withdrawn(self) -> bool:
        await self._withdraw()
        return True

    def _watch(self) -> Callable[[Event], object]:
        wake = self._wake
        return lambda _event: wake.set()

    def _on_state(self, _state: State) -> None:
        if self.keeper.over:
            self._wake.set()


class Election(Recipe):
    """One wins at a time. ``on_won(term)``: this one has; ``on_lost()``: it was, and is no more.

    The term is the czxid of the winner's znode: every winner has a higher one than all before.
    """

    def __init__(
        self,
        keeper: ZooKeeper,
        path: str,
        data: str,
        on_won: Callable[[int], object],
        on_lost: Callable[[], object],
    ) -> None:
        self.path = path
        self.data = data
        self.term = 0
        """The term that it has won and not lost; 0: none."""
        self._on_won = on_won
        self._on_lost = on_lost
        super().__init__(keeper)

    @property
    def safe(self) -> bool:
        """It has won, and its session certainly lives at this instant."""
        return self.term > 0 and self.keeper.service.clock.monotonic_us < self.keeper.safe_until_us

    def _turn(self, term: int) -> None:
        if term == self.term:
            return
        if self.term:
            self.term = 0
            self._on_lost()
        if term:
            self.term = term
            self._on_won(term)

    def _stop(self) -> None:
        self._turn(0)


class Claim(Election):
    """Who makes the ephemeral znode ``path`` first has won. When it vanishes all are told, and the first one wins.

    Simple, and anybody sees who it is. But all wake up at once and all but one for nothing (the herd effect).
    """

    async def _look(self) -> bool:
        try:
            await self.keeper.create(self.path, self.data, ephemeral=True)
        except NoNode:
            await make_parents(self.keeper, self.path)
            return False
        except NodeExists:
            pass  # perhaps it is our own: its making was not answered
        stat = await self.keeper.exists(self.path, self._watch())
        self._turn(stat.czxid if stat is not None and stat.ephemeral_owner == self.keeper.session else 0)
        return stat is not None

    async def _withdraw(self) -> None:
        stat = await self.keeper.exists(self.path)
        if stat is not None and stat.ephemeral_owner == self.keeper.session:
            with suppress(NoNode):
                await self.keeper.delete(self.path)


class Candidacy(Election):
    """Candidates queue: an ephemeral, sequential znode each under ``path``. The first in the queue has won.

    Each watches only the one before itself, so that one goes wakes one (no herd). The session's number is part of
    the name: so a candidate whose znode's making was not answered finds it again.
    """

    async def _look(self) -> bool:
        mine = await self._mine()
        if not mine:
            try:
                await self.keeper.create(f"{self.path}/{self._prefix}", self.data, ephemeral=True, sequential=True)
            except NoNode:
                await make_parents(self.keeper, f"{self.path}/")
            return False
        queue = sorted(filter(_is_numbered, await self.keeper.children(self.path)), key=_sequence)
        ahead = [name for name in queue if _sequence(name) < _sequence(mine[0])]
        nearest = f"{self.path}/{ahead[-1] if ahead else mine[0]}"
        stat = await self.keeper.exists(nearest, self._watch())
        self._turn(stat.czxid if stat is not None and not ahead else 0)
        return stat is not None

    @property
    def _prefix(self) -> str:
        return f"{self.keeper.session:x}-"

    async def _mine(self) -> list[str]:
        try:
            names = await self.keeper.children(self.path)
        except NoNode:
            return []
        return sorted((name for name in names if name.startswith(self._prefix)), key=_sequence)

    async def _withdraw(self) -> None:
        for name in await self._mine():
            with suppress(NoNode):
                await self.keeper.delete(f"{self.path}/{name}")


class Lock:
    """At most one session at a time holds the lock ``path``; whoever waits has it in the order of asking.

    ``on_lost()``: it was held, and the session is over, or somebody has deleted the znode that stood for it.
    """

    def __init__(self, keeper: ZooKeeper, path: str, on_lost: Callable[[], object]) -> None:
        self._keeper = keeper
        self._path = path
        self._on_lost = on_lost
        self._candidacy: Candidacy | None = None
        self._decided = trio.Event()

    @property
    def held(self) -> bool:
        """It has the lock, as far as it knows."""
        return self._candidacy is not None and self._candidacy.term > 0

    async def acquire(self) -> int:
        """Wait for the lock. Returns the fencing token, higher than all before. Raises SessionExpired."""
        assert self._candidacy is None, "it holds the lock already, or waits for it"
        self._decided = trio.Event()
        candidacy = Candidacy(self._keeper, self._path, "", lambda _term: self._decided.set(), self._lose)
        self._candidacy = candidacy
        self._keeper.listen(self._on_state)
        self._on_state(self._keeper.state)
        await self._decided.wait()
        if not candidacy.term:
            self._candidacy = None
            raise SessionExpired("the session is over")
        return candidacy.term

    async def release(self) -> None:
        """Give it back, or leave the queue; returns when the next one may have it."""
        candidacy, self._candidacy = self._candidacy, None
        if candidacy is not None:
            await candidacy.end()

    def _lose(self) -> None:
        if self._candidacy is not None:
            self._candidacy = None
            self._on_lost()

    def _on_state(self, _state: State) -> None:
        if self._keeper.over:
            self._decided.set()


class Configuration(Recipe):
    """The data of ``path``: ``on_value(data, stat)`` for each value that is seen.

    A value that is replaced before it is read is never seen; the newest always is, in the end.
    """

    def __init__(self, keeper: ZooKeeper, path: str, on_value: Callable[[str, Stat], object]) -> None:
        self.path = path
        self._on_value = on_value
        self._seen = 0
        super().__init__(keeper)

    async def _look(self) -> bool:
        try:
            data, stat = await self.keeper.get(self.path, self._watch())
        except NoNode:
            return await self.keeper.exists(self.path, self._watch()) is None
        if stat.mzxid > self._seen:
            self._seen = stat.mzxid
            self._on_value(data, stat)
        return True


class Registry(Recipe):
    """Who is there: an ephemeral znode ``path``/``name`` each. ``on_members(names)``: sorted, whenever they change.

    A name is one machine's own. So if it stands there from another session, that is an earlier life of the
    machine, and the znode is replaced. With ``name`` "" it looks on without being a member.
    """

    def __init__(
        self, keeper: ZooKeeper, path: str, name: str, on_members: Callable[[tuple[str, ...]], object]
    ) -> None:
        self.path = path
        self.name = name
        self._on_members = on_members
        self._seen: tuple[str, ...] | None = None
        self._registered = not name
        super().__init__(keeper)

    async def _look(self) -> bool:
        own = f"{self.path}/{self.name}"
        try:
            if not self._registered:
                await self._register(own)
                self._registered = True
            names = await self.keeper.children(self.path, self._watch())
        except NoNode:
            await make_parents(self.keeper, own)
            return False
        if self.name and self.name not in names:
            self._registered = False
            return False
        if names != self._seen:
            self._seen = names
            self._on_members(names)
        return True

    async def _register(self, own: str) -> None:
        stat = await self.keeper.exists(own)
        if stat is not None and stat.ephemeral_owner == self.keeper.session:
            return
        make = Op("create", own, ephemeral=True)
        try:
            await (self.keeper.multi(make) if stat is None else self.keeper.multi(Op("delete", own), make))
        except NodeExists:
            await self.keeper.sync()  # the server is behind: look again
            await self._register(own)

    async def _withdraw(self) -> None:
        if not self.name:
            return
        own = f"{self.path}/{self.name}"
        stat = await self.keeper.exists(own)
        if stat is not None and stat.ephemeral_owner == self.keeper.session:
            with suppress(NoNode):
                await self.keeper.delete(own)


def _is_numbered(name: str) -> bool:
    return name[-10:].isdecimal()


def _sequence(name: str) -> int:
    return int(name[-10:])
