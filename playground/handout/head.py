"""How a hand-out begins: what was run, on what, how to run it again, and how it went, in one sentence."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from playground.figure import Kind, spell
from playground.quantities import format_share
from playground.scenario.outcome import Outcome, Verdict
from playground.scenario.playing import Examined, Played
from playground.spec import ClusterSpec

_KINDS = {
    "node": ("node", "nodes"),
    "ensemble": ("ensemble server", "ensemble servers"),
    "balancer": ("balancer", "balancers"),
    "server": ("server", "servers"),
    "broker": ("broker", "brokers"),
    "producer": ("producer", "producers"),
    "consumer": ("consumer", "consumers"),
    "client": ("client", "clients"),
}
_TOLD = frozenset({"title", "nodes", "database", "zookeeper.servers", "balancer.balancers", "balancer.servers"}) | {
    *("store.n", "store.r", "store.w", "shards.count", "shards.copies", "shards.mode", "shards.reads"),
    *(
        "kafka.brokers",
        "kafka.producers",
        "kafka.producer.acks",
        "kafka.feed",
        "load.rate",
        "load.reads",
        "load.clients",
    ),
}
"""Fields of the spec that are told in words of their own."""
_SETTING_CHARS = 120


def command_line(name: str, seed: int, variant: str = "") -> str:
    """What to type to see the same run again."""
    words = ["playground", "replay", name, "--seed", str(seed), *(("--variant", variant) if variant else ())]
    return shlex.join(words)


def cluster_facts(spec: ClusterSpec) -> tuple[tuple[str, str], ...]:
    """Machines by kind, who keeps the data and how, the load, and every setting that is not as by default."""
    facts = [("machines", _machines(spec)), ("database", _database(spec))]
    if spec.kafka.brokers:
        facts.append(("topics", _topics(spec)))
    if spec.load.rate:
        facts.append(("load", f"{spec.load.rate:g} operations/s, {format_share(spec.load.reads)} of them reads"))
    differing = spec.model_dump(mode="json", exclude_defaults=True)
    if not spec.kafka.brokers:
        differing.pop("kafka", None)
    settings = [f"{name}: {text}" for name, text in _flat(differing) if name not in _TOLD]
    return (*facts, ("settings changed", "; ".join(settings) or "none"))


def sentence(result: Played | Examined) -> str:
    """The verdict with its evidence: ``Passed: all 9 expectations were met, …``."""
    if isinstance(result, Examined):
        return f"{_judged(result.verdicts, result.passed)}."
    outcomes = result.outcomes
    if len(outcomes) == 1:
        return f"{run_verdict(outcomes[0])}."
    failed = [each.scenario.variant for each in outcomes if not each.passed]
    parts = [f"{len(outcomes) - len(failed)} of {len(outcomes)} variants passed"]
    if failed:
        parts[0] += f" (not: {', '.join(failed)})"
    if result.compared:
        right = sum(each.passed for each in result.compared)
        parts.append(f"{right} of {len(result.compared)} comparisons came out as expected")
    return f"{'Passed' if result.passed else 'Failed'}: {', '.join(parts)}."


def run_verdict(outcome: Outcome) -> str:
    """The same of one run, without the full stop."""
    if outcome.stopped:
        return f"Failed: an error in the playground itself stopped the world: {outcome.stopped}"
    parts = [_judged(outcome.verdicts, outcome.passed, outcome.unsettled_because)]
    if outcome.refused:
        count = len(outcome.refused)
        parts.append(f"{count} command{'s' if count > 1 else ''} could not be carried out")
    if outcome.scenario.spec.database != "none":
        ended = outcome.reads.ended + outcome.writes.ended
        errors = ended - outcome.reads.ok - outcome.writes.ok
        failed = spell(Kind.SHARE, errors / ended) if errors else "none"
        stale = outcome.stale_reads
        reads = f"{stale:,} read{'s were' if stale > 1 else ' was'}" if stale else "no read was"
        parts.append(f"of {ended:,} operations in {outcome.virtual_s:g} s {failed} failed, and {reads} stale")
    elif isinstance(messages := outcome.figures.get("messages"), int):
        parts.append(f"{messages:,} messages in {outcome.virtual_s:g} s")
    return "; ".join(parts)


def _judged(verdicts: tuple[Verdict, ...], passed: bool, unsettled_because: str = "") -> str:
    missed = [each for each in verdicts if not each.passed]
    if not missed:
        met = f"all {len(verdicts)} expectations were met" if len(verdicts) > 1 else "what was expected was met"
        return f"{'Passed' if passed else 'Failed'}: {met if verdicts else 'nothing was expected'}"
    told = "; ".join(
        f"{each.expectation.figure.name}: {each.shown(unsettled_because)}, expected {each.expectation.text}"
        for each in missed[:3]
    )
    more = f"; and {len(missed) - 3} more" if len(missed) > 3 else ""
    return f"Failed: {len(missed)} of {len(verdicts)} expectations were not met: {told}{more}"


def _machines(spec: ClusterSpec) -> str:
    named: dict[str, list[str]] = {}
    for name, kind in spec.machines.items():
        named.setdefault(kind, []).append(name)
    named["client"] = list(spec.client_names)
    parts = []
    for what, names in named.items():
        if names:
            who = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
            parts.append(f"{len(names)} {_KINDS[what][len(names) > 1]} ({who})")
    return ", ".join(parts)


def _database(spec: ClusterSpec) -> str:
    if spec.database == "quorum":
        return f"quorum store: N = {spec.store.n}, R = {spec.store.r}, W = {spec.store.w}"
    if spec.database == "shards":
        shards = spec.shards
        count = f"{shards.count} shard{'s' if shards.count > 1 else ''}"
        return f"{count} of {shards.copies} copies, mode {shards.mode}, reads from the {shards.reads}"
    if spec.database == "zookeeper":
        return f"the ensemble of {spec.zookeeper.servers} servers"
    return "none: producers and consumers only"


def _topics(spec: ClusterSpec) -> str:
    topics = (
        f"{each.name}: {each.partitions} partitions on {each.replication} brokers each, "
        f"at least {each.min_insync} in sync"
        for each in spec.kafka.topics
    )
    return f"{'; '.join(topics)}; acks={spec.kafka.producer.acks}"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and values, in order."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            plain = f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
            text = value if isinstance(value, str) else plain
            yield f"{prefix}{name}", text if len(text) <= _SETTING_CHARS else f"{text[:_SETTING_CHARS]}…"
