"""A group of members on real brokers, while brokers crash and the network misbehaves; and what must hold of it.

The members speak the protocol as plainly as possible, call by call, and trust nothing but answers. "Working" is moving
a position: a member that has been given a partition asks where the group stands, goes on from there, and commits.

What must hold, by what members were told alone (:class:`Told`):

* a generation has one leader, and a partition has one owner in it;
* a member's generations rise;
* whoever asks where the group stands is told nothing older than any commit that was acknowledged before;
* nobody commits what a newer generation had been given to somebody else before it asked;
* what is shown was committed by somebody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playground.chaos.links import Duplication, Loss, Reordering
from playground.chaos.scope import Scope
from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Life, Process
from playground.kernel.service import Service
from playground.systems.kafka.assignors import assign
from playground.systems.kafka.errors import ILLEGAL_GENERATION, REBALANCE, UNKNOWN_MEMBER
from playground.systems.kafka.group import Group
from playground.systems.kafka.messages import (
    FindCoordinator,
    Heartbeat,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    SyncGroup,
)
from playground.systems.kafka.records import TopicPartition
from tests.systems.kafka.kafka_lab import SECOND, Lab

OFFSETS = "__consumer_offsets-0"
PARTITIONS = 4
FENCED = (UNKNOWN_MEMBER, ILLEGAL_GENERATION)


@dataclass
class Told:
    """What all members were told, and what of it cannot be."""

    wrong: list[str] = field(default_factory=list)
    leaders: dict[int, str] = field(default_factory=dict)
    owners: dict[tuple[int, TopicPartition], str] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    """Member -> the highest generation that it was told."""
    given: dict[TopicPartition, tuple[int, str]] = field(default_factory=dict)
    """The newest generation and owner that anybody was told."""
    acknowledged: dict[TopicPartition, int] = field(default_factory=dict)
    asked: dict[TopicPartition, int] = field(default_factory=dict)
    """The highest offset that anybody wanted to commit."""
    commits: int = 0
    refused: int = 0

    def joined(self, member: str, generation: int, leader: str) -> None:
        if self.leaders.setdefault(generation, leader) != leader:
            self.wrong.append(f"generation {generation} has two leaders: {leader} and {self.leaders[generation]}")
        if generation < self.newest.get(member, 0):
            self.wrong.append(f"{member} was in generation {self.newest[member]} and is told {generation}")
        self.newest[member] = max(generation, self.newest.get(member, 0))

    def synced(self, member: str, generation: int, partitions: tuple[TopicPartition, ...]) -> None:
        for each in partitions:
            owner = self.owners.setdefault((generation, each), member)
            if owner != member:
                self.wrong.append(f"{each} belongs to {owner} and to {member} in generation {generation}")
            if generation > self.given.get(each, (0, ""))[0]:
                self.given[each] = generation, member


class PlainMember(Service):
    """co1 …: in the group until its machine crashes. ``busy_us``: what it does between two words to the group."""

    def __init__(self, process: Process, lab: GroupsLab) -> None:
        super().__init__(process)
        self.lab = lab
        self.told = lab.told
        self.member = f"{self.name}#{process.node.boots}"
        self.chance = self.random("member")
        self.coordinator = ""
        self.owned: dict[TopicPartition, int] = {}
        """Position of each."""
        self.claim = 0
        self.count = 0

    def start(self) -> None:
        self.spawn(self.live)

    async def ask(self, request: Any, timeout_us: int = SECOND) -> Any:
        try:
            if not self.coordinator:
                broker = self.lab.names[int(self.chance.random() * len(self.lab.names))]
                self.coordinator = (await self.call(broker, FindCoordinator("view"), timeout_us=SECOND // 2)).name
            return await self.call(self.coordinator, request, timeout_us=timeout_us)
        except Rejected as error:
            if error.code in FENCED:
                self.owned, self.claim = {}, 0
            elif error.code == "not-coordinator":
                self.coordinator = ""
            raise
        except CallError:
            self.coordinator = ""
            raise

    async def live(self) -> None:
        while True:
            try:
                generation = await self.enter()
                if generation:
                    await self.work(generation)
            except CallError:
                await self.sleep(int(self.chance.random() * SECOND / 2))

    async def enter(self) -> int:
        """Join and sync. 0: partitions were given up, so join again."""
        owned = tuple(sorted(self.owned))
        join = JoinGroup("view", self.member, self.lab.assignor, ("changes",), owned, self.claim, 3_000, 2_500)
        joined = await self.ask(join, 4 * SECOND)
        self.told.joined(self.member, joined.generation, joined.leader)
        shares = assign(self.lab.assignor, joined.subscriptions, {"changes": PARTITIONS})
        sync = SyncGroup("view", self.member, joined.generation, tuple(shares.items()))
        synced = await self.ask(sync, 3 * SECOND)
        self.told.synced(self.member, joined.generation, synced.partitions)
        self.claim = joined.generation
        before, self.owned = self.owned, {each: self.owned.get(each, -1) for each in synced.partitions}
        return 0 if set(before) - set(self.owned) else joined.generation

    async def work(self, generation: int) -> None:
        """Until the group says that something has changed: raises CallError."""
        while True:
            await self.insist(partial(self.ask_where, generation))
            await self.sleep(100_000 + int(self.chance.random() * SECOND / 4))
            if self.chance.random() < 0.01:
                await self.ask(LeaveGroup("view", self.member))
                self.owned, self.claim = {}, 0
                return
            await self.insist(partial(self.commit, generation))
            try:
                await self.insist(partial(self.ask, Heartbeat("view", self.member, generation)))
            except Rejected:
                if self.lab.assignor != "cooperative-sticky":
                    self.owned = {}
                raise

    async def insist(self, act: Callable[[], Awaitable[object]]) -> None:
        """Until it is answered by the group's word, or for long. Raises CallError."""
        for attempt in range(50):
            try:
                await act()
            except CallError as error:
                if attempt == 49 or (isinstance(error, Rejected) and error.code in (*FENCED, REBALANCE)):
                    raise
            else:
                return
            await self.sleep(SECOND // 10)

    async def ask_where(self, generation: int) -> None:
        """Where the group stands in the partitions that are new."""
        new = tuple(each for each, position in self.owned.items() if position < 0)
        if new:
            acknowledged = dict(self.told.acknowledged)
            found = dict((await self.ask(OffsetFetch("view", new, generation))).offsets)
            for each in new:
                self.owned[each] = found.get(each, 0)
                self.see(each, self.owned[each], acknowledged.get(each, 0))

    def see(self, partition: TopicPartition, offset: int, acknowledged: int) -> None:
        if offset < acknowledged:
            text = f"{self.member} is told {offset} of {partition}, and {acknowledged} had been acknowledged"
            self.told.wrong.append(text)
        if offset > self.told.asked.get(partition, 0):
            self.told.wrong.append(f"{self.member} is told {offset} of {partition}, which nobody has committed")

    async def commit(self, generation: int) -> None:
        told, self.count = self.told, self.count + 1
        offsets = {each: position + 1 + int(self.chance.random() * 5) for each, position in self.owned.items()}
        if not offsets:
            return
        past = [each for each in offsets if told.given.get(each, (0, ""))[0] > generation]
        past = [each for each in past if told.given[each][1] != self.member]
        for each, offset in offsets.items():
            told.asked[each] = max(offset, told.asked.get(each, 0))
        try:
            await self.ask(OffsetCommit("view", self.member, generation, tuple(offsets.items()), self.count))
        except Rejected:
            told.refused += 1
            raise
        told.commits += 1
        if past:
            owner = told.given[past[0]]
            told.wrong.append(f"{self.member} (generation {generation}) commits {past[0]}, given to {owner}")
        for each, offset in offsets.items():
            told.acknowledged[each] = max(offset, told.acknowledged.get(each, 0))
            if each in self.owned:
                self.owned[each] = offset


class GroupsLab(Lab):
    """``members`` machines co1 …, which join at once."""

    def __init__(
        self, seed: int = 1, *, members: int = 3, assignor: Any = "cooperative-sticky", **settings: Any
    ) -> None:
        topic = {"name": "changes", "partitions": PARTITIONS}
        super().__init__(3, seed, topics=(topic,), **settings)
        self.assignor = assignor
        self.told = Told()
        self.members = tuple(f"co{number}" for number in range(1, members + 1))
        for name in self.members:
            self.add(name, lambda process: PlainMember(process, self))

    @property
    def coordinator(self) -> str:
        return self.leader(OFFSETS)

    @property
    def group(self) -> Group | None:
        """As its coordinator knows it; None: there is none, or it is not ready."""
        coordinator = self.coordinator
        return self.broker(coordinator).groups.groups.get("view") if coordinator else None

    @property
    def stable(self) -> bool:
        """All members that live are in a stable generation in which every partition has an owner."""
        group = self.group
        if group is None or group.state != "stable" or len(group.members) != len(self.members):
            return False
        return sum(len(member.partitions) for member in group.members.values()) == PARTITIONS

    def misbehave(self) -> None:
        """All links lose, double and swap messages, some by much more than a round takes."""
        chance = self.world.random("misbehaviour")
        self.impose(Loss(Scope(), 0.01, chance))
        self.impose(Duplication(Scope(), 0.1, chance, 3 * SECOND))
        self.impose(Reordering(Scope(), 0.05, chance, SECOND // 2))

    async def suffer(self, rounds: int) -> None:
        """One accident after the other, mostly to the coordinator."""
        chance = self.world.random("accidents")
        for _ in range(rounds):
            victim = self.coordinator or self.names[0]
            if chance.random() < 0.6:
                victim = self.members[int(chance.random() * len(self.members))]
            accident: Callable[[str], Any] = self._crash if chance.random() < 0.6 else self._freeze
            back = accident(victim)
            await self.run(1 + chance.random() * 5)
            back()
            await self.run(chance.random() * 3)

    def _crash(self, name: str) -> Callable[[], None]:
        self.crash(name)
        return partial(self.start, name)

    def _freeze(self, name: str) -> Callable[[], None]:
        node = self.world.nodes[name]
        if node.life is not Life.UP:
            return lambda: None
        node.freeze()
        return node.thaw

    async def recover(self) -> None:
        """No more accidents: wait until the group is whole."""
        self.heal()
        assert await self.until(lambda: self.stable, 40), "the group does not become stable"


async def accidents(seed: int, rounds: int = 6, **settings: Any) -> GroupsLab:
    """A group that has been through some."""
    lab = GroupsLab(seed, **settings)
    await lab.ready()
    await lab.run(2)
    lab.misbehave()
    await lab.suffer(rounds)
    await lab.recover()
    return lab
