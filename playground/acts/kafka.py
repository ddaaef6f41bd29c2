"""Acts on Kafka: producers, consumers, partitions, a message by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground import commands
from playground.acts.done import Done, listed, take_charge
from playground.kernel.errors import UserError
from playground.quantities import format_duration
from playground.systems.kafka.operator import OperatorService
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.kafka.worker import ConsumerService
from playground.wording import unknown

if TYPE_CHECKING:
    from playground.cluster import Cluster

MOST_CONSUMERS = 200


def produce(cluster: Cluster, command: commands.Produce) -> Done:
    settings = _kafka(cluster, command.do)
    if not settings.producers:
        raise UserError("produce: there are no producers here; clients make the messages: say load rate=…")
    before = cluster.produce_rate
    mine = take_charge(cluster, "", "produce")
    text = cluster.change_production(command.rate)

    def undo() -> None:
        if mine():
            cluster.change_production(before)

    return Done(text, undo)


def consume(cluster: Cluster, command: commands.Consume) -> Done:
    settings = _kafka(cluster, command.do)
    group = command.group or next((each.name for each in settings.groups), "")
    if not group:
        raise UserError("consume: there are no groups here: name some in kafka.groups")
    if settings.group(group) is None:
        raise UserError(f"consume: {unknown('group', group, [each.name for each in settings.groups])}")
    there = cluster.of_kind("consumer")
    if len(there) + command.consumers > MOST_CONSUMERS:
        raise UserError(f"consume: there are {len(there)} consumers; {MOST_CONSUMERS} are the most")
    number = max((int(name.removeprefix("co")) for name in there), default=0)
    names = [f"co{number + each}" for each in range(1, command.consumers + 1)]
    for name in names:
        cluster.world.record("add", name, f"{name} is added to the group {group}")
        cluster.make_member(name, tuple(cluster.staying), "consumer", group=group)
    return Done(f"{listed(names)} added to the group {group}")


def stall(cluster: Cluster, command: commands.Stall) -> Done:
    _kafka(cluster, command.do)
    names = tuple(dict.fromkeys(command.nodes))
    running = cluster.services(ConsumerService)
    for name in names:
        if name not in cluster.of_kind("consumer"):
            raise UserError(f"stall: {unknown('consumer', name, cluster.of_kind('consumer'))}")
        if name not in running:
            raise UserError(f"cannot stall {name}: it is not running")
    took = format_duration(command.processing)
    for name in names:
        running[name].stall(max(1, command.processing // 1_000))
        cluster.world.record("stall", name, f"{name} is stuck in its work: each message takes {took}")
    mine = {name: take_charge(cluster, name, "stall") for name in names}

    def undo() -> None:
        for name, still in mine.items():
            service = cluster.services(ConsumerService).get(name)
            if still() and service is running[name] and service.stalled_ms is not None:
                service.stall(None)
                cluster.world.record("heal", name, f"{name} works as fast as before")

    return Done(f"{listed(names)} stalled: each message takes {took}", undo)


def partitions(cluster: Cluster, command: commands.Partitions) -> Done:
    settings = _kafka(cluster, command.do)
    topic = _topic(settings, command.do, command.topic or settings.topics[0].name)
    operator = _operator(cluster)
    operator.spawn(operator.create_partitions, topic, command.count)
    wanted = "one more partition" if command.count is None else f"{command.count} partitions"
    return Done(f"partitions: {wanted} for {topic}: sent")


def publish(cluster: Cluster, command: commands.Publish) -> Done:
    settings = _kafka(cluster, command.do)
    topic = _topic(settings, command.do, command.topic)
    processing_ms = max(1, command.processing // 1_000) if command.processing else 0
    _operator(cluster).publish(topic, command.key, command.value, processing_ms)
    return Done(f"publish {topic}: sent")


def _kafka(cluster: Cluster, do: str) -> KafkaSettings:
    settings = cluster.spec.kafka
    if not settings.brokers:
        raise UserError(f"{do}: there is no Kafka here: a cluster with kafka.brokers has one")
    return settings


def _topic(settings: KafkaSettings, do: str, name: str) -> str:
    names = [topic.name for topic in settings.topics]
    if name not in names:
        raise UserError(f"{do}: {unknown('topic', name, names)}")
    return name


def _operator(cluster: Cluster) -> OperatorService:
    console = cluster.console()
    return console.process.find(OperatorService)
