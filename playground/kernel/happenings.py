"""What a trace consists of: happenings, losses, and the chunks in which they are kept.

A trace has hundreds of thousands of them, so the events of the world are kept as they are; a :class:`Happening` is made
only when somebody asks for it. What is dear to find out later (which events are messages, in which life the receiver
was, what has waited) is noted while it happens.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from playground.kernel.messages import Request
from playground.kernel.node import Life

if TYPE_CHECKING:
    from playground.kernel.journal import Entry
    from playground.kernel.network import Rule
    from playground.kernel.world import Event


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
    """The happening in which it was scheduled; 0: none that is known. Of a turn: the arrival of what had to wait."""
    source: str = ""
    """Of a message: who sent it."""
    content: Any = None
    """Of a message: the message itself, never to be changed. Of a command: the command."""
    sent_us: int = -1
    """Of a message: when; -1: before what is kept."""
    life: Life = Life.UP
    """Of a message: in which life its receiver was."""

    @property
    def is_message(self) -> bool:
        return self.what == "message"

    @property
    def since_us(self) -> int:
        """When it was sent, or else happened."""
        return self.sent_us if self.is_message else self.at_us


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

    # What a message that arrived is asked, a loss answers as well.
    what: ClassVar[str] = "loss"
    is_message: ClassVar[bool] = True

    @property
    def at_us(self) -> int:
        return self.lost_us

    @property
    def since_us(self) -> int:
        return self.sent_us

    @property
    def node(self) -> str:
        """Where it was to arrive."""
        return self.target


class Chunk:
    """Some happenings, in the order in which they happened, as the events that the world made for them."""

    __slots__ = ("_asked", "_looked", "_where", "entries", "events", "lives", "messages", "starts", "waited")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.starts = array("q")
        """The world's counter when each began."""
        self.messages = array("i")
        """The places of messages."""
        self.lives: dict[int, Life] = {}
        """Place of a message -> its receiver's life, unless it was up."""
        self.waited: dict[int, int] = {}
        """Place of a turn -> the happening that had to wait for it."""
        self.entries: list[tuple[int, Entry]] = []
        """(place in the chunk, what was noted then)"""
        self._where: dict[int, int] = {}
        """Id -> place, as far as somebody has asked."""
        self._asked: dict[tuple[str, int], int] = {}
        """(caller, number of the call) -> place of the request, as far as somebody has asked."""
        self._looked = 0
        """How many messages stand in ``_asked`` already."""

    def place(self, id: int) -> int | None:
        """Where the happening of that id stands."""
        events, where = self.events, self._where
        for place in range(len(where), len(events)):
            where[events[place][1]] = place
        return where.get(id)

    def request(self, caller: str, call: int) -> int | None:
        """Where the request of that call stands."""
        events, messages = self.events, self.messages
        for index in range(self._looked, len(messages)):
            _, _, _, source, content = events[messages[index]]
            if content.__class__ is Request:
                self._asked[source, content.id] = messages[index]
        self._looked = len(messages)
        return self._asked.get((caller, call))

    def span(self, from_us: int, until_us: int) -> range:
        """The places of what happened in ``from_us <= at_us <= until_us``."""
        events = self.events
        if not events or events[-1][0] < from_us or events[0][0] > until_us:
            return range(0)
        return range(bisect_left(events, from_us, key=_at), bisect_right(events, until_us, key=_at))

    def arrivals(self, from_us: int, until_us: int) -> array[int]:
        """The places of the messages that arrived in that time."""
        span = self.span(from_us, until_us)
        messages = self.messages
        return messages[bisect_left(messages, span.start) : bisect_left(messages, span.stop)]


def _at(event: Event) -> int:
    return event[0]
