"""All about one broker: what it takes itself for, its logs, who copies and reads from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from playground.systems.kafka import roles
from playground.systems.kafka.image import Image
from playground.systems.kafka.leading import Leading, Progress
from playground.systems.kafka.records import NO_PRODUCER, TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from widgets import units
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

_DASH = Cell("–", Tone.MUTED)
_SEGMENTS_SHOWN = 60
_BATCHES_SHOWN = 3
"""The newest of each partition …"""
_LOOK_BACK = 60
"""… of those that begin within so many offsets of the end."""
_LOOK_BYTES = 16 << 10
_LATE_US = 1_000_000
"""Who has not caught up for so long is late."""

Brokers = Mapping[str, BrokerService]
Consumers = Mapping[str, ConsumerService]


def broker_detail(world: World, name: str, brokers: Brokers, consumers: Consumers, hues: Mapping[str, int]) -> Detail:
    """All about one broker. ``brokers``: those that run."""
    service = brokers.get(name)
    if service is None:
        disk = world.nodes[name].disk
        return Detail(f"{name}: no process runs", (Fact("on its disk", units.size(disk.used_bytes), Tone.MUTED),))
    tables = (
        ("its partitions, as it sees them", _partitions(service, roles.newest(brokers))),
        ("who copies and reads from it", _readers(service, consumers, hues)),
        ("segments", _segments(service)),
        ("newest batches", _batches(service)),
    )
    return Detail(name, _facts(world, service, brokers), tables)


def _facts(world: World, service: BrokerService, brokers: Brokers) -> tuple[Fact, ...]:
    image, newest = service.image, roles.newest(brokers)
    controller = service.controller
    role = Fact("controller", f"believes that {image.controller or 'nobody'} is, in epoch {image.controller_epoch}")
    if controller.controlling:
        role = Fact("controller", f"it is, in epoch {controller.epoch}", Tone.ACCENT)
    behind = image.age != newest.age
    thin = [str(each) for each in service.under_replicated]
    groups = ", ".join(service.groups.groups) or "none"
    own = service.own
    return (
        role,
        Fact("coordinates", groups, Tone.MUTED if groups == "none" else Tone.ACCENT),
        Fact("leads", f"{len(service.led)} of the {len(service.partitions)} partitions that it holds"),
        Fact("under-replicated", ", ".join(thin) or "none that it leads", Tone.WARN if thin else Tone.MUTED),
        Fact(
            "its image",
            f"version {image.version} of controller epoch {image.controller_epoch}"
            + (f"; the newest is {newest.version} of epoch {newest.controller_epoch}" if behind else ", the newest"),
            Tone.WARN if behind else Tone.PLAIN,
        ),
        Fact("registered as", f"life {own.incarnation}, directory {own.directory}" if own else "not yet: it recovers"),
        Fact("on its disk", units.size(world.nodes[service.name].disk.used_bytes)),
    )


def _partitions(service: BrokerService, newest: Image) -> Table:
    """By its own account; where the newest image of all names another leader, that one too."""
    columns = (
        _names(service),
        Column("leader", 6, weight=1),
        Column("epoch", 5, right=True, drop=3),
        Column("start", 5, right=True, drop=2),
        Column("hw", 6, right=True),
        Column("synced", 6, right=True, drop=1),
        Column("end", 6, right=True),
        Column("in sync", 11, drop=4),
    )
    rows = []
    for partition, replica in service.partitions.items():
        log, leading = replica.log, replica.leading
        leader = Cell(replica.leader) if replica.leader else Cell("nobody", Tone.WARN)
        if leading is not None:
            leader = Cell("itself", Tone.GOOD)
        state = newest.state(partition)
        if state is not None and state.leader != (service.name if leading is not None else replica.leader):
            leader = Cell(f"{leader.text}, but {state.leader or 'nobody'} does", Tone.WARN)
        rows.append(
            Row(
                (
                    Cell(str(partition)),
                    leader,
                    Cell(str(replica.leader_epoch)),
                    Cell(f"{log.start_offset:,}"),
                    Cell(f"{log.high_watermark:,}"),
                    Cell(f"{log.synced_offset:,}"),
                    Cell(f"{log.end_offset:,}"),
                    _in_sync(leading) if leading is not None else _DASH,
                ),
                item=Item("partition", str(partition)),
            )
        )
    return Table(columns, tuple(rows), empty="it holds none")


def _names(service: BrokerService) -> Column:
    return Column("partition", max((len(str(partition)) for partition in service.directory.logs), default=9))


def _in_sync(leading: Leading) -> Cell:
    proposed = [member.name for member in leading.insync.proposed]
    text = " ".join(member.name for member in leading.isr)
    if proposed:
        text += f", {' '.join(proposed)} proposed"
    return Cell(text, Tone.WARN if leading.under_replicated else Tone.PLAIN)


def _readers(service: BrokerService, consumers: Consumers, hues: Mapping[str, int]) -> Table:
    """Followers as the leader knows them; consumers by their own account, as nobody keeps a list of them."""
    columns = (
        _names(service),
        Column("who", 5),
        Column("has", 8, right=True),
        Column("lacks", 6, right=True),
        Column("caught up", 10, right=True),
        Column("asked", 10, right=True, drop=1),
    )
    now_us = service.clock.monotonic_us
    rows = []
    for partition in service.led:
        leading = service.leads(partition)
        if leading is None:
            continue
        for name, progress in leading.followers.items():
            rows.append(_follower(partition, name, progress, leading, now_us, hues))
        for name, consumer in consumers.items():
            position = consumer.positions.get(partition, -1)
            if position >= 0:
                lacks = max(0, leading.high_watermark - position)
                cells = (
                    Cell(str(partition)), Cell(name, hue=hues.get(name)), Cell(f"{position:,}"), Cell(f"{lacks:,}"),
                    _DASH, _DASH,
                )  # fmt: skip
                rows.append(Row(cells, name=name))
    return Table(columns, tuple(rows), empty="it leads none")


def _follower(
    partition: TopicPartition, name: str, progress: Progress, leading: Leading, now_us: int, hues: Mapping[str, int]
) -> Row:
    end = leading.log.end_offset
    has = progress.end_offset
    late = now_us - progress.caught_up_us > _LATE_US
    cells = (
        Cell(str(partition)),
        Cell(name, hue=hues.get(name)),
        Cell(f"{has:,}") if has >= 0 else _DASH,
        Cell(f"{max(0, end - has):,}" if has >= 0 else "–", Tone.WARN if has < end and late else Tone.PLAIN),
        _ago(now_us - progress.caught_up_us, late),
        _ago(now_us - progress.fetched_us, False),
    )
    return Row(cells, name=name)


def _ago(us: int, late: bool) -> Cell:
    if us > 1 << 50:
        return Cell("never", Tone.WARN)
    seconds = max(0, us) / 1e6
    return Cell(f"{seconds:.1f} s ago" if seconds < 100 else f"{seconds:,.0f} s ago", Tone.WARN if late else Tone.PLAIN)


def _segments(service: BrokerService) -> Table:
    columns = (
        _names(service),
        Column("from", 7, right=True),
        Column("to", 7, right=True),
        Column("size", 8, right=True),
        Column("batches", 7, right=True),
        Column("index", 5, right=True, drop=1),
        Column("is", 10, weight=1),
    )
    rows = []
    for partition, log in service.directory.logs.items():
        for view in log.segments:
            what = "active" if view.active else "compacted" if view.compacted else "closed"
            rows.append(
                Row(
                    (
                        Cell(str(partition)),
                        Cell(f"{view.base_offset:,}"),
                        Cell(f"{view.end_offset:,}"),
                        Cell(units.size(view.size_bytes)),
                        Cell(str(view.batches)),
                        Cell(str(view.index_entries)),
                        Cell(what, Tone.ACCENT if view.active else Tone.MUTED),
                    )
                )
            )
    caption = f"the first {_SEGMENTS_SHOWN} of {len(rows)}" if len(rows) > _SEGMENTS_SHOWN else ""
    return Table(columns, tuple(rows[:_SEGMENTS_SHOWN]), caption=caption, empty="it has none")


def _batches(service: BrokerService) -> Table:
    columns = (
        _names(service),
        Column("from", 7, right=True),
        Column("records", 7, right=True),
        Column("epoch", 5, right=True),
        Column("producer", 8, right=True, drop=1),
        Column("sequence", 8, right=True, drop=2),
        Column("newest key", 12, weight=2),
    )
    rows = []
    for partition, log in service.directory.logs.items():
        first = max(log.start_offset, log.end_offset - _LOOK_BACK)
        found = log.read(first, _LOOK_BYTES, log.end_offset)
        for batch in reversed(found[-_BATCHES_SHOWN:]):
            numbered = batch.producer_id != NO_PRODUCER
            key = batch.records[-1].key if batch.records else None
            rows.append(
                Row(
                    (
                        Cell(str(partition)),
                        Cell(f"{batch.base_offset:,}"),
                        Cell(str(len(batch.records))),
                        Cell(str(batch.leader_epoch)),
                        Cell(str(batch.producer_id)) if numbered else _DASH,
                        Cell(str(batch.sequence)) if numbered else _DASH,
                        Cell(key) if key is not None else _DASH,
                    )
                )
            )
    return Table(columns, tuple(rows), empty="nothing was written yet")
