"""What has happened in a world lately, and what led to what.

A :class:`Tracer` observes a world and keeps its last happenings: every event (a message that arrives, a timer, a disk
that is done) and every command. What it keeps costs the world next to nothing and changes nothing in it.

* A happening is named by the sequence number of its event; a command, which is no event, by a negative number.
* Sequence numbers are drawn in the order in which things are scheduled. So whatever was scheduled while a happening was
  under way has a number between the world's counter at its beginning and at the beginning of the next one: its cause
  is found by that, without a word from whoever schedules (Lamport 1978: "happened before", by messages and by the
  order on one machine; this is its part that is known for certain: *this* was scheduled by *that*).
* Tasks that a happening wakes act within it.
* What waits in a frozen or slow process is taken later, in a turn of its own: the cause of what it does then is the
  message that has waited.
* A message that the rules of the network drop never becomes an event. It is kept as a loss, with the rule that did it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.kernel.disk import Disk
from playground.kernel.journal import Entry
from playground.kernel.node import Life, Node, Process
from playground.kernel.timers import Timer

if TYPE_CHECKING:
    from playground.kernel.network import Rule
    from playground.kernel.world import Event, World

KEEP = 150_000
"""Happenings that are kept: about a minute and a half of the default platform."""
_CHUNK = 4_096
LOSSES = 20_000


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of the world, or a command. Instants in virtual microseconds."""

    id: int
    at_us: int
    what: str
    """"message", "timer", "disk", "turn", "callback", "command"."""
    node: str
    """Where it happened; "" for a command, and for what is on no machine."""
    cause: int
    """The happening in which it was scheduled; 0: none that is known."""
    source: str = ""
    """Of a message: who sent it."""
    content: Any = None
    """Of a message: the message itself, never to be changed. Of a command: the command."""
    sent_us: int = -1
    """Of a message: when; -1: before what is kept."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A message that never arrived. ``rule``: what dropped it, as it was sent or (``severed``) on its way."""

    id: int
    """Its own, negative and even (commands have odd ones)."""
    sent_us: int
    lost_us: int
    source: str
    target: str
    content: Any
    cause: int
    rule: Rule
    severed: bool = False


class _Chunk:
    """Some happenings, in the order in which they happened, as the events that the world made for them."""

    __slots__ = ("entries", "events", "starts", "where")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.starts = array("q")
        """The world's counter when each began."""
        self.entries: list[tuple[int, Entry]] = []
        """(place in the chunk, what was noted then)"""
        self.where: dict[int, int] = {}
        """Id -> place, as far as somebody has asked."""

    def place(self, id: int) -> int | None:
        for place in range(len(self.where), len(self.events)):
            self.where[self.events[place][1]] = place
        return self.where.get(id)

    def span(self, from_us: int, until_us: int) -> range:
        """The places of what happened in that time."""
        events = self.events
        if not events or events[-1][0] < from_us or events[0][0] > until_us:
            return range(0)
        return range(bisect_left(events, from_us, key=_at), bisect_right(events, until_us, key=_at))


def _at(event: Event) -> int:
    return event[0]


