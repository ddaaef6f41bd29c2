"""The place where the panels stand: puts them where the layout says, and passes on what they are to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from playground.frame import PANELS, QUORUM_PANELS, VIEWS, Frame, Lens, Question, View
from playground.screens.bars import TabBar, Tabs
from playground.screens.choice import Choice
from playground.screens.helping import Help
from playground.screens.layout import Content, Plan, plan
from widgets.detail import DetailPanel
from widgets.log import LogPanel
from widgets.matrix import MatrixPanel
from widgets.panel import Panel
from widgets.partitions import PartitionsPanel
from widgets.partitions_layout import height_of
from widgets.ring import RingPanel
from widgets.series import SeriesPanel
from widgets.shapes import Item, Picked, Place
from widgets.spacetime import SpaceTimePanel
from widgets.table import TablePanel
from widgets.tree import TreePanel
from widgets.why import WhyPanel

TITLES = {
    "ring": "ring: who owns which keys",
    "replicas": "nodes: who holds how much",
    "balancer": "balancer: who gets how much",
    "tree": "tree: the ensemble's znodes",
    "partitions": "partitions: logs and who reads them",
    "gossip": "gossip: who believes what of whom",
    "load": "load: how much, how fast",
    "log": "events: what happened, in order",
    "detail": "detail: all about what is selected",
    "spacetime": "space-time: who sent what to whom, and when",
    "why": "why: how it came to this",
}
"""What stands in the panels' borders; up to the colon also on the tabs."""
TITLES_OF = {
    ("replicas", "shards"): "shards: masters and slaves",
    ("replicas", "coordination"): "nodes: who leads, who stands by",
}
"""Where a panel shows another system than a store: its title then."""
KINDS: dict[str, type[Panel[Any]]] = {
    "ring": RingPanel,
    "replicas": TablePanel,
    "balancer": TablePanel,
    "tree": TreePanel,
    "partitions": PartitionsPanel,
    "gossip": MatrixPanel,
    "load": SeriesPanel,
    "log": LogPanel,
    "detail": DetailPanel,
    "spacetime": SpaceTimePanel,
    "why": WhyPanel,
}
_FIRST = ("ring", "replicas", "balancer", "partitions", "tree", "log", "gossip", "load", "detail")
"""As if the panels had been focused in this order, the first one last."""


def measured(frame: Frame) -> dict[str, int]:
    """How much there is to show in the panels that the frame holds, by the fields of Content."""
    found: dict[str, int] = {}
    if frame.gossip:
        found["nodes"] = len(frame.gossip.nodes)
    if frame.replicas:
        found["rows"] = len(frame.replicas.rows)
    if frame.load:
        found["curves"] = len(frame.load.lines)
    if frame.balancer:
        found["servers"] = len(frame.balancer.rows)
    if frame.partitions:
        found["logs"] = height_of(frame.partitions.rows, False)
        found["groups"] = len(frame.partitions.groups)
        found["internal"] = len(frame.partitions.folded)
    return found


class _Planned(Layout):
    """Puts each child where the plan says; what is not in the plan doesn't show."""

    name = "planned"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, Stage)
        new = parent.planned(size)
        places = dict(new.places)
        if new.tabs:
            places["tabs"] = Region(0, 0, size.width, 1)
        places["help"] = Region(0, 0, size.width, size.height)
        return [
            WidgetPlacement(places[child.name or ""], NULL_OFFSET, Spacing(), child)
            for child in children
            if child.name in places
        ]


