"""What each command does to a cluster: one short function each, all or nothing.

Conditions are checked for every node named before anything is touched, so a refused
command changes nothing. The sentence returned is for the person who acted; the
journal gets one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground import commands
from playground.chaos import links as bad_links
from playground.chaos import machines, partition
from playground.chaos.fault import Fault
from playground.chaos.scope import Scope
from playground.commands import check_nodes
from playground.kernel.errors import UserError
from playground.kernel.network import Rule
from playground.kernel.node import TRANSITIONS, Life
from playground.quantities import format_duration, format_share
from playground.wording import unknown

if TYPE_CHECKING:
    from playground.cluster import Cluster


def apply(cluster: Cluster, command: Any) -> str:
    """Carry out ``command``. UserError: one line saying why it can't be done; nothing was changed."""
    check_nodes(command, cluster.names)
    return _ACTS[type(command)](cluster, command)


def _crash(cluster: Cluster, command: commands.Crash) -> str:
    for name in _able(cluster, command.nodes, "crash"):
        cluster.node(name).crash(lose_disk=command.lose_disk)
    return f"{_list(command.nodes)} crashed" + (" and lost the disk" if command.lose_disk else "")


def _start(cluster: Cluster, command: commands.Start) -> str:
    for name in _able(cluster, command.nodes, "start"):
        cluster.node(name).start()
    return f"{_list(command.nodes)} starting"


def _freeze(cluster: Cluster, command: commands.Freeze) -> str:
    for name in _able(cluster, command.nodes, "freeze"):
        cluster.node(name).freeze()
    return f"{_list(command.nodes)} frozen"


def _thaw(cluster: Cluster, command: commands.Thaw) -> str:
    for name in _able(cluster, command.nodes, "thaw"):
        cluster.node(name).thaw()
    return f"{_list(command.nodes)} thawed"


def _partition(cluster: Cluster, command: commands.Partition) -> str:
    groups = tuple(tuple(dict.fromkeys(group)) for group in command.groups)
    text = "partition " + " | ".join(" ".join(group) for group in groups)
    return _put_in_force(cluster, "partition", text, (partition.Partition(groups),), command, groups)


def _one_way(cluster: Cluster, command: commands.OneWay) -> str:
    scope = Scope(frozenset(command.sources), frozenset(command.targets), both_ways=False)
    return _put_in_force(cluster, "one-way", f"one-way cut {scope}", (partition.OneWayCut(scope),), command)


def _link(cluster: Cluster, command: commands.Link) -> str:
    scope = Scope(frozenset(command.sources), frozenset(command.targets), command.both_ways)
    number = len(cluster.recorded)
    rules: list[Rule] = []
    words: list[str] = []

    def chance(kind: str) -> Any:
        return cluster.world.random("link", kind, str(number))

    if command.latency or command.jitter:
        rules.append(bad_links.Latency(scope, command.latency, command.jitter, chance("latency")))
        words.append(f"+{format_duration(command.latency)}")
        if command.jitter:
            words.append(f"jitter {format_duration(command.jitter)}")
    if command.loss:
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
    return _put_in_force(cluster, "link", f"{scope}: {', '.join(words)}", tuple(rules), command)


def _heal(cluster: Cluster, command: commands.Heal) -> str:
    chosen = tuple(dict.fromkeys(command.nodes)) or cluster.names
    healed = []
    for fault in list(cluster.faults):
        if not command.nodes or not fault.touches or fault.touches & set(chosen):
            cluster.faults.remove(fault)
            for rule in fault.rules:
                cluster.world.network.remove(rule)
            healed.append(fault.text)
    for name in chosen:
        node = cluster.node(name)
        if machines.disk_is_ill(node):
            machines.mend_disk(node)
            healed.append(f"the disk of {name}")
        if machines.clock_is_wrong(node):
            machines.mend_clock(node)
            healed.append(f"the clock of {name}")
        if node.life is Life.FROZEN:
            node.thaw()
            healed.append(f"{name} (was frozen)")
    if not healed:
        raise UserError("heal: nothing is broken" + (f" around {_list(chosen)}" if command.nodes else ""))
    text = f"healed: {'; '.join(healed)}"
    cluster.world.record("heal", "", text)
    return text


def _clock(cluster: Cluster, command: commands.Clock) -> str:
    if command.offset is None and command.drift_ppm is None:
        raise UserError("clock: say offset=… or drift_ppm=…")
    return _each_machine(
        cluster, "clock", command.nodes, lambda node: machines.set_clock(node, command.offset, command.drift_ppm)
    )


