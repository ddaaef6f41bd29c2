"""A shard's replicated log, in memory: what it holds, how far it is committed, what that amounts to.

The rules, which are Raft's (Ongaro and Ousterhout, 2014, section 5.3) but for the aborts:

* An entry is known by its epoch and its place. One master writes in one epoch, each place once, so two logs
  that have the same entry in a place are the same up to there (log matching).
* What conflicts with the log of a newer master is cut off, and nothing else ever is.
* A write that failed is not taken out but undone by a later entry, an abort (ARIES calls it a compensation record).
  What is applied ends never between the two: the value is never seen.
* A prefix of what was applied may be replaced by its result, the base (a snapshot).

This module decides; it sends nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playground.systems.shards.messages import START, Entry, Position, Run
from playground.systems.shards.state import State


class ReplicatedLog:
    """Places ``base.seq + 1`` to ``last.seq`` are at hand; ``state`` is what those up to ``commit`` amount to."""

    def __init__(self) -> None:
        self.base = START
        self.entries: list[Entry] = []
        self.commit = 0
        self.state = State()
        self._base_state = State()
        self._aborts: dict[int, int] = {}
        """Place of a write -> place of the abort that undoes it; those at hand."""
        self._runs: list[Run] = [Run(0, 0, 0)]
        """The base, a run of one place, and then the entries by epochs."""

    # --- what it holds ------------------------------------------------------------------

    @property
    def last(self) -> Position:
        return self.entries[-1].position if self.entries else self.base

    def entry(self, seq: int) -> Entry:
        """The entry at a place that is at hand."""
        return self.entries[seq - self.base.seq - 1]

    def epoch_at(self, seq: int) -> int:
        """In which epoch a place was written; -1 if it is not at hand."""
        if seq == self.base.seq:
            return self.base.epoch
        return self.entry(seq).epoch if self.base.seq < seq <= self.last.seq else -1

    def holds(self, position: Position) -> bool:
        """Whether this very entry is at hand."""
        return self.epoch_at(position.seq) == position.epoch

    def position(self, seq: int) -> Position:
        return Position(self.epoch_at(seq), seq)

    def after(self, seq: int, limit: int) -> tuple[Entry, ...]:
        """Up to ``limit`` entries that follow ``seq``, which is at hand."""
        begin = seq - self.base.seq
        return tuple(self.entries[begin : begin + limit])

    def runs(self, until: int) -> tuple[Run, ...]:
        """The log up to ``until`` by epochs, oldest first; () if not even the base is within it."""
        return tuple(Run(epoch, first, min(last, until)) for epoch, first, last in self._runs if first <= until)

    def common(self, runs: tuple[Run, ...]) -> int:
        """The last place that a log with these ``runs`` has in common with this one; -1: none that is at hand."""
        for epoch, first, last in reversed(runs):
            if self.epoch_at(last) == epoch:
                return last
            for own_epoch, own_first, own_last in reversed(self._runs):
                seq = min(last, own_last)
                if own_epoch == epoch and seq >= max(first, own_first):
                    return seq
        return -1

    def aborted(self, seq: int) -> bool:
        """Whether an abort at hand undoes the write at ``seq``."""
        return seq in self._aborts

    def whole(self, seq: int) -> int:
        """The last place up to ``seq`` that stands between no write and its abort."""
        while split := [write for write, abort in self._aborts.items() if write <= seq < abort]:
            seq = min(split) - 1  # which may be between another write and its abort
        return seq

    # --- what changes it ----------------------------------------------------------------

    def append(self, entry: Entry) -> None:
        """Add the entry that comes next."""
        assert entry.seq == self.last.seq + 1, f"{entry.position} does not follow {self.last}"
        self.entries.append(entry)
        epoch, first, last = self._runs[-1]
        if entry.epoch == epoch and len(self._runs) > 1:
            self._runs[-1] = Run(epoch, first, entry.seq)
        else:
            self._runs.append(Run(entry.epoch, last + 1, entry.seq))
        if entry.kind == "abort":
            self._aborts[entry.about] = entry.seq

    def cut(self, seq: int) -> int:
        """Forget what follows ``seq``, applied or not; returns how many entries that are."""
        assert seq >= self.base.seq, f"{seq} is not at hand any more"
        gone = self.last.seq - seq
        del self.entries[seq - self.base.seq :]
        self._runs = list(self.runs(seq))
        self._aborts = {write: abort for write, abort in self._aborts.items() if abort <= seq}
        if self.commit > seq:  # without synchronous copies what was applied may have to go
            self.commit = self.base.seq
            self.state = self._base_state.copy()
            self.commit_to(self.whole(seq))
        return gone

    def commit_to(self, seq: int) -> list[Entry]:
        """Apply all up to ``seq`` (see :meth:`whole`); returns what was applied now."""
        if seq <= self.commit:
            return []
        newly = self.entries[self.commit - self.base.seq : seq - self.base.seq]
        self._apply(self.state, newly, seq)
        self.commit = seq
        return newly

    def install(self, position: Position, state: State) -> None:
        """Be what a snapshot says, and nothing else."""
        self.base, self.entries, self.commit = position, [], position.seq
        self.state, self._base_state = state, state.copy()
        self._aborts = {}
        self._runs = [Run(*position, position.seq)]

    def compact(self, seq: int) -> None:
        """Move the base up to ``seq``, which is applied (see :meth:`whole`)."""
        if seq <= self.base.seq:
            return
        assert seq <= self.commit, "only what is applied can become the base"
        position = self.position(seq)
        self._apply(self._base_state, self.entries[: seq - self.base.seq], seq)
        del self.entries[: seq - self.base.seq]
        self._aborts = {write: abort for write, abort in self._aborts.items() if abort > seq}
        self.base = position
        kept = [Run(epoch, max(first, seq + 1), last) for epoch, first, last in self._runs[1:] if last > seq]
        self._runs = [Run(*position, seq), *kept]

    def base_state(self) -> State:
        """What the base stands for."""
        return self._base_state

    def _apply(self, state: State, entries: list[Entry], until: int) -> None:
        for entry in entries:
            state.apply(entry, reversed_=self._aborts.get(entry.seq, until + 1) <= until)


def written(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The writes among them."""
    return (entry for entry in entries if entry.kind == "write")