class Stage(Widget):
    """The panels of a cluster, the tabs, the help over them. Knows which show, which was focused last, which is zoomed.

    ``names``: the panels that there are, in order; ``systems``: which system a panel shows, where that varies.
    """

    DEFAULT_CSS = """
    Stage { width: 1fr; height: 1fr; layers: below above; }
    """

    class Settled(Message):
        """Panels have come, gone or moved."""

    _planned = _Planned()

    def __init__(self, names: Sequence[str] = QUORUM_PANELS, systems: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(id="stage")
        self.names = tuple(name for name in PANELS if name in names)
        self.systems = dict(systems)
        self.titles = {name: TITLES_OF.get((name, self.systems.get(name, "")), TITLES[name]) for name in self.names}
        self.panels: dict[str, Panel[Any]] = {
            name: KINDS[name](name, f"{number} {title}", id=name)
            for number, (name, title) in enumerate(self.titles.items(), start=1)
        }
        self.panels |= {name: KINDS[name](name, TITLES[name], id=name) for name in VIEWS}
        self._item: Item | None = None
        """What is selected beside a machine."""
        self.lens = Lens()
        """What the space-time view shows."""
        self.question: Question | None = None
        """What the view of causes explains."""
        self.led = False
        """Whoever looks at it has no keys, and needs no word about them."""
        self._before_views: list[str] = []
        """What was in front when a view was opened over it, and another one over that."""
        self.tabs = TabBar("tabs")
        self.help = Help()
        self.plan = Plan()
        self.zoomed = ""
        self._recent = [name for name in _FIRST if name in self.names]
        self.front = self._recent[0]
        """The panel focused last; it always shows."""
        self._content = Content()
        self._measured: set[str] = set()
        """What of it has been seen already, and not only assumed."""

    @property
    def layout(self) -> Layout:
        return self._planned

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield from self.panels.values()
        yield self.help

    # --- where they stand -------------------------------------------------------

    @property
    def events(self) -> LogPanel:
        panel = self.panels["log"]
        assert isinstance(panel, LogPanel)
        return panel

    def shown(self) -> list[str]:
        """The panels that show, in the order of their numbers."""
        return [name for name in (*self.names, *VIEWS) if name in self.plan.places]

    def bring(self, name: str) -> None:
        """To the front, zoomed if there is a zoom or no other way to show it."""
        if name not in VIEWS:
            self._before_views.clear()
        elif name in self._before_views:
            del self._before_views[self._before_views.index(name) :]
        elif name != self.front:
            self._before_views.append(self.front)
        self.front = name
        if name in self.plan.places:
            return  # nothing has to move, and what is looked at shouldn't jump
        if self.zoomed or name == "detail" or name in VIEWS:
            self.zoomed = name
        else:
            self._lead(name)
        self.settle()

    def zoom(self, name: str) -> None:
        """Show ``name`` large; empty: everything again, or the view over which this one was opened."""
        if not name and self._before_views:
            self.front = self._before_views.pop()
            name = self.front if self.front in VIEWS else ""
        self.zoomed = name
        self.settle()

    def follow(self, front: str, zoomed: str) -> None:
        """Have in front, and zoomed, what somebody else has; "": as it was at first."""
        if front not in self.panels:
            self._recent = [name for name in _FIRST if name in self.names]
            front = self._recent[0]
        self.front = front
        self._before_views = [self._recent[0]] if front in VIEWS else []
        self.zoomed = zoomed if zoomed in self.panels else ""
        self.settle()

    def planned(self, size: Size) -> Plan:
        """The plan for this size; tells if it is another than before."""
        new = plan(size.width, size.height, self._content, self._recent, self.zoomed)
        if self.front not in new.places and not self.zoomed:
            if self.front != "detail":  # a smaller terminal: still show what was focused
                self._lead(self.front)
                new = plan(size.width, size.height, self._content, self._recent)
            else:
                self.front = next(name for name in self._recent if name in new.places)
        if new != self.plan:
            self.plan = new
            # Not posted from here: this may run for the screen, and what a parent sends stops at that parent.
            self.call_later(self._tell)
        return new

    def _lead(self, name: str) -> None:
        self._recent.remove(name)
        self._recent.insert(0, name)

    def _tell(self) -> None:
        self.post_message(self.Settled())

    def settle(self) -> None:
        """Place the panels anew, if need be."""
        before = self.plan
        if self.planned(self.size) != before:
            self.tabs.refresh(layout=True)  # a child asks, as only its ancestors are arranged anew

    # --- what they show ---------------------------------------------------------

    def show(self, frame: Frame) -> None:
        """Give each visible panel its picture."""
        if frame.picked.asked == self._item:
            for panel in self.panels.values():
                panel.pick(frame.picked)
        for name in self.plan.places:
            shape = getattr(frame, name)
            if shape is not None:
                self.panels[name].show(shape)
        found = measured(frame)
        content = self._content.grown(found, self._measured)
        self._measured |= found.keys()
        if content != self._content:
            self._content = content
            self.settle()

    def show_tabs(self) -> None:
        """Which panels there are, and which of them show."""
        titles = {name: self.called(name) for name in self.titles}
        shown = frozenset(titles[name] for name in self.plan.places if name in titles)
        self.tabs.show(
            Tabs(tuple(titles.values()), shown, titles.get(self.front, ""), zoomed=bool(self.zoomed) and not self.led)
        )

    def called(self, name: str) -> str:
        """What a panel is called on its border, and so among the tabs and in help."""
        return self.titles.get(name, TITLES[name]).partition(":")[0]

    def read(self, filtered: str, places: Sequence[tuple[str, Place]]) -> None:
        """Read in the panels where somebody else does; in others stand as they came."""
        self.events.search(filtered)
        there = dict(places)
        for name, panel in self.panels.items():
            panel.turn_to(there.get(name, ()))

    def choose(self, choice: Choice) -> None:
        if choice.item != self._item:
            self._item = choice.item
            itself = frozenset(() if choice.item is None else (choice.item,))
            for panel in self.panels.values():
                panel.pick(Picked(choice.item, itself))  # what belongs to it the next Frame tells
        for panel in self.panels.values():
            panel.select(choice.selected or None)
            panel.mark(choice.marked)

    def view(self, choice: Choice) -> View:
        """What the session has to paint for what is visible now."""
        place = self.plan.places.get("load")
        columns = 2 * max(10, place.width - 16) if place else 60
        return View(
            frozenset(self.plan.places),
            choice.selected,
            choice.key,
            columns,
            lens=self.lens,
            question=self.question,
            item=choice.item,
            front=self.front,
            zoomed=self.zoomed,
            filtered=self.events.wanted,
            places=tuple((name, read) for name in self.shown() if (read := self.panels[name].place)),
        )