class Tracer:
    """Keeps the last ``keep`` happenings of ``world``, from now on."""

    def __init__(self, world: World, keep: int = KEEP) -> None:
        self._world = world
        self._began = world.sequence if world.now_us == 0 else -1
        self._most = max(2, keep // _CHUNK + 1)
        self._chunk = _Chunk()
        self._chunks: deque[_Chunk] = deque([self._chunk])
        self._losses: deque[Loss] = deque(maxlen=LOSSES)
        self._commands = 0
        self._lost = 0
        self.lives: dict[str, list[tuple[int, Life]]] = {}
        """Node -> since when it has been in which life, oldest first."""
        for node in world.nodes.values():
            self.lives[node.name] = [(world.now_us, node.life)]
        world.observe(self._see)
        world.journal.watch(self._note)
        world.network.on_lost = self._lose

    # --- what is kept -----------------------------------------------------------------------------

    @property
    def since_us(self) -> int:
        """From this instant on everything is kept."""
        first = self._chunks[0]
        if not first.events:
            return self._world.now_us
        return 0 if first.starts[0] == self._began else first.events[0][0]

    def command(self, command: Any) -> int:
        """Somebody acts now: what is done until the next event is done by this command. Returns its id."""
        self._commands += 1
        id = 1 - 2 * self._commands
        self._see((self._world.now_us, id, _commanded, None, command))
        return id

    # --- to be asked ------------------------------------------------------------------------------

    def happenings(self, from_us: int, until_us: int) -> Iterator[Happening]:
        """What happened in ``from_us <= at_us <= until_us``, in order."""
        for chunk in self._chunks:
            for place in chunk.span(from_us, until_us):
                yield self._read(chunk, place)

    def find(self, id: int) -> Happening | Loss | None:
        """The happening, or the loss, of that id; None: it is not kept, or has not happened yet."""
        if id < 0 and id % 2 == 0:
            return next((loss for loss in self._losses if loss.id == id), None)
        found = self._find(id)
        return self._read(*found) if found else None

    def effects(self, id: int) -> list[int]:
        """What was scheduled in this happening, in that order, as far as it has happened already; losses after it."""
        found = self._find(id)
        if found is None:
            return []
        chunk, place = found
        first = chunk.starts[place] + 1
        last = self._next_start(chunk, place)
        ids = [each for each in range(first, last + 1) if self._find(each) is not None]
        # What waited in a process that was frozen or slow is taken in a turn, which nothing in its number tells.
        return ids + [loss.id for loss in self._losses if loss.cause == id]

    def entries(self, id: int) -> list[Entry]:
        """What was noted in the journal in this happening."""
        found = self._find(id)
        if found is None:
            return []
        chunk, place = found
        return [entry for at, entry in chunk.entries if at == place]

    def of_entry(self, index: int) -> int:
        """The happening in which the journal's entry ``index`` was noted; 0: it is not kept."""
        for chunk in reversed(self._chunks):
            if chunk.entries and chunk.entries[0][1].index <= index:
                at = bisect_left(chunk.entries, index, key=lambda each: each[1].index)
                if at < len(chunk.entries) and chunk.entries[at][1].index == index:
                    return chunk.events[chunk.entries[at][0]][1]
                return 0
        return 0

    def noted(self, from_us: int, until_us: int) -> Iterator[tuple[int, Entry]]:
        """``(happening, entry)`` of what was noted in that time, in order."""
        for chunk in self._chunks:
            for place, entry in chunk.entries:
                if from_us <= entry.at_us <= until_us:
                    yield chunk.events[place][1], entry

    def losses(self, from_us: int, until_us: int) -> Iterator[Loss]:
        """Messages lost in that time, in order. Those that reach a machine without power are happenings."""
        return (loss for loss in self._losses if from_us <= loss.lost_us <= until_us)

    def under_way(self) -> Iterator[Happening]:
        """Messages that have not arrived yet, by when they will if nothing comes between."""
        for at_us, seq, act, a, b in sorted(self._world.heap, key=lambda event: event[:2]):
            owner = getattr(act, "__self__", None)
            if isinstance(owner, Node) and b is not None:
                yield self._message(seq, at_us, owner, a, b)

    def life(self, name: str, at_us: int) -> Life:
        """In which life a machine was at an instant; DOWN: it was not there yet."""
        lives = self.lives.get(name, [])
        at = bisect_right(lives, at_us, key=lambda each: each[0])
        return lives[at - 1][1] if at else lives[0][1] if lives else Life.DOWN

    # --- in the world's thread ----------------------------------------------------------------------

    def _see(self, event: Event) -> None:
        chunk = self._chunk
        if len(chunk.events) == _CHUNK:
            chunk = self._next_chunk()
        if event[3] is None:
            owner = getattr(event[2], "__self__", None)
            if isinstance(owner, Process) and owner.held:
                event = (*event[:3], owner.held[0][1], owner.held[0][2])
        chunk.events.append(event)
        chunk.starts.append(self._world.sequence)

    def _next_chunk(self) -> _Chunk:
        self._chunk = chunk = _Chunk()
        self._chunks.append(chunk)
        if len(self._chunks) > self._most:
            self._chunks.popleft()
        return chunk

    def _note(self, entry: Entry) -> None:
        if self._chunk.events:
            self._chunk.entries.append((len(self._chunk.events) - 1, entry))
        node = self._world.nodes.get(entry.subject)
        if node is not None:
            lives = self.lives.setdefault(node.name, [])
            if not lives or lives[-1][1] is not node.life:
                lives.append((entry.at_us, node.life))

    def _lose(self, source: str, target: str, content: Any, rule: Rule, seq: int) -> None:
        self._lost += 1
        now_us = self._world.now_us
        cause = self._cause(seq) if seq else self._chunk.events[-1][1] if self._chunk.events else 0
        sent_us = self._instant(cause) if seq else now_us
        self._losses.append(
            Loss(-2 * self._lost, sent_us, now_us, source, target, content, cause, rule, severed=bool(seq))
        )

    # --- reading ------------------------------------------------------------------------------------

    def _find(self, id: int) -> tuple[_Chunk, int] | None:
        for chunk in reversed(self._chunks):
            place = chunk.place(id)
            if place is not None:
                return chunk, place
        return None

    def _next_start(self, chunk: _Chunk, place: int) -> int:
        if place + 1 < len(chunk.starts):
            return chunk.starts[place + 1]
        at = self._chunks.index(chunk)
        return self._chunks[at + 1].starts[0] if at + 1 < len(self._chunks) else self._world.sequence

    def _cause(self, seq: int) -> int:
        """The last happening that began before ``seq`` was drawn."""
        for chunk in reversed(self._chunks):
            if chunk.starts and chunk.starts[0] < seq:
                return chunk.events[bisect_left(chunk.starts, seq) - 1][1]
        return 0

    def _read(self, chunk: _Chunk, place: int) -> Happening:
        at_us, id, act, a, b = chunk.events[place]
        if id < 0:
            return Happening(id, at_us, "command", "", 0, content=b)
        owner = getattr(act, "__self__", None)
        if isinstance(owner, Node):
            return self._message(id, at_us, owner, a, b)
        cause = self._cause(id)
        if isinstance(owner, Timer):
            return Happening(id, at_us, "timer", owner.process.node.name, cause)
        if isinstance(owner, Disk):
            return Happening(id, at_us, "disk", owner.name, cause)
        if isinstance(owner, Process):
            return Happening(id, at_us, "turn", owner.node.name, self._waited(owner, at_us, a, b) or cause)
        return Happening(id, at_us, "callback", "", cause)

    def _message(self, id: int, at_us: int, node: Node, source: str, content: Any) -> Happening:
        cause = self._cause(id)
        return Happening(id, at_us, "message", node.name, cause, source, content, self._instant(cause))

    def _instant(self, id: int) -> int:
        found = self._find(id) if id else None
        return found[0].events[found[1]][0] if found else -1

    def _waited(self, process: Process, at_us: int, source: Any, content: Any) -> int:
        """The delivery of the message that a process takes in its turn."""
        if content is None:
            return 0
        for chunk in reversed(self._chunks):
            for place in reversed(chunk.span(0, at_us)):
                _, id, act, other, held = chunk.events[place]
                if held is content and other == source and getattr(act, "__self__", None) is process.node:
                    return id
        return 0


def _commanded(_a: Any, _b: Any) -> None:
    """Stands in the place of what an event does."""
