"""The message, or the moment, that is picked: what it is, what it says, what it came from, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from playground.kernel.canonical import canonical
from playground.kernel.happenings import Happening, Loss
from playground.kernel.messages import Reply, wire_size
from playground.kernel.node import Life
from playground.kernel.tracing import Tracer
from playground.pictures.spacetime_following import Follower
from playground.pictures.spacetime_naming import Name, body_of
from widgets.log import clock
from widgets.shapes import Fact, Reading, Tone

_LONG = 120
"""Characters of a value that are shown."""
_FIELDS = 8
_EFFECTS = 6

Named = Callable[[Happening | Loss], Name]


class Reader:
    """Reads happenings of one trace. ``name``: what a message is called; ``why_lost``: in a few words, or ""."""

    def __init__(
        self, tracer: Tracer, follower: Follower, name: Named, why_lost: Callable[[Happening | Loss], str]
    ) -> None:
        self._tracer = tracer
        self._follower = follower
        self._name = name
        self._why_lost = why_lost

    def read(self, id: int) -> Reading | None:
        """All about one happening; None: it is not kept."""
        found = self._tracer.find(id)
        if found is None:
            return self._coming(id)
        cause = self._cause(found)
        next_ones = self._follower.next_messages(id)
        facts = self._message(found) if found.is_message else self._moment(found)
        operation = self._follower.operation_of(id)
        if operation is not None:
            facts.append(Fact("request", f"{operation.index} of {operation}"))
        facts.append(Fact("because", self._because(found, cause)))
        facts += [
            Fact(
                "led to" if not number else "", self._led(found, each), Tone.BAD if self._why_lost(each) else Tone.PLAIN
            )
            for number, each in enumerate(next_ones[:_EFFECTS])
        ]
        if len(next_ones) > _EFFECTS:
            facts.append(Fact("", f"and {len(next_ones) - _EFFECTS} more"))
        elif not next_ones:
            facts.append(Fact("led to", "no further message"))
        if found.is_message:
            facts += _content(found.content)
        near = [cause, *next_ones] if cause is not None else next_ones
        return Reading(
            self._title(found),
            tuple(facts),
            (cause.id,) if cause is not None else (),
            tuple(each.id for each in next_ones),
            tuple((each.id, each.since_us) for each in near),
        )

    def _coming(self, id: int) -> Reading | None:
        """What is under way has not happened yet: it has a cause, and no effects."""
        found = self._tracer.coming(id)
        if found is None:
            return None
        cause = self._tracer.find(found.cause)
        while isinstance(cause, Happening) and cause.what not in ("message", "command"):
            cause = self._tracer.find(cause.cause)
        facts = [
            Fact("sent", f"{instant(found.sent_us)} by {found.source}"),
            Fact("under way", f"to {found.node}, {instant(found.at_us)} if nothing comes between", Tone.ACCENT),
            Fact("because", self._because(found, cause)),
            *_content(found.content),
        ]
        near = (cause.id,) if cause is not None else ()
        return Reading(self._title(found), tuple(facts), near, (), tuple((each, cause.at_us) for each in near if cause))

    def _title(self, found: Happening | Loss) -> str:
        if found.is_message:
            return f"{self._name(found).label}: {found.source} → {found.node}"
        entries = self._tracer.entries(found.id)
        assert isinstance(found, Happening)
        return entries[0].text if entries else self._what(found)

    def _message(self, found: Happening | Loss) -> list[Fact]:
        sent = (
            f"{instant(found.sent_us)} by {found.source}" if found.sent_us >= 0 else f"by {found.source}, too long ago"
        )
        facts = [Fact("sent", sent)]
        lost = self._why_lost(found)
        if isinstance(found, Loss):
            after = f", {took(found.lost_us - found.sent_us)} later" if found.severed else ""
            facts.append(Fact("lost", f"{lost}{after}", Tone.BAD))
        else:
            way = f", {took(found.at_us - found.sent_us)} on its way" if found.sent_us >= 0 else ""
            facts.append(Fact("arrived", f"{instant(found.at_us)} at {found.node}{way}"))
            if lost:
                facts.append(Fact("lost", lost, Tone.BAD))
            elif found.life is Life.BOOTING:
                facts.append(Fact("refused", f"{found.node} was booting", Tone.WARN))
            turn = self._tracer.find(self._tracer.taken(found.id))
            if isinstance(turn, Happening):
                facts.append(Fact("waited", f"{took(turn.at_us - found.at_us)} until {found.node} took it", Tone.WARN))
            elif found.life is Life.FROZEN:
                facts.append(self._untaken(found))
        name = self._name(found)
        facts.append(Fact("system", f"{name.system or 'unknown'}, {wire_size(found.content):,} bytes"))
        facts += [Fact("noted", entry.text) for entry in self._tracer.entries(found.id)[:3]]
        return facts

    def _untaken(self, found: Happening) -> Fact:
        """Of what came to a frozen machine and was not taken: it waits, unless that process is gone."""
        lives = self._tracer.lives.get(found.node, ())
        died_us = next((at_us for at_us, life in lives if at_us >= found.at_us and life is Life.DOWN), None)
        if died_us is None:
            return Fact("waits", f"{found.node} is frozen", Tone.WARN)
        return Fact("lost", f"{found.node} crashed {took(died_us - found.at_us)} later, and never took it", Tone.BAD)

    def _moment(self, found: Happening | Loss) -> list[Fact]:
        assert isinstance(found, Happening)
        facts = [Fact("at", instant(found.at_us) + (f" on {found.node}" if found.node else ""))]
        facts += [Fact("", entry.text) for entry in self._tracer.entries(found.id)[1:6]]
        return facts

    def _cause(self, found: Happening | Loss) -> Happening | Loss | None:
        """The nearest message or command before it, in its own story."""
        for each in list(self._follower.causes(found.id))[1:]:
            if each.is_message or each.what == "command":
                return each
        before = self._tracer.find(found.cause)
        return before if before is not None and before.what == "command" else None

    def _because(self, found: Happening | Loss, cause: Happening | Loss | None) -> str:
        if cause is None:
            operation = self._follower.operation_of(found.id)
            before = self._tracer.find(found.cause)
            if operation is not None:
                return f"{operation.client} invoked it at {instant(operation.invoked_us)}"
            if not isinstance(before, Happening):
                return "of what is no longer kept" if found.id > 0 else "of nothing that is known"
            return f"{self._what(before)}, at {instant(before.at_us)}"
        if isinstance(cause, Happening) and cause.what == "command":
            return f"{cause.content.by or 'somebody'} acted: {cause.content.line()}"
        assert isinstance(cause, Happening)
        before_us = found.since_us - cause.at_us
        after = f", {took(before_us)} before" if before_us > 0 else ""
        return f"{self._name(cause).label} from {cause.source} at {instant(cause.at_us)}{after}"

    def _led(self, found: Happening | Loss, each: Happening | Loss) -> str:
        lost = ", lost" if self._why_lost(each) else ""
        after_us = each.sent_us - found.at_us
        when = f"after {took(after_us)}" if after_us > 0 else "at once"
        return f"{self._name(each).label} → {each.node}, {when}{lost}"

    def _what(self, found: Happening) -> str:
        """A happening that is no message, in words."""
        if found.what == "message":
            return f"{self._name(found).label} from {found.source}"
        if found.what == "command":
            whose = f"{found.content.by}'s" if found.content.by else "the"
            return f"{whose} command {found.content.line()}"
        words = {"timer": "a timer of {}", "disk": "the disk of {} was done", "turn": "{} took what had waited"}
        return words.get(found.what, "something planned").format(found.node)


def instant(at_us: int) -> str:
    """``mm:ss.mmmuuu``: clocks show milliseconds, messages differ by less."""
    return f"{clock(at_us)}{at_us % 1000:03d}"


def took(duration_us: int) -> str:
    """``2.3 s``, ``14.2 ms``, ``180 us``."""
    if duration_us >= 1_000_000:
        return f"{duration_us / 1e6:.2f} s"
    return f"{duration_us / 1e3:.2f} ms" if duration_us >= 1_000 else f"{max(0, duration_us)} us"


def _content(content: Any) -> list[Fact]:
    """The fields of a message, long values shortened."""
    body = body_of(content)
    if isinstance(content, Reply) and content.error is not None:
        code, text, definite = content.error
        return [Fact("error", f"{code}: {text}" if text else code, Tone.BAD), Fact("definite", str(definite))]
    if not is_dataclass(body) or isinstance(body, type):
        return [] if body is None else [Fact("content", _short(body))]
    named = [(each.name, getattr(body, each.name)) for each in fields(body)]
    facts = [Fact(name, _short(value)) for name, value in named[:_FIELDS]]
    return [*facts, Fact("", f"and {len(named) - _FIELDS} more fields")] if len(named) > _FIELDS else facts


def _short(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
