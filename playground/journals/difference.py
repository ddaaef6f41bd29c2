"""Where two journals part: the tool for finding out why two runs are not the same run.

Both files are read side by side, a line at a time, so their size does not matter. The headers may differ (a
fix is another version, a variant another cluster): that is told, and the events are compared all the same.
The first line that is not the same in both is where they part. What stands shortly before is the same
in both; what follows is looked through for one thing only: whether the same happens, in another order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from playground.journals.file import JournalReader
from playground.journals.words import differences, field_name, instant, kind, same_but_numbers, words
from playground.kernel.errors import UserError
from playground.kernel.recording import Line

BEFORE = 5
"""Lines of context before the journals part."""
AFTER = 3
"""Lines of each that are shown from there on."""
AHEAD = 200
"""Lines of each that are looked through for what the other one did."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What came of comparing two journals, which the texts call A and B."""

    a: str
    b: str
    """The files."""
    header: tuple[tuple[str, Any, Any], ...]
    """``(field, in a, in b)`` for what differs in the first lines; fields of the spec as ``spec.store.r``."""
    line: int | None
    """The number of the line at which they part; None: nowhere."""
    common: int
    """How many lines are the same, the headers not counted."""
    before: tuple[Line, ...]
    """The last lines that both have, the newest last."""
    a_lines: tuple[Line, ...]
    b_lines: tuple[Line, ...]
    """What each has from there on; empty where it has ended."""
    why: str
    """In which way they part; "" if they don't."""

    @property
    def same(self) -> bool:
        return self.line is None and not self.header

    @property
    def at_us(self) -> int | None:
        """The earlier of the two instants at which they part."""
        return min((lines[0]["at_us"] for lines in (self.a_lines, self.b_lines) if lines), default=None)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "a": self.a,
            "b": self.b,
            "same": self.same,
            "header": [{"field": name, "a": a, "b": b} for name, a, b in self.header],
            "common_lines": self.common,
            "line": self.line,
            "at_us": self.at_us,
            "why": self.why or None,
            "before": list(self.before),
            "a_lines": list(self.a_lines),
            "b_lines": list(self.b_lines),
        }


def compare(a: str | Path, b: str | Path) -> Difference:
    """Compare two journal files. UserError if one is no journal, or is damaged before they part."""
    with JournalReader(a) as one, JournalReader(b) as other:
        header = tuple(_headers(one.header, other.header))
        before: deque[bytes] = deque(maxlen=BEFORE)
        common = 0
        while True:
            a_line, b_line = one.line(), other.line()
            if a_line != b_line or a_line is None:
                break
            before.append(a_line)
            common += 1
        number = common + 2
        a_lines, b_lines = (_parsed(reader, line) for reader, line in ((one, a_line), (other, b_line)))
        if not (a_lines and b_lines):
            _require_whole(one, other, common)
        parted = bool(a_lines or b_lines)
        return Difference(
            a=str(a),
            b=str(b),
            header=header,
            line=number if parted else None,
            common=common,
            before=tuple(one.parsed(line, number - len(before) + at) for at, line in enumerate(before)),
            a_lines=tuple(a_lines[:AFTER]),
            b_lines=tuple(b_lines[:AFTER]),
            why=_why(a_lines, b_lines) if parted else "",
        )


def report(difference: Difference, console: Console) -> None:
    """Print what came of it."""
    for name, a, b in difference.header:
        console.print(Text(f"the headers differ: {name} is {a!r} in A, {b!r} in B", "yellow"), soft_wrap=True)
    lines = f"{difference.common:,} line{'' if difference.common == 1 else 's'}"
    if difference.line is None:
        last = difference.before[-1] if difference.before else None
        end = f", up to {instant(last['at_us'])}" if last else ""
        unended = "" if last and last["what"] == "end" else "; neither has its last line: both runs were cut off"
        what = "everything below them is the same" if difference.header else "the journals are the same"
        console.print(Text(f"{what}: {lines}{end}{unended}", "green"), soft_wrap=True)
        return
    assert difference.at_us is not None
    console.print(
        Text(f"the journals part at {instant(difference.at_us)}, line {difference.line:,}; {lines} before are the same")
    )
    console.print(Text(f"A is {difference.a}\nB is {difference.b}\n", "dim"), soft_wrap=True)
    for line in difference.before:
        _row(console, "", line, "dim")
    for side, shown, style in (("A", difference.a_lines, "red"), ("B", difference.b_lines, "green")):
        if not shown:
            console.print(Text(f"{side}  (ends here)", f"bold {style}"))
        for number, line in enumerate(shown):
            _row(console, side, line, f"dim {style}" if number else f"bold {style}")
    console.print(Text(f"\n{difference.why}"), soft_wrap=True)


