"""All about one consumer, or one producer: what it believes, and what it has to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from playground.systems.kafka import standing
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.journal import Entry
    from playground.kernel.world import World

REBALANCES = 5
"""So many rebalances of its group are told."""
_LOOKED_AT = 2_000
"""So far back in the journal they are looked for."""
_SHARES = re.compile(r"[:,] (?=\S+ gets )")
"""Where a line of the journal tells of the next member's share."""
_DASH = Cell("–", Tone.MUTED)

Brokers = Mapping[str, BrokerService]
Consumers = Mapping[str, ConsumerService]


def consumer_detail(world: World, name: str, consumers: Consumers, brokers: Brokers) -> Detail:
    """All about one consumer. ``consumers``: those that run."""
    service = consumers.get(name)
    if service is None:
        return Detail(f"{name}: no process runs, and it keeps nothing on its disk", ())
    group = standing.group(brokers, service.group)
    stalled = service.stalled_ms
    settings = service.settings
    takes = f"{settings.process_ms} ms a message" if stalled is None else f"stalled: {stalled:,} ms a message"
    facts = (
        Fact("group", f"{service.group}, as {service.member}"),
        Fact("is", *_membership(service, group.generation if group is not None else 0)),
        Fact("coordinator", service.consumer.coordinator or "it does not know one"),
        Fact("shares by", f"{settings.assignor}, {settings.delivery}"),
        Fact("processing takes", takes, Tone.PLAIN if stalled is None else Tone.WARN),
        Fact("processed", f"{service.processed:,} messages in this life"),
        Fact("buffered", f"{service.buffered:,} fetched and not handed over"),
    )
    tables = (
        ("its partitions, as it sees them", _owned(service, brokers)),
        (f"rebalances of {service.group}", _rebalances(service.group, world.journal.entries)),
    )
    return Detail(name, facts, tables)


def producer_detail(name: str, service: ProducerService | None) -> Detail:
    """All about one producer. ``service``: it, if it runs."""
    if service is None:
        return Detail(f"{name}: no process runs, and it keeps nothing on its disk", ())
    producer, settings = service.producer, service.settings.producer
    share = service.rate / max(1, service.settings.producers)
    latencies = sorted(service.latencies_us)
    numbered = f"producer id {producer.producer_id}" if producer.producer_id >= 0 else "not numbered yet"
    facts = (
        Fact("makes", f"{share:g} messages/s, acks={settings.acks}"),
        Fact("idempotent", numbered if settings.idempotent else "no: a batch sent twice is appended twice"),
        Fact("sent", f"{service.sent:,} messages in this life"),
        Fact("acknowledged", f"{service.acknowledged:,}", Tone.GOOD),
        Fact("given up", _given_up(service), Tone.BAD if service.failed else Tone.MUTED),
        Fact("open", f"{producer.unsettled:,} without an outcome, {producer.buffered:,} of them never sent"),
        Fact("sent again", f"{producer.retries:,} batches"),
        Fact("answered after", f"{latencies[len(latencies) // 2] / 1_000:.1f} ms (median)" if latencies else "–"),
    )
    columns = (
        Column("partition", 10, weight=1),
        Column("in flight", 9, right=True),
        Column("buffered", 8, right=True),
        Column("epoch", 5, right=True),
        Column("next sequence", 13, right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(str(partition)),
                Cell(str(line.in_flight), Tone.ACCENT if line.in_flight else Tone.MUTED),
                Cell(str(line.buffered)),
                Cell(str(line.epoch)) if settings.idempotent else _DASH,
                Cell(str(line.sequence)) if settings.idempotent else _DASH,
            )
        )
        for partition, line in sorted(producer.lines.items())
    )
    return Detail(name, facts, (("batches by partition", Table(columns, rows, empty="it has sent nothing yet")),))


def _given_up(service: ProducerService) -> str:
    told = ", ".join(f"{count:,} {error}" for error, count in service.producer.failed.items())
    return told or "none"


def _membership(service: ConsumerService, newest: int) -> tuple[str, Tone]:
    """What it takes itself for; and, seen from outside, whether the group has gone on."""
    if not service.generation:
        return f"{service.state}, in no generation", Tone.WARN
    text = f"{service.state}, in generation {service.generation}"
    if newest > service.generation:
        return f"{text}; the group is in {newest}", Tone.BAD
    return text, Tone.GOOD if service.state == "stable" else Tone.WARN


def _owned(service: ConsumerService, brokers: Brokers) -> Table:
    columns = (
        Column("partition", 10, weight=1),
        Column("position", 9, right=True),
        Column("committed", 9, right=True),
        Column("hw", 9, right=True, drop=1),
        Column("lag", 7, right=True),
    )
    rows = []
    for partition in service.assignment:
        position = service.positions.get(partition, -1)
        committed = service.committed.get(partition)
        extent = standing.extent(brokers, partition)
        lag = standing.lag(extent, committed if committed is not None else max(0, position)) if extent else None
        rows.append(
            Row(
                (
                    Cell(str(partition)),
                    Cell(f"{position:,}") if position >= 0 else _DASH,
                    Cell(f"{committed:,}") if committed is not None else _DASH,
                    Cell(f"{extent.high_watermark:,}") if extent else _DASH,
                    Cell(f"{lag:,}") if lag is not None else _DASH,
                )
            )
        )
    return Table(columns, tuple(rows), empty="it owns none")


def _rebalances(group: str, entries: Iterable[Entry]) -> Table:
    """The newest first, as the coordinators told of them."""
    columns = (Column("at s", 8, right=True), Column("what happened", 30, weight=1))
    rows: list[Row] = []
    told = 0
    newest = list(entries)[-_LOOKED_AT:]
    for entry in reversed(newest):
        if entry.kind == "rebalance" and dict(entry.data).get("group") == group:
            what, *shares = _SHARES.split(entry.text.removeprefix(f"{group}: "))
            rows.append(Row((Cell(f"{entry.at_us / 1e6:.3f}"), Cell(what))))
            rows += [Row((Cell(""), Cell(share, Tone.MUTED))) for share in shares]
            told += 1
            if told == REBALANCES:
                break
    return Table(columns, tuple(rows), empty="none lately")
