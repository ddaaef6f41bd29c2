"""All about one partition, or one group: what is decided and true, and beside it what each machine believes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from playground.systems.kafka import roles, standing
from playground.systems.kafka.group import Group
from playground.systems.kafka.image import Image, PartitionState
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.picture.overview import BEHIND, standing_of
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, State, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

_DASH = Cell("–", Tone.MUTED)

Brokers = Mapping[str, BrokerService]
Consumers = Mapping[str, ConsumerService]
Producers = Mapping[str, ProducerService]
Hues = Mapping[str, int]


def partition_detail(
    world: World, name: str, brokers: Brokers, consumers: Consumers, producers: Producers, hues: Hues
) -> Detail:
    """All about one partition. ``brokers``, ``consumers``, ``producers``: those that run."""
    title = f"partition {name}"
    partition = TopicPartition.parse(name)
    image = roles.newest(brokers)
    state = image.state(partition) if partition is not None else None
    if partition is None or state is None:
        return Detail(title, (Fact("is", "not known to any broker that runs", Tone.WARN),))
    tables = (
        ("its replicas, each by its own account", _replicas(world, partition, state, brokers, hues)),
        ("who reads it", _readers(partition, brokers, consumers, hues)),
        ("whom others take for its leader", _believers(partition, image, brokers, consumers, producers, hues)),
    )
    return Detail(title, _facts(partition, state, brokers), tables)


def group_detail(name: str, brokers: Brokers, consumers: Consumers, hues: Hues) -> Detail:
    """All about one consumer group: as its coordinator has it, and as its members see it."""
    title = f"group {name}"
    led = roles.coordinator(brokers, name)
    group = standing.group(brokers, name)
    coordinator = Fact("coordinator", led[0]) if led else Fact("coordinator", "nobody", Tone.BAD)
    if group is None:
        known = "nobody has joined yet, or its coordinator still reads" if led else "not known"
        return Detail(title, (coordinator, Fact("is", known, Tone.WARN)), (_by_members(name, None, consumers, hues),))
    text, tone = standing_of(group)
    lags = {each: lag for (reader, each), lag in standing.lags(brokers).items() if reader == name}
    facts = (
        coordinator,
        Fact("is", text, tone),
        Fact("shares by", group.assignor or "nothing was shared out yet"),
        Fact("leader", _machine(group, group.leader)),
        Fact("lag", f"{sum(lags.values()):,} messages in {len(lags)} partitions"),
    )
    return Detail(
        title, facts, (_by_members(name, group, consumers, hues), ("its partitions", _shares(group, lags, hues)))
    )


# --- a partition --------------------------------------------------------------------------------


def _facts(partition: TopicPartition, state: PartitionState, brokers: Brokers) -> tuple[Fact, ...]:
    led = standing.leading(brokers, partition)
    extent = standing.extent(brokers, partition)
    decided = f"{state.leader}, in epoch {state.leader_epoch}" if state.leader else "nobody: none in sync is left"
    facts = [
        Fact("leader", decided, Tone.PLAIN if state.leader else Tone.BAD),
        Fact(
            "in sync",
            " ".join(state.in_sync) or "nobody",
            Tone.PLAIN if len(state.isr) == len(state.replicas) else Tone.WARN,
        ),
    ]
    if state.elr:
        facts.append(Fact("eligible", f"{' '.join(member.name for member in state.elr)}, if nobody in sync is left"))
    if led is None or led.service.name != state.leader or led.epoch != state.leader_epoch:
        facts.append(Fact("but", _difference(led.service.name if led is not None else "", state), Tone.WARN))
    if extent is not None:
        waits = extent.end - extent.high_watermark
        facts.append(Fact("log", f"{extent.start:,} to {extent.end:,}, committed up to {extent.high_watermark:,}"))
        facts.append(Fact("not committed", f"{waits:,} messages", Tone.WARN if waits else Tone.MUTED))
    return tuple(facts)


def _difference(leads: str, state: PartitionState) -> str:
    if not leads:
        return "no broker that runs takes itself for the leader"
    return f"{leads} takes itself for the leader" + ("" if leads != state.leader else ", of another epoch")


def _replicas(world: World, partition: TopicPartition, state: PartitionState, brokers: Brokers, hues: Hues) -> Table:
    """The copies, in the order of preference."""
    columns = (
        Column("broker", 6),
        Column("takes itself for", 16, weight=1),
        Column("epoch", 5, right=True, drop=3),
        Column("synced", 7, right=True, drop=2),
        Column("hw", 7, right=True, drop=1),
        Column("end", 7, right=True),
        Column("is", 11),
    )
    rows = []
    for name in state.replicas:
        life = State(world.nodes[name].life.value)
        in_sync = Cell("in sync", Tone.GOOD) if name in state.in_sync else Cell("out of sync", Tone.WARN)
        replica = brokers[name].partitions.get(partition) if name in brokers else None
        if replica is None:
            cells = (Cell(name), Cell("no answer" if name not in brokers else "no copy yet", Tone.MUTED), *(_DASH,) * 4)
        else:
            epoch = replica.leading.epoch if replica.leading is not None else replica.leader_epoch
            log = replica.log
            cells = (
                Cell(name),
                _role(replica.leading is not None, replica.leader, epoch, state),
                Cell(str(epoch), Tone.PLAIN if epoch == state.leader_epoch else Tone.WARN),
                Cell(f"{log.synced_offset:,}"),
                Cell(f"{log.high_watermark:,}"),
                Cell(f"{log.end_offset:,}"),
            )
        rows.append(Row((*cells, in_sync), name=name, hue=hues.get(name), state=life))
    return Table(columns, tuple(rows))


def _role(leads: bool, follows: str, epoch: int, state: PartitionState) -> Cell:
    if leads:
        return Cell("leader", Tone.GOOD) if epoch == state.leader_epoch else Cell("leader, once", Tone.BAD)
    if not follows:
        return Cell("follower of nobody", Tone.WARN)
    return Cell(f"follower of {follows}", Tone.PLAIN if follows == state.leader else Tone.WARN)


def _readers(partition: TopicPartition, brokers: Brokers, consumers: Consumers, hues: Hues) -> Table:
    """Each group that reads the topic: what is committed, and who owns the partition, by whose account."""
    columns = (
        Column("group", 8),
        Column("committed", 9, right=True),
        Column("lag", 6, right=True),
        Column("owner", 7),
        Column("which", 20, weight=1),
        Column("position", 8, right=True, drop=1),
    )
    settings = next(iter(brokers.values())).settings
    extent = standing.extent(brokers, partition)
    rows = []
    for name in (group.name for group in settings.groups if partition.topic in settings.read_by(group.name)):
        group = standing.group(brokers, name)
        committed = group.offsets.get(partition) if group is not None else None
        owner = _owner(group, partition)
        held = [machine for machine, each in consumers.items() if each.group == name and partition in each.assignment]
        position = max((consumers[machine].positions.get(partition, -1) for machine in held), default=-1)
        rows.append(
            Row(
                (
                    Cell(name),
                    Cell(f"{committed:,}") if committed is not None else _DASH,
                    Cell(f"{standing.lag(extent, committed):,}") if extent is not None else _DASH,
                    Cell(owner, hue=hues.get(owner)) if owner else Cell("nobody", Tone.WARN),
                    _agrees(owner, held),
                    Cell(f"{position:,}") if position >= 0 else _DASH,
                ),
                name=owner,
                item=Item("group", name),
            )
        )
    return Table(columns, tuple(rows), empty="no group reads it")


def _owner(group: Group | None, partition: TopicPartition) -> str:
    owners = [each.machine for each in group.members.values() if partition in each.partitions] if group else []
    return owners[0] if owners else ""


def _agrees(owner: str, held: list[str]) -> Cell:
    """Whether who holds the partition is who should."""
    others = [machine for machine in held if machine != owner]
    if others:
        return Cell(f"{' '.join(others)} {'holds' if len(others) == 1 else 'hold'} it as well" if owner in held else
                    f"but {' '.join(others)} still holds it", Tone.WARN)  # fmt: skip
    if not owner:
        return Cell("")
    return Cell("holds it", Tone.GOOD) if owner in held else Cell("does not know yet", Tone.WARN)


def _believers(
    partition: TopicPartition, newest: Image, brokers: Brokers, consumers: Consumers, producers: Producers, hues: Hues
) -> Table:
    """Those who go by an older image than the newest, and what that says of the leader; the others in one line."""
    columns = (Column("who", 6), Column("believes", 10), Column("by", 24, weight=1))
    clients = {name: each.consumer.metadata.image for name, each in consumers.items()}
    clients |= {name: each.producer.metadata.image for name, each in producers.items()}
    images = {name: service.image for name, service in brokers.items()} | clients
    truth = newest.state(partition)
    leader = truth.leader if truth is not None else ""
    rows = []
    agree = 0
    for name, image in images.items():
        state = image.state(partition)
        believed = state.leader if state is not None else ""
        if believed == leader:
            agree += 1
            continue
        told = (
            f"version {image.version} of epoch {image.controller_epoch}" if image.version else "it was told nothing yet"
        )
        shown = Cell(believed, Tone.WARN, hue=hues.get(believed)) if believed else Cell("nobody", Tone.WARN)
        rows.append(Row((Cell(name), shown, Cell(told, Tone.MUTED)), name=name))
    all_agree = f"all {agree} brokers and clients that run believe in {leader or 'nobody'}"
    caption = f"the other {agree} believe in {leader or 'nobody'}" if rows else ""
    return Table(columns, tuple(rows), caption=caption, empty=all_agree)


# --- a group ------------------------------------------------------------------------------------


def _machine(group: Group, member: str) -> str:
    found = group.members.get(member)
    return f"{found.machine}: it says who gets what" if found is not None else "none"


def _by_members(name: str, group: Group | None, consumers: Consumers, hues: Hues) -> tuple[str, Table]:
    """What the coordinator has of each member, and what the member takes itself for."""
    columns = (
        Column("member", 8),
        Column("coordinator", 14, weight=1),
        Column("itself", 18, weight=1),
        Column("owns", 5, right=True),
    )
    known = {member.machine: member for member in group.members.values()} if group is not None else {}
    machines = dict.fromkeys((*known, *(machine for machine, each in consumers.items() if each.group == name)))
    rows = []
    for machine in machines:
        member, service = known.get(machine), consumers.get(machine)
        said = Cell(f"{len(member.partitions)} partitions") if member is not None else Cell("no member", Tone.WARN)
        own, generation = Cell("no answer: it does not run", Tone.MUTED), group.generation if group is not None else 0
        if service is not None:
            late = service.generation != generation
            own = Cell(f"generation {service.generation}, {service.state}", Tone.WARN if late else Tone.GOOD)
        owns = Cell(str(len(service.assignment))) if service is not None else _DASH
        rows.append(Row((Cell(machine, hue=hues.get(machine)), said, own, owns), name=machine, hue=hues.get(machine)))
    return "its members, by the coordinator and by themselves", Table(columns, tuple(rows), empty="nobody")


def _shares(group: Group, lags: Mapping[TopicPartition, int], hues: Hues) -> Table:
    columns = (
        Column("partition", 12, weight=1),
        Column("owner", 7),
        Column("committed", 9, right=True),
        Column("lag", 7, right=True),
    )
    rows = []
    for partition in sorted(lags):
        owner, committed = _owner(group, partition), group.offsets.get(partition)
        rows.append(
            Row(
                (
                    Cell(str(partition)),
                    Cell(owner, hue=hues.get(owner)) if owner else Cell("nobody", Tone.WARN),
                    Cell(f"{committed:,}") if committed is not None else _DASH,
                    Cell(f"{lags[partition]:,}", Tone.WARN if lags[partition] > BEHIND else Tone.PLAIN),
                ),
                name=owner,
                item=Item("partition", str(partition)),
            )
        )
    return Table(columns, tuple(rows), empty="it reads none")
