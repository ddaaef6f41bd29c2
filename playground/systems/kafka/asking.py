"""Requests to the controller that wait for their answer.

Of each who asks, about one thing, the newest counts. One that comes twice is answered twice by one deed. Whoever asks
for something else has given up the former: nobody will come to know what became of it.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from playground.kernel.errors import Rejected
from playground.systems.kafka.errors import REQUEST_TIMED_OUT
from playground.systems.kafka.messages import AlterPartition, CreatePartitions

Request = AlterPartition | CreatePartitions


class Asked:
    """A request that waits."""

    def __init__(self, key: tuple[str, object], request: Request) -> None:
        self.key = key
        self.request = request
        self.done = trio.Event()
        self.version = -1
        self.error: Rejected | None = None


class Requests:
    """``on_new()``: there is one more."""

    def __init__(self, on_new: Callable[[], object]) -> None:
        self._on_new = on_new
        self._asked: dict[tuple[str, object], Asked] = {}
        """(Who asks, about what) -> what."""

    async def ask(self, source: str, request: Request) -> int:
        """Wait for the answer: the version that the partition has now, -1 for other things. Raises Rejected."""
        about = request.partition if isinstance(request, AlterPartition) else request.topic
        asked = self._asked.get((source, about))
        if asked is None or asked.request != request:
            if asked is not None:
                self.refuse(asked, _unknown())
            asked = Asked((source, about), request)
            self._asked[asked.key] = asked
            self._on_new()
        await asked.done.wait()
        if asked.error is not None:
            raise Rejected(asked.error.code, asked.error.text, definite=asked.error.definite)
        return asked.version

    def waiting(self) -> list[Asked]:
        return [*self._asked.values()]

    def answer(self, asked: Asked, version: int = -1) -> None:
        """It is done, and safe."""
        if self._asked.get(asked.key) is asked:  # else it was given up meanwhile
            del self._asked[asked.key]
            asked.version = version
            asked.done.set()

    def refuse(self, asked: Asked, error: Rejected) -> None:
        """It is not done; or, if the error is not definite, nobody knows."""
        if self._asked.get(asked.key) is asked:
            del self._asked[asked.key]
            asked.error = error
            asked.done.set()

    def end(self) -> None:
        """Nobody decides here any more: what was asked may have been done or not."""
        for asked in self.waiting():
            self.refuse(asked, _unknown())


def _unknown() -> Rejected:
    return Rejected(REQUEST_TIMED_OUT, "the controller did not come to know what became of it", definite=False)
