"""The two lines on top: how the run stands, and what is wrong with the cluster right now.

Every figure keeps its width, so that nothing dances. What there is no room for gives way
by rank; only a title may be cut short. Where others look at the same session, it stands at the right of the second line
how many are here and who presents: it changes when somebody comes or goes, and moves nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from textual.strip import Strip

from playground.company import Role
from playground.frame import Frame, Header, Thing
from playground.screens.bars import Bar
from widgets.canvas import Picture, Piece, line, shorten, width_of
from widgets.log import clock
from widgets.palette import RAISED, Look
from widgets.shapes import State, Tone
from widgets.units import duration

_GAP = 3
_TIGHT = 2
_TIGHT_BELOW = 130
_ROOMY = 150
_TITLE = 24
"""With fewer cells a long title says nothing."""
_LAG = 10
"""Cells of the mark before the speed, and of the actual one behind it: ``▶ `` and `` (0.84x)``."""
_COMPANY = 0.45
"""The part of the second line that the company takes at most."""
_LAGS = 0.85
"""Below this part of the speed asked for, the actual one is shown too."""


@dataclass(frozen=True, slots=True)
class Here:
    """Who looks at the session, as far as it stands on top."""

    count: int
    presenters: tuple[str, ...]
    """Their names, without one's own."""
    role: Role | None
    """One's own; None: not said yet."""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Top:
    """What the two lines say."""

    header: Header
    things: tuple[Thing, ...]
    faults: tuple[str, ...]
    here: Here | None = None
    """None: the session is one's own."""

    @classmethod
    def of(cls, frame: Frame, here: Here | None = None) -> Top:
        return cls(frame.header, frame.nodes, frame.faults, here)


@dataclass(frozen=True, slots=True)
class Part:
    """A word group: the highest ``rank`` gives way first; ``right`` ones stand at the right edge."""

    text: str
    rank: int
    tone: Tone = Tone.PLAIN
    bold: bool = False
    right: bool = False
    inverse: bool = False


def latency(us: int) -> str:
    """Always six cells: ``3.1 ms``, `` 12 ms``, `` 1.5 s``."""
    return duration(us).rjust(6)


def pace(header: Header) -> str:
    """``1x``, ``100x (42x)`` if it lags, ``full speed 310x``."""
    if not header.speed:
        return f"full speed {header.actual_speed:,.0f}x"
    asked = f"{header.speed:g}x"
    if header.paused or header.actual_speed >= header.speed * _LAGS or not header.actual_speed:
        return asked
    return f"{asked} ({header.actual_speed:.2g}x)"


def parts(header: Header, look: Look, width: int = 160, *, led: bool = False) -> list[Part]:
    """The first line, in its order; of ``width`` cells, which some words depend on. ``led``: as for the line."""
    if header.ended:
        running, tone = look.glyph("■", "#") + " ended", Tone.ACCENT
    elif header.paused:
        running, tone = look.glyph("⏸", "||") + " paused", Tone.WARN
        if header.speed not in (0.0, 1.0) and width >= _ROOMY:  # so that + and - are seen to act
            running += f", {pace(header)}"
    else:
        running, tone = look.glyph("▶", ">") + " " + pace(header), Tone.GOOD
        if width >= _ROOMY:  # last on its side, and with room for a lag: that comes and goes, and must move nothing
            running = running.ljust(len(f"{header.speed:g}x") + _LAG)
    acts = "act" if header.commands == 1 else "acts"
    recorded = f"{look.glyph('●', '*')} {header.commands} {acts}"
    verdict = look.clean(header.verdict)
    errors = Tone.BAD if header.error_share >= 0.05 else Tone.WARN if header.error_share > 0 else Tone.MUTED
    return [
        Part(look.clean(header.title), 7, bold=True),
        *_when(header, width, led),
        Part(recorded, 5, Tone.ACCENT if header.commands else Tone.MUTED),
        Part(f"seed {header.seed}", 6, Tone.MUTED),
        Part(running, 1, tone, bold=header.paused or header.ended),
        Part(f"{header.ops_per_s:5,.0f} {header.counted}", 4, right=True),
        Part(f"p50 {latency(header.p50_us)}", 9, Tone.MUTED, right=True),
        Part(f"p99 {latency(header.p99_us)}", 5, right=True),
        Part(f"errors {header.error_share:4.0%}", 3, errors, right=True),
        *([] if "stale" in verdict else [Part(f"stale {header.stale_reads}", 6 if header.stale_reads else 8,
                                              Tone.WARN if header.stale_reads else Tone.MUTED, right=True)]),
        *_atomic(header, look),
        *([Part(f"{_sign(header.tone, look)} {verdict}", 2, header.tone, bold=True, right=True)] if verdict else []),
    ]  # fmt: skip


