"""Gossip among more nodes than a matrix has room for: one line a node, what the others believe of it.

What is not well comes first. Counting all beliefs about all nodes would cost more than drawing them, so the order is
told by a small jury, and only what is shown is counted.
"""

from __future__ import annotations

from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, bar, fit, line, shorten, width_of
from widgets.matrix_cells import BELIEF_TONES, caption_line, is_wrong, row_head, wrong_style
from widgets.palette import SELECTION, TRACK, Colors, Look
from widgets.shapes import Belief, Matrix, State, Tone

_JURY = 16
"""So many nodes are asked which nodes come first."""
_DOUBTS = (Belief.SUSPECT, Belief.DEAD)


def ranked(matrix: Matrix) -> list[int]:
    """The nodes, by index: first those that are not up, then those that a quarter of a small jury (of nodes spread
    evenly) holds for what they are not, then the rest; each in their own order, so that hardly anything moves."""
    nodes = matrix.nodes
    voices = [row for row in matrix.cells if row]
    jury = voices[:: max(1, len(voices) // _JURY)]

    def rank(index: int) -> int:
        if nodes[index].state is not State.UP:
            return 0
        doubts = sum(index < len(row) and row[index].belief in _DOUBTS for row in jury)
        return 1 if doubts * 4 >= len(jury) > 0 else 2

    return sorted(range(len(nodes)), key=rank)


def draw_sums(
    matrix: Matrix,
    width: int,
    height: int,
    look: Look,
    *,
    selected: str | None = None,
    marked: frozenset[str] = frozenset(),
    top: int = 0,
) -> Picture:
    """For many nodes: one line a node, what the *others* believe of it; what is not well comes first."""
    nodes = matrix.nodes
    name_width = min(max(width_of(node.name) for node in nodes), max(1, min(12, width // 3)))
    digits = len(str(len(nodes)))
    muted = look.text_style(Tone.MUTED)
    strips: list[Strip] = []
    spots: list[Spot] = []
    plot = width - 4 - name_width - 3 * (digits + 2)
    if height > 3:
        lead = width - 3 * (digits + 2)
        titles = "".join(
            f" {look.belief(belief)}{'':{digits}}" for belief in (Belief.ALIVE, Belief.SUSPECT, Belief.DEAD)
        )
        strips.append(line([(fit(f"{look.clean('is▸')} believed alive by", lead, look) + titles, muted)], width))
    has_caption = bool(matrix.caption) and height >= 6
    room = height - len(strips) - has_caption
    order = ranked(matrix)
    for index in order[top : top + room]:
        node = nodes[index]
        chosen = node.name == selected
        bg = look.ground(SELECTION) if chosen else None
        beliefs = [row[index].belief for r, row in enumerate(matrix.cells) if r != index and index < len(row)]
        counts = {belief: beliefs.count(belief) for belief in (Belief.ALIVE, Belief.SUSPECT, Belief.DEAD)}
        pieces = row_head(node, name_width, look, chosen=chosen, marked=node.name in marked, gap=" ")
        pieces.append((" ", look.style(bg=bg)))
        numbers: list[Piece] = []
        for belief in (Belief.ALIVE, Belief.SUSPECT, Belief.DEAD):
            numbers.append((" ", look.style(bg=bg)))
            text = f"{look.belief(belief)}{counts[belief]:<{digits}d}"
            if counts[belief] and is_wrong(belief, node.state):
                numbers.append((text, wrong_style(belief, look)))
            else:
                tone = BELIEF_TONES[belief] if counts[belief] else Tone.MUTED
                numbers.append((text, look.text_style(tone, selected=chosen)))
        if plot >= 4:
            full, empty = bar(counts[Belief.ALIVE] / max(1, len(beliefs)), plot, look)
            worst = Tone.BAD if counts[Belief.DEAD] else Tone.WARN if counts[Belief.SUSPECT] else Tone.GOOD
            plain = look.colors is Colors.NONE
            color = look.faded(look.tone(worst), 0.0 if chosen else 0.45)
            track = look.style() if plain else look.style(color, look.ground(TRACK))
            pieces += [(full, track), (empty, track)]
        spots.append(Spot(len(strips), 0, width, node.name))
        strips.append(line([*pieces, *numbers], width, look.style(bg=bg)))
    if has_caption:
        shown = min(len(nodes), top + room)
        strips += [line([], width)] * max(0, height - 1 - len(strips))
        hint = look.clean(f" · {shown}/{len(nodes)}")
        strips.append(caption_line(shorten(look.clean(matrix.caption), width - len(hint), look) + hint, width, look))
    return Picture(strips, spots)
