"""ctrl+p: find an act by its name. Textual's palette over our own registries.

To the palette titles and helps are markup, and the commands' forms are full of brackets: hence ``escape``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from playground.commands import COMMANDS
from playground.screens import keys
from playground.screens.stage import Stage
from playground.screens.words import WORDS


class Actor(Protocol):
    """The app, as far as the palette needs it."""

    stage: Stage

    def do(self, act: str, key: str = "") -> None: ...

    def bring(self, panel: str) -> None: ...

    def open_command(self, text: str) -> None: ...


class Finder(CommandPalette):
    """The palette. Who leaves it twice at a time (by a double click beside it) has left it."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete.nothing()


class ActFinder(Provider):
    """All keys that need no further word, all panels, and all commands of the ``:`` line."""

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        actor = cast(Actor, self.app)
        for key in keys.KEYS:
            if not key.takes_key and key.act not in ("palette", "back"):
                yield f"{key.label} ({key.shown})", key.help, partial(actor.do, key.act)
        for number, (name, title) in enumerate(actor.stage.titles.items(), start=1):
            label, _, what = title.partition(": ")
            yield (
                f"panel {label} ({number})",
                what or f"all about the {name} of the cluster",
                partial(actor.bring, name),
            )
        for word, own in WORDS.items():
            yield f":{word}", own.help, partial(actor.open_command, f"{word} ")
        for word, kind in COMMANDS.items():
            yield f":{word}", kind.form, partial(actor.open_command, f"{word} ")

    async def discover(self) -> Hits:
        for title, help_text, call in self._entries():
            yield DiscoveryHit(title, call, help=escape(help_text))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, help_text, call in self._entries():
            # Letters scattered over a sentence match nearly anything: of the helps only whole texts count.
            score = matcher.match(title) or 0.1 * (query.casefold() in help_text.casefold())
            if score > 0:
                yield Hit(score, matcher.highlight(title), call, text=title, help=escape(help_text))
