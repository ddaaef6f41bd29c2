"""The frame round every widget: border, title, focus, selection, marks, wheel, and thrifty repainting.

A panel keeps a shape, a selection and marks. Whenever one of them changes it draws itself anew into
strips, compares them with the ones on the screen and repaints only the lines that differ. A concrete
panel says how to draw (``paint``); it never repaints by itself.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.canvas import Picture, Spot, pad, width_of
from widgets.palette import DEFAULT, Look
from widgets.shapes import NOTHING_PICKED, Item, Picked, Place

S = TypeVar("S")


class Panel(Widget, Generic[S], can_focus=True):
    """Base of all panels. ``name`` is its handle, ``title`` stands in the border."""

    DEFAULT_CSS = """
    Panel {
        background: $background;
        color: $foreground;
        border: round $border-blurred;
        border-title-color: $foreground-muted;
        border-title-style: none;
        border-subtitle-color: $foreground-muted;
        padding: 0 1;
        width: 1fr;
        height: 1fr;
    }
    Panel:focus { border: round $border; border-title-color: $foreground; border-title-style: bold; }
    Panel.-ascii { border: ascii $border-blurred; }
    Panel.-ascii:focus { border: ascii $border; }
    Panel.-bare { border: none; padding: 0; }
    """

    own_way = False
    """Whether arrows go where ``neighbour`` says instead of from machine to machine."""

    class Selected(Message):
        """Somebody clicked on ``name`` (or moved there) in ``panel``. The panel itself waits for ``select``."""

        def __init__(self, panel: Panel[Any], name: str, item: Item | None = None) -> None:
            """``name`` "": only ``item``, which is what else stands there, was meant."""
            super().__init__()
            self.panel = panel
            self.name = name
            self.item = item

        @property
        def control(self) -> Panel[Any]:
            return self.panel

    class Scrolled(Message):
        """Somebody reads elsewhere in the panel, by the mouse."""

    top: int = 0
    """The first of the lines (or rows) that show."""

    def __init__(
        self,
        name: str,
        title: str = "",
        *,
        shape: S | None = None,
        look: Look | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """``look`` defaults to the app's ``look`` attribute if it has one, else to a truecolor Unicode terminal."""
        super().__init__(name=name, id=id, classes=classes)
        self.heading = title
        """What stands in the border, as ``2 nodes: who holds how much``; where it is too long, up to the colon."""
        self._entitle()
        self.shape: S | None = shape
        self.selected: str | None = None
        self.marked: frozenset[str] = frozenset()
        self.picked = NOTHING_PICKED
        """What is selected beside a machine, and what lights up with it."""
        self._place: Place = ()
        self._led = False
        """It stands where somebody else reads."""
        self._look = look
        self._strips: list[Strip] = []
        self._spots: tuple[Spot, ...] | list[Spot] = ()
        self._painted: tuple[int, int] | None = None

    # -- what the outside calls ------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        if self._look is None:
            found = getattr(self.app, "look", DEFAULT)
            self._look = found if isinstance(found, Look) else DEFAULT
        return self._look

    def show(self, shape: S) -> None:
        """Show a new shape. Cheap when nothing visible changed."""
        if shape is not self.shape and shape != self.shape:
            self.shape = shape
            self.redraw()

    def select(self, name: str | None) -> None:
        """Highlight ``name`` if it is here; None or an unknown name highlights nothing."""
        if name != self.selected:
            self.selected = name
            self._place = ()
            self.reveal()
            self.redraw()

    def mark(self, names: frozenset[str]) -> None:
        """Show these names as marked for a group act."""
        if names != self.marked:
            self.marked = names
            self.redraw()

    def pick(self, picked: Picked) -> None:
        """Light up what is selected beside a machine, and what belongs to it."""
        if picked != self.picked:
            before, self.picked = self.picked, picked
            if picked.item is not None and picked.item != before.item:
                self._place = ()
                self.stand_on(picked.item)
            self.redraw()

    def kinds(self) -> frozenset[str]:
        """The kinds of items that can be selected here (see :class:`widgets.shapes.Item`)."""
        return frozenset()

    def stand_on(self, item: Item) -> None:
        """Let the selection stand on an item, in view, if it is here."""

    def standing(self) -> Item | None:
        """The item on which the selection stands; None: it stands on none."""
        return None

    def names(self) -> list[str]:
        """The selectable names in reading order, visible or not."""
        return []

    def neighbour(self, dx: int, dy: int) -> str | None:
        """The name that an arrow key leads to from the selection (the first or last if there is none)."""
        names = self.names()
        if not names:
            return None
        step = dy or dx
        if self.selected not in names:
            return names[0] if step >= 0 else names[-1]
        index = names.index(self.selected) + step
        return names[max(0, min(len(names) - 1, index))]

    def scroll_lines(self, lines: int) -> None:
        """Scroll down (positive) or up by that many lines; panels that always fit ignore it."""

    @property
    def place(self) -> Place:
        """Where somebody has scrolled to since the selection changed: means the same in a panel of any size."""
        return self._place

    def turn_to(self, place: Place) -> None:
        """Stand where somebody else reads, as far as there is as much to scroll here."""
        self._led = bool(place)
        if place != self.place:
            self._place = place
            self.redraw()

    def chosen_us(self) -> int | None:
        """The virtual instant, in microseconds, of what is chosen here: a line, a message; None: nothing is."""
        return None

    def step(self, lines: int) -> bool:
        """Move the panel's own cursor down (positive) or up by that many; whether it has one."""
        return False

    def text(self) -> str:
        """What the panel shows, as plain text without borders."""
        self._ensure()
        return Picture(self._strips).text

    def wear(self, look: Look) -> None:
        """Look like this from now on: everything is drawn anew."""
        self._look = look
        self._strips = []
        self._painted = None
        self.set_class(not look.unicode, "-ascii")
        self.refresh()

    # -- what a concrete panel supplies ----------------------------------------------------------------

    def paint(self, shape: S, width: int, height: int) -> Picture:
        """Draw ``shape`` into ``height`` strips of ``width`` cells. Both are at least 1."""
        raise NotImplementedError

    def reveal(self) -> None:
        """Scroll so that the selection is visible."""

    def _stay(self, *place: int) -> None:
        """It is read here from now on."""
        self._place, self._led = place, False

    def _seek(self) -> None:
        """To the place that is known, before a size or a shape of the moment bounds it."""
        if self._place:
            self.top = self._place[0]

    # -- drawing ---------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw anew and repaint the lines that changed."""
        if not self.is_mounted or not self.is_on_screen:
            # Out of sight: draw when the compositor asks, all of it, as its cache is stale by then.
            self._painted = None
            self.refresh()
            return
        before, size = self._strips, self._painted
        self._painted = None
        self._ensure()
        if size != self._painted or len(before) != len(self._strips):
            self.refresh()
            return
        regions: list[Region] = []
        width = self._painted[0] if self._painted else 0
        first: int | None = None
        for y, (old, new) in enumerate(zip(before, self._strips, strict=True)):
            if old is new or old == new:
                self._strips[y] = old  # keeps the old strip's caches alive
                if first is not None:
                    regions.append(Region(0, first, width, y - first))
                    first = None
            elif first is None:
                first = y
        if first is not None:
            regions.append(Region(0, first, width, len(before) - first))
        if regions:
            self.refresh(*regions)

    def _ensure(self) -> None:
        size = self.content_size
        if self._painted == (size.width, size.height):
            return
        self._painted = (size.width, size.height)
        if size.width < 1 or size.height < 1 or self.shape is None:
            self._strips, self._spots = [self._on_paper(s) for s in pad([], size.width, size.height)], ()
            return
        picture = self.paint(self.shape, size.width, size.height)
        self._strips = [self._on_paper(strip) for strip in pad(picture.strips, size.width, size.height)]
        self._spots = tuple(picture.spots)

    def _on_paper(self, strip: Strip) -> Strip:
        """The strip with the panel's ground under what was left blank: the Line API leaves that to us."""
        for segment in strip:
            if segment.style is None:
                paper = self.look.style()
                return Strip([s if s.style is not None else Segment(s.text, paper) for s in strip], strip.cell_length)
        return strip

    def render_line(self, y: int) -> Strip:
        self._ensure()
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.content_size.width, self.look.style())

    # -- events ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_class(not self.look.unicode, "-ascii")

    def on_resize(self) -> None:
        self._entitle()

    def _entitle(self) -> None:
        """The heading, or its name alone: no word is ever cut."""
        room = self.size.width - 4
        fits = room <= 0 or width_of(self.heading) <= room
        title = self.heading if fits else self.heading.partition(":")[0]
        if title and title != self.border_title:
            self.border_title = title

    def name_at(self, x: int, y: int) -> str | None:
        """What stands at a place of the content, in cells."""
        spot = self.spot_at(x, y)
        return (spot.name or None) if spot is not None else None

    def spot_at(self, x: int, y: int) -> Spot | None:
        """What can be clicked there: the smallest if there are several."""
        for spot in reversed(self._spots):
            if spot.y == y and spot.x1 <= x < spot.x2:
                return spot
        return None

    def spot_of(self, event: events.Click) -> Spot | None:
        """What was clicked on, if it can be clicked."""
        offset = event.get_content_offset(self)
        return self.spot_at(offset.x, offset.y) if offset is not None else None

    def on_click(self, event: events.Click) -> None:
        spot = self.spot_of(event)
        if spot is not None:
            self.post_message(self.Selected(self, spot.name, spot.item))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(3)
        self.post_message(self.Scrolled())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-3)
        self.post_message(self.Scrolled())
