"""Why: the chain of what led to an entry of the journal, a message, or how an operation went."""

from __future__ import annotations

from collections.abc import Mapping

from playground.causality import Causality, Chain, Fact
from playground.causality.requests import Requests
from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.frame import Question
from playground.kernel.tracing import Tracer
from playground.pictures.telling import tone_of
from widgets.shapes import Step, Tone, Why

_TONES = {"act": Tone.ACCENT, "lost": Tone.WARN, "late": Tone.WARN, "absent": Tone.WARN, "operation": Tone.PLAIN}
"""Of facts that do not stand in the journal."""
_GONE = "that is no longer kept: only the newest part of the trace and of the journal is; r goes back there"
_LATER = "that has not happened yet at this instant: > goes back to the present"
_WELL = "nothing that {} has asked for failed or was stale, as far as that is kept"


class Explainer:
    """Of one cluster, from its beginning. ``requests``: of its clients; ``hues``: of the machines."""

    def __init__(self, cluster: Cluster, tracer: Tracer, requests: Requests, hues: Mapping[str, int]) -> None:
        self._causality = Causality(cluster, tracer, requests)
        self._history = cluster.history
        self._journal = cluster.world.journal
        self._tracer = tracer
        self._hues = hues
        self._asked: Question | None = None
        self._answer = Why("")

    def answer(self, question: Question) -> Why:
        """What led to what is asked about. It is over, so it is looked up once; what is still open, each time."""
        if question != self._asked or self._open(question):
            self._asked, self._answer = question, self._told(question)
        return self._answer

    def _open(self, question: Question) -> bool:
        operation = self._causality.evidence.requests.find(question.operation) if question.operation >= 0 else None
        return operation is not None and operation.completed_us < 0

    def _chain(self, question: Question) -> Chain | None:
        if question.client:
            wrong = self._went_wrong(question.client, question.asked_us)
            return self._causality.of_operation(wrong.index) if wrong is not None else None
        if question.entry >= 0:
            return self._causality.of_entry(question.entry)
        if question.operation >= 0:
            return self._causality.of_operation(question.operation)
        return self._causality.of_happening(question.happening)

    def _went_wrong(self, client: str, until_us: int) -> Operation | None:
        """The newest operation of a client that failed, whose outcome it does not know, or that was stale."""
        for operation in reversed(self._history.operations):
            wrong = operation.stale or operation.outcome in ("fail", "unknown")
            if operation.client == client and wrong and operation.completed_us <= until_us:
                return operation
        return None

    def _told(self, question: Question) -> Why:
        chain = self._chain(question)
        if chain is None:
            ahead = self._lies_ahead(question)
            return Why("", empty=_LATER if ahead else self._unanswered(question), ahead=ahead)
        asked = chain.facts[-1][1]
        return Why(
            question=asked.sentence,
            steps=tuple(self._step(depth, fact) for depth, fact in chain.facts),
            answer=chain.answer,
            tone=self._tone(asked),
        )

    def _lies_ahead(self, question: Question) -> bool:
        """Whoever goes back in time may ask about what has not happened yet there."""
        invoked = self._history.completed + len(self._history.open)
        later = question.entry >= self._journal.count or question.operation >= invoked
        return later or question.happening > self._tracer.current

    @staticmethod
    def _unanswered(question: Question) -> str:
        return _WELL.format(question.client) if question.client else _GONE

    def _step(self, depth: int, fact: Fact) -> Step:
        text = f"{fact.text} ({fact.aside})" if fact.aside else fact.text
        hue = self._hues.get(fact.subject)
        return Step(fact.at_us, fact.subject, text, self._tone(fact), hue, fact.id, fact.entry, depth)

    def _tone(self, fact: Fact) -> Tone:
        return _TONES.get(fact.kind) or tone_of(fact.kind)
