"""What each key of the registry does. One method per act; those that send a Command stand in ``orders.py``.

An act that can't be done says why in the notice line.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkType

from playground.commandline import parse_line
from playground.commands import check_nodes
from playground.kernel.errors import UserError
from playground.screens import keeping
from playground.screens.host_acts import HostActs
from playground.screens.item_acts import ItemActs
from playground.screens.means import NO_FILES
from playground.screens.orders import GROUP_ACTS, ORDERS, slow_line
from playground.screens.prompt import FILTER, TRACES
from playground.screens.time_acts import TimeActs
from playground.screens.tour_acts import TourActs
from playground.screens.why_acts import WhyActs
from playground.screens.words import split
from widgets.palette import Colors
from widgets.shapes import Item, Tone

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

_WAYS = {
    "left": (-1, 0), "h": (-1, 0), "right": (1, 0), "l": (1, 0),
    "up": (0, -1), "k": (0, -1), "down": (0, 1), "j": (0, 1),
}  # fmt: skip
_FAR = 1_000_000
SCROLLED = ("detail",)
"""The panels in which up and down scroll; in others they move the panel's cursor, or the selection."""
HARMLESS = frozenset(
    {"help", "back", "move", "scroll", "next_panel", "pause", "step", "step_second", "quit",
     "hint_quit", "screenshot"}
)  # fmt: skip
"""What can be done while help lies over the panels; anything else closes it and does nothing more.

But for ``:``: what is typed after it would be taken for keys, each with an act of its own.
"""


