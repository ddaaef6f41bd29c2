"""The course of a run: its timeline, its curves and its story, all over one time axis.

* The timeline has a row for each thing that was in force, as bars, and one for each kind of happening, as points.
* The story is told in the lines of the screen's log, under the captions of the scenario. Where a chapter would be
  longer than :data:`MOST_LINES`, lines that repeat others are left out first, then those of nothing broken or decided.
* A curve that is zero throughout is not drawn; it is said in a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from playground.handout.content import Bar, Block, Chapter, Chart, Curve, Happening, Paragraph, Row, Span, Story, Strips
from playground.handout.content import Timeline as Timeline
from playground.kernel.journal import Entry, Journal
from playground.pictures.story import Story as Log
from playground.scenario.chronicle import STALE, Chronicle, InForce
from playground.scenario.outcome import Outcome
from widgets.shapes import Line, LogLine, Tone

MOST_LINES = 24
"""Of a chapter of the story."""
ALIKE = 5
"""After so many lines of one kind in a chapter, one more says little."""
MOST_ROWS = 14
"""Of the timeline: what more was in force shares one row."""
MOST_STRIPS = 16
"""Of so many machines the work is shown, at most: of more, none."""
_EVENTS: dict[str, frozenset[str]] = {
    "alerts": frozenset({"alert", "good"}),
    "elections": frozenset({"election", "elected", "deposed", "fenced", "expired", "unclean", "first-write"}),
    "gossip": frozenset({"suspect", "dead", "alive"}),
    "servers": frozenset({"ejected", "probation", "readmitted"}),
    "replicas": frozenset({"isr", "truncated", "replaced"}),
    "groups": frozenset({"rebalancing", "rebalance", "zombie", "max-poll", "reset"}),
}
"""Rows of points, and the kinds of the journal's entries that stand in each."""
_CHARTS: tuple[tuple[str, str, dict[str, str], Tone], ...] = (
    ("Operations that went well", "operations/s", {"ok/s": "ok"}, Tone.GOOD),
    ("Latency", "ms", {"p50": "p50", "p99": "p99"}, Tone.ACCENT),
    ("Errors", "errors/s", {"errors/s": "errors"}, Tone.BAD),
    ("Stale reads", "reads/s", {STALE: "stale"}, Tone.WARN),
    ("Messages", "messages/s", {"msgs in/s": "published", "processed": "processed"}, Tone.GOOD),
    ("Acknowledgement of messages", "ms", {"ack p50": "p50"}, Tone.ACCENT),
    ("Lag of the consumers", "messages", {"lag": "lag"}, Tone.WARN),
)
"""Title, unit, curves of the chronicle with what they are called here, tone."""
_SILENT = {"errors/s": "no operation failed", STALE: "no read was stale", "lag": "no consumer lagged"}
"""What to say where a curve of trouble is zero throughout."""
_WEIGHT = {Tone.BAD: 1, Tone.WARN: 2, Tone.GOOD: 2, Tone.ACCENT: 2}


def course(outcome: Outcome) -> tuple[Block, ...]:
    """Timeline and charts. ``outcome`` must have its chronicle."""
    chronicle = outcome.chronicle
    assert chronicle is not None, "the run was not chronicled"
    span = _span(outcome.end_us, chronicle)
    lines = _log(outcome.entries)
    return (_timeline(outcome, chronicle, span, lines), *_charts(chronicle, span))


def story(outcome: Outcome) -> Story:
    """What was done and what happened, under the captions."""
    done = outcome.chronicle.done if outcome.chronicle else ()
    lines = [Happening(at_us, "", line, Tone.ACCENT, done=True) for at_us, line in done]
    lines += [_happening(each) for each in _log(outcome.entries)]
    lines.sort(key=lambda each: (each.at_us, not each.done))
    captions = [(at_us, text) for at_us, text in outcome.scenario.captions if at_us <= outcome.end_us]
    starts = [0, *(at_us for at_us, _ in captions)]
    texts = ["", *(text for _, text in captions)]
    ends = [*starts[1:], max(outcome.end_us, *(each.at_us for each in lines), 0) + 1]
    chapters = []
    for number, (from_us, until_us, text) in enumerate(zip(starts, ends, texts, strict=True)):
        own = [each for each in lines if from_us <= each.at_us < until_us]
        if own or text:
            kept = _weightiest(own)
            chapters.append(Chapter(number, from_us, text, kept, len(own) - len(kept)))
    return Story(tuple(chapters))


