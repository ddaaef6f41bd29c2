"""Acts on processes and the machines that they run on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from playground import commands
from playground.acts.done import Done, able, end_later, listed, take_charge
from playground.chaos import machines
from playground.chaos.fault import Fault
from playground.chaos.rolling import RollingRestart
from playground.kernel.node import Life, Node
from playground.quantities import format_duration

if TYPE_CHECKING:
    from playground.cluster import Cluster


def crash(cluster: Cluster, command: commands.Crash) -> Done:
    nodes = [cluster.node(name) for name in able(cluster, command.nodes, "crash")]
    for node in nodes:
        node.crash(lose_disk=command.lose_disk, tail=command.tail)
    text = f"{listed(command.nodes)} crashed" + (" and lost the disk" if command.lose_disk else "")
    return Done(text, _start_again(nodes))


def start(cluster: Cluster, command: commands.Start) -> Done:
    for name in able(cluster, command.nodes, "start"):
        cluster.node(name).start()
    return Done(f"{listed(command.nodes)} starting")


def restart(cluster: Cluster, command: commands.Restart) -> Done:
    nodes = [cluster.node(name) for name in able(cluster, command.nodes, "crash")]
    for node in nodes:
        node.crash()
    end_later(cluster, command.down, _start_again(nodes))
    return Done(f"{listed(command.nodes)} restarting: down for {format_duration(command.down)}")


def rolling_restart(cluster: Cluster, command: commands.RollingRestart) -> Done:
    names = able(cluster, command.nodes, "crash")
    text = f"rolling restart of {listed(names)}"
    fault = Fault(text, (), frozenset(names))

    def over() -> None:
        cluster.faults.remove(fault)
        cluster.world.record("rolling", "", f"{text} is over", nodes=tuple(names))

    cluster.faults.append(fault)
    cluster.world.record("rolling", "", text, nodes=tuple(names))
    fault.end = RollingRestart([cluster.node(name) for name in names], command.down, command.pause, over).stop
    return Done(text)


def freeze(cluster: Cluster, command: commands.Freeze) -> Done:
    nodes = [cluster.node(name) for name in able(cluster, command.nodes, "freeze")]
    for node in nodes:
        node.freeze()
    stops = [(node, node.freezes) for node in nodes]

    def undo() -> None:
        for node, freezes in stops:
            if node.life is Life.FROZEN and node.freezes == freezes:
                node.thaw()

    return Done(f"{listed(command.nodes)} frozen", undo)


def thaw(cluster: Cluster, command: commands.Thaw) -> Done:
    for name in able(cluster, command.nodes, "thaw"):
        cluster.node(name).thaw()
    return Done(f"{listed(command.nodes)} thawed")


def slow_cpu(cluster: Cluster, command: commands.SlowCpu) -> Done:
    names = tuple(dict.fromkeys(command.nodes))
    texts = []
    for name in names:
        texts.append(machines.slow_cpu(cluster.node(name), command.times, cluster.usual_event_us(name)))
        cluster.world.record("slow-cpu", name, texts[-1])
    mine = {name: take_charge(cluster, name, "cpu") for name in names}

    def undo() -> None:
        for name, still in mine.items():
            if still():
                machines.mend_cpu(cluster.node(name), cluster.usual_event_us(name))
                cluster.world.record("heal", name, f"the CPU of {name} is as fast as before")

    return Done("; ".join(texts), undo)


def _start_again(nodes: list[Node]) -> partial[None]:
    """Starts those that are still off since this very crash."""
    return partial(_start_those, [(node, node.boots) for node in nodes])


def _start_those(crashed: list[tuple[Node, int]]) -> None:
    for node, boots in crashed:
        if node.life is Life.DOWN and node.boots == boots:
            node.start()
