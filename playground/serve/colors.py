"""How many colours a terminal has: by its name, and by what it answers when it is asked.

Few terminals say in their names that they show all colours, and a client tells little else of them. So the terminal is
asked twice, in ways of which each knows one, and then what kind of terminal it is, which every terminal answers: that
answer is the last one. Rules kept here, whatever comes:

* An answer is known by its whole form, wherever it is cut up. Everything else is what somebody has typed, in order.
* Of an answer only one bit is kept: all colours, or not.
* A terminal gives so many bytes of answers and no more; what looks like one after that is typed.
* Not asked is who could only answer wrongly: what is between us and another terminal, and who would print the question.
"""

from __future__ import annotations

import re

TRUE = 1 << 24
QUESTION = (
    b"\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m"  # a colour is set; which one is set? (DECRQSS)
    b"\x1bP+q524742\x1b\\\x1bP+q5463\x1b\\"  # the capabilities RGB and Tc (XTGETTCAP)
    b"\r\x1b[K"  # away with what a terminal has printed that knows no such strings
    b"\x1b[c"  # Primary DA
)
ANSWERS_BYTES = 1_024
_BODY = rb"[ -~]{0,256}"
_ANSWER = re.compile(rb"\x1bP[01]?[$+]r(?P<said>" + _BODY + rb")\x1b\\|\x1b\[\?[0-9;]{0,64}(?P<kind>c)")
_BEGUN = re.compile(rb"\x1b(?:\[(?:\?[0-9;]{0,64})?|P[01]?(?:[$+](?:r" + _BODY + rb"\x1b?)?)?)?\Z")
_PERHAPS_KEYS = 2
"""Escape, and what comes of it and one key more, begin answers, too."""
_SET = re.compile(rb"(?<!\d)48[:;]2[:;](?:\d*[:;])?1[:;]2[:;]3(?!\d)")
_CAPABILITY = re.compile(rb"(?:^|;)(?:524742|5463)(?:[=;]|$)")
_ALL = "direct", "kitty", "alacritty"
_NONE = "dumb", "vt100"
_UNASKED = "linux", "screen"


def by_name(term: str) -> int:
    """The colours of a terminal of that name: 0, 16, 256 or :data:`TRUE`."""
    if term in _NONE:
        return 0
    if any(word in term for word in _ALL):
        return TRUE
    return 256 if "256" in term else 16


def to_ask(term: str) -> bool:
    """Whether a terminal of that name is to be asked for more."""
    return by_name(term) in (16, 256) and not term.startswith(_UNASKED)


class Answers:
    """What a terminal that was asked answers, apart from what is typed on it."""

    def __init__(self) -> None:
        self.true = False
        """It shows all colours."""
        self.over = False
        """There is nothing more to come of it."""
        self._held = b""
        self._left = ANSWERS_BYTES

    @property
    def holds(self) -> bool:
        """Something came that may be the beginning of an answer."""
        return bool(self._held)

    def hear(self, data: bytes) -> bytes:
        """Of what came, and what was held, all that is typed; what may be an answer that has begun is held."""
        data, self._held = self._held + data, b""
        typed = bytearray()
        at = 0
        while not self.over and (found := _ANSWER.search(data, at)):
            typed += data[at : found.start()]
            at = found.end()
            self._take(found)
        if not self.over and (begun := _BEGUN.search(data, at)):
            self._held = begun[0]
            data = data[: begun.start()]
        return bytes(typed + data[at:])

    def released(self) -> bytes:
        """Nothing more has come for a while: what is held and may be keys is typed after all."""
        if len(self._held) > _PERHAPS_KEYS:
            return b""
        typed, self._held = self._held, b""
        return typed

    def _take(self, answer: re.Match[bytes]) -> None:
        self._left -= len(answer[0])
        if answer["kind"] or self._left <= 0:
            self.over = True
            return
        said = answer["said"]
        if b"$r" in answer[0][:5]:
            self.true = self.true or _SET.search(said) is not None
        elif answer[0].startswith(b"\x1bP1"):
            self.true = self.true or _CAPABILITY.search(said) is not None
