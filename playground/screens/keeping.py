"""What stays after the app is gone: screenshots and saved sessions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

from playground.kernel.errors import UserError
from widgets.shapes import Tone

_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


async def saved(save: Callable[[], str], say: Callable[[str, Tone], None]) -> None:
    """Save in a thread (it waits for the world and writes a file), then say what came of it."""
    try:
        text = await asyncio.to_thread(save)
    except UserError as error:
        say(str(error), Tone.WARN)
    except OSError as error:
        say(f"not saved: {error.filename or ''}: {error.strerror or error}".replace(": :", ":"), Tone.BAD)
    else:
        say(text, Tone.GOOD)


def write_svg(svg: str, seed: int, at_us: int) -> str:
    """Write a screenshot into the current folder, named after seed and virtual time. Returns the path.

    It needs no network: fonts are those of whoever looks at it. Two of one instant (of two panels, say) are two files.
    UserError if it can't be written.
    """
    ms = at_us // 1000
    name = f"playground-seed{seed}-{ms // 60000:02d}m{ms // 1000 % 60:02d}.{ms % 1000:03d}s"
    names = (Path.cwd() / f"{name}{f'-{number}' if number > 1 else ''}.svg" for number in count(1))
    path = next(each for each in names if not each.exists())
    # Without it, renderers other than browsers fold the blanks that hold the columns apart.
    svg = _FONTS.sub("", svg).replace("<text ", '<text xml:space="preserve" ')
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise UserError(f"no screenshot: {path.parent} is not writable ({error.strerror})") from None
    return str(path)
