"""What Textual draws by itself (palette, inputs, scroll bars), on a terminal without Unicode."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from widgets.palette import Look


class AsciiFilter(LineFilter):
    """Puts an ASCII character into each cell that would hold another one. Panels need it not: they draw ASCII."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(self.folded(segment.text), segment.style, segment.control)
            for segment in segments
        ]

    def folded(self, text: str) -> str:
        """As many cells as before."""
        return "".join(self._look.clean(char).ljust(cell_len(char), "?")[: cell_len(char)] for char in text)
