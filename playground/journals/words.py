"""A line of a journal in words that a person understands, and in which words two lines differ."""

from __future__ import annotations

from typing import Any

from playground.kernel.recording import Line

_NAMES = {"at_us": "the instant", "seq": "the sequence number", "sum": "the checksum of the content"}
_WHATS = {
    "message": "a message",
    "request": "a request",
    "reply": "a reply",
    "segment": "a segment of a connection",
    "timer": "a timer",
    "wake": "a task that wakes",
    "disk": "a disk that has finished",
    "turn": "an event's turn",
    "callback": "a callback",
    "entry": "an entry of the journal",
    "digest": "something that counts in the digest",
    "end": "the end of the run",
}


def instant(at_us: int) -> str:
    """To the microsecond: ``5.234117 s``."""
    return f"{at_us / 1e6:.6f} s"


def kind(line: Line) -> str:
    """What sort of happening it is."""
    return _WHATS.get(line["what"], f"something unknown ({line['what']})")


def words(line: Line) -> str:
    """What happened, in one line, without the instant. Fields that are missing show as ``?``."""

    def field(name: str) -> str:
        return str(line.get(name, "?"))

    what = line["what"]
    if what in ("message", "request", "reply", "segment"):
        return f"{field('from')} → {field('to')}: {_delivered(line)}"
    if what == "timer":
        state = f" ({line['state']}: nothing happens)" if "state" in line else ""
        return f"{field('node')}: timer {field('act')}{state}"
    if what == "wake":
        return f"{field('node')}: {field('act')} wakes" + (f" ({line['state']})" if "state" in line else "")
    if what == "disk":
        return f"{field('node')}: disk has finished a {field('act')}"
    if what == "turn":
        return f"{field('node')}: takes its turn: {field('next') or 'nothing waits'}"
    if what == "callback":
        return f"{field('act')} is called"
    if what == "entry":
        data = line.get("data")
        more = f" ({', '.join(f'{name} {value}' for name, value in data.items())})" if isinstance(data, dict) else ""
        return f"{field('kind')}: {field('text')}" + (more if data else "")
    if what == "digest":
        return f"{field('text')} {field('values')}".strip()
    if what == "end":
        return f"the run ends, digest {field('digest')}"
    return ", ".join(f"{name} {value}" for name, value in line.items() if name != "at_us")


def differences(a: Line, b: Line) -> list[tuple[str, Any, Any]]:
    """``(field, in a, in b)`` for each field that differs; None where it is missing.

    The sequence number comes last: it follows from what was scheduled before.
    """
    found = [(name, a.get(name), b.get(name)) for name in dict.fromkeys((*a, *b)) if a.get(name) != b.get(name)]
    return sorted(found, key=lambda each: each[0] == "seq")


def field_name(name: str) -> str:
    """What a field is called in a sentence."""
    return _NAMES.get(name, name)


def same_but_numbers(a: Line, b: Line) -> bool:
    """The same happening, if one looks away from the instant and from what merely counts."""
    counts = ("at_us", "seq", "index", "call")
    return {n: v for n, v in a.items() if n not in counts} == {n: v for n, v in b.items() if n not in counts}


def _delivered(line: Line) -> str:
    content = str(line.get("content", "?"))
    name = str(line.get("kind", "?"))
    shown = content if content.startswith(name) else f"{name} {content}" if name != "NoneType" else "None"
    number = f" call {line['call']}" if "call" in line else ""
    verb = {"request": f"asks{number}: ", "reply": f"answers{number}: "}.get(line["what"], "")
    life = f" (the receiver is {line['life']})" if "life" in line else ""
    return f"{verb}{shown} #{line.get('sum', '?')}{life}"
