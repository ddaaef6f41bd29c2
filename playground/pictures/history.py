"""What happened to each machine, and to each shard, partition, group, key and session: in order, as sentences.

The journal, and what clients asked, are filed as they come, under everything that they are about (:mod:`.items` says
what that is): a frame never searches them. A history is told when somebody looks at it, and told anew only when there
is more of it. The newest stands first. What happened to a znode the ensemble's transactions tell (see the system's
picture); it is added to what the journal says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.kernel.journal import Entry
from playground.pictures.items import Subjects
from playground.pictures.telling import Telling
from widgets.shapes import Item, LogLine, Tone

K = TypeVar("K")

KEEP = 400
"""So many entries are kept of each thing …"""
SHOWN = 24
"""… and so many of the lines that they make are told."""
OPERATIONS = 100
"""So many operations are kept of each client …"""
OF_KEY = 32
"""… and of each key …"""
KEYS = 20_000
"""… of so many keys, those that were asked for last."""

Told = tuple[tuple[LogLine, ...], int]
"""Lines, the newest first; and how much more happened before."""


@dataclass(slots=True)
class _File:
    """All entries about one thing."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEEP))
    count: int = 0
    told_at: int = -1
    told: Told = ((), 0)


class Histories:
    """Of one cluster, from its beginning. ``hues``: of the machines, kept up to date by its owner."""

    def __init__(self, cluster: Cluster, hues: Mapping[str, int]) -> None:
        self._hues = hues
        self._of_node: dict[str, _File] = {}
        self._of_item: dict[Item, _File] = {}
        self._of_client: dict[str, deque[Operation]] = {}
        self._of_key: dict[str, deque[Operation]] = {}
        """The key that was asked for last stands last."""
        self.subjects = Subjects(cluster, self._of_key.__contains__)
        for entry in cluster.world.journal.entries:
            self._file(entry)
        for operation in cluster.history.operations:
            self._began(operation)
        cluster.world.journal.watch(self._file)
        cluster.history.listen(started=self._began)

    # --- to be asked ------------------------------------------------------------------------------

    def of_node(self, name: str) -> Told:
        """What happened to a machine, and what others said of it."""
        return self._tell(self._of_node.get(name))

    def of_item(self, item: Item) -> Told:
        """What happened to an item; to a key: also what clients asked of it, and were told."""
        told, earlier = self._tell(self._of_item.get(item))
        if item.kind != "key":
            return told, earlier
        asked = [line_of(operation, self._hues) for operation in self._of_key.get(item.name, ())]
        return newest_first((*told, *asked), earlier)

    def operations(self, client: str) -> Iterable[Operation]:
        """What a client asked, the newest first."""
        return reversed(self._of_client.get(client, deque()))

    # --- filing -----------------------------------------------------------------------------------

    def _file(self, entry: Entry) -> None:
        for name in self.subjects.nodes_of(entry):
            _add(self._of_node, name, entry)
        for item in self.subjects.items_of(entry):
            _add(self._of_item, item, entry)

    def _began(self, operation: Operation) -> None:
        self._of_client.setdefault(operation.client, deque(maxlen=OPERATIONS)).append(operation)
        kept = self._of_key.pop(operation.key, None)
        if kept is None:
            kept = deque(maxlen=OF_KEY)
            if len(self._of_key) >= KEYS:
                del self._of_key[next(iter(self._of_key))]
        kept.append(operation)
        self._of_key[operation.key] = kept

    def _tell(self, kept: _File | None) -> Told:
        if kept is None:
            return (), 0
        if kept.told_at != kept.count:
            telling = Telling(self._hues, keep=KEEP)
            for entry in kept.entries:
                telling.write(entry)
            kept.told_at = kept.count
            kept.told = newest_first(telling.lines, kept.count - len(kept.entries))
        return kept.told


def newest_first(lines: Iterable[LogLine], earlier: int = 0) -> Told:
    """Lines of several sources by their instants, the newest first, as many as are told."""
    found = sorted(lines, key=_instant, reverse=True)
    return tuple(found[:SHOWN]), earlier + max(0, len(found) - SHOWN)


def line_of(operation: Operation, hues: Mapping[str, int]) -> LogLine:
    """What a client did with a key, and what came of it, as a sentence that goes on after the client's name."""
    kind = "write" if operation.write else "read"
    text, tone = _WORDS[operation.outcome](operation)
    return LogLine(
        operation.index, operation.invoked_us, kind, operation.client, text, tone, hues.get(operation.client)
    )


def _ok(operation: Operation) -> tuple[str, Tone]:
    took = f"{operation.latency_us / 1_000:.1f} ms"
    if operation.write:
        return f"wrote {operation.value}, acknowledged after {took}", Tone.GOOD
    seen = " and ".join(operation.seen) or "nothing"
    if len(operation.seen) > 1:
        seen += ", written concurrently"
    if operation.stale:
        return f"read {seen} after {took}, which was stale: it missed {', '.join(operation.missed)}", Tone.WARN
    return f"read {seen} after {took}", Tone.PLAIN


def _fail(operation: Operation) -> tuple[str, Tone]:
    what = f"write {operation.value}, and it was not written" if operation.write else "read it"
    return f"could not {what}: {operation.error}", Tone.BAD


def _unknown(operation: Operation) -> tuple[str, Tone]:
    return f"does not know whether {operation.value} was written: {operation.error}", Tone.WARN


def _open(operation: Operation) -> tuple[str, Tone]:
    return f"{f'writes {operation.value}' if operation.write else 'reads it'}: no answer yet", Tone.MUTED


_WORDS: Mapping[str, Callable[[Operation], tuple[str, Tone]]] = {
    "ok": _ok,
    "fail": _fail,
    "unknown": _unknown,
    "open": _open,
}


def _add(files: dict[K, _File], about: K, entry: Entry) -> None:
    kept = files.get(about)
    if kept is None:
        kept = files[about] = _File()
    kept.entries.append(entry)
    kept.count += 1


def _instant(line: LogLine) -> tuple[int, int]:
    return line.at_us, line.index
