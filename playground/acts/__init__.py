"""What each command does to a cluster: one short function each, all or nothing.

=====================  =======================================================
:mod:`.processes`      crash, start, restart, rolling-restart, freeze, thaw, slow-cpu
:mod:`.network`        partition, one-way, link, flap, heal
:mod:`.machines`       clock, disk
:mod:`.demand`         load, burst, herd, put, get
:mod:`.members`        add, remove
:mod:`.kafka`          produce, consume, stall, partitions, publish
:mod:`.done`           what an act hands back, and how what lasts a while ends
=====================  =======================================================

Conditions are checked for every node named before anything is touched, so a refused
command changes nothing. The sentence returned is for the person who acted; the
journal gets one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground import commands
from playground.acts import demand, kafka, machines, members, network, processes
from playground.acts.done import Done, end_later
from playground.commands import check_nodes
from playground.targeting import resolve

if TYPE_CHECKING:
    from playground.cluster import Cluster


def apply(cluster: Cluster, command: Any) -> tuple[str, Any]:
    """Carry out ``command``. Returns a sentence, and the command with names in the place of words.

    UserError: one line saying why it can't be done; nothing was changed.
    """
    check_nodes(command, cluster.names)
    named = resolve(cluster, command)
    done = _ACTS[type(named)](cluster, named)
    lasting_us = getattr(named, "lasting", None)
    if lasting_us and done.undo is not None:
        end_later(cluster, lasting_us, done.undo)
    return done.text, named


_ACTS: dict[type, Callable[[Any, Any], Done]] = {
    commands.Crash: processes.crash,
    commands.Start: processes.start,
    commands.Restart: processes.restart,
    commands.RollingRestart: processes.rolling_restart,
    commands.Freeze: processes.freeze,
    commands.Thaw: processes.thaw,
    commands.SlowCpu: processes.slow_cpu,
    commands.Partition: network.partition,
    commands.OneWay: network.one_way,
    commands.Link: network.link,
    commands.Flap: network.flap,
    commands.Heal: network.heal,
    commands.Clock: machines.clock,
    commands.Disk: machines.disk,
    commands.Load: demand.load,
    commands.Burst: demand.burst,
    commands.Herd: demand.herd,
    commands.Add: members.add,
    commands.Remove: members.remove,
    commands.Produce: kafka.produce,
    commands.Consume: kafka.consume,
    commands.Stall: kafka.stall,
    commands.Partitions: kafka.partitions,
    commands.Publish: kafka.publish,
    commands.Put: demand.put,
    commands.Get: demand.get,
}
