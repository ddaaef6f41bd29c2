"""What has happened in a world lately, and what led to what.

A :class:`Tracer` observes a world and keeps its last happenings: every event (a message that arrives, a timer, a disk
that is done) and every command. What it keeps costs the world next to nothing and changes nothing in it.

* A happening is named by the sequence number of its event; a command, which is no event, by a negative number.
* Sequence numbers are drawn in the order in which things are scheduled. So whatever was scheduled while a happening was
  under way has a number between the world's counter at its beginning and at the beginning of the next one: its cause
  is found by that, without a word from whoever schedules (Lamport 1978: "happened before", by messages and by the
  order on one machine; this is its part that is known for certain: *this* was scheduled by *that*).
* Tasks that a happening wakes act within it.
* What comes to a frozen or slow process waits, and is taken later, in a turn of its own: the cause of what it does
  then is what has waited. It is known by place: whoever comes to a closed door makes the queue longer by one.
* A message that the rules of the network drop never becomes an event. It is kept as a loss, with the rule that did it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from playground.kernel.disk import Disk
from playground.kernel.happenings import Chunk, Happening, Loss
from playground.kernel.messages import Reply
from playground.kernel.node import Life, Node, Process
from playground.kernel.timers import Timer

if TYPE_CHECKING:
    from playground.kernel.journal import Entry
    from playground.kernel.network import Rule
    from playground.kernel.world import Event, World

__all__ = ["KEEP", "LOSSES", "Happening", "Loss", "Tracer"]

KEEP = 150_000
"""Happenings that are kept: about a minute and a half of the default platform."""
_CHUNK = 4_096
LOSSES = 20_000


class Tracer:
    """Keeps the last ``keep`` happenings of ``world``, from now on."""

    def __init__(self, world: World, keep: int = KEEP) -> None:
        self._world = world
        self._whole = world.now_us == 0
        """Everything since the beginning of the world is kept."""
        self._most = max(2, keep // _CHUNK + 1)
        self._chunk = Chunk()
        self._chunks: deque[Chunk] = deque([self._chunk])
        self._losses: deque[Loss] = deque()
        self._lost_by: dict[int, list[Loss]] = {}
        """Cause -> the losses that are kept."""
        self._commands = 0
        self._lost = 0
        self._door: tuple[Process, int] | None = None
        """The process that could not take the newest event at once, and that event."""
        self._queues: dict[str, tuple[Process, deque[int]]] = {}
        """Node -> its process, and what waits there, as happenings, in the order of ``Process.held``."""
        self._taken: dict[int, int] = {}
        """What had to wait -> the turn in which it was taken."""
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
        if self._whole:
            return 0
        return first.events[0][0] if first.events else self._world.now_us

    def command(self, command: Any) -> int:
        """Somebody acts now: what is done until the next event is done by this command. Returns its id."""
        self._commands += 1
        id = 1 - 2 * self._commands
        self._see((self._world.now_us, id, _commanded, None, command))
        return id

    def refused(self) -> None:
        """The newest command has changed nothing: it never happened, and its id is the next one's.

        Who re-executes a session carries out only what took effect; there, too, each command is to have the same id.
        """
        chunk = self._chunk
        *_, act, _, _ = chunk.events.pop()
        assert act is _commanded, "something has happened since that command"
        chunk.starts.pop()
        self._commands -= 1
        if not chunk.events and len(self._chunks) > 1:
            self._chunks.pop()
            self._chunk = self._chunks[-1]

    @property
    def current(self) -> int:
        """The happening that is under way, or was the last one; 0: none was."""
        return self._chunk.events[-1][1] if self._chunk.events else 0

    # --- to be asked ------------------------------------------------------------------------------

    def happenings(self, from_us: int, until_us: int) -> Iterator[Happening]:
        """What happened in ``from_us <= at_us <= until_us``, in order."""
        for chunk in self._chunks:
            for place in chunk.span(from_us, until_us):
                yield self._read(chunk, place)

    def arrivals(self, from_us: int, until_us: int) -> Iterator[tuple[int, int, str, str, Any]]:
        """``(id, at_us, source, target, content)`` of the messages that arrived in that time, the newest first.

        As quick as it can be: whoever looks for few among many asks :meth:`find` about those.
        """
        for chunk in reversed(self._chunks):
            events = chunk.events
            for place in reversed(chunk.arrivals(from_us, until_us)):
                at_us, id, act, source, content = events[place]
                yield id, at_us, source, act.__self__.name, content  # type: ignore[attr-defined]

    def find(self, id: int) -> Happening | Loss | None:
        """The happening, or the loss, of that id; None: it is not kept, or has not happened yet. 0 is none."""
        if not id:
            return None
        if id < 0 and id % 2 == 0:
            place = (self._losses[0].id - id) // 2 if self._losses else -1
            return self._losses[place] if 0 <= place < len(self._losses) else None
        found = self._find(id)
        return self._read(*found) if found else None

    def effects(self, id: int) -> list[int]:
        """The happenings and losses of which this one is the cause, as far as they have happened already.

        In the order in which they were scheduled; then the turn in which it was taken if it had to wait; losses last.
        """
        self._settle()
        found = self._find(id)
        if found is None:
            return []
        chunk, place = found
        ids = []
        for each in range(chunk.starts[place] + 1, self._next_start(chunk, place) + 1):
            happened = self._find(each)
            if happened is not None and happened[0].waited.get(happened[1], id) == id:
                ids.append(each)
        if id in self._taken and self._taken[id] not in ids:
            ids.append(self._taken[id])
        return ids + [loss.id for loss in self._lost_by.get(id, ())]

    def request_of(self, reply: Happening | Loss) -> Happening | None:
        """The request that a reply answers; None: it is no reply, or its request is not kept."""
        if not isinstance(reply.content, Reply):
            return None
        caller = reply.node if isinstance(reply, Happening) else reply.target
        for chunk in reversed(self._chunks):
            place = chunk.request(caller, reply.content.id)
            if place is not None:
                return self._read(chunk, place)
        return None

    def taken(self, id: int) -> int:
        """The turn in which a process took what had to wait; 0: it did not wait, or waits still."""
        return self._taken.get(id, 0)

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
        found = []
        for loss in reversed(self._losses):
            if loss.lost_us < from_us:
                break
            if loss.lost_us <= until_us:
                found.append(loss)
        return reversed(found)

    def under_way(self) -> Iterator[Happening]:
        """Messages that have not arrived yet, by when they will if nothing comes between."""
        coming = [event for event in self._world.heap if isinstance(getattr(event[2], "__self__", None), Node)]
        for at_us, seq, act, source, content in sorted(coming, key=lambda event: event[:2]):
            yield self._message(seq, at_us, act.__self__, source, content)  # type: ignore[attr-defined]

    def coming(self, id: int) -> Happening | None:
        """The message that is under way, and will be known by that id; None: there is none."""
        return next((each for each in self.under_way() if each.id == id), None)

    def life(self, name: str, at_us: int) -> Life:
        """In which life a machine was at the end of an instant; DOWN: it was not there yet."""
        lives = self.lives.get(name, [])
        at = bisect_right(lives, at_us, key=lambda each: each[0])
        return lives[at - 1][1] if at else Life.DOWN

    # --- in the world's thread ----------------------------------------------------------------------

    def _see(self, event: Event) -> None:
        # Called for each event: timers, which most of them are, and messages come first.
        chunk = self._chunk
        events = chunk.events
        if len(events) == _CHUNK:
            chunk = self._next_chunk()
            events = chunk.events
        if self._door is not None:
            self._settle()
        at_us, id, act, _, _ = event
        owner = getattr(act, "__self__", None)
        kind = owner.__class__
        process: Process | None
        if kind is Timer:
            process = owner.process  # type: ignore[union-attr]
            # Of the timer nothing is kept: it would keep the task that it has woken, with all that task has in hand.
            event = at_us, id, _fired, process.node, None
        elif kind is Node:
            chunk.messages.append(len(events))
            process = owner.process  # type: ignore[union-attr]
            life = owner.life  # type: ignore[union-attr]
            if life is not Life.UP:
                chunk.lives[len(events)] = life
        elif kind is Process:
            process = None
            event = self._turn(chunk, event, owner)  # type: ignore[arg-type]
        elif kind is Disk:
            node = self._world.nodes.get(owner.name)  # type: ignore[union-attr]
            process = node.process if node is not None else None
            event = at_us, id, act, None, None
        else:
            process = None
        if process is not None and not process.open and process.alive:
            self._queue(process)
            self._door = process, id
        events.append(event)
        chunk.starts.append(self._world.sequence)

    def _turn(self, chunk: Chunk, event: Event, process: Process) -> Event:
        """A process takes what waits first, unless it is frozen again: the event with what it takes."""
        if not (process.running and process.held):
            return event
        waited = self._queue(process).popleft()
        if waited:
            chunk.waited[len(chunk.events)] = waited
            self._taken[waited] = event[1]
        _, source, content = process.held[0]
        return (*event[:3], source, content)

    def _queue(self, process: Process) -> deque[int]:
        """What waits in a process; of what came before anybody looked, nothing is known."""
        known = self._queues.get(process.node.name)
        if known is None or known[0] is not process:
            known = self._queues[process.node.name] = process, deque([0] * len(process.held))
        return known[1]

    def _settle(self) -> None:
        """Whether the newest event had to wait shows once it is over."""
        if self._door is None:
            return
        (process, id), self._door = self._door, None
        queue = self._queue(process)
        if len(process.held) > len(queue):
            queue.append(id)
        elif not process.held:
            queue.clear()  # it died

    def _next_chunk(self) -> Chunk:
        self._chunk = chunk = Chunk()
        self._chunks.append(chunk)
        if len(self._chunks) > self._most:
            self._whole = False
            for waited in self._chunks.popleft().waited.values():
                self._taken.pop(waited, None)
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
        cause, sent_us = self._cause(seq) if seq else (self.current, now_us)
        loss = Loss(-2 * self._lost, sent_us, now_us, source, target, content, cause, rule, severed=bool(seq))
        self._losses.append(loss)
        self._lost_by.setdefault(cause, []).append(loss)
        if len(self._losses) > LOSSES:
            old = self._losses.popleft()
            same = self._lost_by[old.cause]
            same.remove(old)
            if not same:
                del self._lost_by[old.cause]

    # --- reading ------------------------------------------------------------------------------------

    def _find(self, id: int) -> tuple[Chunk, int] | None:
        for chunk in reversed(self._chunks):
            place = chunk.place(id)
            if place is not None:
                return chunk, place
        return None

    def _next_start(self, chunk: Chunk, place: int) -> int:
        if place + 1 < len(chunk.starts):
            return chunk.starts[place + 1]
        at = self._chunks.index(chunk)
        return self._chunks[at + 1].starts[0] if at + 1 < len(self._chunks) else self._world.sequence

    def _cause(self, seq: int) -> tuple[int, int]:
        """The last happening that began before ``seq`` was drawn, and its instant; (0, -1): none that is kept."""
        for chunk in reversed(self._chunks):
            if chunk.starts and chunk.starts[0] < seq:
                at_us, id, _, _, _ = chunk.events[bisect_left(chunk.starts, seq) - 1]
                return id, at_us
        return 0, -1

    def _read(self, chunk: Chunk, place: int) -> Happening:
        at_us, id, act, a, b = chunk.events[place]
        if id < 0:
            return Happening(id, at_us, "command", "", 0, content=b)
        owner = getattr(act, "__self__", None)
        if isinstance(owner, Node):
            return self._message(id, at_us, owner, a, b, chunk.lives.get(place, Life.UP))
        cause, _ = self._cause(id)
        if act is _fired:
            return Happening(id, at_us, "timer", a.name, cause)
        if isinstance(owner, Disk):
            return Happening(id, at_us, "disk", owner.name, cause)
        if isinstance(owner, Process):
            source = a if isinstance(a, str) else ""
            content = b if source else None
            return Happening(id, at_us, "turn", owner.node.name, chunk.waited.get(place, cause), source, content)
        return Happening(id, at_us, "callback", "", cause)

    def _message(self, id: int, at_us: int, node: Node, source: str, content: Any, life: Life = Life.UP) -> Happening:
        cause, sent_us = self._cause(id)
        return Happening(id, at_us, "message", node.name, cause, source, content, sent_us, life)


def _fired(_node: Any, _b: Any) -> None:
    """Stands in the place of a timer of ``_node``."""


def _commanded(_a: Any, _b: Any) -> None:
    """Stands in the place of what an event does."""
