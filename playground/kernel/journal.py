"""What happened, in order, and the digest that proves it happened the same way again.

Three things enter the digest, each as a stream of its own so that it does not
matter how the run was cut into slices:

* every event of the kernel, by instant and sequence number;
* every :class:`Entry`: crashes, faults, beliefs, alerts, by its whole content;
* whatever a part mixes in: checksums of what goes to disk, operations of clients.

Two runs with one digest did the same things at the same instants.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

KEEP = 20_000
"""Entries kept in memory; older ones stay in the digest and in nothing else."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One happening. ``index`` counts from 0; ``subject`` is the node or thing it is about, or ""."""

    index: int
    at_us: int
    kind: str
    subject: str
    text: str
    data: tuple[tuple[str, Any], ...] = ()


class Journal:
    """An ordered record of a world. ``digest()`` may be asked at any time."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEEP)
        self.count = 0
        self._instants = hashlib.blake2b(digest_size=16)
        self._sequence = hashlib.blake2b(digest_size=16)
        self._content = hashlib.blake2b(digest_size=16)
        self._mixed = hashlib.blake2b(digest_size=16)
        self._watchers: list[Callable[[Entry], None]] = []
        self._listeners: list[Callable[[str, tuple[Any, ...]], None]] = []

    def record(self, at_us: int, kind: str, subject: str, text: str, **data: Any) -> Entry:
        """Write down what happened. ``data`` must be plain values (they are hashed by ``repr``)."""
        entry = Entry(self.count, at_us, kind, subject, text, tuple(data.items()))
        self.count += 1
        self.entries.append(entry)
        self._content.update(repr((at_us, kind, subject, text, entry.data)).encode())
        for watcher in self._watchers:
            watcher(entry)
        return entry

    def watch(self, watcher: Callable[[Entry], None]) -> None:
        """Call ``watcher`` with every entry from now on."""
        self._watchers.append(watcher)

    def mix(self, *values: Any, about: object = "") -> None:
        """Let ``values`` (plain, hashed by ``repr``) count in the digest without an entry.

        ``about``: what they are, for people; counts for nothing.
        """
        self._mixed.update(repr(values).encode())
        for listener in self._listeners:
            listener(str(about), values)

    def listen(self, listener: Callable[[str, tuple[Any, ...]], None]) -> None:
        """Call ``listener(about, values)`` for whatever is mixed in from now on."""
        self._listeners.append(listener)

    def fold(self, events: Iterable[tuple[Any, ...]]) -> None:
        """Add kernel events ``(at_us, seq, ...)`` to the digest."""
        events = list(events)
        self._instants.update(array("q", [event[0] for event in events]).tobytes())
        self._sequence.update(array("q", [event[1] for event in events]).tobytes())

    def digest(self) -> str:
        """32 hex digits over everything so far. The world folds its open events in first."""
        total = hashlib.blake2b(digest_size=16)
        for part in (self._instants, self._sequence, self._content, self._mixed):
            total.update(part.digest())
        return total.hexdigest()
