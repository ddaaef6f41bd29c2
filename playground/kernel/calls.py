"""Request and reply over a network that promises nothing.

A call ends in a reply, in a definite error (it did not take effect) or in an
indefinite one (nobody knows). :class:`Calls` is the same question put to several
peers at once, from which a protocol takes as many answers as it needs: quorums read
as ``await calls.first(2)``.

The other side answers by what its handler returns; a handler that can answer
only later takes an :class:`Answer` with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import trio

from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.messages import Reply, Request

if TYPE_CHECKING:
    from playground.kernel.node import Process
    from playground.kernel.timers import Timer


class Calls:
    """One request to several peers. Answers keep coming in until the timeout, awaited or not.

    ``replies`` and ``errors`` by peer, in the order of arrival; ``waiting`` holds the peers
    that have not answered.
    """

    __slots__ = ("_deadline", "_desk", "_enough", "_task", "errors", "replies", "waiting")

    def __init__(self, process: Process, peers: Iterable[str], body: Any, timeout_us: int) -> None:
        self.replies: dict[str, Any] = {}
        self.errors: dict[str, CallError] = {}
        self.waiting: dict[str, int] = {}
        self._desk = desk = process.desk
        self._task: trio.lowlevel.Task | None = None
        self._enough: Callable[[Calls], bool] | None = None
        for peer in peers:
            if peer not in self.waiting:
                self.waiting[peer] = desk.ask(peer, body, self)
        self._deadline: Timer | None = process.after(timeout_us, self._expire)

    @property
    def done(self) -> bool:
        """Everybody has answered or failed."""
        return not self.waiting

    async def until(self, enough: Callable[[Calls], bool]) -> bool:
        """Wait until ``enough(self)`` or until nothing more can come. Returns whether it was enough.

        One task at a time may wait.
        """
        if self.waiting and not enough(self):
            await self._wait(enough)
        return enough(self)

    async def first(self, count: int) -> bool:
        """Wait for ``count`` replies. False as soon as so many can't come any more."""

        def decided(calls: Calls) -> bool:
            return len(calls.replies) >= count or len(calls.replies) + len(calls.waiting) < count

        await self.until(decided)
        return len(self.replies) >= count

    async def rest(self) -> None:
        """Wait until every peer has answered or failed."""
        if self.waiting:
            await self._wait(None)

    def abandon(self) -> None:
        """Nobody is interested in further answers; whoever waits for them goes on."""
        self._done()
        if self.waiting:
            for call in self.waiting.values():
                self._desk.forget(call)
            self.waiting.clear()
            self._wake()

    def settle(self, peer: str, reply: Any, error: CallError | None) -> None:
        """An answer, or its absence, is known; the desk has forgotten the question."""
        waiting = self.waiting
        del waiting[peer]
        if error is None:
            self.replies[peer] = reply
        else:
            self.errors[peer] = error
        if not waiting:
            self._done()
            self._wake()
        elif self._task is not None and self._enough is not None and self._enough(self):
            self._wake()

    def _done(self) -> None:
        # Let go of the timer, which holds on to us until its instant: a circle in memory for each call would have to
        # wait for the garbage collector.
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()

    async def _wait(self, enough: Callable[[Calls], bool] | None) -> None:
        assert self._task is None, "another task waits for these calls already"
        self._enough = enough
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._abort)

    def _wake(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            trio.lowlevel.reschedule(task)

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        # From here on trio wakes the task; a reply that comes before it runs must not wake it again.
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _expire(self) -> None:
        for peer, call in list(self.waiting.items()):
            self._desk.forget(call)
            self.settle(peer, None, TimedOut(f"no answer from {peer}"))


class Answer:
    """The right to answer one request, later. Exactly one of its methods, once."""

    __slots__ = ("_call", "_process", "_to")

    def __init__(self, process: Process, to: str, call: int) -> None:
        self._process = process
        self._to = to
        self._call = call

    def reply(self, body: Any) -> None:
        self._send(Reply(self._call, body))

    def reject(self, error: Rejected) -> None:
        self._send(Reply(self._call, None, (error.code, error.text, error.definite)))

    def _send(self, reply: Reply) -> None:
        self._process.desk.reply(self._to, reply)


class Desk:
    """A process's open questions, and the ones it was asked."""

    __slots__ = ("_asked", "_node", "_open", "_process", "_taken", "_transmit")

    def __init__(self, process: Process) -> None:
        self._process = process
        self._node = process.node
        self._transmit = process.world.network.send
        self._open: dict[int, tuple[Calls, str]] = {}
        self._taken = False
        self._asked: tuple[str, int] | None = None

    def ask(self, peer: str, body: Any, calls: Calls) -> int:
        """Send ``body`` to ``peer``; what comes back goes to ``calls``. Returns the call's id."""
        node = self._node
        # Counted by the machine, not by the process: an answer to a call from
        # before a crash must not be taken for the answer to a newer one.
        node.next_call = call = node.next_call + 1
        if self._process.alive:
            self._open[call] = (calls, peer)
            self._transmit(node, peer, Request(call, body))
        return call

    def reply(self, to: str, reply: Reply) -> None:
        """Send an answer, unless the process has died over it."""
        if self._process.alive:
            self._transmit(self._node, to, reply)

    def forget(self, call: int) -> None:
        self._open.pop(call, None)

    def answer_later(self) -> Answer:
        """Take over the answer to the request that is being handled right now."""
        assert self._asked is not None, "only the handler of a call can answer later"
        self._taken = True
        return Answer(self._process, *self._asked)

    def on_reply(self, source: str, reply: Reply) -> None:
        asked = self._open.pop(reply.id, None)
        if asked is None:
            return  # too late: the call has timed out, or was abandoned
        calls, peer = asked
        if reply.error is None:
            calls.settle(peer, reply.body, None)
        elif reply.error[0] == "refused":
            calls.settle(peer, None, Refused(f"{source} does not serve yet"))
        else:
            code, text, definite = reply.error
            calls.settle(peer, None, Rejected(code, text, definite=definite))

    def on_request(self, source: str, request: Request) -> None:
        process, body, call = self._process, request.body, request.id
        kind = body.__class__
        waiting = process.tasks_for.get(kind)
        if waiting is not None:
            process.spawn(self._answer, Answer(process, source, call), waiting, source, body)
            return
        handler = process.handlers.get(kind)
        if handler is None:
            raise AssertionError(f"{self._node.name} has no handler for {kind.__name__} from {source}")
        self._asked, self._taken = (source, call), False
        try:
            result = handler(source, body)
        except Rejected as error:
            Answer(process, source, call).reject(error)
        else:
            if not self._taken:
                self.reply(source, Reply(call, result))
        finally:
            self._asked = None

    async def _answer(
        self, answer: Answer, method: Callable[[str, Any], Awaitable[object]], source: str, body: Any
    ) -> None:
        try:
            result = await method(source, body)
        except Rejected as error:
            answer.reject(error)
        else:
            answer.reply(result)
