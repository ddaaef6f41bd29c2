"""Acts on the load, and requests by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from playground import commands
from playground.acts.done import Done
from playground.commands.load import MOST_PER_S
from playground.kernel.errors import UserError
from playground.kernel.node import Life
from playground.quantities import format_duration, format_share
from playground.workload import MAX_IN_FLIGHT

if TYPE_CHECKING:
    from playground.cluster import Cluster

BURST = 10
"""How many times the load a burst is if no rate is given."""


@dataclass(eq=False, slots=True)
class Passing:
    """A change of the load that ends by itself: then its fields are what they were ``before``.

    Several may lie over each other and end in any order; the fields are as the newest has them.
    """

    before: dict[str, Any]


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
    if command.lasting is not None:
        passing = _remember(cluster, changes)
        return Done(_change(cluster, changes), partial(_end, cluster, passing))
    for passing in cluster.passing:  # what is set for good stays when they end
        for name in changes:
            passing.before.pop(name, None)
    return Done(_change(cluster, changes))


def burst(cluster: Cluster, command: commands.Burst) -> Done:
    rate = burst_rate(cluster, command)
    if not rate:
        raise UserError("burst: there is no load to multiply: say rate=400")
    passing = _remember(cluster, {"rate": rate})
    text = _change(cluster, {"rate": rate})
    return Done(f"burst for {format_duration(command.lasting)}: {text}", partial(_end, cluster, passing))


def burst_rate(cluster: Cluster, command: commands.Burst) -> float:
    """Operations per second that it comes to now."""
    usual = next((each.before["rate"] for each in cluster.passing if "rate" in each.before), cluster.load.rate)
    return command.rate or min(usual * BURST, MOST_PER_S)


def herd(cluster: Cluster, command: commands.Herd) -> Done:
    names = [name for name in cluster.load_client_names if cluster.node(name).life is Life.UP]
    clients = [client for client in cluster.load_clients() if client.name in names]
    if not clients:
        raise UserError("herd: no client is up")
    shares = [(command.requests + number) // len(clients) for number in range(len(clients))]
    sent = sum(client.herd(command.key, share) for client, share in zip(clients, shares, strict=True))
    text = f"{sent} reads of {command.key} at once, from {len(clients)} client{'s'[: len(clients) > 1]}"
    if sent < command.requests:
        text += f"; {command.requests - sent} dropped: a client has {MAX_IN_FLIGHT} requests under way at most"
    cluster.world.record("herd", "", text, key=command.key)
    return Done(text)


def put(cluster: Cluster, command: commands.Put) -> Done:
    _refuse_count(cluster, "put", "w", command.w)
    console = cluster.console()
    console.spawn(console.write, command.key, command.value, command.w)
    return Done(f"put {command.key}={command.value}: sent")


def get(cluster: Cluster, command: commands.Get) -> Done:
    _refuse_count(cluster, "get", "r", command.r)
    console = cluster.console()
    console.spawn(console.read, command.key, command.r)
    return Done(f"get {command.key}: sent")


def _refuse_count(cluster: Cluster, do: str, field: str, count: int | None) -> None:
    """How many copies must answer is the request's choice in a quorum store alone."""
    if count is not None and cluster.spec.database != "quorum":
        raise UserError(f"{do}: {field}={count}: only a quorum store lets a request choose that; leave it out")


def _change(cluster: Cluster, changes: dict[str, Any]) -> str:
    settings = cluster.load.model_copy(update=changes)
    cluster.change_load(settings)
    text = f"load: {settings.rate:g} operations/s, {format_share(settings.reads)} reads, skew {settings.skew:g}"
    if settings.hot_share:
        text += f", {format_share(settings.hot_share)} of them for {settings.hot}"
    cluster.world.record("load", "", text)
    return text


def _remember(cluster: Cluster, changes: dict[str, Any]) -> Passing:
    passing = Passing({name: getattr(cluster.load, name) for name in changes})
    cluster.passing.append(passing)
    return passing


def _end(cluster: Cluster, passing: Passing) -> None:
    place = cluster.passing.index(passing)
    newer = cluster.passing[place + 1 :]
    del cluster.passing[place]
    restored = {}
    for name, value in passing.before.items():
        over_it = next((each for each in newer if name in each.before), None)
        if over_it is None:
            restored[name] = value
        else:
            over_it.before[name] = value
    if restored:
        _change(cluster, restored)
