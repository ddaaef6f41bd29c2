"""What is selected beside a machine: a key, shard, partition, group, znode or session.

Rules this module keeps:

* It follows from where the selection stands in the panel that is moved in, clicked in or zoomed; who moves in a panel
  where machines alone stand has let go of it. To look elsewhere (focus, scroll) changes nothing: one wants to see it
  there as well.
* By name it is chosen on the ``:`` line. Only the world knows all names: it is asked by the next View, and the Frame
  that answers says what was meant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playground.frame import VIEWS, Frame
from playground.kernel.errors import UserError
from widgets.panel import Panel
from widgets.shapes import Item, Tone

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

_BESIDE = frozenset({"log", "load", "detail", *VIEWS})
"""Nothing stands for good in these, so whoever moves there lets go of nothing."""


class ItemActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def go_to(self, panel: Panel[object], name: str) -> None:
        """The selection has moved to a machine ("": the same one) in a panel: what stands there is selected, too."""
        choice = self.app.choice
        selected = name or choice.selected
        panel.select(selected)
        item = choice.item if panel.name in _BESIDE else panel.standing()
        self.app.choose(replace(choice, selected=selected, item=item))

    def clicked(self, panel: Panel[object], name: str, item: Item | None) -> None:
        """A click on a machine, on an item, or on both."""
        choice = self.app.choice
        known = name in {thing.name for thing in self.app.frame.nodes}
        if item is not None:
            self.app.choose(replace(choice, selected=name if known else choice.selected, item=item))
        elif known:
            self.go_to(panel, name)

    def stand(self) -> None:
        """A panel is zoomed: what the selection stands on there is what the zoom is about.

        If it stands on nothing there (and on no client: these stand nowhere), it goes to the first machine.
        """
        stage, choice = self.app.stage, self.app.choice
        if stage.front in _BESIDE:
            return
        panel = stage.panels[stage.front]
        names = panel.names()
        clients = {thing.name for thing in self.app.frame.nodes if thing.client}
        if names and choice.selected not in (*names, *clients):
            choice = replace(choice, selected=names[0])
            panel.select(names[0])
        if choice.item is None or choice.item.kind not in panel.kinds():
            choice = replace(choice, item=panel.standing())
        self.app.choose(choice)

    def let_go(self) -> bool:
        """Select nothing beside the machine. Returns whether anything was."""
        if self.app.choice.item is None:
            return False
        self.app.choose(replace(self.app.choice, item=None))
        return True

    # --- by name ----------------------------------------------------------------------------------

    def show_item(self, name: str) -> None:
        """``:show changes-2``."""
        if not name:
            raise UserError("show: what? write show shard-1, show changes-0, show /controller, show k17 or show n3")
        choice = self.app.choice
        if name in {thing.name for thing in self.app.frame.nodes}:
            self.app.choose(replace(choice, selected=name, item=None))
            self._tell_where(name)
        else:
            self.app.choose(replace(choice, item=Item("", name)))

    def show_key(self, key: str) -> None:
        """``:key k17``."""
        if not key:
            raise UserError("key: which one? write key k17")
        self.app.choose(replace(self.app.choice, key=key, item=Item("key", key)))
        self._tell_where(key)

    def answered(self, frame: Frame) -> None:
        """The world has said what was meant by a name."""
        choice, picked = self.app.choice, frame.picked
        if choice.item is None or choice.item.kind or picked.asked != choice.item:
            return
        if picked.item is None:
            self.app.say(f"nothing here is called {choice.item.name!r}: a machine, shard, partition, group, "
                         "session, key or path of a znode can be shown", Tone.WARN)  # fmt: skip
        else:
            self._tell_where(picked.item.name)
        key = picked.item.name if picked.item is not None and picked.item.kind == "key" else choice.key
        self.app.choose(replace(choice, item=picked.item, key=key))

    def _tell_where(self, name: str) -> None:
        """Where to read about what was selected by its name, if the panel for that is not on the screen."""
        stage = self.app.stage
        if "detail" in stage.names and "detail" not in stage.plan.places:
            self.app.say(f"{name} lights up wherever it is known; {stage.names.index('detail') + 1}: all about it")
