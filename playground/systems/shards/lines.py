"""A client's end of its connections with the data nodes: it asks, and waits for the answer that bears the number.

Connections, because their messages come once: what a node has refused cannot come again, later. What was sent and not
answered may have been done. Nothing is sent before the node has welcomed the connection, so what is asked of a node
that is down was certainly not done. A connection on which nothing was heard since the question was put is given up.
"""

from __future__ import annotations

import trio

from playground.kernel.connections import Connection
from playground.kernel.errors import TimedOut
from playground.kernel.service import Service
from playground.systems.shards.messages import PORT, Ask, Failed, Found, Hello, Read, Told, Welcome, Write, Written

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
        self.waiting: list[Ask] = []
        """What is to be sent as soon as the node has said that it serves."""
        self.welcome = False
        self.heard_us = now_us


class Lines:
    """A client's connections; one for each node, made when it is needed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lines: dict[str, _Line] = {}
        self._number = 0

    async def ask(self, node: str, body: Read | Write, timeout_us: int) -> Result:
        """What ``node`` answers. A definite `Failed` if it was not even asked; TimedOut: it may have been done."""
        asked_us = self._service.clock.monotonic_us
        self._number += 1
        number, question = self._number, _Question()
        line = self._lines.get(node) or self._open(node)
        line.open[number] = question
        if line.welcome:
            line.connection.send(Ask(number, body))
        else:
            line.waiting.append(Ask(number, body))
        try:
            with self._service.timeout(timeout_us):
                await question.answered.wait()
        except TimedOut:
            question.reason = "it does not answer"
            if line.heard_us <= asked_us:
                line.connection.close()
                self._drop(node, line, question.reason)
        finally:
            line.open.pop(number, None)
        if question.answer is not None:
            return question.answer
        if not line.welcome:
            return Failed("unreachable", f"{node}: {question.reason}")
        raise TimedOut(f"{node}: {question.reason}")

    def _open(self, node: str) -> _Line:
        connection = self._service.connect(node, PORT, Hello())
        line = self._lines[node] = _Line(connection, self._service.clock.monotonic_us)
        connection.on_message = lambda message: self._take(line, message)
        connection.on_closed = lambda reason: self._drop(node, line, reason)
        return line

    def _take(self, line: _Line, message: Told | Welcome) -> None:
        line.heard_us = self._service.clock.monotonic_us
        if isinstance(message, Welcome):
            line.welcome = True
            for ask in line.waiting:
                if ask.number in line.open:
                    line.connection.send(ask)
            line.waiting.clear()
        elif message.number in line.open:
            line.open[message.number].settle(message.body)

    def _drop(self, node: str, line: _Line, reason: str) -> None:
        if self._lines.get(node) is line:
            del self._lines[node]
        for question in line.open.values():
            question.settle(None, reason)