def _when(header: Header, width: int, led: bool) -> list[Part]:
    """The clock; of a past also that it is one, of what, and the way out; of a branch where it parted."""
    now = Part(clock(header.at_us), 0, Tone.ACCENT, bold=True)
    if header.present_us >= 0:
        way = "> to the present, an act branches" if width >= _TIGHT_BELOW else "> present"
        return [
            Part(" PAST ", 0, Tone.WARN, bold=True, inverse=True),
            now,
            Part(f"of {clock(header.present_us)}", 0, Tone.WARN),
            *([] if led else [Part(way, 1, Tone.ACCENT)]),
        ]
    if header.branched_us >= 0:
        return [now, Part(f"branch of {clock(header.branched_us)}", 1, Tone.WARN, bold=True)]
    return [now]


def _atomic(header: Header, look: Look) -> list[Part]:
    """``linearizable 98/100 keys``: what a single copy would have answered as well."""
    fine, broken, unknown = header.linearizable
    if not fine + broken + unknown:
        return []
    doubt = f" ?{unknown}" if unknown else ""
    text = f"linearizable {fine}/{fine + broken + unknown}{doubt}"
    return [Part(text, 5 if broken else 9, Tone.WARN if broken else Tone.MUTED, right=True)]


def _sign(tone: Tone, look: Look) -> str:
    return {Tone.GOOD: look.glyph("✓", "+"), Tone.BAD: look.glyph("✕", "x")}.get(tone, look.glyph("●", "*"))


def fitting(wanted: Iterable[Part], width: int, gap: int = _GAP) -> list[Part]:
    """As many as fit, the lowest ranks first; their order stays."""
    kept = list(wanted)
    while kept and sum(width_of(part.text) + gap for part in kept) + 2 - gap > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    return kept


def _with_title(wanted: list[Part], width: int, gap: int, look: Look) -> list[Part]:
    """As many as fit; of a title that is too long its beginning, if that says something."""
    kept = fitting(wanted, width, gap)
    title, *others = wanted
    if title in kept:
        return kept
    for rest in (fitting(others, width, gap), kept):
        room = width - sum(width_of(part.text) + gap for part in rest) - 2
        if room >= _TITLE:
            return [replace(title, text=shorten(title.text, room, look)), *rest]
    return kept


def first_line(header: Header, width: int, look: Look, *, led: bool = False) -> Strip:
    """``led``: somebody else has gone back in time, and knows the way out."""
    ground = look.ground(RAISED) if look.blends else None
    gap = _GAP if width >= _TIGHT_BELOW else _TIGHT

    def pieces(chosen: list[Part]) -> list[Piece]:
        out: list[Piece] = []
        for part in chosen:
            out += [(" " * gap, look.style(bg=ground))] * bool(out)
            style = look.style(
                look.tone(part.tone), None if part.inverse else ground, bold=part.bold, reverse=part.inverse
            )
            out.append((part.text, style))
        return out

    kept = _with_title(parts(header, look, width, led=led), width, gap, look)
    left, right = pieces([p for p in kept if not p.right]), pieces([p for p in kept if p.right])
    used = sum(width_of(text) for text, _ in (*left, *right)) + 2
    blank = look.style(bg=ground)
    return line([(" ", blank), *left, (" " * max(0, width - used), blank), *right, (" ", blank)], width, blank)


