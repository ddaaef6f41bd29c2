"""One partition as a bar, from what is done to what is not safe yet.

``‹━━━━━━━━━━━━▒▒████┃░░``: messages that the group has done (``━``), that its member has in hand (``▒``), that
wait (``█``), the high watermark (``┃``), and what is not on enough replicas yet (``░``). The end of the log stands
at the right edge and the scale is the same for all bars, so a lag is read off as a length, and nothing moves
unless somebody falls behind. ``‹``: the log goes on to the left. What is there at all takes a cell at least.
"""

from __future__ import annotations

from functools import lru_cache

from widgets.canvas import Piece
from widgets.palette import SELECTION, Look
from widgets.series import curve
from widgets.shapes import Partition, Progress, Tone


def stretches(partition: Partition, progress: Progress | None, span: int, width: int) -> tuple[int, int, int, int, int]:
    """Cells of a bar that is ``width`` wide: (blank, done, in hand, waiting, not committed yet); their sum is width."""
    start, mark, end = partition.start, partition.high_watermark, partition.end
    done_to, handed_to = mark, mark
    if progress is not None:
        done_to = min(mark, max(start, start if progress.committed is None else progress.committed))
        handed_to = min(mark, max(done_to, done_to if progress.position is None else progress.position))
    left = width
    taken = []
    # From the right, where it matters: each needs a cell, and the first ones don't push the others out.
    counts = (end - mark, mark - handed_to, handed_to - done_to, done_to - start)
    for place, count in enumerate(counts):
        behind = sum(1 for other in counts[place + 1 :] if other > 0)
        cells = 0 if count <= 0 else max(1, round(count * width / max(1, span)))
        taken.append(max(0, min(cells, max(1 if count > 0 else 0, left - behind), left)))
        left -= taken[-1]
    open_end, waiting, in_hand, done = taken
    return left, done, in_hand, waiting, open_end


def draw_bar(
    partition: Partition, progress: Progress | None, span: int, width: int, look: Look, *, lit: bool = False
) -> list[Piece]:
    """The bar in exactly ``width`` cells; ``lit``: on the selection's ground."""
    if width <= 0:
        return []
    ground = look.ground(SELECTION) if lit else None
    blank, done, in_hand, waiting, open_end = stretches(partition, progress, span, width)
    hue = partition.hue if progress is None else progress.hue
    muted = look.text_style(Tone.MUTED, selected=lit)
    owner = muted if hue is None else look.style(look.hue(hue), ground)
    waits = Tone.ACCENT if progress is None or progress.tone is Tone.PLAIN else progress.tone
    line, dots, block = look.glyph("━", "="), look.glyph("▒", "+"), look.glyph("█", "#")
    pieces: list[Piece] = [(" " * blank, look.style(bg=ground))]
    if done and not blank and partition.end - partition.start > span:
        pieces += [(look.glyph("‹", "<"), muted), (line * (done - 1), owner)]
    else:
        pieces.append((line * done, owner))
    pieces += [(dots * in_hand, owner), (block * waiting, look.text_style(waits, selected=lit))]
    if open_end:
        mark = look.style(look.tone(Tone.PLAIN), ground, bold=True)
        pieces += [(look.glyph("┃", "|"), mark), (look.glyph("░", ":") * (open_end - 1), muted)]
    return pieces


@lru_cache(maxsize=512)
def draw_lags(values: tuple[float | None, ...], width: int, top: float, look: Look) -> str:
    """The lag over time as a line of ``width`` characters. Kept: a curve grows once a second, not with each frame."""
    return curve(values, width, 1, top if top > 0 else 1.0, look)[0] if width > 0 else ""
