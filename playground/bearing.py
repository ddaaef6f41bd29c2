"""What a shared cluster, as it is now, bears of what a player asks for: judged right before it is done, in its thread.

How much one act asks for stands in :mod:`playground.effort`. But faults lie over each other, bursts multiply the load,
and machines that were added stay: what all of it comes to only the cluster knows.
"""

from __future__ import annotations

from typing import Any

from playground.acts.demand import burst_rate
from playground.chaos.links import Duplication, Latency
from playground.cluster import Cluster
from playground.commands import Add, Burst, Command, Consume, Flap, Link, OneWay, Partition, RollingRestart
from playground.company import Company, Role

BURST_PER_S = 1_000.0
"""What the load may come to in a burst whose rate is not said."""
FAULTS = 40
"""In force at a time: each message passes all of them."""
LATENCY_US = 10_000_000
"""Of all bad links together, jitter included: what is under way takes memory, and each cut looks at all of it."""
COPIES = 1.0
"""Of each message, by all bad links together. Each answer has as many, and each answer to that: with one more the
default cluster, at the load that a player may ask for, keeps half of its pace."""
CUTS_PER_S = 5.0
"""By all links that flap."""
MACHINES = 20
"""More than there were at the beginning, those that have left among them."""


def burden(cluster: Cluster, command: Command) -> str:
    """Why ``cluster`` bears no such act of a player now, in one line; "": it does."""
    match command:
        case Burst(rate=None) if (rate := burst_rate(cluster, command)) > BURST_PER_S:
            return _too_much("burst", f"ten times the load, {rate:g} a second,")
        case Add(nodes=nodes):
            return _more_machines(cluster, "add", len(nodes))
        case Consume(consumers=consumers):
            return _more_machines(cluster, "consume", consumers)
        case Partition() | OneWay() | Link() | Flap() | RollingRestart() if len(cluster.faults) >= FAULTS:
            return f"{command.do}: {len(cluster.faults)} faults are in force already: heal some first"
        case Flap(period=period):
            cuts_per_s = sum(fault.cuts_per_s for fault in cluster.faults) + 1e6 / period
            if cuts_per_s > CUTS_PER_S:
                return _too_much("flap", f"{cuts_per_s:g} cuts a second, with what flaps already,")
        case Link():
            return _worse_links(cluster, command)
    return ""


def borne(company: Company, name: str, cluster: Cluster, command: Any) -> str:
    """Why it bears none of ``name``, who may be a presenter: they know no bounds."""
    return "" if company.role_of(name) is Role.PRESENTER else burden(cluster, command)


def _more_machines(cluster: Cluster, do: str, count: int) -> str:
    if len(cluster.members) + count - len(cluster.spec.machines) > MACHINES:
        return _too_much(do, f"more than {MACHINES} new machines")
    return ""


def _worse_links(cluster: Cluster, command: Link) -> str:
    rules = cluster.world.network.rules
    late = [rule.latency_us + rule.jitter_us for rule in rules if isinstance(rule, Latency)]
    if command.latency + command.jitter and sum(late, command.latency + command.jitter) > LATENCY_US:
        return _too_much("link", f"more than {LATENCY_US / 1e6:g} s of latency, with what is in force already,")
    doubled = [rule.share for rule in rules if isinstance(rule, Duplication)]
    if command.duplicate and sum(doubled, command.duplicate) > COPIES:
        return _too_much("link", f"more than {COPIES:.0%} doubled, with what is in force already,")
    return ""


def _too_much(do: str, what: str) -> str:
    return f"{do}: {what} is too much for all who look on; a presenter may ask for more"
