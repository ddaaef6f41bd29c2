"""Hand-outs as files: where one can be written, and in what form its name asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from playground.handout.compose import compose
from playground.handout.html import html
from playground.handout.markdown import markdown
from playground.kernel.errors import UserError
from playground.scenario.playing import Examined, Played

ENDINGS = {".md": markdown, ".html": html}
"""The ending of the name -> what writes it."""


def check_path(path: str) -> None:
    """UserError if no hand-out could be written there: told before anything is run for it."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        reason = "that is a folder; name a file, as report.html"
    elif os.path.splitext(path)[1].lower() not in ENDINGS:
        reason = "the name has to end in .md (Markdown) or .html, as report.html"
    elif not os.path.isdir(folder):
        reason = f"there is no folder {folder}"
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        reason = "no permission"
    else:
        return
    raise UserError(f"--report: cannot write {path or repr(path)}: {reason}")


def write(results: Sequence[tuple[str, Played | Examined]], path: str) -> int:
    """Write what came of scenarios, in UTF-8; returns the size in bytes. UserError if that cannot be done.

    ``results``: what was typed to name the scenario, and what came of it, chronicled.
    """
    form = ENDINGS[os.path.splitext(path)[1].lower()]
    data = form(compose(results)).encode()
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise UserError(f"--report: cannot write {path}: {error.strerror or error}") from None
    return len(data)
