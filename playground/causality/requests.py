"""Which happening began an operation of a client, and which ended it."""

from __future__ import annotations

from collections import OrderedDict

from playground.checkers.history import History, Operation
from playground.kernel.tracing import Tracer

KEEP = 20_000
"""Operations; the trace does not reach back further for any load that a person looks at."""


class Requests:
    """Of the operations of one history, from now on."""

    def __init__(self, history: History, tracer: Tracer) -> None:
        self._history = history
        self._tracer = tracer
        self._began: OrderedDict[int, int] = OrderedDict()
        self._ended: OrderedDict[int, int] = OrderedDict()
        self._by: dict[int, int] = {}
        """Happening -> the operation that began in it."""
        history.listen(self._start, self._end)

    def began(self, operation: Operation) -> int:
        """The happening in which it was invoked; 0: it is not kept."""
        return self._began.get(operation.index, 0)

    def ended(self, operation: Operation) -> int:
        """The happening in which it was completed; 0: it is not kept."""
        return self._ended.get(operation.index, 0)

    def in_happening(self, id: int) -> Operation | None:
        """The operation that was invoked in a happening."""
        return self.find(self._by[id]) if id in self._by else None

    def find(self, index: int) -> Operation | None:
        """The operation of that number, if the history still has it."""
        operations = self._history.operations
        place = index - operations[0].index if operations else -1
        return operations[place] if 0 <= place < len(operations) else None

    def _start(self, operation: Operation) -> None:
        id = self._tracer.current
        self._began[operation.index] = id
        self._by[id] = operation.index
        if len(self._began) > KEEP:
            _, oldest = self._began.popitem(last=False)
            self._by.pop(oldest, None)

    def _end(self, operation: Operation) -> None:
        self._ended[operation.index] = self._tracer.current
        if len(self._ended) > KEEP:
            self._ended.popitem(last=False)
