"""Acts on the membership of the ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground import commands
from playground.acts.done import Done, listed
from playground.commands.targets import is_reserved
from playground.kernel.errors import UserError
from playground.systems.kafka.worker import ConsumerService
from playground.wording import unknown

if TYPE_CHECKING:
    from playground.cluster import Cluster


def add(cluster: Cluster, command: commands.Add) -> Done:
    if cluster.spec.database == "none":
        raise UserError("add: there is no database whose nodes could be more; consumers are added by: consume")
    for name in command.nodes:
        if name in cluster.world.nodes:
            raise UserError(f"add: {name} is there already")
        if not name.isidentifier() or len(name) > 8 or is_reserved(name):
            raise UserError(f"add: {name!r} is no name for a node: write letters and digits, such as n9")
    for name in dict.fromkeys(command.nodes):
        cluster.world.record("add", name, f"{name} is added to the cluster")
        cluster.make_member(name, tuple(cluster.staying), joining=True)
    cluster.tell_clients()
    return Done(f"{listed(command.nodes)} added")


def remove(cluster: Cluster, command: commands.Remove) -> Done:
    names = tuple(dict.fromkeys(command.nodes))
    consumers = cluster.of_kind("consumer")
    if all(name in consumers for name in names):
        return _leave_groups(cluster, names)
    for name in names:
        if name not in cluster.of_kind("node"):
            raise UserError(f"remove: {unknown('node or consumer', name, [*cluster.askable, *consumers])}")
    if not set(cluster.askable) - set(names):
        raise UserError("remove: somebody has to stay")
    console = cluster.console()
    cluster.retired.extend(name for name in names if name not in cluster.retired)
    cluster.tell_clients()
    for name in names:
        cluster.world.record("remove", name, f"{name} is to leave the ring")
        console.spawn(console.remove, name, cluster.keep)
    return Done(f"{listed(names)} leaving the ring")


def _leave_groups(cluster: Cluster, names: tuple[str, ...]) -> Done:
    """Consumers finish what they have, commit it, and leave: their groups share the partitions anew."""
    running = cluster.services(ConsumerService)
    cluster.retired.extend(name for name in names if name not in cluster.retired)
    for name in names:
        cluster.world.record("remove", name, f"{name} is to leave its group")
        if name in running:
            running[name].leave()
    return Done(f"{listed(names)} leaving the group")
