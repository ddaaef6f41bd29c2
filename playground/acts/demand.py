"""Acts on the load, and requests by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground import commands
from playground.acts.done import Done, end_later
from playground.kernel.errors import UserError
from playground.quantities import format_duration, format_share

if TYPE_CHECKING:
    from playground.cluster import Cluster

BURST = 10
"""How many times the load a burst is if no rate is given."""


def load(cluster: Cluster, command: commands.Load) -> Done:
    changes = {
        name: value
        for name in ("rate", "reads", "skew", "hot", "hot_share")
        if (value := getattr(command, name)) is not None
    }
    if not changes:
        raise UserError("load: say what changes: rate=100, reads=50%, skew=1.2 or hot_share=50%")
    if command.hot and command.hot_share is None and not cluster.load.hot_share:
        changes["hot_share"] = 0.5
    before = {name: getattr(cluster.load, name) for name in changes}
    return Done(_change(cluster, changes), lambda: _restore(cluster, before))


def burst(cluster: Cluster, command: commands.Burst) -> Done:
    before = cluster.load.rate
    rate = command.rate or before * BURST
    if not rate:
        raise UserError("burst: there is no load to multiply: say rate=400")
    text = _change(cluster, {"rate": rate})
    end_later(cluster, command.lasting, lambda: _restore(cluster, {"rate": before}))
    return Done(f"burst for {format_duration(command.lasting)}: {text}")


def herd(cluster: Cluster, command: commands.Herd) -> Done:
    clients = [client for client in cluster.load_clients() if client.name in cluster.load_client_names]
    if not clients:
        raise UserError("herd: no client is up")
    text = f"{command.requests} reads of {command.key} at once, from {len(clients)} clients"
    cluster.world.record("herd", "", text)
    for number, client in enumerate(clients):
        client.herd(command.key, (command.requests + number) // len(clients))
    return Done(text)


def put(cluster: Cluster, command: commands.Put) -> Done:
    console = cluster.console()
    console.spawn(console.write, command.key, command.value, command.w)
    return Done(f"put {command.key}={command.value}: sent")


def get(cluster: Cluster, command: commands.Get) -> Done:
    console = cluster.console()
    console.spawn(console.read, command.key, command.r)
    return Done(f"get {command.key}: sent")


def _change(cluster: Cluster, changes: dict[str, Any]) -> str:
    settings = cluster.load.model_copy(update=changes)
    cluster.change_load(settings)
    text = f"load: {settings.rate:g} operations/s, {format_share(settings.reads)} reads, skew {settings.skew:g}"
    if settings.hot_share:
        text += f", {format_share(settings.hot_share)} of them for {settings.hot}"
    cluster.world.record("load", "", text)
    return text


def _restore(cluster: Cluster, before: dict[str, Any]) -> None:
    if any(getattr(cluster.load, name) != value for name, value in before.items()):
        _change(cluster, before)
