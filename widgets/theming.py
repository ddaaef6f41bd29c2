"""The palette for Textual's own part of the screen: borders, titles, inputs, the command palette.

A widget's CSS names colours by Textual's variables (``$background``, ``$border``, ``$foreground-muted`` …); here they
get the palette's colours. So no style sheet holds a colour, and another theme reaches everything at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.theme import Theme

from widgets.palette import BACKGROUND, BORDER, MUTED, RAISED, Ground, Look, hex_of
from widgets.palette import Theme as Mode
from widgets.panel import Panel
from widgets.shapes import Tone

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[Any]
else:
    _Base = object


def textual_theme(look: Look) -> Theme:
    """The palette of ``look`` as a theme of Textual's, named after what it depends on."""

    def ground(name: Ground) -> str:
        return hex_of(look.ground(name))

    def tone(name: Tone) -> str:
        return hex_of(look.tone(name))

    return Theme(
        name=f"playground-{look.theme.value}-{look.colors.value}",
        dark=look.theme is Mode.DARK,
        primary=ground(Ground.FOCUS),
        secondary=tone(Tone.ACCENT),
        accent=tone(Tone.ACCENT),
        success=tone(Tone.GOOD),
        warning=tone(Tone.WARN),
        error=tone(Tone.BAD),
        foreground=ground(Ground.TEXT),
        background=ground(BACKGROUND),
        surface=ground(RAISED),
        panel=ground(RAISED),
        variables={
            "border": ground(Ground.FOCUS),
            "border-blurred": ground(BORDER),
            "foreground-muted": ground(MUTED),
            "text-muted": ground(MUTED),
            "input-cursor-background": ground(Ground.STRONG),
            "input-cursor-foreground": ground(BACKGROUND),
        },
    )


class Themed(_Base):
    """Mixed into an app, before it: it looks as ``look`` says, and can change that while it runs."""

    look: Look

    def on_load(self) -> None:
        self._dress()

    def wear(self, look: Look) -> None:
        """Look like this from now on, everywhere."""
        self.look = look
        self._dress()
        for screen in self.screen_stack:
            for panel in screen.query(Panel):
                panel.wear(look)
        encoder = getattr(self, "encoder", None)
        if encoder is not None:
            encoder.invalidate()

    def _dress(self) -> None:
        theme = textual_theme(self.look)
        self.register_theme(theme)
        self.theme = theme.name
