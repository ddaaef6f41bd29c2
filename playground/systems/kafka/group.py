"""One consumer group at its coordinator: who is in it, in which generation, and how far it has come.

Kafka's classic group protocol (GroupCoordinator and GroupMetadata of Kafka 3):

* *Empty* until somebody joins. Whoever comes first waits a little for others, so that a start makes one generation.
* *Preparing*: a rebalance has begun. Heartbeats tell the members to join again. The round ends when all known members
  have, or when they had time to: who has not is out.
* *Completing*: a new generation is formed; the members are told, and its leader is to say who gets what.
* *Stable*: that is known. A member that joins, leaves, or is silent for its session timeout begins the next rebalance.

What makes it safe where any message may be lost, late or doubled, and the coordinator may crash at any moment:

* A generation is told to nobody before it is committed, so no other coordinator makes the same number again. (Should
  the log itself be lost, in an unclean election, the next number is above all that members still speak of.)
* The assignments of a generation are written once, and told when they are committed. Whoever coordinates next reads
  either none, and the leader brings them again, or these.
* Commits and generations stand in one log in the order in which they were accepted. Whoever is given a partition finds
  every commit of those who had it before; a commit of an older generation is refused.
* If a write fails, what it was to say is not valid: the round begins anew, for another number.

* Who was left out of a generation cannot come back with what it held before: it is told so, and joins as a new one.

A request that comes twice finds the same: a join that is known gets the answer that it has got, or will get.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial

from playground.kernel.calls import Answer
from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.kernel.timers import Timer
from playground.systems.kafka import errors
from playground.systems.kafka.groupcommits import Commits
from playground.systems.kafka.groupmember import GroupMember
from playground.systems.kafka.groupstore import Store, Stored
from playground.systems.kafka.groupwording import after, changed, gifts, wish
from playground.systems.kafka.messages import Joined, JoinGroup, LeaveGroup, OffsetCommit, Synced, SyncGroup
from playground.systems.kafka.offsets import GroupRecord, Kept, put_group
from playground.systems.kafka.records import TopicPartition

INITIAL_DELAY_US = 500_000
"""How long the first of an empty group wait for one more (group.initial.rebalance.delay.ms)."""


class State(StrEnum):
    """Of a group. (Kafka has another, Dead; here groups are for ever.)"""

    EMPTY = "empty"
    PREPARING = "preparing"
    COMPLETING = "completing"
    STABLE = "stable"


class Group:
    """From when its coordinator has read of it (``kept``), or first heard of it, until :meth:`end`."""

    def __init__(self, name: str, service: Service, store: Store, kept: Kept | None = None) -> None:
        self.name = name
        self.state = State.EMPTY
        self.generation = 0
        """The newest that is committed."""
        self.assignor = ""
        self.leader = ""
        self.members: dict[str, GroupMember] = {}
        """In the order in which they came."""
        self._service = service
        self._store = store
        self._highest = 0
        """The highest generation that anybody has spoken of, or that may stand in the log."""
        self._turn = 0
        """Counts the steps from state to state: what was begun before the last one has no say any more."""
        self._forming = False
        """Completing: the generation is being written, and nobody knows of it."""
        self._assigning = False
        """Completing: the assignments are being written."""
        self._gathering = False
        """Preparing: it is the first round of an empty group, and others may come."""
        self._began_us = 0
        self._ends_us = 0
        """When the members have had time enough: to join (preparing), to sync (completing)."""
        self._why: dict[str, None] = {}
        """What has led to the next generation, in order."""
        self._gone: dict[str, None] = {}
        """Who was a member of the last one, and left or was thrown out."""
        self._failing = False
        """Writes fail, and that was told."""
        self._alarm: Timer | None = None
        self._alarm_us = 0
        self.commits = Commits(name, service, store, kept.offsets if kept is not None else {})
        if kept is not None and kept.group is not None:
            self._resume(kept.group)

    @property
    def offsets(self) -> dict[TopicPartition, int]:
        """Committed: what stands before them is done."""
        return {partition: committed.offset for partition, committed in self.commits.taken.items()}

    # --- what members ask ---------------------------------------------------------------------

    def join(self, machine: str, request: JoinGroup, answer: Answer) -> None:
        """Take a member into the round; it is answered at its end. Raises Rejected."""
        name = request.member
        if request.assignor != self.assignor and any(other != name for other in self.members):
            raise Rejected(errors.INCONSISTENT_PROTOCOL, f"the members of {self.name} agree on {self.assignor}")
        self._highest = max(self._highest, request.generation)
        member, known = GroupMember.of(machine, request), self.members.get(name)
        if known is None and request.generation:
            raise Rejected(errors.UNKNOWN_MEMBER, f"{name} is not in {self.name}: what it held may be others' by now")
        if known is not None and known.says_the_same(member) and not self._reacts_to(known):
            # It did not get the answer; or this is a late copy of what was answered.
            known.heard_us = self._now_us
            if self._forming:
                known.joining = answer
            else:
                answer.reply(self._joined(known))
            return
        why = f"{name} joined"
        if known is not None:
            why = changed(known.subscription, member.subscription)
            # What it waited for is never answered: a copy of this request would be answered twice, differently.
            member.partitions, member.aware = known.partitions, known.aware
        member.joining, member.heard_us = answer, self._now_us
        self.members[name] = member
        self.assignor = request.assignor
        if self.state is not State.PREPARING:
            self._prepare(why, name)
        elif known is None:
            self._why[why] = None
            if self._gathering:
                self._ends_us = min(self._began_us + self._rebalance_us, self._now_us + INITIAL_DELAY_US)
        self._go_on()

    def sync(self, request: SyncGroup, answer: Answer) -> None:
        """Tell a member what it gets as soon as the leader has said so. Raises Rejected."""
        member = self._known(request.member, request.generation)
        if self.state is State.STABLE:
            answer.reply(Synced(member.partitions))
        elif self.state is State.COMPLETING and not self._forming:
            member.syncing = answer
            if member.name == self.leader and not self._assigning:
                self._assign(dict(request.assignments))
        else:
            raise Rejected(errors.REBALANCE, f"{self.name} is rebalancing")

    def heartbeat(self, name: str, generation: int) -> None:
        """A member lives, in a generation. Raises Rejected."""
        self._known(name, generation)
        if self.state is State.PREPARING or self._forming:
            raise Rejected(errors.REBALANCE, f"{self.name} is rebalancing")

    def leave(self, request: LeaveGroup) -> None:
        """A member goes. Raises Rejected."""
        member = self.members.get(request.member)
        if member is None:
            raise Rejected(errors.UNKNOWN_MEMBER, f"{request.member} is not in {self.name}")
        self._remove(member, f"{member.name} left")
        self._go_on()

    def commit(self, request: OffsetCommit, answer: Answer) -> None:
        """Write down how far the group has come; answered when that is committed. Raises Rejected."""
        self.commits.refuse_old(request)
        try:
            self._known(request.member, request.generation)
        except Rejected as error:
            past = request.generation <= self.generation  # (what is not is a word from a log that was lost)
            if past and error.code != errors.REBALANCE and request.offsets and not self.commits.is_copy(request):
                about = {"group": self.name, "member": request.member, "generation": request.generation}
                text = f"{wish(request)}; the group is in generation {self.generation}: refused"
                self._service.note("zombie", text, **about)
            raise
        if self.state is State.COMPLETING:
            raise Rejected(errors.REBALANCE, f"{self.name} is rebalancing")
        self.commits.accept(request, answer)

    def _reacts_to(self, member: GroupMember) -> bool:
        """A join that says nothing new counts in a round; and the leader may ask for a round (topics have grown)."""
        return self.state is State.PREPARING or (self.state is State.STABLE and member.name == self.leader)

    def _known(self, name: str, generation: int) -> GroupMember:
        """The member that speaks; it lives. Raises Rejected unless it speaks of the group's generation."""
        self._highest = max(self._highest, generation)
        member = self.members.get(name)
        if member is None:
            raise Rejected(errors.UNKNOWN_MEMBER, f"{name} is not in {self.name}")
        if generation == self.generation:
            member.aware = True
        elif generation > self.generation or member.aware:
            text = f"{name} speaks of generation {generation}, {self.name} is in {self.generation}"
            raise Rejected(errors.ILLEGAL_GENERATION, text)
        member.heard_us = self._now_us
        if generation != self.generation:
            # It is in the new generation, and its answer is still on its way: nothing is lost for it.
            raise Rejected(errors.REBALANCE, f"{self.name} is in generation {self.generation}")
        return member

    # --- from state to state --------------------------------------------------------------------

    def _prepare(self, why: str, member: str = "") -> None:
        """Begin a rebalance, or begin it anew (``why`` ""): everybody is to join again. ``member``: because of whom."""
        gathering = self.state is State.EMPTY
        self._turn += 1
        self.state = State.PREPARING
        self._forming = self._assigning = False
        self._gathering = gathering
        self._began_us = now_us = self._now_us
        self._ends_us = now_us + (min(INITIAL_DELAY_US, self._rebalance_us) if gathering else self._rebalance_us)
        for each in self.members.values():
            each.refuse_sync(Rejected(errors.REBALANCE, f"{self.name} is rebalancing"), now_us)
        if why:
            self._why[why] = None
            text = f"{self.name}: rebalance, {why}"
            who = {"member": member} if member else {}
            self._service.note("rebalancing", text, group=self.name, generation=self.generation, **who)
        self._set_alarm()

    def _go_on(self) -> None:
        """Form the next generation if nobody has to be waited for."""
        everybody = all(member.joining is not None for member in self.members.values())
        if self.state is State.PREPARING and everybody and not (self._gathering and self.members):
            self._form()
        self._set_alarm()

    def _form(self) -> None:
        """The round is over: these are the members of the next generation. Nobody is told before it is committed."""
        self._turn += 1
        self._highest = number = max(self._highest, self.generation) + 1
        if self.leader not in self.members:
            self.leader = next(iter(self.members), "")
        self.state = State.COMPLETING if self.members else State.EMPTY
        self._forming = bool(self.members)
        self._gathering = False
        self._write(number, {}, partial(self._formed, self._turn, number))

    def _formed(self, turn: int, number: int, error: Rejected | None) -> None:
        if error is None:
            self.generation = number
            for member in self.members.values():
                member.partitions, member.aware = (), False
        if turn != self._turn:
            return  # somebody has come or gone meanwhile: these members have joined the next round already
        self._forming = False
        if error is not None:
            if self.members:
                self._fail(f"generation {number} could not be written", error)
            return
        now_us = self._now_us
        self._ends_us = now_us + self._rebalance_us
        for member in self.members.values():
            answer, member.joining, member.heard_us = member.joining, None, now_us
            if answer is not None:
                answer.reply(self._joined(member))
        if not self.members:
            self._tell_stable()
        self._set_alarm()

    def _joined(self, member: GroupMember) -> Joined:
        leads = member.name == self.leader
        everybody = tuple(each.subscription for each in self.members.values()) if leads else ()
        return Joined(self.generation, self.leader, everybody)

    def _assign(self, shares: dict[str, tuple[TopicPartition, ...]]) -> None:
        """The leader has said who gets what."""
        self._turn += 1
        self._assigning = True
        shares = {name: tuple(shares.get(name, ())) for name in self.members}
        self._write(self.generation, shares, partial(self._assigned, self._turn, shares))

    def _assigned(self, turn: int, shares: dict[str, tuple[TopicPartition, ...]], error: Rejected | None) -> None:
        if turn != self._turn:
            return  # nobody was told, and all are to join again
        self._assigning = False
        if error is not None:
            self._fail(f"the assignments of generation {self.generation} could not be written", error)
            return
        self.state = State.STABLE
        for name, member in self.members.items():
            member.partitions = shares[name]
            answer, member.syncing = member.syncing, None
            if answer is not None:
                member.heard_us = self._now_us
                answer.reply(Synced(member.partitions))
        self._tell_stable()
        self._set_alarm()

    def _fail(self, why: str, error: Rejected) -> None:
        """What was to be told is not committed: refuse all who wait for it, and begin anew."""
        text = f"{why}: {error}"
        for member in self.members.values():
            member.refuse(Rejected(errors.COORDINATOR_UNAVAILABLE, text), self._now_us)
        self._prepare("" if self._failing else text)
        self._failing = True

    def _write(self, number: int, shares: dict[str, tuple[TopicPartition, ...]], then: Stored) -> None:
        members = tuple(member.record(shares.get(name, ())) for name, member in self.members.items())
        record = GroupRecord(number, self.assignor, self.leader, bool(shares), members)
        self._store.write([put_group(self.name, record)], then)

    def _tell_stable(self) -> None:
        why = after(tuple(self._why))
        gone, self._gone = " ".join(self._gone), {}
        self._why, self._failing = {}, False
        shares = {name: member.partitions for name, member in self.members.items()}
        text = f"{self.name}: generation {self.generation}{why}: {gifts(shares) or 'nobody is left'}"
        members = " ".join(self.members)
        self._service.note("rebalance", text, group=self.name, generation=self.generation, members=members, gone=gone)

    def _remove(self, member: GroupMember, why: str) -> None:
        del self.members[member.name]
        self._gone[member.name] = None
        member.refuse(Rejected(errors.UNKNOWN_MEMBER, why), self._now_us)
        if self.state is State.PREPARING:
            self._why[why] = None
        else:
            self._prepare(why, member.name)

    # --- time -----------------------------------------------------------------------------------

    def _ring(self) -> None:
        """Some time is up, or would have been."""
        self._alarm = None
        now_us = self._now_us
        for member in list(self.members.values()):
            if not member.waits and now_us >= member.expires_us:
                self._remove(member, f"{member.name} left (session timeout)")
        if self._bounded and now_us >= self._ends_us:
            missed = "join" if self.state is State.PREPARING else "sync"
            self._gathering = False
            for member in [member for member in self.members.values() if not member.waits]:
                self._remove(member, f"{member.name} left (did not {missed} in time)")
        self._go_on()

    @property
    def _bounded(self) -> bool:
        """Members have until ``_ends_us`` to do what they are to do now."""
        if self.state is State.COMPLETING:
            return not self._forming and not self._assigning
        return self.state is State.PREPARING

    def _set_alarm(self) -> None:
        """Ring when the next member expires or the round ends. Who is heard again expires later: that costs nothing."""
        due = [member.expires_us for member in self.members.values() if not member.waits]
        if self._bounded:
            due.append(self._ends_us)
        if not due or (self._alarm is not None and self._alarm_us <= min(due)):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_us = min(due)
        self._alarm = self._service.after(max(1, self._alarm_us - self._now_us), self._ring)

    @property
    def _now_us(self) -> int:
        return self._service.clock.monotonic_us

    @property
    def _rebalance_us(self) -> int:
        """Each member has as much time as the most patient one allows."""
        return max((member.rebalance_ms for member in self.members.values()), default=0) * 1_000

    # --- from coordinator to coordinator -----------------------------------------------------------

    def _resume(self, record: GroupRecord) -> None:
        """Go on where another coordinator was; members go on in their generation."""
        self.generation = self._highest = record.generation
        self.assignor, self.leader = record.assignor, record.leader
        for each in record.members:
            member = GroupMember.read(each)
            member.heard_us = self._now_us
            self.members[member.name] = member
        if self.members:
            self.state = State.STABLE if record.assigned else State.COMPLETING
        self._ends_us = self._now_us + self._rebalance_us
        self._set_alarm()

    def end(self) -> None:
        """This broker coordinates it no more."""
        self._turn += 1
        if self._alarm is not None:
            self._alarm.cancel()
        for member in self.members.values():
            member.refuse(Rejected(errors.NOT_COORDINATOR, f"{self._service.name} coordinates {self.name} no more"), 0)
