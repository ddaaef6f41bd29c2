"""The line at the bottom: ``:`` for commands, ``/`` for the log's filter.

Above it stand what could follow and how the command is meant, beneath it what was wrong. The text
stays until it was understood: nothing typed is lost by a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from playground.commandline import complete
from playground.commands import COMMANDS
from playground.screens.bars import Bar
from playground.screens.words import WORDS, Word
from widgets.canvas import Picture, Piece, line, shorten, width_of
from widgets.palette import RAISED
from widgets.shapes import Tone

Words = tuple[tuple[str, Tone], ...]
"""Texts with how they are meant, one blank between them."""

COMMAND, FILTER, TRACES = ":", "/", "/ "
"""What is typed: a command, the filter of the log, the filter of the space-time view."""
LONGEST = 500
"""Characters that are taken: what is pasted by mistake is longer."""
_KEYS = {
    COMMAND: "enter does it · tab completes · up and down recall · esc leaves",
    FILTER: "enter keeps the filter · esc shows all again",
    TRACES: "enter filters · n3, kafka, Append, k17, request 12, client, lost, all: all must fit · empty: the selected",
}


class Lines(Bar[tuple[Words, ...]]):
    """A few lines of words, the first ones as many as fit."""

    DEFAULT_CSS = """
    Lines, Lines.-ascii { height: 1; background: $surface; }
    """

    def paint(self, shape: tuple[Words, ...], width: int, height: int) -> Picture:
        look = self.look
        ground = look.ground(RAISED) if look.blends else None
        strips = []
        for words in shape:
            pieces: list[Piece] = [("  ", look.style(bg=ground))]
            left = width - 3
            for number, (text, tone) in enumerate(words):
                text = look.clean(text)
                if width_of(text) > left:
                    if number == len(words) - 1 and left > 8:  # a sentence may end early, a word may not
                        pieces.append((shorten(text, left, look), look.style(look.tone(tone), ground)))
                    break
                bold = tone in (Tone.ACCENT, Tone.BAD)
                pieces.append((text + "  ", look.style(look.tone(tone), ground, bold=bold)))
                left -= width_of(text) + 2
            strips.append(line(pieces, width, look.style(bg=ground)))
        return Picture(strips)


class Sign(Bar[str]):
    """What kind of line it is: one character."""

    def paint(self, shape: str, width: int, height: int) -> Picture:
        return Picture([line([(f" {shape}", self.look.text_style(Tone.ACCENT, bold=True))], width)])


class TypedLine(Input):
    """The input itself: tab and the arrows mean completion and history here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False),
        Binding("right", "right", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
        Binding("escape", "leave", show=False),
        Binding("ctrl+c", "leave", show=False),
        Binding("ctrl+d", "nothing", show=False),
        Binding("shift+tab", "nothing", show=False),
    ]

    def _prompt(self) -> Prompt:
        return next(node for node in self.ancestors if isinstance(node, Prompt))

    def action_complete(self) -> None:
        self._prompt().accept()

    def action_right(self) -> None:
        if self.cursor_position >= len(self.value):
            self._prompt().accept()
        else:
            self.action_cursor_right()

    def action_recall(self, step: int) -> None:
        self._prompt().recall(step)

    def action_leave(self) -> None:
        self._prompt().leave()

    def action_nothing(self) -> None:
        """Nothing destructive on ctrl-d, and no way out by accident."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What to say about a half-typed command line."""

    candidates: tuple[str, ...]
    usage: str
    example: str
    help: str


NO_TAILS: Mapping[str, Sequence[str]] = {}


def proposals(
    text: str,
    names: Sequence[str],
    words: Mapping[str, Word] = WORDS,
    tails: Mapping[str, Sequence[str]] = NO_TAILS,
) -> list[str]:
    """Whole lines that begin with ``text``, the app's own ``words`` among them; ``tails``: what may follow these."""
    own = [word for word in words if text and word.startswith(text)]
    own += [line for word in tails for tail in tails[word] if text and (line := f"{word} {tail}").startswith(text)]
    if " " not in text:  # one word at a time
        own = [line for line in own if " " not in line]
    return [*complete(text, names), *own]


def usage(
    text: str,
    names: Sequence[str],
    words: Mapping[str, Word] = WORDS,
    tails: Mapping[str, Sequence[str]] = NO_TAILS,
) -> Usage:
    """What could follow ``text`` (the last words only), and how its command is meant."""
    lines = proposals(text, names, words, tails)
    head = len(text) - len(text.split(" ")[-1])
    own = words.get((lines[0] if len(lines) == 1 else text).split(" ")[0])
    if own is not None:
        return Usage(tuple(each[head:] for each in lines), own.form, own.example, own.help)
    kind = COMMANDS.get(text.split(" ")[0])
    if kind is None:
        kind = COMMANDS[lines[0]] if len(lines) == 1 else None
    if kind is None:
        ends = tuple(each[head:] for each in lines)
        return Usage(ends, "ACT NODE...", "crash n3", "an act, and on whom; the node that is selected is not implied")
    meant = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    return Usage(tuple(each[head:] for each in lines), kind.form, kind.example, meant)


