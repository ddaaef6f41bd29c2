"""Makes the fonts of the page anew: ``python make.py FOLDER``, where FOLDER holds DejaVuSansMono.ttf and its bold.

Needs fonttools and brotli. Two of the fonts are DejaVu Sans Mono, less what the app never draws. It has neither braille
nor the mark of what is paused, so the third font has both, drawn here: the dots stand on an even grid over the whole
cell, so that a curve in braille runs from cell to cell without a step.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = (
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x384, 0x3CF), *range(0x400, 0x460), *range(0x2010, 0x2040),
    *range(0x2070, 0x20A0), 0x20AC, 0x2122, *range(0x2190, 0x2200), *range(0x2200, 0x2270), *range(0x2300, 0x2330),
    *range(0x23CE, 0x23D0), *range(0x2500, 0x2600), *range(0x2600, 0x2670), *range(0x2700, 0x2750), 0x279C, 0xFFFD,
)  # fmt: skip
"""Latin, Greek and Cyrillic, punctuation, arrows, signs, boxes, blocks, shapes."""
UNITS, WIDTH, ASCENT, DESCENT = 2048, 1233, 1901, -483
"""The cell of DejaVu Sans Mono."""
BRAILLE, PAUSED = 0x2800, 0x23F8
PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each of the eight dots, in the order of the bits."""
RADIUS = 185
ROUND = 0.5523
"""A quarter of a circle as a cubic curve."""


def main(folder: Path) -> None:
    subset = import_module("fontTools.subset")
    for name, to in (("DejaVuSansMono.ttf", "regular"), ("DejaVuSansMono-Bold.ttf", "bold")):
        options = subset.Options(flavor="woff2", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13])
        font = subset.load_font(str(folder / name), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=KEPT)
        subsetter.subset(font)
        subset.save_font(font, str(HERE / f"{to}.woff2"), options)
    dots(HERE / "dots.woff2")


def dots(path: Path) -> None:
    glyphs: dict[str, Any] = {".notdef": _pen().glyph(), "paused": _bars()}
    glyphs |= {f"dots{bits:02X}": _dots(bits) for bits in range(256)}
    builder = import_module("fontTools.fontBuilder").FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({PAUSED: "paused"} | {BRAILLE + bits: f"dots{bits:02X}" for bits in range(256)})
    builder.setupGlyf(glyphs)
    lefts = {name: getattr(glyph, "xMin", 0) for name, glyph in glyphs.items()}
    builder.setupHorizontalMetrics({name: (WIDTH, left) for name, left in lefts.items()})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Playground Dots", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(isFixedPitch=1)
    builder.font.flavor = "woff2"
    builder.save(str(path))


def _pen() -> Any:
    """Takes cubic curves, makes a glyph."""
    pen = import_module("fontTools.pens.ttGlyphPen").TTGlyphPen(None)
    cubic = import_module("fontTools.pens.cu2quPen").Cu2QuPen(pen, max_err=1.0, reverse_direction=True)
    cubic.glyph = pen.glyph
    return cubic


def _dots(bits: int) -> Any:
    pen = _pen()
    for bit, (column, row) in enumerate(PLACES):
        if bits >> bit & 1:
            _circle(pen, WIDTH * (2 * column + 1) / 4, ASCENT - (ASCENT - DESCENT) * (2 * row + 1) / 8)
    return pen.glyph()


def _circle(pen: Any, x: float, y: float) -> None:
    r, k = RADIUS, RADIUS * ROUND
    pen.moveTo((x + r, y))
    pen.curveTo((x + r, y + k), (x + k, y + r), (x, y + r))
    pen.curveTo((x - k, y + r), (x - r, y + k), (x - r, y))
    pen.curveTo((x - r, y - k), (x - k, y - r), (x, y - r))
    pen.curveTo((x + k, y - r), (x + r, y - k), (x + r, y))
    pen.closePath()


def _bars() -> Any:
    pen = _pen()
    for left in (270, 733):
        right = left + 230
        pen.moveTo((left, 0))
        pen.lineTo((left, 1450))
        pen.lineTo((right, 1450))
        pen.lineTo((right, 0))
        pen.closePath()
    return pen.glyph()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
