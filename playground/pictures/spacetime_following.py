"""A message's story: what led to it, and what came of it.

* A request of a client begins in the happening in which the client invoked it and ends in the one in which the client
  knew how it went. What happened in between because of the first is its story: messages, disks and timers alike.
* What belongs to no request begins where the chain of causes leaves what is about this: at a command, at a timer
  that was set by a timer (a beat of something periodic), or at a long pause.
* A loop (a poll, its answer, the next poll) is a new story each time round: nothing sends the same kind of
  message over the same link twice in one story. Requests may: they try again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playground.causality.requests import Requests
from playground.checkers.history import Operation
from playground.kernel.happenings import Happening, Loss
from playground.kernel.tracing import Tracer

PAUSE_US = 50_000
"""A timer that was set for longer is a pause: what comes after it is another story, unless it is a request's."""
MOST = 400
"""Messages and losses of one story."""
_DEEP = 200
_AFTER_US = 2_000_000
"""So long something without a client is followed."""

Call = Callable[[Happening | Loss], object]


@dataclass(frozen=True, slots=True)
class Story:
    """Some messages that belong together. ``ids`` in the order in which they were found: causes before effects."""

    root: int
    ids: frozenset[int]
    start_us: int
    end_us: int
    operation: Operation | None = None


class Follower:
    """Of the stories in one trace. ``label``: what a message is called."""

    def __init__(self, tracer: Tracer, requests: Requests, label: Call) -> None:
        self._tracer = tracer
        self._requests = requests
        self._label = label

    def operation_of(self, id: int) -> Operation | None:
        """The request of a client to which a happening belongs; None: to none."""
        for each in self.causes(id):
            operation = self._requests.in_happening(each.id)
            if operation is not None:
                ended_us = operation.completed_us
                found = self._tracer.find(id)
                late = found is None or (ended_us >= 0 and found.at_us > ended_us and found.since_us >= ended_us)
                return None if late else operation
        return None

    def causes(self, id: int) -> Iterator[Happening | Loss]:
        """It, what caused it, and so on back to where its story begins."""
        links = set()
        found = self._tracer.find(id)
        for _ in range(_DEEP):
            if found is None:
                return
            if found.is_message:
                link = self._link(found)
                if link in links:
                    return
                links.add(link)
            yield found
            if found.id > 0 and self._requests.in_happening(found.id) is not None:
                return
            before = self._tracer.find(found.cause)
            if found.what in ("timer", "callback"):
                if before is None or before.what in ("timer", "callback", "command"):
                    return
                if found.at_us - before.at_us > PAUSE_US:
                    return
            found = before

    def story(self, id: int) -> Story | None:
        """The story of a happening; None: it is not kept."""
        chain = list(self.causes(id))
        if not chain:
            return None
        root = chain[-1]
        operation = self._requests.in_happening(root.id)
        if operation is not None:
            ended_us = operation.completed_us
            if ended_us >= 0 and chain[0].at_us > ended_us and chain[0].since_us >= ended_us:
                operation = None  # it came of the request, but nobody waited for it any more
        until_us = _AFTER_US + chain[0].at_us
        if operation is not None and operation.completed_us >= 0:
            until_us = operation.completed_us
        kept = {each.id for each in chain if each.is_message}
        kept |= self._effects(root, until_us, operation, {each.id for each in chain})
        told = [each for each in map(self._tracer.find, sorted(kept)) if each is not None]
        starts = [each.since_us for each in told if each.since_us >= 0] or [root.at_us]
        start_us = root.at_us if operation is not None else min(starts)
        end_us = max((each.at_us for each in told), default=root.at_us)
        if operation is not None and operation.completed_us >= 0:
            end_us = max(start_us, operation.completed_us)
        return Story(root.id, frozenset(kept), start_us, end_us, operation)

    def next_messages(self, id: int, most: int = 12) -> list[Happening | Loss]:
        """What was sent because of a happening: at once, or after its disk, its turn or a short timer."""
        found: list[Happening | Loss] = []
        open_ids = [(each, 0) for each in self._tracer.effects(id)]
        while open_ids and len(found) < most:
            each_id, depth = open_ids.pop(0)
            each = self._tracer.find(each_id)
            if each is None or (each.id > 0 and self._requests.in_happening(each.id) is not None):
                continue
            if each.is_message:
                found.append(each)
            elif depth < 3 and not self._pauses(each):
                open_ids += [(further, depth + 1) for further in self._tracer.effects(each_id)]
        return found

    def _effects(self, root: Happening | Loss, until_us: int, operation: Operation | None, known: set[int]) -> set[int]:
        """The messages and losses among what came of ``root``, its own among ``known`` aside."""
        kept: set[int] = set()
        seen = {root.id}
        links = set()
        waiting = self._tracer.effects(root.id)
        while waiting and len(kept) < MOST:
            id = waiting.pop(0)
            if id in seen:
                continue
            seen.add(id)
            each = self._tracer.find(id)
            if each is None or each.since_us > until_us or each.at_us > until_us + PAUSE_US:
                continue
            if each.id > 0 and self._requests.in_happening(each.id) is not None:
                continue  # the client's next request: another story
            if each.is_message:
                link = self._link(each)
                if operation is None and link in links and id not in known:
                    continue
                links.add(link)
                if operation is not None and each.since_us >= until_us and operation.completed_us >= 0:
                    continue
                kept.add(id)
            elif operation is None and id not in known and self._pauses(each):
                continue
            if each.at_us < until_us:
                waiting += self._tracer.effects(id)
        return kept

    def _pauses(self, each: Happening | Loss) -> bool:
        """Whether a timer was set for so long, or beats: what it does is about something else."""
        if each.what not in ("timer", "callback"):
            return False
        before = self._tracer.find(each.cause)
        return before is None or before.what == each.what or each.at_us - before.at_us > PAUSE_US

    def _link(self, each: Happening | Loss) -> tuple[str, str, object]:
        return each.source, each.node, self._label(each)