class Prompt(Vertical):
    """Opens over the bottom lines, and is not there otherwise."""

    DEFAULT_CSS = """
    Prompt { layer: above; dock: bottom; height: auto; display: none; background: $surface; }
    Prompt.-open { display: block; }
    Prompt Horizontal { height: 1; background: $background; }
    Prompt #sign { width: 2; }
    Prompt TypedLine { width: 1fr; border: none; height: 1; padding: 0; background: $background; color: $foreground; }
    Prompt TypedLine:focus { border: none; background-tint: transparent; }
    """

    class Entered(Message):
        """Somebody pressed enter."""

        def __init__(self, mode: str, text: str) -> None:
            super().__init__()
            self.mode = mode
            self.text = text

    class Changed(Message):
        """The text of the filter has changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Somebody pressed escape."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.mode = COMMAND
        self.nodes: tuple[str, ...] = ()
        self.words: Mapping[str, Word] = WORDS
        self.tails: Mapping[str, Sequence[str]] = NO_TAILS
        """What may stand behind one of the words."""
        self.history: list[str] = []
        self._at = 0
        self._draft = ""
        self._above = Lines("above", shape=())
        self._sign = Sign("sign", id="sign")
        self._input = TypedLine(compact=True, select_on_focus=False, max_length=LONGEST)
        self._below = Lines("below", shape=())

    def compose(self) -> ComposeResult:
        yield self._above
        with Horizontal():
            yield self._sign
            yield self._input
        yield self._below

    # --- for the app --------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def text(self) -> str:
        return self._input.value

    def open(self, mode: str, text: str, nodes: Sequence[str]) -> None:
        self.mode = mode
        self.nodes = tuple(nodes)
        self._at = len(self.history)
        self._sign.show(mode)
        self._above.styles.height = 3 if mode == COMMAND else 0
        self._below.styles.height = 1
        self.add_class("-open")
        self._write(text)
        self._tell()
        self.take_focus()
        if mode != COMMAND:
            self._input.select_all()  # whoever types means another filter; the arrows keep this one

    def take_focus(self) -> None:
        """At once: the next key belongs here."""
        self.screen.set_focus(self._input)

    def close(self) -> None:
        self.remove_class("-open")

    def complain(self, text: str) -> None:
        """Say what is wrong with the text, which stays."""
        self._below.show((((text, Tone.BAD),),))

    def remember(self, text: str) -> None:
        if text and (not self.history or self.history[-1] != text):
            self.history.append(text)

    # --- for the input -------------------------------------------------------------

    def accept(self) -> None:
        """Take the first proposal; a word that is complete gets its blank."""
        if self.mode != COMMAND:
            return
        lines = proposals(self.text, self.nodes, self.words, self.tails)
        if not lines:
            if self.text and not self.text.endswith((" ", "=")):
                self._write(self.text + " ")
            return
        best = lines[0]
        self._write(best if best.endswith("=") else best + " ")

    def recall(self, step: int) -> None:
        """Through what was entered before; the draft comes back at the end."""
        if self.mode != COMMAND or not self.history:
            return
        if self._at == len(self.history):
            self._draft = self.text
        self._at = max(0, min(len(self.history), self._at + step))
        self._write(self.history[self._at] if self._at < len(self.history) else self._draft)

    def leave(self) -> None:
        self.post_message(self.Left(self.mode))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell()
        if self.mode == FILTER:
            self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(self.mode, event.value))

    def _write(self, text: str) -> None:
        self._input.value = text
        self._input.cursor_position = len(text)

    def _tell(self) -> None:
        self._below.show((((_KEYS[self.mode], Tone.MUTED),),))
        if self.mode != COMMAND:
            return
        found = usage(self.text, self.nodes, self.words, self.tails)
        candidates: Words = tuple(
            (word, Tone.ACCENT if number == 0 and self.text else Tone.PLAIN)
            for number, word in enumerate(found.candidates)
        )
        # A form that is too long for the line says less than an example that isn't.
        form = found.usage if width_of(found.usage) < self.app.size.width - 4 else f"such as: {found.example}"
        self._above.show((candidates, ((form, Tone.PLAIN),), ((found.help, Tone.MUTED),)))
