"""Random faults for controllers and their ensemble, and a judge of all that any broker was ever shown or told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playground.kernel.node import Life, Node
from playground.systems.kafka.image import Image, PartitionState
from playground.systems.kafka.records import TopicPartition
from tests.systems.kafka.controllers_lab import Lab
from tests.systems.shards.shards_chaos import OneWay
from tests.systems.store.store_lab import Cut, Muddle


@dataclass
class Chaos:
    """A few faults at a time; ``heal`` ends them all."""

    lab: Lab
    acts: tuple[str, ...] = (
        "crash",
        "crash controller",
        "bounce",
        "freeze",
        "freeze controller",
        "cut",
        "cut off controller",
        "one-way",
        "muddle",
        "lose",
        "slow cpu",
        "drift",
        "server",
        "all",
    )
    undo: list[Callable[[], None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = self.lab.world.random("chaos")

    async def run(self, seconds: int) -> None:
        for _ in range(seconds):
            for _ in range(self.random.randrange(3)):
                self.act()
            await self.lab.run(0.2 + self.random.random() * 1.5)
            while len(self.undo) > 2 or (self.undo and self.random.random() < 0.5):
                self.undo.pop(self.random.randrange(len(self.undo)))()

    def heal(self) -> None:
        while self.undo:
            self.undo.pop()()
        for node in self.lab.world.nodes.values():
            node.clock.set_drift(0)

    def act(self) -> None:
        """Do one of them."""
        act, lab = self.random.choice(self.acts), self.lab
        up = list(lab.up())
        if act.endswith("controller"):
            up = [name for name in up if name == lab.controller()]
        if not up:
            return
        name = self.random.choice(up)
        node = lab.nodes[name]
        if act == "server":
            name = self.random.choice(list(lab.servers))
            node = lab.servers[name]
            if any(server.life is not Life.UP for server in lab.servers.values()):
                return
            act = self.random.choice(("crash", "freeze"))
        self.done.append(f"{lab.world.now_us / 1e6:.3f} {act} {name}")
        if act == "all":
            for each in up:
                self._crash(lab.nodes[each])
        elif act in ("crash", "crash controller", "lose"):
            self._crash(node, lose_disk=act == "lose")
        elif act == "bounce":
            node.crash()
            node.start()
        elif act.startswith("freeze"):
            node.freeze()
            self.undo.append(lambda: node.thaw() if node.life is Life.FROZEN else None)
        elif act == "slow cpu":
            node.set_event_cost(1_000)
            self.undo.append(lambda: node.set_event_cost(0))
        elif act == "drift":
            node.clock.set_drift(self.random.choice((-200_000, -100_000, 100_000, 200_000)))
        else:
            self._network(act, name)

    def _crash(self, node: Node, *, lose_disk: bool = False) -> None:
        node.crash(lose_disk=lose_disk)
        self.undo.append(lambda: node.start() if node.life is Life.DOWN else None)

    def _network(self, act: str, name: str) -> None:
        network, names = self.lab.world.network, list(self.lab.world.nodes)
        half = [name] if act == "cut off controller" else self.random.sample(names, len(names) // 2)
        others = [other for other in names if other not in half]
        rule: Cut | Muddle | OneWay
        if act == "muddle":
            rule = Muddle(self.lab.world.random("muddle", str(len(self.done))))
        elif act == "one-way":
            rule = OneWay(half, others)
        else:
            rule = Cut(half, others)
        network.add(rule)
        self.undo.append(lambda: network.remove(rule))


def complaints(lab: Lab, truth: dict[TopicPartition, PartitionState]) -> Iterator[str]:
    """What cannot be if one controller decides at a time. ``truth``: what stands in ZooKeeper in the end."""
    yield from _two_in_an_epoch(lab)
    seen: dict[tuple[int, int], Image] = {}
    states = {(partition, state.version): state for partition, state in truth.items()}
    leaders: dict[tuple[TopicPartition, int], tuple[str, int]] = {}
    for image in lab.images:
        if seen.setdefault(image.age, image) != image:
            yield f"there are two images of age {image.age}"
        for partition, state in _partitions(image):
            if states.setdefault((partition, state.version), state) != state:
                yield f"{partition} has two states in version {state.version}"
            leader = state.leader, state.leader_incarnation
            if leaders.setdefault((partition, state.leader_epoch), leader) != leader:
                yield f"{partition} has two leaders in epoch {state.leader_epoch}"
            if state.version > truth[partition].version:
                yield f"version {state.version} of {partition} was shown and is not there any more"
            yield from _wrong(partition, state)
    newest: dict[TopicPartition, PartitionState] = {}
    for _age, image in sorted(seen.items()):
        for partition, state in _partitions(image):
            old = newest.get(partition, state)
            if state.version < old.version or state.leader_epoch < old.leader_epoch:
                yield f"a newer image has an older state of {partition}"
            newest[partition] = state
    for request, version in lab.answers:
        found = states.get((request.partition, version))
        if version > truth[request.partition].version:
            yield f"{request.partition}: version {version} was answered and is not there any more"
        elif found is not None and {*found.isr} != {*request.isr}:
            yield f"{request.partition}: {request.isr} was answered as done in version {version}; that is {found.isr}"


def _two_in_an_epoch(lab: Lab) -> Iterator[str]:
    elected: dict[int, str] = {}
    for entry in lab.world.journal.entries:
        data = dict(entry.data)
        if entry.kind == "elected" and data.get("group") == "controller":
            term = data["term"]
            if elected.setdefault(term, entry.subject) != entry.subject:
                yield f"{entry.subject} and {elected[term]} were the controller in epoch {term}"


def _wrong(partition: TopicPartition, state: PartitionState) -> Iterator[str]:
    if not state.isr:
        yield f"{partition}: the ISR is empty"
    if state.leader and state.leader not in state.in_sync:
        yield f"{partition}: {state.leader} leads and is not in sync"
    if {*state.isr} & {*state.elr}:
        yield f"{partition}: in sync and eligible outside at once"


def _partitions(image: Image) -> Iterator[tuple[TopicPartition, PartitionState]]:
    for topic, states in image.topics.items():
        for number, state in enumerate(states):
            yield TopicPartition(topic, number), state
