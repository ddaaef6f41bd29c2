"""A client's end of its connections with the data nodes: it asks, and waits for the answer that bears the number.

Connections, because their messages come once: what a node has refused cannot come again, later. What was sent and not
answered may have been done. A connection on which nothing was heard since the question was put is given up.
"""

from __future__ import annotations

import trio

from playground.kernel.connections import Connection
from playground.kernel.errors import TimedOut
from playground.kernel.service import Service
from playground.systems.shards.messages import PORT, Ask, Failed, Found, Read, Told, Write, Written

Result = Found | Written | Failed


class _Question:
    __slots__ = ("answer", "answered", "reason")

    def __init__(self) -> None:
        self.answered = trio.Event()
        self.answer: Result | None = None
        self.reason = ""

    def settle(self, answer: Result | None, reason: str = "") -> None:
        self.answer, self.reason = answer, reason
        self.answered.set()


class _Line:
    """One connection, and what is open on it."""

    def __init__(self, connection: Connection, now_us: int) -> None:
        self.connection = connection
        self.open: dict[int, _Question] = {}
        self.heard_us = now_us


class Lines:
    """A client's connections; one for each node, made when it is needed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lines: dict[str, _Line] = {}
        self._number = 0

    async def ask(self, node: str, body: Read | Write, timeout_us: int) -> Result:
        """What ``node`` answers. Raises CallError, indefinite: it may have been done."""
        asked_us = self._service.clock.monotonic_us
        self._number += 1
        number, question = self._number, _Question()
        line = self._say(node, Ask(number, body))
        line.open[number] = question
        try:
            with self._service.timeout(timeout_us):
                await question.answered.wait()
        except TimedOut:
            if line.heard_us <= asked_us:
                self._drop(node, line, f"{node} does not answer")
                line.connection.close()
            raise TimedOut(f"no answer from {node}") from None
        finally:
            line.open.pop(number, None)
        if question.answer is None:
            raise TimedOut(question.reason)
        return question.answer

    def _say(self, node: str, ask: Ask) -> _Line:
        line = self._lines.get(node)
        if line is not None:
            line.connection.send(ask)
            return line
        connection = self._service.connect(node, PORT, ask)
        line = self._lines[node] = _Line(connection, self._service.clock.monotonic_us)
        connection.on_message = lambda told, line=line: self._told(line, told)  # type: ignore[misc]
        connection.on_closed = lambda reason, line=line: self._drop(node, line, reason)  # type: ignore[misc]
        return line

    def _told(self, line: _Line, told: Told) -> None:
        line.heard_us = self._service.clock.monotonic_us
        question = line.open.get(told.number)
        if question is not None:
            question.settle(told.body)

    def _drop(self, node: str, line: _Line, reason: str) -> None:
        if self._lines.get(node) is line:
            del self._lines[node]
        for question in line.open.values():
            question.settle(None, reason)
