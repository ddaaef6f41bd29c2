"""The explainer behind the view of causes: what it says where it has no answer, and that it looks but once."""

from __future__ import annotations

from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import Question
from playground.kernel.tracing import Tracer
from playground.kernel.world import run
from playground.pictures.why import Explainer
from playground.spec import PRESETS, ClusterSpec


def test_what_lies_ahead_what_is_gone_and_what_went_well_have_no_answer_and_say_so() -> None:
    async def main() -> None:
        cluster = Cluster(ClusterSpec.model_validate(PRESETS["small"]), 7)
        tracer = Tracer(cluster.world)
        cluster.on_command = tracer.command
        hues = {name: hue for hue, name in enumerate(cluster.names)}
        explainer = Explainer(cluster, tracer, Requests(cluster.history, tracer), hues)
        cluster.plan([(1_000_000, parse_line("crash n1 n2"))])
        await cluster.advance(900_000)
        for question in (Question(entry=10_000), Question(happening=10**12), Question(operation=10**6)):
            answer = explainer.answer(question)
            assert answer.ahead
            assert "not happened yet" in answer.empty
        assert "failed or was stale" in explainer.answer(Question(client="c1", asked_us=900_000)).empty
        assert "no longer kept" in explainer.answer(Question(happening=-2)).empty
        await cluster.advance(4_000_000)
        asked = Question(client="c1", asked_us=4_000_000)
        answer = explainer.answer(asked)
        assert "c1" in answer.question
        assert "“crash n1 n2”" in answer.steps[0].text
        assert answer.steps[0].hue is not None
        await cluster.advance(5_000_000)
        assert explainer.answer(asked) is answer
        entry = next(e for e in cluster.world.journal.entries if e.kind == "crash")
        assert explainer.answer(Question(entry=entry.index)).steps[-1].entry == entry.index

    run(main)