def _log(entries: Iterable[Entry]) -> tuple[LogLine, ...]:
    """As the screen tells them: what several say of one is one line."""
    journal = Journal()
    for each in entries:
        journal.record(each.at_us, each.kind, each.subject, each.text, **dict(each.data))
    return Log(journal, {}).log().lines


def _happening(line: LogLine) -> Happening:
    return Happening(line.at_us, line.subject, line.text, line.tone, kind=line.kind)


def _weightiest(lines: Sequence[Happening]) -> tuple[Happening, ...]:
    """At most :data:`MOST_LINES` of them, in their order: acts, what broke, what decided, the rest, repetitions."""
    seen: Counter[str] = Counter()
    weights = []
    for each in lines:
        seen[each.kind] += 1
        repeated = seen[each.kind] > ALIKE
        weights.append(0 if each.done else 4 if repeated else _WEIGHT.get(each.tone, 3))
    ranked = sorted(range(len(lines)), key=lambda at: (weights[at], at))
    return tuple(lines[at] for at in sorted(ranked[:MOST_LINES]))


def _span(until_us: int, chronicle: Chronicle) -> Span:
    """The axis; stretches in which anything was in force, those that touch as one."""
    shaded: list[tuple[int, int]] = []
    for each in chronicle.in_force:
        if shaded and each.from_us <= shaded[-1][1]:
            shaded[-1] = shaded[-1][0], max(shaded[-1][1], each.until_us)
        else:
            shaded.append((each.from_us, each.until_us))
    acts = tuple(dict.fromkeys(at_us for at_us, _ in chronicle.done))
    return Span(max(until_us, 1), tuple(shaded), acts)


def _timeline(outcome: Outcome, chronicle: Chronicle, span: Span, lines: Sequence[LogLine]) -> Timeline:
    done = tuple(Happening(at_us, "", text, Tone.ACCENT, done=True) for at_us, text in chronicle.done)
    rows = [Row("done", points=done)] if done else []
    rows += _bars(chronicle.in_force)
    for name, kinds in _EVENTS.items():
        points = tuple(_happening(each) for each in lines if each.kind in kinds)
        if points:
            rows.append(Row(name, points=points))
    return Timeline(span, tuple(rows), tuple(at_us for at_us, _ in outcome.scenario.captions))


def _bars(in_force: Iterable[InForce]) -> list[Row]:
    """A row for each thing; what comes after :data:`MOST_ROWS` of them in one."""
    rows: dict[str, list[Bar]] = {}
    for each in in_force:
        rows.setdefault(each.what, []).append(Bar(each.from_us, each.until_us, each.over))
    names = list(rows)
    kept, rest = (names, []) if len(names) <= MOST_ROWS else (names[: MOST_ROWS - 1], names[MOST_ROWS - 1 :])
    found = [Row(name, bars=tuple(rows[name])) for name in kept]
    if rest:
        found.append(Row(f"and {len(rest)} more", bars=tuple(bar for name in rest for bar in rows[name])))
    return found


def _charts(chronicle: Chronicle, span: Span) -> list[Block]:
    known = {line.name: line for line in chronicle.curves}
    blocks: list[Block] = []
    silent = []
    for title, unit, names, tone in _CHARTS:
        lines = {name: known.pop(name) for name in names if name in known}
        if not any(value is not None for line in lines.values() for value in line.values):
            continue
        if all(name in _SILENT and not any(line.values) for name, line in lines.items()):
            silent += [_SILENT[name] for name in lines]
            continue
        curves = tuple(Curve(names[name], line.values, tone) for name, line in lines.items())
        blocks.append(Chart(title, unit, span, chronicle.first_s, curves))
    work = _work(tuple(known.values()), chronicle.first_s, span)
    if work is not None:
        blocks.append(work)
    if silent:
        text = "; ".join(silent)
        blocks.append(Paragraph(f"Not drawn, as it is zero throughout: {text}."))
    return blocks


def _work(machines: Sequence[Line], first_s: int, span: Span) -> Strips | None:
    """What each machine did, if there are not too many of them; samples end with the last full second."""
    if not 1 < len(machines) <= MOST_STRIPS:
        return None
    curves = tuple(Curve(each.name, each.values, hue=each.hue) for each in machines)
    return Strips("Work of the machines", "pieces of work/s", span, first_s, curves)