def _disk(cluster: Cluster, command: commands.Disk) -> str:
    return _each_machine(
        cluster,
        "disk",
        command.nodes,
        lambda node: machines.break_disk(node, command.fault, command.amount),
        fault=command.fault,
    )


def _load(cluster: Cluster, command: commands.Load) -> str:
    changes = command.model_dump(exclude={"do"}, exclude_none=True)
    if not changes:
        raise UserError("load: say what changes: rate=100, reads=50% or skew=1.2")
    changes = {key: getattr(command, key) for key in changes}
    settings = cluster.load.model_copy(update=changes)
    cluster.change_load(settings)
    text = f"load: {settings.rate:g} operations/s, {format_share(settings.reads)} reads, skew {settings.skew:g}"
    cluster.world.record("load", "", text)
    return text


def _add(cluster: Cluster, command: commands.Add) -> str:
    for name in command.nodes:
        if name in cluster.world.nodes:
            raise UserError(f"add: {name} is there already")
        if not name.isidentifier() or len(name) > 8:
            raise UserError(f"add: {name!r} is no name for a node: write letters and digits, such as n9")
    for name in dict.fromkeys(command.nodes):
        cluster.world.record("add", name, f"{name} is added to the cluster")
        cluster.make_member(name, tuple(cluster.staying), joining=True)
    cluster.tell_clients()
    return f"{_list(command.nodes)} added"


def _remove(cluster: Cluster, command: commands.Remove) -> str:
    names = tuple(dict.fromkeys(command.nodes))
    for name in names:
        if name not in cluster.members:
            raise UserError(f"remove: {unknown('node of the ring', name, cluster.staying)}")
    if not set(cluster.staying) - set(names):
        raise UserError("remove: somebody has to stay")
    console = cluster.console()
    cluster.retired.extend(name for name in names if name not in cluster.retired)
    cluster.tell_clients()
    for name in names:
        cluster.world.record("remove", name, f"{name} is to leave the ring")
        console.spawn(console.remove, name, cluster.keep)
    return f"{_list(names)} leaving the ring"


def _put(cluster: Cluster, command: commands.Put) -> str:
    console = cluster.console()
    console.spawn(console.write, command.key, command.value, command.w)
    return f"put {command.key}={command.value}: sent"


def _get(cluster: Cluster, command: commands.Get) -> str:
    console = cluster.console()
    console.spawn(console.read, command.key, command.r)
    return f"get {command.key}: sent"


_ACTS: dict[type, Callable[[Any, Any], str]] = {
    commands.Crash: _crash,
    commands.Start: _start,
    commands.Freeze: _freeze,
    commands.Thaw: _thaw,
    commands.Partition: _partition,
    commands.OneWay: _one_way,
    commands.Link: _link,
    commands.Heal: _heal,
    commands.Clock: _clock,
    commands.Disk: _disk,
    commands.Load: _load,
    commands.Add: _add,
    commands.Remove: _remove,
    commands.Put: _put,
    commands.Get: _get,
}


def _able(cluster: Cluster, names: list[str], act: str) -> tuple[str, ...]:
    """The names, once each, if the act is possible for all of them."""
    lives, otherwise = TRANSITIONS[act]
    for name in names:
        if cluster.node(name).life not in lives:
            raise UserError(f"cannot {act} {name}: {otherwise}")
    return tuple(dict.fromkeys(names))


def _put_in_force(
    cluster: Cluster,
    kind: str,
    text: str,
    rules: tuple[Rule, ...],
    command: Any,
    groups: tuple[tuple[str, ...], ...] = (),
) -> str:
    lost = sum(cluster.world.network.add(rule) for rule in rules)
    sources, targets = getattr(command, "sources", []), getattr(command, "targets", [])
    links = tuple((source, target) for source in sources for target in targets or cluster.members if source != target)
    cluster.faults.append(Fault(text, rules, frozenset(command.named_nodes()), groups, links))
    cluster.world.record(kind, "", text, lost_under_way=lost)
    return text


def _each_machine(cluster: Cluster, kind: str, names: list[str], act: Callable[[Any], str], **data: str) -> str:
    texts = []
    for name in dict.fromkeys(names):
        texts.append(act(cluster.node(name)))
        cluster.world.record(kind, name, texts[-1], **data)
    return "; ".join(texts)


def _list(names: Any) -> str:
    return ", ".join(dict.fromkeys(names))
