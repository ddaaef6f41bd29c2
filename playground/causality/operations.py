"""What became of a request: why it failed, or why a read missed a write that had been acknowledged.

Everything that was scheduled, directly or not, in the happening in which a request was invoked is its *cone*. What a
cone has lost on its way, and where it met a machine that stood still, explains why no answer came. What was written is
like nothing else in the world, so the messages that carry it are known by it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from playground.causality.evidence import Evidence
from playground.causality.facts import Fact, Link, clock, named, seconds
from playground.causality.messages import carries, label, system_of
from playground.causality.silence import Silences
from playground.checkers.history import Operation
from playground.kernel.journal import Entry
from playground.kernel.messages import Reply
from playground.kernel.tracing import Happening, Loss

WIDE = 3_000
"""So many happenings of a cone are looked at."""
_DEPOSED_US = 10_000_000
"""So long before a request failed whoever refuses it may have ceased to lead."""
_STALE_US = 20_000_000
"""So long before a stale read it is looked for what became of the write that it missed."""


def words(text: str) -> frozenset[str]:
    """What is named in an error."""
    return frozenset(text.replace(",", " ").replace(":", " ").split())


class Operations:
    """``explain``: an entry with what led to it."""

    def __init__(self, evidence: Evidence, silences: Silences, explain: Callable[[Entry], Link]) -> None:
        self._evidence = evidence
        self._silences = silences
        self._explain = explain

    def fact(self, operation: Operation) -> Fact:
        """An operation and how it went, at the instant of its end; of one that has none, of its beginning."""
        what = f"writes {operation.key}={operation.value}" if operation.write else f"reads {operation.key}"
        ends = {
            "ok": "and misses an acknowledged write" if operation.stale else "and is answered",
            "fail": f"and fails: {operation.error}",
            "unknown": f"and does not know what came of it: {operation.error}",
            "open": "and waits for an answer",
        }
        text = f"{what} {ends[operation.outcome]}"
        if operation.completed_us < 0:
            id = self._evidence.requests.began(operation)
            return Fact(operation.invoked_us, "operation", operation.client, text, id=id)
        text += f" ({seconds(operation.latency_us)} after it has asked)"
        id = self._evidence.requests.ended(operation)
        return Fact(operation.completed_us, "operation", operation.client, text, id=id)

    def causes(self, operation: Operation) -> list[Link]:
        """Why it went as it did; of one that went well, that it was asked."""
        if operation.stale:
            return self._stale(operation)
        if operation.outcome == "ok":
            return []
        return self._failed(operation)

    # --- failed ---------------------------------------------------------------------------------------

    def _failed(self, operation: Operation) -> list[Link]:
        until_us = operation.completed_us if operation.completed_us >= 0 else self._evidence.cluster.now_us
        cone = self._cone(self._evidence.requests.began(operation), until_us)
        came = [each for each in cone if isinstance(each, Happening)]
        found = self._silences.met_nobody(came)
        found += self._lost([each for each in cone if isinstance(each, Loss)])
        for name in dict.fromkeys(each.node for each in came if each.what == "message"):
            found += self._silences.ill(name, until_us)
        found += self._led(operation)
        if not any(link.begins for link in found):
            # It may have gone out with what was sent again later, or have waited behind something else.
            met = dict.fromkeys([operation.client, *(each.node for each in came if each.what == "message")])
            named_in_it = (name for name in self._evidence.cluster.names if name in words(operation.error))
            for name in dict.fromkeys([*named_in_it, *met]):
                found += self._troubles(name, operation.invoked_us, until_us)
                if any(link.begins for link in found):
                    break
        found += self._refused(operation)
        found.sort(key=lambda link: not link.begins)
        return found

    def _troubles(self, name: str, from_us: int, until_us: int) -> list[Link]:
        """Why a machine could do nothing for others in that time."""
        evidence, silences = self._evidence, self._silences
        since_us = max(0, from_us - _DEPOSED_US)
        left = (
            entry
            for entry in evidence.before(evidence.index_at(until_us), "deposed", from_us=since_us)
            if entry.subject == name
        )
        sent = [each for each in evidence.messages(name, (), from_us, until_us) if each.source == name]
        return [
            *silences.stopped(name, from_us, until_us),
            *(self._explain(entry) for entry in islice(left, 1)),
            *silences.met_nobody(sent),
            *silences.lost(name, (), from_us, until_us),
            *silences.late(name, (), from_us, until_us),
            *silences.ill(name, until_us),
        ]

    def _cone(self, id: int, until_us: int) -> list[Happening | Loss]:
        """What came of a happening until then, the nearest first."""
        found: list[Happening | Loss] = []
        todo = [id] if id else []
        tracer = self._evidence.tracer
        while todo and len(found) < WIDE:
            coming: list[int] = []
            for each in todo:
                for effect in tracer.effects(each):
                    happening = tracer.find(effect)
                    if isinstance(happening, Loss):
                        found.append(happening)
                    elif happening is not None and happening.at_us <= until_us:
                        found.append(happening)
                        # A timer that goes off later is mostly somebody else's: only what went straight on counts.
                        if happening.what != "timer" or happening.at_us - self._at(each) < 50_000:
                            coming.append(effect)
            todo = coming
        return found

    def _at(self, id: int) -> int:
        happening = self._evidence.happening(id)
        return happening.at_us if happening is not None else 0

    def _lost(self, losses: list[Loss]) -> list[Link]:
        """What was lost, one fact for each rule that did it."""
        by_rule: list[list[Loss]] = []
        for loss in losses:
            for group in by_rule:
                if group[0].rule is loss.rule:
                    group.append(loss)
                    break
            else:
                by_rule.append([loss])
        return [self._silences.of_losses(group) for group in sorted(by_rule, key=len, reverse=True)]

    def _refused(self, operation: Operation) -> list[Link]:
        """The answer that said no."""
        happening = self._evidence.happening(self._evidence.requests.ended(operation))
        if happening is None or happening.what != "message":
            return []
        text = f"refuses: {operation.error}" if isinstance(happening.content, Reply) else f"says: {operation.error}"
        return [Link(Fact(happening.sent_us, "message", happening.source, text, id=happening.id))]

    def _led(self, operation: Operation) -> list[Link]:
        """Of what its error names (a shard, say): who led it then, and why that one could not be reached."""
        evidence = self._evidence
        at_us = operation.completed_us if operation.completed_us >= 0 else evidence.cluster.now_us
        named_in_it = words(operation.error)
        for entry in evidence.before(evidence.index_at(at_us), "elected"):
            if dict(entry.data).get("group") in named_in_it:
                others = [name for name in evidence.cluster.members if name != entry.subject]
                return self._silences.between(entry.subject, others, max(0, operation.invoked_us - 2_000_000), at_us)
        return []

    # --- stale ----------------------------------------------------------------------------------------

    def _stale(self, read: Operation) -> list[Link]:
        """The newest write that it missed, and what became of it at those who were asked."""
        staleness = self._evidence.cluster.staleness
        writes = [staleness.write(read.key, value) for value in read.missed]
        write = max(writes, key=lambda each: each.completed_us)
        told = Fact(
            write.completed_us,
            "operation",
            write.client,
            f"is told that {write.key}={write.value} is written",
            id=self._evidence.requests.ended(write),
        )
        answered = self._answered(read)
        found: list[Link] = []
        for name in answered:
            found += self._lacks(name, write, read)
        # Whoever only passes the question on is not to have it: its lack explains nothing, if another one's does.
        found = [link for link in found if link.fact.kind != "absent"] or found
        if not any(link.begins for link in found):
            cone = self._cone(self._evidence.requests.began(read), read.completed_us)
            found += self._silences.met_nobody(each for each in cone if isinstance(each, Happening))
            found += self._lost([each for each in cone if isinstance(each, Loss)])
        who = f" ({named(answered)} answered)" if answered else ""
        asked = Fact(
            read.invoked_us,
            "operation",
            read.client,
            f"asks for {read.key}{who}",
            id=self._evidence.requests.began(read),
        )
        if not found:
            found = [link for value in (*read.seen, write.value) for link in self._misdated(read.key, value)]
        found.sort(key=lambda link: not link.begins)
        return [*found, Link(told), Link(asked)]

    def _forgot(self, name: str, write: Operation, read: Operation, got: Happening) -> list[Link]:
        """It had what was written, but has crashed since."""
        stop = self._evidence.deeds.crash(name, got.at_us, read.invoked_us)
        if stop is None:
            return []
        text = f"got {write.key}={write.value} at {clock(got.at_us)}, before it crashed"
        causes = [self._explain(stop), *self._silences.ill(name, stop.at_us)]
        return [Link(Fact(read.invoked_us, "absent", name, text, id=got.id), causes)]

    def _misdated(self, key: str, value: str) -> list[Link]:
        """A wrong clock by which one of two values counted as the newer one."""
        write = self._evidence.cluster.staleness.write(key, value)
        ended = self._evidence.happening(self._evidence.requests.ended(write))
        if ended is None or ended.what != "message":
            return []
        name = ended.source
        clocks = [link for link in self._silences.ill(name, write.completed_us) if link.fact.kind == "clock"]
        text = f"writes {key}={value} through {name}, whose clock says how new it is"
        fact = Fact(write.completed_us, "operation", write.client, text, id=ended.id)
        return [Link(fact, clocks)] if clocks else []

    def _answered(self, read: Operation) -> list[str]:
        """Whose answers the read has come of, in their order: replicas, and the coordinator if it asked nobody else."""
        cone = self._cone(self._evidence.requests.began(read), read.completed_us)
        messages = [each for each in cone if isinstance(each, Happening) and each.what == "message"]
        last = self._evidence.happening(self._evidence.requests.ended(read))
        coordinator = last.source if last is not None and last.what == "message" else ""
        systems = {"store", "shards", "zookeeper"}
        answers = [
            each
            for each in messages
            if each.node == coordinator and each.source != read.client and isinstance(each.content, Reply)
        ]
        names = [each.source for each in sorted(answers, key=lambda each: each.at_us)]
        if not names or any(each.source == coordinator for each in answers):
            names.append(coordinator)
        asked = [each for each in messages if each.source == coordinator and system_of(each.content) in systems]
        if asked and coordinator not in names and all(each.node != coordinator for each in asked):
            names.append(coordinator)
        return [name for name in dict.fromkeys(names) if name in self._evidence.cluster.members]

    def _lacks(self, name: str, write: Operation, read: Operation) -> list[Link]:
        """Why a machine had not got what was written when it was asked; [] if it had, or it was not to have it."""
        evidence = self._evidence
        from_us = max(write.invoked_us, read.invoked_us - _STALE_US)
        for loss in evidence.tracer.losses(from_us, read.completed_us):
            if loss.target == name and carries(loss.content, write.value):
                act = evidence.deeds.of_rule(loss.rule)
                text = f"loses {label(loss.content)} with {write.key}={write.value} to {name}"
                fact = Fact(loss.lost_us, "lost", loss.source, text, id=loss.id)
                return [Link(fact, [self._explain(act)] if act is not None else [])]
        until_us = min(evidence.cluster.now_us, read.completed_us + _STALE_US // 2)
        for each in evidence.messages(name, (), from_us, until_us):
            if each.node != name or not carries(each.content, write.value):
                continue
            stops = self._silences.stopped(name, each.at_us, each.at_us)
            if stops and each.at_us <= read.completed_us:
                text = f"sends {label(each.content)} with {write.key}={write.value} to {name}, which stands still"
                return [Link(Fact(each.at_us, "message", each.source, text, id=each.id), stops)]
            if each.sent_us > read.completed_us:
                break
            if each.at_us > read.invoked_us:
                when = "too late" if each.at_us > read.completed_us else "while the read is under way"
                text = f"sends {label(each.content)} with {write.key}={write.value}: it reaches {name} at"
                late = self._silences.late(each.source, (name,), max(0, each.sent_us), max(0, each.sent_us))
                fact = Fact(
                    max(0, each.sent_us), "late", each.source, f"{text} {clock(each.at_us)}, {when}", id=each.id
                )
                return [Link(fact, [cause for link in late for cause in link.causes])]
            return self._forgot(name, write, read, each)
        for each in evidence.tracer.under_way():
            if each.node == name and carries(each.content, write.value):
                text = f"sends {label(each.content)} with {write.key}={write.value} to {name}: it is still under way"
                return [Link(Fact(max(0, each.sent_us), "late", each.source, text, id=each.cause))]
        text = f"has not got {write.key}={write.value}: nobody has sent it yet"
        return [Link(Fact(read.invoked_us, "absent", name, text))]