class Acts(TimeActs, WhyActs, TourActs, ItemActs, HostActs):
    """The acts of one app."""

    def __init__(self, app: PlaygroundApp) -> None:
        self.app = app

    def do(self, act: str, key: str = "") -> None:
        """Do the act of that name; ``key`` for those that want to know."""
        app = self.app
        if app.notices.go_on():
            app.show_bars()
        if app.stage.help.is_open and act not in HARMLESS:
            self.back("")
            if act != "command":
                return
        try:
            if act in ORDERS:
                self._order(act)
            elif act == "pause" and app.guide.skip():
                app.show_bars()
            else:
                getattr(self, act)(key)
        except UserError as error:
            app.say(str(error), Tone.WARN)

    def _order(self, act: str) -> None:
        app = self.app
        app.send(ORDERS[act](app.frame, app.choice))
        if act in GROUP_ACTS and app.choice.marked:
            app.choose(replace(app.choice, marked=frozenset()))

    # --- looking around -------------------------------------------------------------

    def move(self, key: str) -> None:
        app, (dx, dy) = self.app, _WAYS[key]
        if app.stage.help.is_open:
            app.stage.help.front.scroll_lines(dy)
            return
        if app.stage.front == "spacetime":
            self.trace_move(dx, dy)
            return
        panel = app.stage.panels[app.stage.front]
        if dy and panel.step(dy):
            return
        if dy and app.stage.front in SCROLLED:
            panel.scroll_lines(dy)
            return
        if panel.own_way:
            self.go_to(panel, panel.neighbour(dx, dy) or "")
            return
        # The same way round in every other panel: right and down go clockwise on the ring, and no way ends.
        self.go_to(panel, app.choice.next_to(app.frame, dx or dy))

    def scroll(self, key: str) -> None:
        stage = self.app.stage
        if stage.front == "spacetime" and not stage.help.is_open:
            self.trace_scroll(key)
            return
        panel = stage.help.front if stage.help.is_open else stage.panels[stage.front]
        page = max(1, panel.content_size.height - 1)
        panel.scroll_lines({"pageup": -page, "pagedown": page, "home": -_FAR, "end": _FAR}[key])

    def panel(self, key: str) -> None:
        number, names = int(key), self.app.stage.names
        if number > len(names):
            raise UserError(f"there is no panel {number}: they are 1 to {len(names)}")
        self.app.bring(names[number - 1])
        if self.app.stage.zoomed:
            self.stand()

    def next_panel(self, key: str) -> None:
        stage = self.app.stage
        if stage.help.is_open:
            stage.help.other()
            return
        # What stands on the screen comes first; where there are tabs, all of them come round.
        names = [name for name in stage.names if name != "detail" or name in stage.plan.places]
        if not stage.plan.tabs or stage.zoomed:
            names = stage.shown()
        step = -1 if key == "shift+tab" else 1
        at = names.index(stage.front) if stage.front in names else -1
        self.app.bring(names[(at + step) % len(names)])
        if stage.zoomed:
            self.stand()

    def zoom(self, key: str) -> None:
        stage = self.app.stage
        if stage.front == "why":
            self.spacetime(key)
            return
        if not stage.zoomed:
            self.stand()
        stage.zoom("" if stage.zoomed else stage.front)
        self.app.bring(stage.front if stage.front in stage.plan.places else stage.shown()[0])

    def back(self, _key: str) -> None:
        """One step back, from whatever lies on top."""
        app = self.app
        if app.stage.help.is_open:
            app.stage.help.close()
        elif self.give_up() or (app.stage.front == "spacetime" and self.trace_back()):
            return
        elif app.stage.zoomed:
            app.stage.zoom("")
        elif app.stage.events.wanted:
            app.stage.events.search("")
        elif app.choice.marked:
            app.choose(replace(app.choice, marked=frozenset()))
        elif not self.let_go():
            app.guide.leave()
        app.bring(app.stage.front)

    def mark(self, _key: str) -> None:
        if not self.app.choice.selected:
            raise UserError("no node is selected: the arrows select one")
        self.app.choose(self.app.choice.toggled())

    # --- asking and saying ----------------------------------------------------------

    def slow(self, _key: str) -> None:
        self.app.open_command(slow_line(self.app.frame, self.app.choice))

    def command(self, _key: str) -> None:
        self.app.open_command("")

    def filter(self, _key: str) -> None:
        app = self.app
        if app.stage.front == "spacetime":
            self.trace_filter()
            return
        if "log" not in app.stage.plan.places:
            app.bring("log")
        app.prompt.open(FILTER, app.stage.events.wanted, ())

    def help(self, _key: str) -> None:
        app = self.app
        if app.stage.help.is_open:
            self.back("")
        else:
            front, among = app.stage.front, app.among
            words = among.words() if among is not None else {}
            app.stage.help.open(front, app.look, app.stage.systems, app.stage.called(front), app.keys, words)

    def theme(self, _key: str) -> None:
        look = replace(self.app.look, theme=self.app.look.theme.other)
        self.app.wear(look)
        if look.colors is Colors.NONE:
            raise UserError("there are no colours here, so both themes look the same")
        way = f"; to begin with it: --theme {look.theme.value}" if self.app.files else ""
        self.app.say(f"{look.theme.value} theme{way}")

    def palette(self, _key: str) -> None:
        self.app.action_command_palette()

    def quit(self, _key: str) -> None:
        if self.app.stage.help.is_open:
            self.back("")
        else:
            self.app.exit()

    def hint_quit(self, _key: str) -> None:
        """ctrl+c: what people press who look for the way out."""
        self.app.say("q quits")

    # --- keeping --------------------------------------------------------------------

    def save(self, _key: str) -> None:
        if not self.app.files:
            raise UserError(NO_FILES)
        if self.app.save is None:
            raise UserError("this session can't be saved from here")
        work: WorkType[None] = partial(keeping.saved, self.app.guide.noting(self.app.save), self.app.say)
        self.app.run_worker(work, exclusive=True)

    def copy(self, _key: str) -> None:
        name = self.app.stage.front
        text = self.app.stage.panels[name].text()
        self.app.copy_to_clipboard(text)
        count = len(text.splitlines())
        self.app.say(f"copied: {count} line{'' if count == 1 else 's'} of {name}", Tone.GOOD)

    def screenshot(self, _key: str) -> None:
        if not self.app.files:
            raise UserError(NO_FILES)
        header = self.app.frame.header
        path = keeping.write_svg(self.app.export_screenshot(title=header.title), header.seed, header.at_us)
        self.app.say(f"screenshot: {path}", Tone.GOOD)

    # --- what was typed ---------------------------------------------------------------

    def entered(self, mode: str, text: str) -> None:
        """Enter on the ``:`` or ``/`` line."""
        app = self.app
        if mode == FILTER:
            app.close_prompt("log")
            return
        if mode == TRACES:
            try:
                self.trace_filtered(text)
            except UserError as error:
                app.prompt.complain(str(error))
            return
        text = text.strip()
        if not text:
            app.close_prompt()
            return
        if text in ("q", "quit"):
            app.exit()
            return
        try:
            word, rest = split(text, app.known_words)
            if word is not None:
                getattr(self, word.act)(rest)
                app.prompt.remember(text)
                app.close_prompt()
                return
            command = parse_line(text, beside=(*app.words, "quit"))
            check_nodes(command, app.prompt.nodes)
        except UserError as error:
            app.prompt.complain(str(error))
            return
        app.prompt.remember(text)
        app.close_prompt()
        app.send(command)
        key = getattr(command, "key", "")
        if key:
            app.choose(replace(app.choice, key=key, item=Item("key", key)))

    def left(self, mode: str) -> None:
        """Escape on the ``:`` or ``/`` line."""
        if mode == FILTER:
            self.app.stage.events.search("")
        self.app.close_prompt()
