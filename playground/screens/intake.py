"""What comes from the terminal: never trusted, and never more than the app can use.

Textual's own reader ends the app at a byte that is no UTF-8 or at a key number that no keyboard has, takes a pasted
megabyte into memory key by key, and believes a size that anybody can type. Rules kept here:

* Bytes that are no text become replacement characters; sequences that name no key are no keys.
* No hand types or clicks faster than a :class:`Budget` allows. What comes faster is no typing (a paste into a terminal
  that does not mark it as one), and the rest, until it falls silent, is dropped. Of a paste that is marked the
  beginning counts.
* While the app is busy nobody needs to know where the mouse has been.
* A paste that has begun and gone silent is over, or all keys would belong to it for ever.
* The kernel says how large the terminal is, never something that was typed.
* When there is nothing to read any more, the terminal is gone.
"""

from __future__ import annotations

import os
import select
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Event

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.keys import Keys
from textual.message import Message
from textual.messages import InBandWindowResize

CHUNK_BYTES, MANY_BYTES = 1_024, 65_536
BUSY = 64
"""With so many messages waiting the app is busy."""
BURST, KEYS_PER_S = 500, 100
"""So many keys and clicks at once, and in the long run."""
PASTED = 65_536
"""So many characters of a paste count."""
SILENT_S = 5.0
"""So long nothing more comes of a paste that is over."""
SILENCE_S = 0.05
"""So long nothing more comes of a flood that is over."""
_LOOK_S = 0.1


class Parser(XTermParser):
    """Textual's, without its trust in numbers."""

    @property
    def mouse_pixels(self) -> bool:
        """Never: a size that somebody typed would be taken for the scale of the mouse."""
        return False

    @mouse_pixels.setter
    def mouse_pixels(self, wanted: bool) -> None:
        pass

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        try:
            yield from super()._sequence_to_key_events(sequence, alt)
        except (ValueError, OverflowError):  # a code point that is none
            yield events.Key(Keys.Ignore, sequence)


class Budget:
    """How many keys may come: ``burst`` at once, and ``per_s`` in the long run."""

    def __init__(self, burst: int = BURST, per_s: float = KEYS_PER_S) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = float(burst)
        self._at_s = 0.0

    def allows(self, now_s: float) -> bool:
        """Whether one more may pass; ``now_s`` never goes back."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Paste:
    """Follows the marks of pastes in the text, wherever it is cut, and lets no more than PASTED characters pass."""

    def __init__(self) -> None:
        self.open = False
        self._tail = ""
        self._passed = 0
        self._full = False

    def limited(self, text: str) -> str:
        """``text`` without what is too much of a paste."""
        window = self._tail + text
        start, end = window.rfind(BRACKETED_PASTE_START), window.rfind(BRACKETED_PASTE_END)
        was_full, split = self._full, "\x1b" in self._tail
        self._tail = window[-len(BRACKETED_PASTE_END) + 1 :]
        if end > start or (start >= 0 and not self.open):
            self.open = start > end
            self._passed, self._full = 0, False
            return window[window.find(BRACKETED_PASTE_END) :] if was_full else text
        if self.open:
            self._passed += len(text)
            # Never between the characters of a mark.
            self._full = was_full or (self._passed > PASTED and not split)
        return "" if self._full else text

    def ended(self) -> str:
        """What ends the paste that is open."""
        self.open = self._full = False
        self._tail = ""
        return BRACKETED_PASTE_END


class Intake:
    """Reads one terminal until ``ends`` is set, in a thread of its own."""

    def __init__(self, fd: int, ends: Event, waiting: Callable[[], int]) -> None:
        """``waiting``: how many messages the app has not come to yet."""
        self._fd = fd
        self._ends = ends
        self._waiting = waiting
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._parser = Parser()
        self._paste = Paste()
        self._budget = Budget()
        self._heard_s = 0.0
        self._floods = False
        self.gone = False
        """The terminal is."""

    def messages(self) -> Iterator[Message]:
        """What the person does, as it comes."""
        while not self._ends.is_set():
            text = self._read()
            if self.gone:
                return
            if self._floods:
                self._drop()
                continue
            for message in self._parsed(text):
                if self._counts(message):
                    yield message

    def _drop(self) -> None:
        """Read, and throw away, all that comes without a pause."""
        with suppress(OSError):
            while not self._ends.is_set() and select.select([self._fd], [], [], SILENCE_S)[0]:
                if not os.read(self._fd, MANY_BYTES):
                    break
        self._floods = False
        self._parser, self._paste = Parser(), Paste()

    def _counts(self, message: Message) -> bool:
        if isinstance(message, events.Key | events.MouseDown | events.MouseUp):
            self._floods = self._floods or not self._budget.allows(time.monotonic())
            return not self._floods
        if isinstance(message, events.MouseEvent | events.Paste):
            return self._waiting() <= BUSY
        return not isinstance(message, events.Resize | InBandWindowResize)

    def _read(self) -> str:
        now_s = time.monotonic()
        try:
            if not select.select([self._fd], [], [], _LOOK_S)[0]:
                return self._paste.ended() if self._paste.open and now_s - self._heard_s > SILENT_S else ""
            data = os.read(self._fd, CHUNK_BYTES)
        except OSError:
            data = b""
        self.gone = not data
        self._heard_s = now_s
        return self._paste.limited(self._decode(data))

    def _parsed(self, text: str) -> Iterator[Message]:
        try:
            if text:
                yield from self._parser.feed(text)
            yield from self._parser.tick()
        except Exception:
            # Whatever it was that nobody has thought of: the next key is one again.
            self._parser = Parser()
