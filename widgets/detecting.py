"""What the terminal can do: by its environment, and, for its background, by asking it.

Rules this module keeps:

* The environment is believed; nothing is sent to a terminal unless somebody wants its background known.
* A question is asked only of a terminal that is all ours (both ends), before the app starts, and together with one
  that every terminal answers: who does not know its background says so by answering the second only.
* What the terminal answers is never left over for the app to take for keys, and what somebody has typed before
  means that nothing is asked: it would be lost.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

from widgets.palette import Colors, Look, Theme

_ASK = b"\x1b]11;?\x1b\\\x1b[c"
"""The background (XTerm Control Sequences, OSC 11), and what kind of terminal it is (Primary DA)."""
_ANSWER = re.compile(rb"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_KIND = re.compile(rb"\x1b\[\?[0-9;]*c")
_PATIENCE_S = 0.5
"""For the answer of a terminal far away; one at hand answers within a few milliseconds."""


def detect(
    environ: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    *,
    utf8_mode: bool | None = None,
    theme: Theme = Theme.DARK,
) -> Look:
    """What the terminal can do, by its environment. ``utf8_mode``: whether Python runs in it (None: as it does).

    Call it before an App is made: Textual takes NO_COLOR out of ``os.environ``.
    """
    env = os.environ if environ is None else environ
    if utf8_mode is None:
        utf8_mode = environ is None and bool(sys.flags.utf8_mode)
    term = env.get("TERM", "")
    unicode = term not in ("dumb", "vt100", "linux-ascii") and _writes_unicode(env, encoding, utf8_mode)
    if env.get("NO_COLOR") or term in ("dumb", "vt100"):
        return Look(Colors.NONE, unicode, theme)
    rich_term = "256" in term or "kitty" in term or "alacritty" in term or "direct" in term
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or rich_term:
        return Look(Colors.TRUE, unicode, theme)
    return Look(Colors.SIXTEEN, unicode, theme)


def _writes_unicode(env: Mapping[str, str], encoding: str, utf8_mode: bool) -> bool:
    """Whether the locale asks for Unicode. ``encoding`` alone can't tell: in the C locale Python still says UTF-8.

    * PYTHONIOENCODING or PYTHONUTF8=1 were set on purpose: they win.
    * Else the first of LC_ALL, LC_CTYPE and LANG that isn't empty: C, POSIX and codesets other than UTF-8 mean ASCII.
    * If none is set (containers, ssh), Unicode, except on the Linux console, whose font lacks what we draw.
    """
    wanted = env.get("PYTHONIOENCODING", "").partition(":")[0]
    if wanted:
        return _is_utf(wanted)
    if not _is_utf(encoding):
        return False
    if env.get("PYTHONUTF8") == "1":
        return True
    names = [env.get("LC_ALL", ""), env.get("LC_CTYPE", ""), env.get("LANG", "")]
    if utf8_mode and not names[0] and names[1] in _COERCED:
        names[1] = ""  # put there by Python itself, which found the C locale (PEP 538)
    name = next(filter(None, names), "")
    if not name:
        return env.get("TERM") != "linux"
    base, _, codeset = name.partition("@")[0].partition(".")
    if codeset:
        return _is_utf(codeset)
    return base not in ("C", "POSIX")  # no codeset: the system's own, which ``encoding`` has told


_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to when it finds the C locale."""


def _is_utf(codeset: str) -> bool:
    return "utf" in codeset.lower()


def theme_from(environ: Mapping[str, str]) -> Theme | None:
    """The theme for the background that COLORFGBG tells (``15;0``: white on black); None: it doesn't say."""
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    if not ground.isdecimal() or not ground.isascii():
        return None
    return Theme.LIGHT if int(ground) in (7, *range(9, 16)) else Theme.DARK


def theme_asked(source: int = 0, sink: int = 1, patience_s: float = _PATIENCE_S) -> Theme | None:
    """The theme for the background that the terminal itself tells (see the rules above); None: it doesn't say.

    ``source``, ``sink``: file descriptors, for reading and for writing.
    """
    try:
        import termios
        import tty
    except ImportError:  # no such terminals here
        return None
    if not (os.isatty(source) and os.isatty(sink)) or select.select([source], [], [], 0)[0]:
        return None
    before = termios.tcgetattr(source)
    answer = b""
    try:
        tty.setcbreak(source, termios.TCSANOW)
        os.write(sink, _ASK)
        ends = time.monotonic() + patience_s
        while not _KIND.search(answer):
            left = ends - time.monotonic()
            if left <= 0 or len(answer) > 4096 or not select.select([source], [], [], left)[0]:
                break
            more = os.read(source, 256)
            if not more:
                break
            answer += more
    except OSError:
        return None
    finally:
        with suppress(termios.error):
            termios.tcsetattr(source, termios.TCSANOW, before)
    return theme_in(answer)


def theme_in(answer: bytes) -> Theme | None:
    """The theme for a terminal that answered so."""
    found = _ANSWER.search(answer)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return Theme.LIGHT if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 else Theme.DARK


def theme_for(wanted: str, environ: Mapping[str, str] | None = None) -> Theme:
    """The theme that ``light``, ``dark`` or ``auto`` mean on this process's terminal; dark where it doesn't say."""
    if wanted != "auto":
        return Theme(wanted)
    return theme_from(os.environ if environ is None else environ) or theme_asked() or Theme.DARK
