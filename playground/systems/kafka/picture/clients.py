"""All about one consumer, or one producer: what it believes, and what it has to do."""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.kafka import roles, standing
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.producer import Producer
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.worker import ConsumerService
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

_DASH = Cell("–", Tone.MUTED)

Brokers = Mapping[str, BrokerService]
Consumers = Mapping[str, ConsumerService]


def consumer_detail(name: str, consumers: Consumers, brokers: Brokers) -> Detail:
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
        Fact("coordinator", *_coordinator(service, brokers)),
        Fact("shares by", f"{settings.assignor}, {settings.delivery}"),
        Fact("processing takes", takes, Tone.PLAIN if stalled is None else Tone.WARN),
        Fact("processed", f"{service.processed:,} messages in this life"),
        Fact("buffered", f"{service.buffered:,} fetched and not handed over"),
    )
    return Detail(name, facts, (("its partitions, as it sees them", _owned(service, brokers)),))


def producer_detail(name: str, service: ProducerService | None, brokers: Brokers) -> Detail:
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
        Column("sends to", 16, weight=1),
        Column("in flight", 9, right=True),
        Column("buffered", 8, right=True),
        Column("epoch", 5, right=True),
        Column("next sequence", 13, right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(str(partition)),
                _leader(producer, partition, brokers),
                Cell(str(line.in_flight), Tone.ACCENT if line.in_flight else Tone.MUTED),
                Cell(str(line.buffered)),
                Cell(str(line.epoch)) if settings.idempotent else _DASH,
                Cell(str(line.sequence)) if settings.idempotent else _DASH,
            )
        )
        for partition, line in sorted(producer.lines.items())
    )
    return Detail(name, facts, (("batches by partition", Table(columns, rows, empty="it has sent nothing yet")),))


def _leader(producer: Producer, partition: TopicPartition, brokers: Brokers) -> Cell:
    """Whom it takes for the leader of a partition; and, seen from outside, who leads if that is another one."""
    found = producer.metadata.leader(partition)
    believed, true = found[0] if found is not None else "", "".join(roles.leader(brokers, str(partition)))
    if believed == true:
        return Cell(believed) if believed else Cell("nobody leads", Tone.WARN)
    return Cell(f"{believed or 'nobody'}, but {true or 'nobody'} leads", Tone.WARN)


def _given_up(service: ProducerService) -> str:
    told = ", ".join(f"{count:,} {error}" for error, count in service.producer.failed.items())
    return told or "none"


def _coordinator(service: ConsumerService, brokers: Brokers) -> tuple[str, Tone]:
    """Whom it takes for the coordinator of its group; and, seen from outside, who is."""
    believed = service.consumer.coordinator
    true = "".join(roles.coordinator(brokers, service.group))
    if not believed:
        return "it does not know one", Tone.WARN
    return (
        (believed, Tone.PLAIN)
        if believed == true
        else (f"{believed}, it believes; it is {true or 'nobody'}", Tone.WARN)
    )


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
