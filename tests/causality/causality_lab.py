"""A cluster, some acts, and questions: why did this happen?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from playground.causality import Causality, Chain
from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.journal import Entry
from playground.kernel.tracing import KEEP, Tracer
from playground.kernel.world import run
from playground.spec import PRESETS, ClusterSpec

Acts = Iterable[tuple[float, str]]
"""``(second, the command as it is typed)``."""


@dataclass(frozen=True)
class Lab:
    """What a test may ask, while the world stands still."""

    cluster: Cluster
    tracer: Tracer
    causality: Causality

    def entries(self, kind: str, subject: str = "", text: str = "") -> list[Entry]:
        """The journal's entries that are so."""
        return [
            each
            for each in self.cluster.world.journal.entries
            if each.kind == kind and subject in ("", each.subject) and text in each.text
        ]

    def why(self, entry: Entry) -> Chain:
        chain = self.causality.of_entry(entry.index)
        assert chain is not None
        return chain

    def failed(self, since_s: float = 0.0) -> list[int]:
        """The operations that went wrong, by number."""
        return [
            each.index
            for each in self.cluster.history.operations
            if each.invoked_us >= since_s * 1e6 and (each.stale or each.outcome in ("fail", "unknown"))
        ]


def spec(preset: str, **changes: Any) -> ClusterSpec:
    return ClusterSpec.model_validate({**PRESETS[preset], **changes})


def ask(
    cluster: ClusterSpec,
    acts: Acts,
    until_s: float,
    question: Callable[[Lab], None],
    seed: int = 7,
    keep: int = KEEP,
    lenient: bool = False,
    by: str = "",
) -> None:
    """Let it run, then ask. ``keep``: happenings that the trace keeps; ``lenient``: acts may be impossible; ``by``:
    who acts.
    """

    async def main() -> None:
        made = Cluster(cluster, seed)
        tracer = Tracer(made.world, keep)
        made.on_command = tracer.command
        lab = Lab(made, tracer, Causality(made, tracer, Requests(made.history, tracer)))
        commands = [(int(at_s * 1e6), parse_line(line).model_copy(update={"by": by})) for at_s, line in acts]
        made.plan(commands, lenient=lenient)
        await made.advance(int(until_s * 1e6))
        assert not made.refused
        question(lab)

    run(main)


def story(chain: Chain) -> str:
    """The main line and what stands beside it, as it would be read."""
    return "\n".join(f"{fact.subject} {fact.text}".strip() for _, fact in chain.facts)


def first(chain: Chain) -> str:
    """What it began with."""
    return chain.facts[0][1].sentence


def sound(lab: Lab, chain: Chain) -> None:
    """In the order of time, no more than one can read, and each fact with its evidence."""
    instants = [fact.at_us for _, fact in chain.facts]
    assert instants == sorted(instants)
    assert 1 <= len(chain.facts) <= 12
    assert chain.facts[-1][0] == 0
    assert chain.answer
    for _, fact in chain.facts:
        assert fact.entry < 0 or lab.causality.evidence.entry(fact.entry) is not None
        assert fact.id == 0 or lab.tracer.find(fact.id) is not None
        assert fact.id or fact.entry >= 0 or fact.kind == "absent"
