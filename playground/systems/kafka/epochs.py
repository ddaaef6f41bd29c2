"""Which leader epoch began where: by that two replicas find where their logs part (KIP-101, KIP-279).

The epochs are those of the batches. So a log that is read again has the same ones; compaction leaves the first batch
of each epoch in place (emptied, if need be) for that reason. When the beginning of a log is deleted the epoch that
stands there then begins there.
"""

from __future__ import annotations

from bisect import bisect_right

NO_EPOCH = -1


class EpochCache:
    """Epochs and start offsets; both rise."""

    __slots__ = ("_epochs", "_starts")

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []

    @property
    def last(self) -> int:
        """The newest; -1 if there is none."""
        return self._epochs[-1] if self._epochs else NO_EPOCH

    @property
    def entries(self) -> tuple[tuple[int, int], ...]:
        """``(epoch, start offset)``, oldest first."""
        return tuple(zip(self._epochs, self._starts, strict=True))

    def note(self, epoch: int, offset: int) -> None:
        """A batch of ``epoch`` was appended at ``offset``."""
        if not self._epochs or epoch > self._epochs[-1]:
            self._epochs.append(epoch)
            self._starts.append(offset)

    def end_of(self, epoch: int, start_offset: int, end_offset: int) -> tuple[int, int]:
        """The newest epoch that is not above ``epoch``, and where it ended: the next one's start, or the log's end.

        ``(-1, start_offset)`` if all are above it: of what came before them nothing is known.
        """
        place = bisect_right(self._epochs, epoch)
        if not place:
            return NO_EPOCH, start_offset
        return self._epochs[place - 1], self._starts[place] if place < len(self._starts) else end_offset

    def cut_from(self, offset: int) -> None:
        """The log ends at ``offset`` now."""
        while self._starts and self._starts[-1] >= offset:
            self._starts.pop()
            self._epochs.pop()

    def cut_before(self, offset: int) -> None:
        """The first batch of the log is at ``offset`` now."""
        past = max(0, bisect_right(self._starts, offset) - 1)
        del self._epochs[:past], self._starts[:past]
        if self._starts:
            self._starts[0] = max(self._starts[0], offset)

    def clear(self) -> None:
        """The log is empty now."""
        self._epochs.clear()
        self._starts.clear()
