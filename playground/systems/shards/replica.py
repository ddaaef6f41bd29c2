"""One node's copy of one shard: what it takes from a master, what it promises, what it lets others read.

The rules:

* It takes nothing of an epoch below the one that it has promised (fencing). The promise is on the disk before it
  is told to anybody, and so is every entry before it is reported.
* What it is sent must follow what it has (log matching); what conflicts with it is cut off first.
* It applies what the master of its epoch says is committed, and shows nothing else.
* Whatever its disk refuses has not happened: the master will send it again.

A copy is led by another node, or leads itself (:mod:`.leading`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from playground.kernel.errors import DiskError
from playground.kernel.service import Service
from playground.systems.shards.file import Content, ShardFile
from playground.systems.shards.messages import Append, Entry, Failed, Found, Install, Position, Read, Report
from playground.systems.shards.settings import ShardsSettings
from playground.systems.shards.state import State

if TYPE_CHECKING:
    from playground.systems.shards.leading import Leading


class Replica:
    """``identity`` 0: it is not whole and has to be made anew (`format`)."""

    def __init__(
        self, service: Service, settings: ShardsSettings, shard: str, file: ShardFile, content: Content
    ) -> None:
        self.service = service
        self.settings = settings
        self.shard = shard
        self.file = file
        self.log = content.log
        self.promised = content.promised
        self.promised_safe = content.promised
        """As far as it is on the disk."""
        self.durable = content.log.last.seq
        """All up to this place is on the disk; -1: not even the base is."""
        self.life = service.process.node.boots
        self.leader = ""
        """Whom it follows, as it believes."""
        self.leading: Leading | None = None
        self.newest = 0
        """The last place of the leader's log, as it last heard."""
        self.heard_us = -1
        self.caught_up_us = -1
        """When it last had all that the leader had."""
        self.refused = 0
        """The newest epoch whose master it has refused."""
        self.truncated = 0
        """Entries it had to cut off, in this life."""
        self._promises: list[tuple[int, trio.Event]] = []
        self._copied = 0

    @property
    def identity(self) -> int:
        return self.file.identity

    def take_copied(self) -> int:
        """How many entries of a master it has appended since this was last called."""
        copied, self._copied = self._copied, 0
        return copied

    @property
    def lag(self) -> int:
        """How many records of the leader's it has not applied, or not on its disk, as far as it knows."""
        return max(0, self.newest - max(0, min(self.log.commit, self.durable)))

    @property
    def lag_us(self) -> int:
        """For how long it has not had all that the leader has; -1: it never had. By its own clock."""
        if self.caught_up_us < 0 or self.leading is not None:
            return -1 if self.leading is None else 0
        return self.service.clock.monotonic_us - self.caught_up_us

    # --- from the master ------------------------------------------------------------------

    def on_append(self, source: str, message: Append) -> None:
        if not self._heed(source, message.epoch):
            return
        self.newest = message.newest
        before = self.file.unsafe
        try:
            lost = not self._take(message)
        except DiskError:
            return
        if not lost:
            self._mark_caught_up()
        if self.file.unsafe == before:
            self.report(source, lost=lost)
        self.compact()

    def on_install(self, source: str, message: Install) -> None:
        if message.life != self.life:
            self.report(source)
            return
        if not self._heed(source, message.epoch):
            return
        log, position = self.log, message.position
        if self.durable < 0 or log.holds(position):
            self.report(source)  # it is being installed, or came after all
            return

        def safe() -> None:
            if log.base == position:
                self.durable = max(self.durable, position.seq)
            self.report(source)

        try:
            self.file.install(position, message.state, safe)
        except DiskError:
            return
        gone = len(log.entries)
        if gone:
            self._note_cut(gone)
        log.install(position, State.load(message.state))
        self.durable = -1

    def _heed(self, source: str, epoch: int) -> bool:
        """Whether to listen to who claims to be the master of ``epoch``."""
        if epoch < self.promised:
            if epoch > self.refused:
                self.refused = epoch
                text = f"{self.service.name} refuses {source}, master of epoch {epoch}: {self.promised} has begun"
                self.service.note("fenced", text, group=self.shard, term=epoch)
            self.report(source)
            return False
        if epoch > self.promised:
            try:
                self._promise(epoch)
            except DiskError:
                return False
        if self.leading is not None:
            return False
        self.leader = source
        self.heard_us = self.service.clock.monotonic_us
        return True

    def _take(self, message: Append) -> bool:
        """Append what is new; False if it does not follow what is here. Raises DiskError half-way."""
        log, entries = self.log, message.entries
        previous = message.previous
        if previous.seq < log.base.seq:
            known = log.base.seq - previous.seq
            if len(entries) < known or entries[known - 1].epoch != log.base.epoch:
                return False
            entries = entries[known:]
        elif not log.holds(previous):
            return False
        for entry in entries:
            if log.holds(entry.position):
                continue
            if entry.seq <= log.last.seq:
                self._cut(entry.seq - 1)
            self.append(entry, reporting=entry is entries[-1])
            self._copied += 1
        log.commit_to(message.commit)
        return True

    def _mark_caught_up(self) -> None:
        if self.durable >= self.newest:
            self.caught_up_us = self.service.clock.monotonic_us

    def _cut(self, seq: int) -> None:
        self.file.cut(seq, lambda: None)
        self.durable = min(self.durable, seq)
        self._note_cut(self.log.cut(seq))

    def _note_cut(self, count: int) -> None:
        self.truncated += count
        text = f"{self.service.name} cuts {count} records off {self.shard} that the new master does not have"
        self.service.note("truncated", text, group=self.shard, records=count)

    # --- writing ------------------------------------------------------------------------------

    def append(self, entry: Entry, *, reporting: bool = False) -> None:
        """Add an entry to the file and to the log. DiskError: to neither."""

        def safe() -> None:
            if self.log.holds(entry.position):
                self.durable = max(self.durable, entry.seq)
                self._mark_caught_up()
            if self.leading is not None:
                self.leading.advance()
            elif reporting:
                self.report(self.leader, fetch=self.settings.shipping == "pull" and self.newest > self.log.last.seq)

        self.file.append(entry, safe)
        self.log.append(entry)

    def compact(self) -> None:
        """Put a snapshot in the place of older entries, if there are very many."""
        if not self.file.overgrown(self.settings.compact_after) or self.durable < 0:
            return
        log = self.log
        # Some are kept: a slave that lags a little need not be sent everything.
        kept = self.settings.compact_after // 4
        log.compact(log.whole(min(log.commit, self.durable, log.last.seq - kept)))
        self.service.spawn(self._rewrite)

    async def _rewrite(self) -> None:
        if self.file.overgrown(self.settings.compact_after):
            await self.file.compact(self.promised, self.log)

    # --- promises --------------------------------------------------------------------------------

    async def promise(self, epoch: int) -> None:
        """Take nothing below ``epoch`` from now on; returns when that is on the disk. Raises DiskError."""
        if epoch > self.promised:
            self._promise(epoch)
        if self.promised_safe < epoch:
            kept = trio.Event()
            self._promises.append((epoch, kept))
            await kept.wait()

    def _promise(self, epoch: int) -> None:
        def safe() -> None:
            self.promised_safe = max(self.promised_safe, epoch)
            for promised, kept in self._promises:
                if promised <= epoch:
                    kept.set()
            self._promises = [(promised, kept) for promised, kept in self._promises if promised > epoch]
            self.report(self.leader)

        self.file.promise(epoch, safe)
        self.promised = epoch
        if self.leading is not None:
            self.leading.end(f"epoch {epoch} has begun")

    def hear_of(self, epoch: int) -> None:
        """Somebody knows of a master of ``epoch``: if this copy leads an earlier one, it does no more."""
        if self.leading is not None and epoch > self.leading.epoch:
            self.leading.end(f"epoch {epoch} has begun")

    # --- to the master ------------------------------------------------------------------------------

    def report(self, to: str, *, lost: bool = False, fetch: bool = False) -> None:
        """Tell ``to`` what is safe here."""
        if to and to != self.service.name:
            runs = self.log.runs(self.durable)
            identity = self.identity
            report = Report(self.shard, self.promised_safe, identity, self.life, runs, lost=lost, fetch=fetch)
            self.service.send(to, report)

    def fetch(self) -> None:
        """Ask the master for what is new (pull)."""
        if self.leading is None:
            self.report(self.leader, fetch=True)

    # --- readers ---------------------------------------------------------------------------------------

    def read(self, message: Read) -> Found | Failed:
        """A read that a slave may answer: what it has applied."""
        if self.leading is not None:
            return self.leading.read(message)
        name = self.service.name
        if self.heard_us < 0:
            return Failed("recovering", f"{name} has not heard of a master of {self.shard} yet")
        silent_us = self.service.clock.monotonic_us - self.heard_us
        if self.settings.max_lag_ms and silent_us > self.settings.max_lag_ms * 1_000:
            return Failed("stale", f"{name} has had no news of {self.shard} for {silent_us / 1e6:.1f} s")
        if self.settings.read_your_writes and self.applied < message.after:
            return Failed("behind", f"{name} does not have the reader's last write of {self.shard} yet")
        return Found(self.log.state.data.get(message.key))

    @property
    def applied(self) -> Position:
        """How far it shows the log."""
        return self.log.position(self.log.commit)
