"""A history told line by line, for judges that listen to it."""

from __future__ import annotations

from playground.checkers.history import History, Operation


class Story:
    """Time passes by one with every line."""

    def __init__(self) -> None:
        self.history = History()
        self.now_us = 0

    def begin_write(self, value: str, *seen: str, key: str = "k") -> Operation:
        self.now_us += 1
        return self.history.invoke("c1", key, self.now_us, value=value, supersedes=frozenset(seen))

    def begin_read(self, key: str = "k") -> Operation:
        self.now_us += 1
        return self.history.invoke("c2", key, self.now_us)

    def end(self, operation: Operation, *seen: str, outcome: str = "ok") -> Operation:
        self.now_us += 1
        self.history.complete(operation, outcome, self.now_us, seen=seen)
        return operation

    def write(self, value: str, *seen: str) -> None:
        self.end(self.begin_write(value, *seen))
