"""A replica: the copies that one node holds, on its log.

Rules:

1. A write is acknowledged when it is on the disk, and *visible* only then: a value that is read here
   cannot be taken back by a crash of this node. Memory holds what is safe, and nothing else.
2. Everything in memory can be had from the log, so a restart recovers all that was acknowledged.
3. A request that was placed by another membership than the one held here is rejected.
4. A node whose disk was lost or damaged does not answer reads before it has its data back, because
   R + W > N counts on each acknowledged write being where it was acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from playground.kernel.errors import DiskError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.store.log import Log
from playground.systems.store.members import Members
from playground.systems.store.messages import Mend, ReplicaGet, ReplicaPut
from playground.systems.store.records import drop_record, fingerprint, meta_record, put_record, replay
from playground.systems.store.settings import StoreSettings
from playground.systems.store.versions import Siblings, merge

if TYPE_CHECKING:
    from playground.kernel.node import Process


class Replica(Service):
    """``data``: key -> siblings, safe on this node's disk."""

    def __init__(
        self, process: Process, settings: StoreSettings, members: Members, log: Log, *, founding: bool
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.members = members
        self.log = log
        self.data: dict[str, Siblings] = {}
        self.size_bytes = 0
        """Estimated memory of the data."""
        self.reads = 0
        self.writes = 0
        self._founding = founding
        self._listeners: list[Callable[[str], None]] = []

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call ``listener(key)`` whenever other siblings of a key are held."""
        self._listeners.append(listener)

    async def recover(self) -> None:
        recovery, damaged = await self.log.recover()
        contents = replay(recovery.records)
        for key, siblings in contents.data.items():
            self._hold(key, siblings)
        if contents.membership is not None:
            intact = not damaged
            self.members.restore(
                contents.membership, whole=intact and contents.whole, trusted=intact and contents.trusted
            )
        elif self._founding:
            self.members.found()
        elif self.process.node.boots == 1:
            self.members.trusted = True  # who is new has nothing to forget
        if recovery.records or recovery.dropped_bytes:
            text = f"{self.name} recovers {len(self.data)} keys: {recovery}"
            if damaged:
                text += "; what was damaged has to come from the others"
            self.note(
                "recovery", text, keys=len(self.data), damaged=recovery.damaged, dropped_bytes=recovery.dropped_bytes
            )
        elif not self._founding and self.process.node.boots > 1:
            self.note("recovery", f"{self.name} finds its disk empty", keys=0, damaged=0, dropped_bytes=0)

    # --- requests -------------------------------------------------------------------

    @handles(ReplicaGet)
    def on_get(self, _source: str, message: ReplicaGet) -> Siblings:
        self.check(message.ring)
        if not self.members.whole:
            raise Rejected("rebuilding", f"{self.name} does not have all its data yet")
        self.reads += 1
        return self.data.get(message.key, ())

    @handles(ReplicaPut)
    def on_put(self, _source: str, message: ReplicaPut) -> None:
        self.check(message.ring)
        answer = self.answer_later()
        try:
            self.write(message.key, message.siblings, lambda: answer.reply(None))
        except Rejected as error:
            answer.reject(error)
        else:
            self.writes += 1

    @handles(Mend)
    def on_mend(self, _source: str, message: Mend) -> None:
        if message.ring == self.members.digest and self.members.trusted:
            with suppress(Rejected):  # no room: anti-entropy will try again
                self.write(message.key, message.siblings, _nothing)

    def check(self, ring: int) -> None:
        """Raises Rejected unless this node may take part in a request placed by the membership ``ring``."""
        if ring != self.members.digest:
            raise Rejected("ring", f"{self.name} knows of another ring")
        if not self.members.trusted:
            raise Rejected("learning", f"{self.name} does not know yet who is on the ring")

    # --- the data -------------------------------------------------------------------

    def write(self, key: str, siblings: Siblings, then: Callable[[], object]) -> None:
        """Merge ``siblings`` into the key's; ``then()`` when it is safe. Raises Rejected if the disk has no room."""
        held = self.data.get(key, ())
        merged = merge(held, siblings)
        if merged is held:
            then()
            return

        def safe() -> None:
            now = self.data.get(key, ())
            after = merged if now is held else merge(now, siblings)
            if after is not now:
                self._hold(key, after)
            then()

        self._append(put_record(key, siblings), safe)

    def write_all(self, items: Iterable[tuple[str, Siblings]], then: Callable[[], object]) -> None:
        """`write` many; ``then()`` when all of them are safe."""
        left = 1

        def one() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        for key, siblings in items:
            left += 1
            self.write(key, siblings, one)
        one()

    def drop(self, key: str, print_: int, then: Callable[[], object]) -> None:
        """Forget a key provided that it is still as ``print_`` says when the record is safe."""

        def safe() -> None:
            if fingerprint(key, self.data.get(key, ())) == print_:
                self._hold(key, ())
            then()

        self._append(drop_record(key, print_), safe)

    def _append(self, record: bytes, safe: Callable[[], object]) -> None:
        try:
            self.log.append(record, safe)
        except DiskError as error:
            raise Rejected("disk-full", f"the disk of {self.name} is full") from error
        if self.log.overgrown:
            self.spawn(self._rewrite)

    def _hold(self, key: str, siblings: Siblings) -> None:
        before = self.data.get(key)
        self.size_bytes += _size(key, siblings) - (_size(key, before) if before else 0)
        if siblings:
            self.data[key] = siblings
        else:
            self.data.pop(key, None)
        for listener in self._listeners:
            listener(key)

    async def _rewrite(self) -> None:
        if self.log.overgrown:
            before = self.log.size_bytes
            members = self.members
            await self.log.rewrite(
                [meta_record(members.membership, whole=members.whole, trusted=members.trusted)]
                + [put_record(key, siblings) for key, siblings in self.data.items()]
            )
            after = self.log.size_bytes
            if after < before:
                text = f"{self.name} rewrote its log: {before // 1000} kB became {after // 1000} kB"
                self.note("compaction", text, before_bytes=before, after_bytes=after)


def _size(key: str, siblings: Siblings) -> int:
    if not siblings:
        return 0
    return len(key) + sum(len(value) + 16 * len(version) for value, version in siblings)


def _nothing() -> None:
    pass
