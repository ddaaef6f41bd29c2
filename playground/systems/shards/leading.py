"""A master's term: it ships its log, counts the copies, answers when there are enough of them.

The rules:

* An entry is committed when enough members of the shard have it on their disks, and with it all before it; the first
  that is committed so is the master's own first word, because older ones may be undone until then (Raft, figure 8).
* The master answers, reads and writes alike, only under its lease: as long as its session with ZooKeeper has certainly
  not expired, nobody else leads (Gray and Cheriton, 1989).
* A write that too few have after its time is reversed: an abort is logged and shipped behind it. The client is told
  that it failed for certain only when the abort itself is committed: then whoever leads next has it, too. If that
  takes too long it is told that nobody knows.
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
from playground.systems.shards.messages import (
    Append,
    Entry,
    Failed,
    Found,
    Install,
    Position,
    Read,
    Report,
    Write,
    Written,
)
from playground.systems.shards.placing import Assignment, acknowledging

if TYPE_CHECKING:
    from playground.systems.shards.replica import Replica

BATCH = 256
"""Entries in one message. The next one follows when it is reported: what is under way cannot overtake itself."""
INSTALL_US = 1_000_000
"""A snapshot is not sent again before this."""
_REMEMBERED = 4_096

Answer = Callable[[Found | Written | Failed], object]


@dataclass(slots=True)
class Follower:
    """A slave, or a node that is to become one, as the master knows it."""

    name: str
    identity: int
    """That it must have; 0: a newcomer, whose identity its first report tells."""
    good_us: int
    """When it last had everything, or made progress."""
    match: int = -1
    """It has all up to here on its disk; -1: nothing that is known to agree."""
    sent: int = -1
    known: bool = False
    """It has reported in this epoch."""
    stranger: bool = False
    """It answers under another identity: it has lost what it had."""
    life: int = 0
    sent_us: int = 0
    installed_us: int = -INSTALL_US


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
        self._heartbeat_us = settings.heartbeat_ms * 1_000
        self._timeout_us = settings.write_timeout_ms * 1_000
        interval_us = settings.heartbeat_ms if settings.shipping == "push" else settings.pull_ms
        self.quiet_us = max(3 * interval_us * 1_000, self._timeout_us)
        """Who has made no progress for so long does not count as answering."""
        self.followers: dict[str, Follower] = {}
        self.first = self._log.last.seq + 1
        """The place of this master's first word."""
        replica.append(Entry(epoch, self.first, "epoch"))
        self._made_us.append((self.first, service.clock.monotonic_us))
        replica.leading = self
        replica.leader = service.name
        self.adopt(assignment)
        tick_us = min(self._heartbeat_us, max(self._timeout_us // 4, 5_000))
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
        now_us = self._service.clock.monotonic_us
        return 1 + sum(
            follower.known and not follower.stranger and now_us - follower.good_us < self.quiet_us
            for follower in self._slaves()
        )

    def lag(self, follower: Follower) -> tuple[int, int]:
        """How many records a slave lacks, and the age of the oldest of them in microseconds."""
        return self._log.last.seq - max(follower.match, 0), self.age_us(follower.match)

    def age_us(self, seq: int) -> int:
        """How long ago what follows ``seq`` was written, or this term began; 0 if nothing follows it."""
        now_us = self._service.clock.monotonic_us
        return next((now_us - at_us for made, at_us in self._made_us if made > seq), 0)

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
        now_us = self._service.clock.monotonic_us
        kept, self.followers = self.followers, {}
        for name, identity in assignment.members:
            follower = kept.get(name)
            if name != self._service.name:
                same = follower is not None and follower.identity == identity
                self.followers[name] = follower if follower and same else Follower(name, identity, now_us)
        for follower in self.followers.values():
            self.ship(follower)

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
            self._ship_new()

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
        marks = sorted((own, *(follower.match for follower in self._slaves())), reverse=True)
        need = acknowledging(self._settings, len(self.assignment.members))
        return marks[need - 1] if len(marks) >= need else -1

    def _slaves(self) -> list[Follower]:
        found = ((self.followers.get(name), identity) for name, identity in self.assignment.members)
        return [follower for follower, identity in found if follower is not None and follower.identity == identity]

    def _tell_first_write(self) -> None:
        if not self.committed_write:
            self.committed_write = True
            text = f"{self._service.name} has committed its first write of {self.replica.shard} in epoch {self.epoch}"
            self._service.note("first-write", text, group=self.replica.shard, term=self.epoch)

    # --- shipping ---------------------------------------------------------------------------

    def ship(self, follower: Follower, *, anyway: bool = False) -> None:
        """Send what is new for it; ``anyway``: if nothing is, say so."""
        log = self._log
        if not follower.known:
            self._send(follower, log.last, ())
        elif follower.match < log.base.seq:
            self._install(follower)
        else:
            entries = () if follower.sent > follower.match else log.after(follower.match, BATCH)
            if entries or anyway:
                self._send(follower, log.position(follower.match), entries)
                follower.sent = max(follower.sent, follower.match + len(entries))

    def on_report(self, source: str, report: Report) -> None:
        """What a slave has on its disk."""
        follower = self.followers.get(source)
        if report.epoch > self.epoch:
            self.end(f"{source} has promised epoch {report.epoch}")
            return
        if follower is None:
            return
        if not follower.identity:
            follower.identity = report.identity
        follower.stranger = report.identity != follower.identity
        if follower.stranger or report.epoch < self.epoch:
            if report.fetch:
                self._send(follower, self._log.last, ())
            return
        follower.known = True
        follower.life = report.life
        self._take(follower, report)
        self.advance()
        if self.over:
            return
        if report.fetch:
            follower.sent = follower.match
        if report.fetch or self._settings.shipping == "push":
            self.ship(follower, anyway=report.fetch)

    def _take(self, follower: Follower, report: Report) -> None:
        match = self._log.common(report.runs)
        if match > follower.match or match == self._log.last.seq:
            follower.match = match
            follower.good_us = self._service.clock.monotonic_us
        if report.lost or follower.sent < follower.match:
            follower.sent = follower.match

    def _ship_new(self) -> None:
        if self._settings.shipping == "push":
            for follower in self.followers.values():
                if follower.known:
                    self.ship(follower)
        self.advance()

    def _send(self, follower: Follower, previous: Position, entries: tuple[Entry, ...]) -> None:
        log = self._log
        commit = log.whole(min(log.commit, previous.seq + len(entries)))
        message = Append(self.replica.shard, self.epoch, previous, entries, commit, log.last.seq)
        follower.sent_us = self._service.clock.monotonic_us
        self._service.send(follower.name, message)

    def _install(self, follower: Follower) -> None:
        now_us = self._service.clock.monotonic_us
        if now_us - follower.installed_us < INSTALL_US:
            return
        follower.installed_us = follower.sent_us = now_us
        log = self._log
        state = log.state.dump()
        message = Install(self.replica.shard, self.epoch, log.position(log.commit), state, follower.life)
        self._service.send(follower.name, message)

    # --- time ------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_us = self._service.clock.monotonic_us
        push = self._settings.shipping == "push"
        for follower in self.followers.values():
            due_us = self._heartbeat_us if push else 2 * self.quiet_us
            if now_us - follower.sent_us >= due_us:
                follower.sent = follower.match  # what is still under way is lost, or late: again
                self.ship(follower, anyway=True)
        overdue = [pending for pending in self._pending.values() if now_us - pending.since_us >= self._timeout_us]
        for pending in overdue:
            self._reverse(pending, now_us)
        if overdue:
            self._ship_new()

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
