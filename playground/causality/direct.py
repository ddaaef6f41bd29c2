"""The chain of direct causes: what was scheduled in what, back to an act, a request, or a timer that came by itself.

Only what is telling is kept of it: messages that say something, and what was noted on the way. A timer that waited for
something (a poll, a heartbeat) cuts the chain: that it was set long ago explains nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from playground.causality.deeds import in_words
from playground.causality.evidence import Evidence
from playground.causality.facts import Fact, Link, clock
from playground.causality.messages import inner, label
from playground.checkers.history import Operation
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.kernel.tracing import Happening

FAR = 80
"""So many steps it is gone back at most."""
SHOWN = 4
"""So many messages of a chain are told."""
WAITED_US = 50_000
"""A timer that was set longer ago than this waited for its own time."""

_BELIEFS = frozenset({"suspect", "dead", "alive", "forget", "slept"})
"""What is noted beside what a machine does next, which does not come of it."""


class Direct:
    """``explain``: an entry with what led to it; ``request``: an operation as a first cause."""

    def __init__(
        self, evidence: Evidence, explain: Callable[[Entry], Link], request: Callable[[Operation], Link]
    ) -> None:
        self._evidence = evidence
        self._explain = explain
        self._request = request

    def causes(self, id: int, but: int = -1) -> list[Link]:
        """What led directly to a happening, it included; ``but``: the entry that is being explained."""
        messages: list[Happening] = []
        found = self._evidence.happening(id)
        origin: Link | None = None
        for step in range(FAR):
            if found is None:
                break
            # What else was noted in the very same happening is beside it, not before it.
            origin = self._origin(found, noted=step > 0 or but < 0)
            if origin is not None:
                break
            if found.what == "message" and inner(found.content) is not None:
                messages.append(found)
            cause = self._evidence.happening(found.cause)
            if found.what in ("timer", "callback") and (cause is None or found.at_us - cause.at_us > WAITED_US):
                break
            found = cause
        return _linked([self.of_message(each) for each in _telling(messages)], origin)

    def of_message(self, happening: Happening) -> Fact:
        """A message that arrived, as a fact."""
        what, sent_us = label(happening.content), max(0, happening.sent_us)
        if happening.life is not Life.UP:
            text = f"sends {what} to {happening.node}, which is {happening.life.value}"
            return Fact(happening.at_us, "message", happening.source, text, id=happening.id)
        text = f"gets {what} of {happening.source} (sent {clock(sent_us)})"
        return Fact(happening.at_us, "message", happening.node, text, id=happening.id)

    def act(self, happening: Happening) -> Link:
        """A command, as the first cause of all that it led to."""
        return Link(Fact(happening.at_us, "act", "", in_words(happening.content), id=happening.id), first=True)

    def _origin(self, happening: Happening, *, noted: bool) -> Link | None:
        """Where a chain can end: at what was noted, asked or commanded in this happening."""
        if happening.what == "command":
            return self.act(happening)
        operation = self._evidence.requests.in_happening(happening.id)
        if operation is not None:
            return self._request(operation)
        entries = [each for each in self._evidence.tracer.entries(happening.id) if noted and each.kind not in _BELIEFS]
        return self._explain(entries[-1]) if entries else None


def _telling(messages: list[Happening]) -> list[Happening]:
    """The newest few, and the oldest one."""
    return messages if len(messages) <= SHOWN else [*messages[: SHOWN - 1], messages[-1]]


def _linked(facts: list[Fact], origin: Link | None) -> list[Link]:
    """Facts, newest first, each caused by the next; the last by ``origin``."""
    causes = [origin] if origin is not None else []
    for fact in reversed(facts):
        causes = [Link(fact, causes)]
    return causes
