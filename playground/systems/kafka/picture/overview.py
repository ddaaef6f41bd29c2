"""The partitions: logs, leaders, replicas in sync, groups and their members, lags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from playground.systems.kafka import roles, standing
from playground.systems.kafka.group import Group, State
from playground.systems.kafka.image import NO_IMAGE, Image, PartitionState
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import INTERNAL, KafkaSettings
from playground.systems.kafka.standing import Extent, LagHistory
from playground.systems.kafka.worker import ConsumerService
from widgets import shapes
from widgets.shapes import GroupMember, Partition, Partitions, Progress, Replica, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

CURVE_S = 30
"""How far back the curves of the lag go."""
LEAST_SPAN = 50
"""So many messages a bar shows at least: nobody is behind who is behind by a few."""
BEHIND = 100
"""A lag of so many is worth a colour."""

Brokers = Mapping[str, BrokerService]
Consumers = Mapping[str, ConsumerService]


class Overview:
    """The panel of one cluster. It remembers what was last known, for when nobody is there who could say it."""

    def __init__(self, world: World, settings: KafkaSettings, history: LagHistory, hues: Mapping[str, int]) -> None:
        self._world = world
        self._settings = settings
        self._history = history
        self._hues = hues
        self._image: Image = NO_IMAGE
        self._extents: dict[TopicPartition, Extent] = {}
        self._groups: dict[str, shapes.Group] = {}
        self._offsets: dict[str, dict[TopicPartition, int]] = {}
        self._owners: dict[str, dict[TopicPartition, tuple[str, str]]] = {}
        """Group -> partition -> the machine that owns it, and as which member."""

    def partitions(self, brokers: Brokers, consumers: Consumers) -> Partitions:
        """As everything is now. ``brokers``, ``consumers``: the services that run."""
        image = roles.newest(brokers)
        if image.age >= self._image.age:
            self._image = image
        groups = {group.name: standing.group(brokers, group.name) for group in self._settings.groups}
        for name, group in groups.items():
            if group is not None:
                self._offsets[name] = group.offsets
                self._owners[name] = owners(group, consumers)
        lags = self._history.recent(self._world.now_us // 1_000_000, CURVE_S)
        rows: list[Partition] = []
        folded: list[Partition] = []
        for topic, states in self._image.topics.items():
            for number, state in enumerate(states):
                partition = TopicPartition(topic, number)
                extent = self._extent(brokers, partition)
                readers = tuple(
                    self._progress(partition, extent, name, consumers, lags)
                    for name in groups
                    if topic in self._settings.read_by(name)
                )
                row = self._row(partition, state, extent, readers)
                (folded if topic in INTERNAL else rows).append(row)
        now = max((progress.lag for row in rows for progress in row.readers), default=0)
        most = max((lag for second in lags for lag in second.values()), default=0)
        return Partitions(
            tuple(rows),
            tuple(self._group(name, group, brokers, consumers) for name, group in groups.items()),
            tuple(folded),
            *_summary(folded),
            span=max(LEAST_SPAN, now, most),
            lag_top=float(max(10, most)),
            caption=self._caption(brokers, (*rows, *folded)),
            empty="no broker has come up yet" if brokers else "no broker is up",
        )

    # --- logs -------------------------------------------------------------------------

    def _row(
        self, partition: TopicPartition, state: PartitionState, extent: Extent, readers: tuple[Progress, ...]
    ) -> Partition:
        in_sync = state.in_sync
        replicas = tuple(
            Replica(name, self._hues.get(name, 0), name in in_sync, self._state(name)) for name in state.replicas
        )
        settings = self._settings.topic(partition.topic)
        few = settings is not None and len(in_sync) < settings.min_insync
        tone = Tone.BAD if few or not state.leader else Tone.WARN if len(in_sync) < len(replicas) else Tone.PLAIN
        leader = state.leader
        return Partition(
            str(partition),
            leader,
            self._hues.get(leader) if leader else None,
            replicas,
            extent.start,
            extent.high_watermark,
            extent.end,
            readers,
            tone,
            self._state(leader) if leader else shapes.State.UP,
        )

    def _extent(self, brokers: Brokers, partition: TopicPartition) -> Extent:
        known = standing.extent(brokers, partition)
        if known is not None:
            self._extents[partition] = known
        return self._extents.get(partition, Extent(0, 0, 0))

    def _state(self, name: str) -> shapes.State:
        node = self._world.nodes.get(name)
        return shapes.State(node.life.value) if node is not None else shapes.State.DOWN

    # --- groups -----------------------------------------------------------------------

    def _progress(
        self,
        partition: TopicPartition,
        extent: Extent,
        name: str,
        consumers: Consumers,
        lags: list[dict[tuple[str, TopicPartition], int]],
    ) -> Progress:
        committed = self._offsets.get(name, {}).get(partition)
        machine, member = self._owners.get(name, {}).get(partition, ("", ""))
        service = consumers.get(machine)
        position = service.positions.get(partition, -1) if service is not None and service.member == member else -1
        lag = standing.lag(extent, committed)
        return Progress(
            name,
            committed,
            position if position >= 0 else None,
            lag,
            tuple(float(second[name, partition]) if (name, partition) in second else None for second in lags),
            machine,
            self._hues.get(machine),
            Tone.WARN if lag > BEHIND else Tone.PLAIN,
        )

    def _group(self, name: str, group: Group | None, brokers: Brokers, consumers: Consumers) -> shapes.Group:
        settings = self._settings.group(name)
        if group is None:
            known = self._groups.get(name)
            members, aside = (known.members, known.aside) if known is not None else ((), "")
            if not roles.coordinator(brokers, name):
                return shapes.Group(name, "nobody coordinates it", members, aside, Tone.BAD)
            text, tone = ("nobody has joined", Tone.MUTED) if known is None else ("its coordinator reads", Tone.WARN)
            return shapes.Group(name, text, members, aside, tone)
        text, tone = standing_of(group)
        owned = Counter(member for _, member in self._owners[name].values())
        members = tuple(
            GroupMember(
                member.machine,
                self._hues.get(member.machine),
                owned[member.name],
                self._trouble(member.machine, member.name, consumers),
            )
            for member in sorted(group.members.values(), key=lambda member: member.name)
        )
        aside = group.assignor or (settings.assignor if settings is not None else "")
        made = self._groups[name] = shapes.Group(name, text, members, aside, tone)
        return made

    def _trouble(self, machine: str, member: str, consumers: Consumers) -> str:
        """What is wrong with a member, in a word."""
        state = self._state(machine)
        service = consumers.get(machine)
        if state is not shapes.State.UP:
            return str(state.value)
        if service is None or service.member != member:
            return "gone"
        return "stalled" if service.stalled_ms is not None else ""

    # --- the line below ---------------------------------------------------------------

    def _caption(self, brokers: Brokers, rows: tuple[Partition, ...]) -> str:
        if not brokers:
            return "no broker is up: this is what was last known" if rows else ""
        found = roles.controller(brokers, "")
        if found:
            controller = f"controller {found[0]}, epoch {brokers[found[0]].controller.epoch}"
        else:
            controller = "no controller"
        headless = sum(not row.leader for row in rows)
        missing = sum(row.missing > 0 for row in rows)
        told = [f"{headless} without a leader"] * bool(headless) + [f"{missing} under-replicated"] * bool(missing)
        return ", ".join((controller, *told)) if told or not rows else f"{controller}, all in sync"


def owners(group: Group, consumers: Consumers) -> dict[TopicPartition, tuple[str, str]]:
    """Who owns what: partition -> machine, member.

    While a group shares out anew its coordinator does not know: a partition belongs to the member that has not given
    it up yet. Eager members give up all before they join; cooperative ones go on with what they have.
    """
    if group.state is State.STABLE:
        return {
            partition: (member.machine, member.name)
            for member in group.members.values()
            for partition in member.partitions
        }
    return {
        partition: (machine, service.member)
        for machine, service in consumers.items()
        if service.group == group.name and service.member in group.members
        for partition in service.assignment
    }


def standing_of(group: Group) -> tuple[str, Tone]:
    """How a group is, in a few words."""
    match group.state:
        case State.EMPTY:
            return ("no members", Tone.MUTED)
        case State.PREPARING:
            waits = [member.machine for member in group.members.values() if member.joining is None]
            coming = f": waiting for {' '.join(sorted(waits))}" if waits else ""
            return (f"preparing generation {group.generation + 1}{coming}", Tone.WARN)
        case State.COMPLETING:
            leader = group.members.get(group.leader)
            who = f": {leader.machine} shares out" if leader is not None else ""
            return (f"generation {group.generation}{who}", Tone.WARN)
    return (f"generation {group.generation}, stable", Tone.GOOD)


def _summary(rows: list[Partition]) -> tuple[str, Tone]:
    """One line for the internal partitions."""
    if not rows:
        return "", Tone.MUTED
    bad = [row for row in rows if row.tone is Tone.BAD]
    missing = [row for row in rows if row.missing]
    leaders = " ".join(dict.fromkeys(row.leader or "nobody" for row in rows))
    what = f"{len(rows)} internal, led by {leaders}"
    if bad or missing:
        return f"{what}: {len(missing or bad)} under-replicated", Tone.BAD if bad else Tone.WARN
    return f"{what}: in sync", Tone.MUTED
