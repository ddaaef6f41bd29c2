"""Plays a scenario as fast as it goes, and measures what came of it.

1. Up to ``until`` the method is carried out; the hypothesis is probed at its instants (:mod:`.hypothesis`).
2. At ``until``, after everything else, the rollbacks are carried out, as far as they apply.
3. Then the digest is taken: a session that was recorded, or watched in the app, comes to the very same.
4. Only then the load ends and the copies get time to agree, so that what must hold in the end can be judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.kernel import world as kernel
from playground.kernel.errors import WorldStopped
from playground.scenario.chronicle import Chronicler
from playground.scenario.figures import Value
from playground.scenario.hypothesis import Watch
from playground.scenario.judges import Judges, found_something
from playground.scenario.model import Scenario
from playground.scenario.outcome import Outcome, Traffic, Verdict
from playground.scenario.probes import Probing, inspected
from playground.scenario.sampling import Sampling
from playground.scenario.tally import Tally, ranks
from playground.systems.gossip import checks as gossip

SLICE_US = 250_000
"""The progress is told this often, in virtual time."""
SETTLE_US = 60_000_000
"""How long the copies get to agree once the load has ended."""
PATIENCE_US = 10_000_000
"""How long it is waited for what is still starting, and for answers under way."""
ERRORS_KEPT = 8

Progress = Callable[[int], None]
"""Told the virtual time between slices; may raise to end the run."""


Begun = Callable[[kernel.World], None]
"""Given the world before anything has happened in it, to record it for instance."""


def play(
    scenario: Scenario,
    *,
    seed: int | None = None,
    progress: Progress | None = None,
    begun: Begun | None = None,
    chronicled: bool = False,
) -> Outcome:
    """Run ``scenario`` (with another ``seed``, if given) to its end and judge it; ``chronicled``: keep its course."""
    chosen = scenario.seed if seed is None else seed
    return kernel.run(_play, scenario, chosen, progress or _nobody, begun, chronicled)


@dataclass(slots=True)
class _Settled:
    after_us: int | None = None
    why_not: str = ""


async def _play(scenario: Scenario, seed: int, progress: Progress, begun: Begun | None, chronicled: bool) -> Outcome:
    began = time.perf_counter()
    cluster = Cluster(scenario.spec, seed)
    if begun is not None:
        begun(cluster.world)
    tally = Tally(cluster.history)
    judges = Judges(cluster, scenario.wanted)
    watch = _watch(scenario, cluster)
    sampling = Sampling(cluster, scenario.wanted)
    chronicler = Chronicler(cluster) if chronicled else None
    stopped, settled = "", _Settled(why_not="the world stopped")
    try:
        await _carry_out(scenario, cluster, watch, sampling, progress)
        cluster.plan(scenario.undoing, lenient=True)
        await cluster.advance(cluster.now_us)
    except WorldStopped as error:
        stopped = str(error)
    digest, end_us, wall_s = cluster.world.digest(), cluster.now_us, time.perf_counter() - began
    entries = tuple(cluster.world.journal.entries)
    chronicle = chronicler.close() if chronicler else None
    network = cluster.world.network
    at_the_end: dict[str, Value] = {
        "throughput": cluster.history.counts["ok"] * 1e6 / end_us if end_us else None,
        "network_lost": network.lost,
        "network_doubled": network.doubled,
        "network_overtaken": network.overtaken,
        **sampling.figures(),
    }
    if not stopped:
        try:
            settled = await _settle(cluster, progress)
            await _hear(cluster, progress)
        except WorldStopped as error:
            stopped = str(error)
    live = [("live", each.check, each.subject, each.text) for each in cluster.inspection.violations]
    final = [
        ("end", each.check, each.subject, each.text) for each in (cluster.inspection.judge() if not stopped else ())
    ]
    reads, writes = (tally.traffic(cluster.metrics, writes=writes) for writes in (False, True))
    latency_us = ranks((*cluster.metrics.read_us, *cluster.metrics.write_us))
    probed = watch.findings() if watch else None
    judged = judges.judge()
    figures = {
        **inspected(cluster),
        **_traffic_figures(reads, writes, latency_us),
        **at_the_end,
        **judged.figures,
        "stale_reads": cluster.staleness.stale_reads,
        "checks": "fail" if live or final or stopped else "pass",
        "converged": None if settled.why_not else settled.after_us is not None,
        "converged_after": settled.after_us,
        "hypothesis": ("pass" if probed.holds else "fail") if probed else None,
    }
    figures["outcome"] = "violation" if found_something(figures, probed) else "pass"
    return Outcome(
        scenario=scenario,
        seed=seed,
        digest=digest,
        end_us=end_us,
        settled_us=settled.after_us,
        unsettled_because=settled.why_not,
        wall_s=wall_s,
        reads=reads,
        writes=writes,
        latency_us=latency_us,
        errors=tuple(tally.errors.most_common(ERRORS_KEPT)),
        stale_reads=cluster.staleness.stale_reads,
        stale_example=_example(cluster.staleness.examples),
        findings=(*live, *final),
        entries=entries,
        refused=tuple((at_us, command.line(), why) for at_us, command, why in cluster.refused),
        stopped=stopped,
        verdicts=tuple(Verdict(each, figures.get(each.figure.name)) for each in scenario.expectations),
        figures=figures,
        probed=probed,
        examples=judged.examples,
        chronicle=chronicle,
    )


def _watch(scenario: Scenario, cluster: Cluster) -> Watch | None:
    if scenario.hypothesis is None:
        return None
    first_us = scenario.method[0][0] if scenario.method else scenario.until_us + 1
    return Watch(scenario.hypothesis, first_us, scenario.until_us, Probing(cluster, scenario.hypothesis).measure)


async def _carry_out(
    scenario: Scenario, cluster: Cluster, watch: Watch | None, sampling: Sampling, progress: Progress
) -> None:
    """Everything up to ``until`` but the rollbacks. Commands may put more into the future; it ends in time."""
    cluster.plan(scenario.method)
    while True:
        stop_us = sampling.next_us(cluster.now_us, min(scenario.until_us, cluster.now_us + SLICE_US))
        if watch is not None:
            stop_us = min(stop_us, watch.next_us(cluster.now_us))
        await cluster.advance(stop_us)
        if watch is not None:
            watch.look(cluster.now_us)
        sampling.look()
        progress(cluster.now_us)
        if cluster.now_us >= scenario.until_us:
            return


async def _settle(cluster: Cluster, progress: Progress) -> _Settled:
    """End the load, let answers under way arrive, and wait until all copies agree."""
    began_us = cluster.now_us
    cluster.change_load(cluster.load.model_copy(update={"rate": 0.0}))
    cluster.change_production(0.0)
    while True:
        passed_us = cluster.now_us - began_us
        answered = not cluster.history.open or passed_us >= PATIENCE_US
        if answered and cluster.quiet and cluster.inspection.converged():
            return _Settled(passed_us)
        if answered and not cluster.quiet and passed_us >= PATIENCE_US:
            return _Settled(why_not=_unquiet(cluster))
        if passed_us >= SETTLE_US:
            return _Settled()
        await cluster.advance(cluster.now_us + SLICE_US)
        progress(cluster.now_us)


async def _hear(cluster: Cluster, progress: Progress) -> None:
    """Let news go round where something happened just now: who came back at the very end is not known at once."""
    until_us = cluster.now_us + gossip.settling_us(cluster.spec.gossip, len(cluster.staying))
    while cluster.quiet and cluster.now_us < until_us and cluster.inspection.judge():
        await cluster.advance(cluster.now_us + SLICE_US)
        progress(cluster.now_us)


def _unquiet(cluster: Cluster) -> str:
    in_force = cluster.in_force()
    if in_force:
        return f"still in force: {'; '.join(in_force)}"
    down = [name for name in cluster.members if cluster.node(name).life.value != "up"]
    return f"not up: {', '.join(down)}"


def _traffic_figures(reads: Traffic, writes: Traffic, latency_us: dict[int, int]) -> dict[str, Value]:
    ended, failed, unknown = (getattr(reads, name) + getattr(writes, name) for name in ("ended", "failed", "unknown"))
    figures: dict[str, Value] = {
        "operations": ended,
        "reads": reads.ended,
        "writes": writes.ended,
        "ok": reads.ok + writes.ok,
        "failed": failed,
        "unknown": unknown,
        "error_share": _share(failed + unknown, ended),
        "read_error_share": _share(reads.failed + reads.unknown, reads.ended),
        "write_error_share": _share(writes.failed + writes.unknown, writes.ended),
    }
    for prefix, each in (("", latency_us), ("read_", reads.latency_us), ("write_", writes.latency_us)):
        figures.update({f"{prefix}p{rank}": value for rank, value in each.items()})
    return figures


def _share(part: int, whole: int) -> Value:
    return part / whole if whole else 0.0


def _example(examples: Iterable[Operation]) -> str:
    for each in examples:
        seen = ", ".join(each.seen) or "nothing"
        missed = ", ".join(each.missed)
        return (
            f"at {each.invoked_us / 1e6:.3f} s {each.client} read {each.key} and saw {seen}, "
            f"although {missed} had been acknowledged before"
        )
    return ""


def _nobody(_now_us: int) -> None:
    pass
