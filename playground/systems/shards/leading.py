"""A master's term: it takes writes, counts the copies, and answers when there are enough of them.

The rules:

* An entry is committed when enough members of the shard have it on their disks, and with it all before it; the first
  that is committed so is the master's own first word, because older ones may be undone until then (Raft, figure 8).
* The master answers, reads and writes alike, only under its lease: as long as its session with ZooKeeper has certainly
  not expired, nobody else leads (Gray and Cheriton, 1989).
* A write that too few have after its time is reversed: an abort is logged and shipped behind it. The client is told
  that it failed for certain only when the abort itself is committed: then whoever leads next has it, too. If that
  takes too long, or no slave need have the abort (async), it is told that nobody knows.
* If too few slaves answer to begin with, a write is refused and nothing is logged (Kafka's NotEnoughReplicas).
* A request that was done, or reversed, is not done again (RIFL).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.kernel.errors import DiskError
from playground.systems.database import RequestId
from playground.systems.shards.messages import Entry, Failed, Found, Read, Report, Write, Written
from playground.systems.shards.placing import Assignment, acknowledging
from playground.systems.shards.shipping import Follower, Shipping

if TYPE_CHECKING:
    from playground.systems.shards.replica import Replica

_REMEMBERED = 4_096

Answer = Callable[[Found | Written | Failed], object]


@dataclass(slots=True)
class _Pending:
    """A write that is not committed."""

    seq: int
    request: RequestId
    since_us: int
    answers: list[Answer] = field(default_factory=list)
    abort: int = 0
    """The place of its abort."""


class Leading:
    """From the claim of ``epoch`` until :meth:`end`. ``lease()``: whether nobody else can lead now."""

    def __init__(
        self,
        replica: Replica,
        epoch: int,
        assignment: Assignment,
        lease: Callable[[], bool],
        on_end: Callable[[], object],
    ) -> None:
        self.replica = replica
        self.epoch = epoch
        self.assignment = assignment
        self.over = False
        self.frozen = False
        """Nothing is committed: the members are about to change."""
        self.closed = ""
        """Why no new writes are taken."""
        self.acknowledged = 0
        """Writes, in this term."""
        self.committed_write = False
        self.tried: dict[str, None] = {}
        """Nodes that were to become members and did not get everything in time."""
        self._service = service = replica.service
        self._settings = settings = replica.settings
        self._log = replica.log
        self._lease = lease
        self._on_end = on_end
        self._pending: dict[int, _Pending] = {}
        self._requests: dict[RequestId, _Pending] = {}
        self._made_us: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        """``(place, when)`` of the newest entries, to tell lags in time."""
        self._timeout_us = settings.write_timeout_ms * 1_000
        self.first = self._log.last.seq + 1
        """The place of this master's first word."""
        replica.append(Entry(epoch, self.first, "epoch"))
        self._made_us.append((self.first, service.clock.monotonic_us))
        replica.leading = self
        replica.leader = service.name
        self.shipping = Shipping(replica, epoch)
        self.shipping.adopt(assignment)
        tick_us = min(settings.heartbeat_ms * 1_000, max(self._timeout_us // 4, 5_000))
        self._timer = service.every(tick_us, self._tick)

    # --- standing -------------------------------------------------------------------------

    @property
    def serving(self) -> bool:
        return not self.over and self._log.commit >= self.first and self._lease()

    @property
    def leased(self) -> bool:
        return self._lease()

    @property
    def answering(self) -> int:
        """How many members, this one included, have lately taken what they were sent."""
        return 1 + sum(map(self.shipping.answers, self.shipping.slaves(self.assignment)))

    @property
    def followers(self) -> dict[str, Follower]:
        """Slaves and newcomers, by name."""
        return self.shipping.followers

    @property
    def quiet_us(self) -> int:
        """Who has made no progress for so long does not count as answering."""
        return self.shipping.quiet_us

    def lag(self, follower: Follower) -> tuple[int, int]:
        """How many records a slave lacks, and the age of the oldest of them in microseconds."""
        return self._log.last.seq - max(follower.match, 0), self.age_us(follower.match)

    def age_us(self, seq: int) -> int:
        """How long ago what follows ``seq`` was written, or this term began; 0 if nothing follows it."""
        if self._made_us[-1][0] <= seq:
            return 0  # mostly; the others are not looked through for that
        now_us = self._service.clock.monotonic_us
        return next(now_us - at_us for made, at_us in self._made_us if made > seq)

    def end(self, why: str) -> None:
        """This node does not lead any more, and knows it. What is under way may still be done, by others."""
        if self.over:
            return
        self.over = True
        self._timer.cancel()
        replica, name = self.replica, self._service.name
        replica.leading = None
        if replica.leader == name:
            replica.leader = ""
        for pending in list(self._pending.values()):
            self._answer(pending, Failed("not-master", f"{name} was deposed meanwhile", definite=False))
        text = f"{name} does not lead {replica.shard} any more: {why}"
        self._service.note("deposed", text, group=replica.shard, term=self.epoch)
        self._on_end()

    def adopt(self, assignment: Assignment) -> None:
        """These are the members from now on."""
        self.assignment = assignment
        self.shipping.adopt(assignment)

    # --- clients ----------------------------------------------------------------------------

    def read(self, message: Read) -> Found | Failed:
        refusal = self._refusal(message.epoch)
        return refusal or Found(self._log.state.data.get(message.key))

    def write(self, message: Write, answer: Answer) -> None:
        """Begin a write, or tell what became of it; ``answer`` is called once, perhaps much later."""
        refusal = self._refusal(message.epoch)
        if refusal is not None:
            answer(refusal)
            return
        name, request = self._service.name, message.request
        pending = self._requests.get(request)
        if pending is not None:
            pending.answers.append(answer)
            return
        outcome = self._log.state.outcome(request)
        if outcome != "new":
            answer(self._told(outcome))
            return
        need, have = acknowledging(self._settings, len(self.assignment.members)), self.answering
        if self.closed:
            answer(Failed("handing-over", self.closed))
        elif have < need:
            text = f"{have} of the {need} copies that a write of {self.replica.shard} needs answer {name}"
            answer(Failed("not-enough-replicas", text))
        else:
            seq = self._log.last.seq + 1
            try:
                self._append(Entry(self.epoch, seq, "write", message.key, message.value, request))
            except DiskError as error:
                answer(Failed("disk-full", f"{name}: {error}"))
                return
            pending = _Pending(seq, request, self._service.clock.monotonic_us, [answer])
            self._pending[seq] = self._requests[request] = pending
            self._go_on()

    def _refusal(self, epoch: int) -> Failed | None:
        name, shard = self._service.name, self.replica.shard
        if epoch > self.epoch:
            self.end(f"a client knows of epoch {epoch}")
            return Failed("not-master", f"{name} was master of {shard} in epoch {self.epoch}")
        if not self._lease():
            return Failed("no-lease", f"{name} does not know whether it still leads {shard}")
        if self._log.commit < self.first:
            return Failed("recovering", f"{name} leads {shard}, and waits for enough slaves to agree on the past")
        return None

    def _told(self, outcome: str) -> Written | Failed:
        if outcome == "done":
            return Written(self.replica.applied)
        if outcome == "reversed" and self._settings.mode == "async":
            # Nobody else need have the abort: the next master may have the write without it.
            return Failed("reversed", "its disk was too slow: undone, unless this master is lost", definite=False)
        if outcome == "reversed":
            return Failed("reversed", "too few slaves had it in time: it was undone everywhere", final=True)
        return Failed("stale-request", "a copy of a request whose outcome its session knew", definite=False)

    def _answer(self, pending: _Pending, body: Written | Failed) -> None:
        answers, pending.answers = pending.answers, []
        for answer in answers:
            answer(body)

    # --- the log ------------------------------------------------------------------------------

    def _append(self, entry: Entry) -> None:
        self.replica.append(entry)
        self._made_us.append((entry.seq, self._service.clock.monotonic_us))

    def advance(self) -> None:
        """Commit what enough copies have, and answer who waits for it."""
        if self.over or self.frozen:
            return
        log = self._log
        seq = log.whole(self._held())
        if seq < self.first or seq <= log.commit:
            return
        leased = self._lease()
        for entry in log.commit_to(seq):
            pending = self._pending.pop(entry.seq, None)
            if entry.kind == "write" and not log.aborted(entry.seq) and entry.epoch == self.epoch:
                self._tell_first_write()
            if pending is None:
                continue
            del self._requests[pending.request]
            if not leased:
                body: Written | Failed = Failed(
                    "no-lease", f"{self._service.name} does not know whether it still leads", definite=False
                )
            else:
                body = self._told("reversed" if log.aborted(entry.seq) else "done")
                self.acknowledged += isinstance(body, Written)
            self._answer(pending, body)
        self.replica.compact()

    def _held(self) -> int:
        """How far enough members have the log on their disks."""
        own = self.replica.durable
        if self._settings.mode == "async":
            return own
        marks = sorted((own, *(follower.match for follower in self.shipping.slaves(self.assignment))), reverse=True)
        need = acknowledging(self._settings, len(self.assignment.members))
        return marks[need - 1] if len(marks) >= need else -1

    def _tell_first_write(self) -> None:
        if not self.committed_write:
            self.committed_write = True
            text = f"{self._service.name} has committed its first write of {self.replica.shard} in epoch {self.epoch}"
            self._service.note("first-write", text, group=self.replica.shard, term=self.epoch)

    # --- slaves --------------------------------------------------------------------------------

    def on_report(self, source: str, report: Report) -> None:
        """What a slave has on its disk."""
        if report.epoch > self.epoch:
            self.end(f"{source} has promised epoch {report.epoch}")
            return
        follower = self.followers.get(source)
        if follower is not None and self.shipping.take(follower, report):
            self.advance()
            if not self.over:
                self.shipping.go_on(follower, report)

    def _go_on(self) -> None:
        """Something was logged: ship it, and count it where one copy is enough."""
        self.shipping.ship_new()
        self.advance()

    # --- time ------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_us = self._service.clock.monotonic_us
        self.shipping.beat()
        overdue = [pending for pending in self._pending.values() if now_us - pending.since_us >= self._timeout_us]
        for pending in overdue:
            self._reverse(pending, now_us)
        if overdue:
            self._go_on()

    def _reverse(self, pending: _Pending, now_us: int) -> None:
        """It takes too long: undo it, or, if that takes too long as well, say that nobody knows."""
        if not pending.answers or (self.frozen and now_us - pending.since_us < 2 * self._timeout_us):
            return
        if not pending.abort and self._lease() and not self.frozen:
            abort = self._log.last.seq + 1
            try:
                self._append(Entry(self.epoch, abort, "abort", about=pending.seq))
            except DiskError:
                pass
            else:
                pending.abort, pending.since_us = abort, now_us
                return
        text = "too few slaves have it; whether it was undone nobody knows"
        self._answer(pending, Failed("not-enough-replicas", text, definite=False))