def census(things: Iterable[Thing]) -> list[tuple[State, list[str]]]:
    """The nodes (not the clients, unless something is the matter with them) by state, in the palette's order."""
    by_state: dict[State, list[str]] = {state: [] for state in State}
    for thing in things:
        if not thing.client or thing.state is not State.UP:
            by_state[thing.state].append(thing.name)
    return [(state, names) for state, names in by_state.items() if names]


def company(here: Here, width: int, look: Look) -> list[Piece]:
    """``anna presents · you play · locked · 12 here``: as much as fits, the last words first."""
    own = {Role.PRESENTER: "you present", Role.PLAYER: "you play"}.get(here.role) if here.role else None
    first = here.presenters[0] if here.presenters else ""
    others = len(here.presenters) - 1
    wanted = [
        Part(f"{look.clean(first)} and {others} more present" if others > 0 else f"{look.clean(first)} presents", 3),
        Part(own or "", 2, Tone.ACCENT if here.role is Role.PRESENTER else Tone.PLAIN),
        Part("locked" if here.locked else "", 1, Tone.WARN, bold=True),
        Part(f"{here.count} here", 0, Tone.MUTED),
    ]
    kept = fitting((part for part in wanted if part.text and (part.rank < 3 or first)), width, _TIGHT)
    pieces: list[Piece] = []
    for part in kept:
        pieces += [(" " * _TIGHT, look.style()), (part.text, look.text_style(part.tone, bold=part.bold))]
    return pieces


def second_line(top: Top, width: int, look: Look) -> Strip:
    """How many are up, who isn't, and what is in force: always on the screen, whatever panel is zoomed."""
    pieces: list[Piece] = [(" ", look.style())]
    right = company(top.here, int(width * _COMPANY), look) if top.here is not None else []
    whole, width = width, width - sum(width_of(text) for text, _ in right)
    counted = census(top.things)
    for state, names in counted:
        who = f"{len(names)} {state.value}"
        if state is not State.UP:
            who += " " + " ".join(names[:6]) + ("" if len(names) <= 6 else f" and {len(names) - 6} more")
        pieces += [(f"{look.mark(state)} {who}", look.style(look.state(state), bold=state is not State.UP)),
                   (" " * _GAP, look.style())]  # fmt: skip
    left = width - sum(width_of(text) for text, _ in pieces) - 1
    if not top.faults:
        quiet = all(state is State.UP for state, _ in counted)
        text = "nothing is broken" if quiet else ""
        tone = Tone.MUTED
    else:
        text = "in force: " + _as_fits(list(top.faults), left - len("in force: "), look)
        tone = Tone.WARN
    if text and left > 12:
        pieces.append((shorten(look.clean(text), left, look), look.text_style(tone)))
    if not right:
        return line(pieces, width, look.style())
    return Strip.join([line(pieces, width - 1, look.style()), line(right, whole - width + 1, look.style())])


def _as_fits(faults: list[str], width: int, look: Look) -> str:
    """The faults, newest last; of those without room their number."""
    shown = " · ".join(faults)
    hidden = 0
    while len(faults) > 1 and width_of(shown) > width:
        faults = faults[1:]
        hidden += 1
        shown = f"{hidden} more · " + " · ".join(faults)
    return shown


class HeaderBar(Bar[Top]):
    """The two lines."""

    DEFAULT_CSS = """
    HeaderBar, HeaderBar.-ascii { height: 2; }
    """

    def paint(self, shape: Top, width: int, height: int) -> Picture:
        led = shape.here is not None and shape.here.role is not Role.PRESENTER
        strips = [first_line(shape.header, width, self.look, led=led)]
        if height > 1:
            strips.append(second_line(shape, width, self.look))
        return Picture(strips)