def _row(console: Console, side: str, line: Line, style: str) -> None:
    console.print(Text(f"{side:2} {instant(line['at_us']):>14}  {words(line)}", style), soft_wrap=True)


def _headers(a: Line, b: Line, prefix: str = "") -> list[tuple[str, Any, Any]]:
    """What differs, field by field, mappings taken apart."""
    found: list[tuple[str, Any, Any]] = []
    for name in dict.fromkeys((*a, *b)):
        one, other = a.get(name), b.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found.extend(_headers(one, other, f"{prefix}{name}."))
        elif one != other:
            found.append((f"{prefix}{name}", one, other))
    return found


def _parsed(reader: JournalReader, line: bytes | None) -> list[Line]:
    """``line`` and those that follow it."""
    if line is None:
        return []
    found = [reader.parsed(line, reader.number)]
    found.extend(reader.parsed(each, reader.number) for each in islice(reader, AHEAD))
    return found


def _require_whole(one: JournalReader, other: JournalReader, common: int) -> None:
    """A damaged file says nothing of what would have followed. A run that was cut off simply ends there."""
    for reader in (one, other):
        if reader.cut and not reader.cut.startswith("its last line"):
            raise UserError(
                f"{reader.path}:{reader.number + 1}: {reader.cut}; "
                f"the {common:,} lines up to there are the same in both, what follows cannot be compared"
            )


def _why(a_lines: list[Line], b_lines: list[Line]) -> str:
    """The difference in a sentence or two."""
    if not a_lines or not b_lines:
        rest = a_lines or b_lines
        longer, shorter = ("A", "B") if a_lines else ("B", "A")
        text = f"{shorter} is a prefix of {longer}: it ends here without its last line, so its run was cut off."
        return f"{text} {longer} goes on with {kind(rest[0])}."
    a, b = a_lines[0], b_lines[0]
    for side, other, line, far in (("A", "B", a, b), ("B", "A", b, a)):
        if line["what"] == "end" and far["what"] != "end":
            return f"The run of {side} ends at {instant(line['at_us'])}; that of {other} goes on with {kind(far)}."
    a_in_b, b_in_a = _later(a, b_lines), _later(b, a_lines)
    if a_in_b and b_in_a:
        return (
            f"The same happens in another order: A's line comes {_count(a_in_b)} later in B, "
            f"B's line {_count(b_in_a)} later in A."
        )
    if same_but_numbers(a, b):
        return _only_numbers(a, b)
    if a_in_b:
        return f"B has {_count(a_in_b)} more here: then comes the line of A."
    if b_in_a:
        return f"A has {_count(b_in_a)} more here: then comes the line of B."
    if a["what"] != b["what"]:
        return f"In A it is {kind(a)}, in B {kind(b)}."
    return (
        "What differs: "
        + "; ".join(
            f"{field_name(name)} ({_shown(one)} in A, {_shown(other)} in B)"
            for name, one, other in differences(a, b)
            if name != "sum" or a.get("content") == b.get("content")
        )
        + (_BEYOND if a.get("content") == b.get("content") and a.get("sum") != b.get("sum") else ".")
    )


_BEYOND = ". The contents differ beyond what a line shows of them."


def _only_numbers(a: Line, b: Line) -> str:
    if a["at_us"] != b["at_us"]:
        late = b["at_us"] - a["at_us"]
        return f"The same happens, in B {abs(late):,} us {'later' if late > 0 else 'earlier'}."
    if a.get("seq") != b.get("seq"):
        return (
            f"The same happens, but as number {a.get('seq')} in A and {b.get('seq')} in B: one of them had scheduled "
            "something by then that the other had not, and that has not happened yet, or never will "
            "(a timer, a message under way, a message that was lost)."
        )
    return "The same happens; what differs only counts: " + "; ".join(
        f"{field_name(name)} {one} in A, {other} in B" for name, one, other in differences(a, b)
    )


def _later(line: Line, lines: list[Line]) -> int:
    """How many lines further on among ``lines`` the same happens at the same instant; 0: nowhere."""
    for number, each in enumerate(lines):
        if number and each["at_us"] == line["at_us"] and same_but_numbers(line, each):
            return number
    return 0


def _count(lines: int) -> str:
    return "a line" if lines == 1 else f"{lines} lines"


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
