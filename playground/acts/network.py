"""Acts on the network: rules put in force, and their end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from playground import commands
from playground.acts.done import Done, discharge, listed
from playground.chaos import links as bad_links
from playground.chaos import machines
from playground.chaos import partition as cuts
from playground.chaos.fault import Fault
from playground.chaos.flapping import Flapping
from playground.chaos.scope import Scope
from playground.kernel.errors import UserError
from playground.kernel.network import Rule
from playground.kernel.node import Life
from playground.quantities import format_duration, format_share
from playground.systems.kafka.worker import ConsumerService

if TYPE_CHECKING:
    from playground.cluster import Cluster


def partition(cluster: Cluster, command: commands.Partition) -> Done:
    if command.shape == "ring":
        text = f"partition: in the ring {' '.join(command.nodes)}, each reaches only its neighbours"
        return _put_in_force(cluster, command, text, (cuts.NeighboursOnly(command.nodes),))
    groups = tuple(tuple(dict.fromkeys(group)) for group in command.groups)
    text = "partition " + " | ".join(" ".join(group) for group in groups)
    return _put_in_force(cluster, command, text, (cuts.Partition(groups),), groups=groups)


def one_way(cluster: Cluster, command: commands.OneWay) -> Done:
    scope = Scope(frozenset(command.sources), frozenset(command.targets), both_ways=False)
    return _put_in_force(cluster, command, f"one-way cut {scope}", (cuts.Cut(scope),))


def link(cluster: Cluster, command: commands.Link) -> Done:
    scope = Scope(frozenset(command.sources), frozenset(command.targets), command.both_ways)
    number = len(cluster.recorded)
    rules: list[Rule] = []
    words: list[str] = []

    def chance(kind: str) -> Any:
        return cluster.world.random("link", kind, str(number))

    if command.latency or command.jitter:
        shape = command.distribution
        rules.append(bad_links.Latency(scope, command.latency, command.jitter, chance("latency"), shape))
        words.append(f"+{format_duration(command.latency)}")
        if command.jitter:
            words.append(f"jitter {format_duration(command.jitter)}" + (f" ({shape})" if shape != "uniform" else ""))
    if command.loss:
        if command.loss_run > 1:
            rules.append(bad_links.BurstyLoss(scope, command.loss, command.loss_run, chance("loss")))
            words.append(f"{format_share(command.loss)} lost, {command.loss_run:g} in a row")
        else:
            rules.append(bad_links.Loss(scope, command.loss, chance("loss")))
            words.append(f"{format_share(command.loss)} lost")
    if command.duplicate:
        rules.append(bad_links.Duplication(scope, command.duplicate, chance("duplicate")))
        words.append(f"{format_share(command.duplicate)} doubled")
    if command.reorder:
        rules.append(bad_links.Reordering(scope, command.reorder, chance("reorder")))
        words.append(f"{format_share(command.reorder)} reordered")
    if command.bandwidth:
        rules.append(bad_links.Bandwidth(scope, command.bandwidth))
        words.append(f"at most {command.bandwidth} B/s")
    return _put_in_force(cluster, command, f"{scope}: {', '.join(words)}", tuple(rules))


def flap(cluster: Cluster, command: commands.Flap) -> Done:
    scope = Scope(frozenset(command.sources), frozenset(command.targets))
    down_us = max(1, round(command.period * command.down))
    text = f"{scope} flaps: down for {format_duration(down_us)} of every {format_duration(command.period)}"
    done = _put_in_force(cluster, command, text, ())
    fault = cluster.faults[-1]
    fault.end = Flapping(cluster.world, scope, command.period, down_us).stop
    fault.cuts_per_s = 1e6 / command.period
    return done


def heal(cluster: Cluster, command: commands.Heal) -> Done:
    chosen = tuple(dict.fromkeys(command.nodes)) or cluster.names
    healed = []
    touched: dict[str, None] = {}
    stalled = cluster.stalled()
    for fault in list(cluster.faults):
        if not command.nodes or not fault.touches or fault.touches & set(chosen):
            cluster.faults.remove(fault)
            fault.lift(cluster.world.network)
            healed.append(fault.text)
            touched.update(dict.fromkeys(sorted(fault.touches)))
    for name in chosen:
        discharge(cluster, name)
        node, usual_us = cluster.node(name), cluster.usual_event_us(name)
        if machines.cpu_is_slow(node, usual_us):
            machines.mend_cpu(node, usual_us)
            healed.append(f"the CPU of {name}")
            touched[name] = None
        if machines.disk_is_ill(node):
            machines.mend_disk(node)
            healed.append(f"the disk of {name}")
            touched[name] = None
        if machines.clock_is_wrong(node):
            machines.mend_clock(node)
            healed.append(f"the clock of {name}")
            touched[name] = None
        if name in stalled:
            cluster.services(ConsumerService)[name].stall(None)
            healed.append(f"{name} (was stalled)")
            touched[name] = None
        if node.life is Life.FROZEN:
            node.thaw()
            healed.append(f"{name} (was frozen)")
            touched[name] = None
    if not healed:
        raise UserError("heal: nothing is broken" + (f" around {listed(chosen)}" if command.nodes else ""))
    text = f"healed: {'; '.join(healed)}"
    cluster.world.record("heal", "", text, nodes=tuple(touched))
    return Done(text)


def _put_in_force(
    cluster: Cluster,
    command: Any,
    text: str,
    rules: tuple[Rule, ...],
    *,
    groups: tuple[tuple[str, ...], ...] = (),
) -> Done:
    sources, targets = getattr(command, "sources", []), getattr(command, "targets", [])
    if len({*sources, *targets}) == 1 and sources and targets:
        raise UserError(f"{command.do}: {sources[0]} reaches itself without the network: name another node")
    lost = sum(cluster.world.network.add(rule) for rule in rules)
    links = tuple((source, target) for source in sources for target in targets or cluster.members if source != target)
    fault = Fault(text, rules, frozenset(command.named_nodes()), groups, links)
    cluster.faults.append(fault)
    named = tuple(dict.fromkeys(command.named_nodes()))
    cluster.world.record(command.do, "", text, lost_under_way=lost, nodes=named)
    return Done(text, partial(_lift, cluster, fault))


def _lift(cluster: Cluster, fault: Fault) -> None:
    if fault in cluster.faults:
        cluster.faults.remove(fault)
        fault.lift(cluster.world.network)
        cluster.world.record("heal", "", f"over: {fault.text}", nodes=tuple(sorted(fault.touches)))
