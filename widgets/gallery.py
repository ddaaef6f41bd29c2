"""Every widget with made-up data: ``python -m widgets.gallery [--still] [--ascii] [--sixteen] [--light] [--verbose]``.

Keys: tab focuses, arrows select, v marks, c cuts the network, t is the other theme, space stops and goes
on, q quits.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from widgets import gallery_data as data
from widgets.detail import DetailPanel
from widgets.detecting import detect
from widgets.encoder import TerseDisplay
from widgets.log import LogPanel
from widgets.matrix import MatrixPanel
from widgets.palette import Colors, Look, Theme
from widgets.panel import Panel
from widgets.partitions import PartitionsPanel
from widgets.ring import RingPanel
from widgets.series import SeriesPanel
from widgets.shapes import Picked
from widgets.table import TablePanel
from widgets.theming import Themed
from widgets.tree import TreePanel


class Gallery(Themed, TerseDisplay, App[None]):
    """All panels on one screen, as the playground lays them out."""

    CSS = """
    Screen { background: $background; }
    #left { width: 40%; } #middle { width: 30%; } #right { width: 30%; }
    #ring { height: 3fr; } #matrix { height: 2fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1,0)", show=False),
        Binding("right,l", "move(1,0)", show=False),
        Binding("up,k", "move(0,-1)", show=False),
        Binding("down,j", "move(0,1)", show=False),
        Binding("v", "mark"),
        Binding("c", "cut"),
        Binding("space", "pause"),
        Binding("t", "theme"),
        Binding("q", "quit"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, look: Look | None = None, still: bool = False, terse: bool = True, nodes: int = 12) -> None:
        self.look = look or detect()
        super().__init__()
        self.terse = terse
        self.still = still
        self.nodes = nodes
        self.step = 0
        self.cut = False
        self.chosen: str | None = None
        self.marks: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield RingPanel("ring", "ring", id="ring")
                yield MatrixPanel("matrix", "gossip: who believes what of whom", id="matrix")
            with Vertical(id="middle"):
                yield TablePanel("table", "replicas", id="table")
                yield PartitionsPanel("partitions", "partitions", id="partitions")
                yield DetailPanel("detail", "n6", id="detail")
            with Vertical(id="right"):
                yield SeriesPanel("series", "latency", id="series")
                yield TreePanel("tree", "znodes", id="tree")
                yield LogPanel("log", "events", id="log")

    def on_mount(self) -> None:
        self.feed()
        if not self.still:
            self.set_interval(0.1, self.tick)

    def tick(self) -> None:
        if not self.still:
            self.step += 1
            self.feed()

    def feed(self) -> None:
        """Give every panel its picture of this step."""
        step, nodes = self.step, self.nodes
        shapes: dict[str, Any] = {
            "ring": data.ring(nodes, step, cut=self.cut),
            "matrix": data.matrix(nodes, step, cut=self.cut),
            "table": data.table(9, step),
            "partitions": data.partitions(4, step),
            "detail": data.detail(step),
            "series": data.series(5, step // 5),
            "tree": data.tree(step),
            "log": data.log(60, step // 7),
        }
        for panel in self.query(Panel):
            panel.show(shapes[panel.name or ""])

    def on_panel_selected(self, message: Panel.Selected) -> None:
        if message.name:
            self.choose(message.name)
        items = frozenset((message.item,)) if message.item is not None else frozenset()
        for panel in self.query(Panel):
            panel.pick(Picked(message.item, items))

    def choose(self, name: str | None) -> None:
        self.chosen = name
        for panel in self.query(Panel):
            panel.select(name)

    def action_move(self, dx: int, dy: int) -> None:
        if isinstance(self.focused, Panel):
            self.choose(self.focused.neighbour(dx, dy) or self.chosen)

    def action_mark(self) -> None:
        if self.chosen:
            self.marks ^= {self.chosen}
            for panel in self.query(Panel):
                panel.mark(self.marks)

    def action_cut(self) -> None:
        self.cut = not self.cut
        self.feed()

    def action_theme(self) -> None:
        self.wear(replace(self.look, theme=self.look.theme.other))

    def action_pause(self) -> None:
        self.still = not self.still


def main(arguments: list[str]) -> None:
    found = detect()
    colors = Colors.SIXTEEN if "--sixteen" in arguments else Colors.NONE if "--no-color" in arguments else found.colors
    theme = Theme.LIGHT if "--light" in arguments else Theme.DARK
    look = Look(colors, found.unicode and "--ascii" not in arguments, theme)
    Gallery(look=look, still="--still" in arguments, terse="--verbose" not in arguments).run()


if __name__ == "__main__":
    main(sys.argv[1:])
