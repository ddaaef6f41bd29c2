"""Whatever happens in a run with random faults has an answer that begins with an act; and asking changes nothing."""

from __future__ import annotations

import random

import pytest
from causality_lab import Lab, ask, first, sound, spec

from playground.causality.deeds import ACTS
from tests.fresh import told

TOLD = frozenset(
    {"alert", "dead", "deposed", "ejected", "election", "elected", "expired", "fenced", "max-poll", "rebalancing",
     "suspect", "unclean", "zombie"}
)  # fmt: skip
FAULTS = (
    "crash {} lasting=3s",
    "restart {}",
    "freeze {} lasting=3s",
    "partition {} | rest",
    "one-way {} -> rest",
    "link {} latency=2s",
    "link {} loss=0.7",
    "slow-cpu {} times=400",
    "disk {} fault=hang lasting=2s",
    "heal",
)
BEGIN_S, END_S = 3.0, 11.0


def random_acts(seed: int, names: list[str]) -> list[tuple[float, str]]:
    chance = random.Random(seed)
    acts = []
    at_s = BEGIN_S
    while at_s < END_S - 2:
        acts.append((at_s, chance.choice(FAULTS).format(chance.choice(names))))
        at_s += chance.uniform(0.5, 2.5)
    return acts


@pytest.mark.parametrize(
    ("preset", "names", "seed"),
    [
        ("platform", "n1 n2 z1 z3 b1 s1 br1 co1", 1),
        ("platform", "n1 n3 z2 z3 b2 s2 br3 co2", 2),
        ("kafka", "z1 z3 br1 br2 br3 co1 co2", 3),
        ("ensemble", "z1 z2 z5 n1 n2 c1", 4),
        ("eventual", "n1 n2 n3 n4 c1", 5),
        ("small", "n1 n2 n3 c1", 6),
    ],
)
def test_everything_that_matters_is_led_back_to_an_act_that_was_really_done(preset: str, names: str, seed: int) -> None:
    acts = random_acts(seed, names.split())

    def question(lab: Lab) -> None:
        done = [at_us for at_us, _ in lab.cluster.recorded]
        for entry in list(lab.cluster.world.journal.entries):
            chain = lab.why(entry)
            sound(lab, chain)
            shrunk = entry.kind == "isr" and dict(entry.data).get("left")
            if entry.at_us < BEGIN_S * 1e6 or not (entry.kind in TOLD or shrunk):
                continue
            began = chain.facts[0][1]
            assert began.kind in ACTS, (entry, chain)
            assert "by the command" in began.sentence or began.sentence.startswith("the command"), (entry, chain)
            # A restart is one act with two effects: the start comes later.
            assert any(at_us <= began.at_us <= entry.at_us for at_us in done)
        for index in lab.failed(BEGIN_S)[::4]:
            told_of = lab.causality.of_operation(index)
            assert told_of is not None
            sound(lab, told_of)

    ask(spec(preset), acts, END_S, question, seed, lenient=True)


def test_a_question_about_what_never_was_has_no_answer() -> None:
    def question(lab: Lab) -> None:
        assert lab.causality.of_entry(99_999) is None
        assert lab.causality.of_operation(99_999) is None
        assert lab.causality.of_happening(10**12) is None
        assert lab.causality.of_happening(-2) is None

    ask(spec("small"), [], 1, question)


ASKED = """
from playground.causality import Causality
from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.tracing import Tracer
from playground.kernel.world import run
from playground.spec import PRESETS, ClusterSpec

async def main(asking):
    cluster = Cluster(ClusterSpec.model_validate(PRESETS["eventual"]), 3)
    if asking:
        tracer = Tracer(cluster.world)
        cluster.on_command = tracer.command
        causality = Causality(cluster, tracer, Requests(cluster.history, tracer))
    cluster.plan([(1_000_000, parse_line("link all all loss=0.3")), (2_000_000, parse_line("freeze n2"))])
    for second in range(1, 8):
        await cluster.advance(second * 1_000_000)
        if asking:
            for entry in list(cluster.world.journal.entries):
                chain = causality.of_entry(entry.index)
                print(chain.answer, [(fact.at_us, fact.text, fact.id) for _, fact in chain.facts])
            for operation in list(cluster.history.operations):
                if operation.index % 9 == 0:
                    causality.of_operation(operation.index)
    return cluster.world.digest()

digests = [run(main, asking) for asking in (True, False)]
assert digests[0] == digests[1]
print(digests[0])
"""


def test_asking_changes_nothing_and_the_same_run_has_the_same_answers_in_any_process() -> None:
    assert len(told(ASKED, ("1", "2"))) == 1


def test_the_first_act_is_the_one_that_mattered_not_the_newest() -> None:
    def question(lab: Lab) -> None:
        entry = next(each for each in lab.entries("suspect") if dict(each.data)["about"] == "n2")
        assert first(lab.why(entry)) == "n2 froze, by the command “freeze n2”"

    ask(spec("small"), [(3, "freeze n2"), (4, "link n1 n3 latency=50ms"), (4.5, "slow-cpu n1 times=2")], 8, question)
