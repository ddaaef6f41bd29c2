"""What matrix and sums share: how a single belief is drawn, and what stands at the edges."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Piece, fit, line, shorten, width_of
from widgets.palette import ACCENT, BACKGROUND, MUTED, RGB, SELECTION, Colors, Look, mix
from widgets.shapes import Belief, Matrix, MatrixCell, MatrixNode, State, Tone

BELIEF_TONES = {
    Belief.ALIVE: Tone.GOOD,
    Belief.SUSPECT: Tone.WARN,
    Belief.DEAD: Tone.BAD,
    Belief.UNKNOWN: Tone.MUTED,
    Belief.SELF: Tone.MUTED,
}


def age_text(age_ms: int | None, width: int) -> str:
    """An age in at most ``width`` cells: seconds as digits, ``+`` where they don't fit, tenths if there is room."""
    if age_ms is None or width < 1:
        return ""
    seconds = age_ms // 1000
    if width >= 2 and seconds < 10:
        tenths = age_ms // 100 % 10
        return f"{seconds}.{tenths}" if width >= 3 else (f".{tenths}" if seconds == 0 else f"{seconds}s")
    if len(str(seconds)) <= width:
        return str(seconds)
    minutes = f"{seconds // 60}m"
    return minutes if len(minutes) <= width else "+"


def _age_part(cell: MatrixCell, matrix: Matrix) -> float:
    """0 fresh .. 1 old, in quarters so that a cell changes its shade seldom."""
    if cell.age_ms is None:
        return 0.0
    span = max(1, matrix.old_ms - matrix.fresh_ms)
    part = (cell.age_ms - matrix.fresh_ms) / span
    return max(0.0, min(1.0, int(part * 4 + 1) / 4)) if part > 0 else 0.0


def is_wrong(belief: Belief, state: State) -> bool:
    """Whether one believes alive who isn't up, or the other way round. Who never heard of a node believes nothing."""
    return belief not in (Belief.SELF, Belief.UNKNOWN) and (belief is Belief.ALIVE) != (state is State.UP)


def cell_piece(
    cell: MatrixCell, matrix: Matrix, width: int, look: Look, *, lit: bool, across: bool, wrong: bool = False
) -> Piece:
    """One cell of ``width`` cells: mark, age, shade. ``lit``: on the selection's cross; ``across``: over the cut."""
    old = _age_part(cell, matrix)
    mark = look.belief(cell.belief)
    if cell.belief is Belief.ALIVE and old > 0:
        mark = look.believed_alive_once
    room = width - 1 - (1 if width >= 3 else 0)
    age = age_text(cell.age_ms, room) if cell.belief is not Belief.SELF else ""
    text = (" " if width >= 3 else "") + mark + age
    text = text + " " * (width - len(text))
    if look.colors is Colors.NONE:
        bold = wrong or cell.belief in (Belief.DEAD, Belief.SUSPECT)
        return text, look.style(bold=bold, underline=lit, dim=across and not wrong, reverse=wrong)
    if wrong:
        return text, wrong_style(cell.belief, look)
    fg: RGB = look.tone(BELIEF_TONES[cell.belief])
    ground = look.ground(SELECTION if lit else BACKGROUND)
    if not look.blends:
        return text, look.style(fg, ground if lit else None, bold=cell.belief is not Belief.ALIVE)
    if cell.belief is Belief.ALIVE:
        fg = mix(fg, look.ground(MUTED), old * 0.8)
        ground = mix(ground, fg, 0.22 * (1 - old) + 0.04)
    elif cell.belief in (Belief.SUSPECT, Belief.DEAD):
        ground = mix(ground, fg, 0.30)
    if across and cell.belief is not Belief.SELF:
        ground = look.faded(ground, 0.45)
    return text, look.style(fg, ground, bold=cell.belief in (Belief.SUSPECT, Belief.DEAD))


def wrong_style(belief: Belief, look: Look) -> Style:
    """A belief that is wrong: on a solid ground of its colour."""
    if look.colors is Colors.NONE:
        return look.style(bold=True, reverse=True)
    return look.style(look.ground(BACKGROUND), look.tone(BELIEF_TONES[belief]), bold=True)


def row_head(
    node: MatrixNode, name_width: int, look: Look, *, chosen: bool, marked: bool, gap: str = ""
) -> list[Piece]:
    """``▸▲n3``: chosen or marked, what is, who."""
    bg = look.ground(SELECTION) if chosen else None
    gutter = look.marked_mark if marked else look.chosen_mark if chosen else " "
    return [
        (gutter, look.style(look.ground(ACCENT), bg, bold=True)),
        (look.mark(node.state) + gap, look.style(look.state(node.state), bg)),
        (fit(look.clean(node.name), name_width, look), look.style(look.hue(node.hue), bg, bold=chosen)),
    ]


def caption_line(caption: str, width: int, look: Look) -> Strip:
    """The caption; where there is room, what a solid ground means."""
    caption = look.clean(caption)
    muted = look.text_style(Tone.MUTED)
    sample, meant = f" {look.belief(Belief.ALIVE)} ", " believed wrongly"
    gap = width - width_of(caption) - width_of(sample + meant)
    if gap < 2:
        return line([(shorten(caption, width, look), muted)], width)
    return line([(caption + " " * gap, muted), (sample, wrong_style(Belief.ALIVE, look)), (meant, muted)], width)
