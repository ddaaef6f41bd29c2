"""ctrl+p: find an act by its name. Textual's palette over our own registries.

To the palette titles and helps are markup, and the commands' forms are full of brackets: hence ``escape``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.css.query import NoMatches
from textual.markup import escape
from textual.worker import Worker, WorkerState

from playground.commands import COMMANDS
from playground.screens.keys import Key
from playground.screens.stage import Stage
from playground.screens.words import Word


class Actor(Protocol):
    """The app, as far as the palette needs it."""

    stage: Stage

    @property
    def keys(self) -> Sequence[Key]:
        """Those that are offered."""

    @property
    def words(self) -> Mapping[str, Word]:
        """Its own words on the ``:`` line, as far as they are offered."""

    def do(self, act: str, key: str = "") -> None: ...

    def bring(self, panel: str) -> None: ...

    def open_command(self, text: str) -> None: ...


class Finder(CommandPalette):
    """The palette, which can be left at any moment.

    Who leaves it twice at a time (by a double click beside it) has left it; and a search for which there is no list
    any more is no error.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def run_worker(self, *args: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*args, **{**options, "exit_on_error": False})

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, Exception) and not isinstance(error, NoMatches):
            raise error

    def _action_command_list(self, action: str) -> None:
        with suppress(KeyError, IndexError):  # its lines have not been laid out yet: there is nowhere to go
            super()._action_command_list(action)


class ActFinder(Provider):
    """All keys that need no further word, all panels, and all commands of the ``:`` line."""

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        actor = cast(Actor, self.app)
        for key in actor.keys:
            if not key.takes_key and key.act not in ("palette", "back"):
                yield f"{key.label} ({key.shown})", key.help, partial(actor.do, key.act)
        for number, (name, title) in enumerate(actor.stage.titles.items(), start=1):
            label, _, what = title.partition(": ")
            yield (
                f"panel {label} ({number})",
                what or f"all about the {name} of the cluster",
                partial(actor.bring, name),
            )
        for word, own in actor.words.items():
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
