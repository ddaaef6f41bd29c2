"""``?``: what the focused panel shows, which marks and keys matter there, the system behind it, and all keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from textual.app import ComposeResult
from textual.containers import Horizontal

from playground.screens.explaining import about, shows
from playground.screens.keys import KEYS, Key
from playground.screens.marking import key_tables, keys_in, legend, marks_in, word_table
from playground.screens.words import Word
from widgets.detail import DetailPanel
from widgets.palette import Look
from widgets.shapes import Detail, Fact

_TWO_COLUMNS = 158
"""From this width on the longest line about a key has room in one of two columns."""


def page(
    panel: str,
    look: Look,
    systems: Mapping[str, str],
    *,
    name: str = "",
    with_keys: bool,
    keys: Sequence[Key] = KEYS,
    words: Mapping[str, Word] = MappingProxyType({}),
) -> Detail:
    """Everything about a panel: what matters most there comes first.

    ``name``: what stands on its border, if it is called otherwise; ``with_keys``: all keys as well, at the end;
    ``keys``: those that are offered; ``words``: what can be typed about who is here.
    """
    title, facts = about(panel, systems)
    name = name or panel
    here = marks_in(panel, look)
    others = tuple(each for each in legend(look) if each not in here)
    all_keys = (*key_tables(keys), *word_table(words))
    return Detail(
        f"{name}: {title}" if name not in title.lower() else title,
        (Fact("", shows(panel, systems)),) if shows(panel, systems) else (),
        (*here, keys_in(panel, keys)),
        aside=Detail(f"{title}, in its own words", facts, (*(all_keys if with_keys else ()), *others)),
    )


class Help(Horizontal):
    """Lies over the panels while the cluster goes on; any act but looking closes it first."""

    DEFAULT_CSS = """
    Help { layer: above; display: none; }
    Help.-open { display: block; }
    Help DetailPanel { border: round $border; padding: 0 2; }
    Help.-narrow #help-keys { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(name="help", id="help")
        self._about = DetailPanel("about", "help", id="help-about")
        self._keys = DetailPanel("keys", "keys", id="help-keys")
        self.topic = ""
        """What was opened last."""

    def compose(self) -> ComposeResult:
        yield self._about
        yield self._keys

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(
        self,
        panel: str,
        look: Look,
        systems: Mapping[str, str],
        name: str = "",
        keys: Sequence[Key] = KEYS,
        words: Mapping[str, Word] = MappingProxyType({}),
    ) -> None:
        """Explain ``panel``, which shows what ``systems`` says; in one column where two would be too narrow.

        ``name``, ``keys`` and ``words``: as for :func:`page`.
        """
        narrow = self.app.size.width < _TWO_COLUMNS
        self._keys.show(Detail("", (), (*key_tables(keys), *word_table(words))))
        self._lay(
            "help",
            page(panel, look, systems, name=name, with_keys=narrow, keys=keys, words=words),
            look.clean(("all keys below · " if narrow else "") + "arrows scroll · esc closes"),
            narrow,
        )

    def tell(self, title: str, text: Detail, look: Look) -> None:
        """Say something else that takes room, under this title."""
        self._lay(title, text, look.clean("arrows scroll · esc closes"), narrow=True)

    def _lay(self, title: str, text: Detail, subtitle: str, narrow: bool) -> None:
        self.topic = title
        self.set_class(narrow, "-narrow")
        self._about.show(text)
        self._about.border_title, self._about.border_subtitle = title, subtitle
        self._about.heading = title
        self.add_class("-open")
        self.screen.set_focus(self._about)

    @property
    def front(self) -> DetailPanel:
        """The column that scrolls."""
        return self._keys if self._keys.has_focus else self._about

    def close(self) -> None:
        self.remove_class("-open")

    def other(self) -> None:
        """The other column, so that it can be scrolled as well."""
        other = self._about if self._keys.has_focus else self._keys
        if other.display:
            self.screen.set_focus(other)
