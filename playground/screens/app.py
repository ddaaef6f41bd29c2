"""The app: composes bars, stage and prompt, passes Frames to them and keys to ``acts.py``. Nothing else.

Frames arrive from the world's thread. A new one only sets a flag and posts one message; while that
message waits, further Frames post none: the newest is what counts. No widget ever
touches anything but a Frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message

from playground.frame import VIEWS, Frame, View
from playground.screens.acts import Acts
from playground.screens.among import Among, Staged
from playground.screens.bars import Bar, CaptionBar, Notice, NoticeBar
from playground.screens.choice import Choice
from playground.screens.confined import Confined
from playground.screens.finder import ActFinder, Finder
from playground.screens.footer import FooterBar, offers
from playground.screens.header import HeaderBar, Top
from playground.screens.keys import KEYS, Key, offered
from playground.screens.layout import LEAST
from playground.screens.leaving import Leaving
from playground.screens.means import OWN, Means
from playground.screens.notices import Notices
from playground.screens.port import HostPort, SessionPort
from playground.screens.prompt import Prompt
from playground.screens.stage import Stage
from playground.screens.terminal import Patient
from playground.screens.timelines import Timelines
from playground.screens.tour.guide import Guide
from playground.screens.tour.progress import Progress
from playground.screens.tour.story import Story
from playground.screens.words import COMPANY, WORDS, Word
from widgets.detecting import detect
from widgets.encoder import TerseDisplay
from widgets.log import clock
from widgets.palette import Look
from widgets.panel import Panel
from widgets.plain import AsciiFilter
from widgets.shapes import Tone
from widgets.spacetime import SpaceTimePanel
from widgets.why import WhyPanel

PREPARE_S = 1.5
"""By then the first Frames are drawn, and the process may be started that makes the way back short."""


class PlaygroundApp(Confined, Leaving, Patient, TerseDisplay, App[None], inherit_bindings=False):
    """A screen on a running session. Who makes the session ends it."""

    CSS = """
    Screen { background: $background; color: $foreground; layers: below above; }
    #too-small { display: none; }
    Screen.-small > * { display: none; }
    Screen.-small > #too-small { display: block; }
    #caption { display: none; }
    #caption.-shown { display: block; }
    CommandPalette > Vertical { max-width: 84; margin-top: 2; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette #--input, CommandPalette CommandList { background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            # With priority the app itself acts, key by key. Otherwise each key would travel through the focused
            # widget's queue, and what is typed fast after a `:` would still arrive at the panel, as acts.
            Binding(name, key.action(name), key.label, show=False, priority=True)
            for key in KEYS
            for name in key.keys
        ),
        Binding("ctrl+c", "act('hint_quit')", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]
    COMMANDS = {ActFinder}  # noqa: RUF012 - Textual's own way
    COMMAND_PALETTE_BINDING = "f12"
    """Bound by the registry; this only keeps Textual from binding a second key."""

    class NewFrame(Message):
        """The session has a new Frame."""

    def __init__(
        self,
        session: SessionPort,
        *,
        save: Callable[[], str] | None = None,
        look: Look | None = None,
        story: Story | None = None,
        progress: Progress | None = None,
        timelines: Timelines | None = None,
        host: HostPort | None = None,
        files: bool = True,
    ) -> None:
        """``save`` writes the session as a scenario and returns what to say. ``look`` None: by the environment.

        ``story``: the scenario that is played; ``progress``: what the person has learnt already (None: not kept);
        ``timelines``: begin with ``session``, and know the way back (None: there is none). ``host``: the session is
        one that many look at. ``files`` False: nobody in front of this screen has files on this machine.
        """
        self.look = replace(look or detect(), keyed=host is None or bool(host.name))
        self._ascii = AsciiFilter(self.look)
        super().__init__()
        self.session = session
        self.timelines = timelines
        self.host = host
        self.files = files
        self.save = save
        self.frame: Frame = session.frame()
        self.title = self.frame.header.title
        self.paused = self.frame.header.paused
        self.choice = Choice()
        self.among = Among(self, host) if host is not None else None
        """Others look at the session as well."""
        self.means = self._means()
        self.keys: tuple[Key, ...] = offered(self.means)
        """Those that are offered."""
        self.notices = Notices(self.means)
        self.acts = Acts(self)
        self.guide = Guide(self, story, progress or Progress())
        self.header = HeaderBar("header")
        self.stage = Stage(self.frame.panels, dict(self.frame.helps))
        self.caption = CaptionBar("caption", id="caption")
        self.notice = NoticeBar("notice")
        self.footer = FooterBar("footer")
        self.prompt = Prompt()
        self.offer()
        self.too_small = NoticeBar("too-small", id="too-small")
        self._frame_waits = False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.stage
        yield self.caption
        yield self.notice
        yield self.footer
        yield self.prompt
        yield self.too_small

    # --- frames ---------------------------------------------------------------------

    def on_mount(self) -> None:
        self.choose(self.choice.within(self.frame))
        self.show(self.frame)
        self.session.on_frame(self._wake)
        self.bring(self.stage.front)
        if self.timelines is not None:
            self.set_timer(PREPARE_S, self.timelines.prepare)
        if self.among is not None:
            self.among.begin()

    def on_unmount(self) -> None:
        self.session.on_frame(_nobody)
        if self.among is not None:
            self.among.end()

    def _wake(self, _frame: Frame) -> None:
        """In the world's thread: never blocks, never queues a second message."""
        if not self._frame_waits:
            self._frame_waits = True
            with contextlib.suppress(RuntimeError):  # the loop may be gone already
                self.post_message(self.NewFrame())

    def on_playground_app_new_frame(self) -> None:
        self._frame_waits = False
        self.show(self.session.frame())
        if self.timelines is not None and (self.among is None or self.session is self.timelines.shown):
            self.timelines.hear(self.frame, self)

    def show(self, frame: Frame) -> None:
        """Let everything visible show this Frame."""
        self.frame = frame
        self.paused = frame.header.paused
        self.notices.hear(frame)
        self.guide.hear(frame)
        chosen = self.choice.within(frame)
        if chosen is not self.choice:
            self.choose(chosen)
        self.show_top()
        self.acts.answered(frame)
        self.stage.show(frame)
        self.show_bars()
        self.looked()

    def show_top(self) -> None:
        """The two lines of the header."""
        self.header.show(Top.of(self.frame, self.among.here() if self.among is not None else None))

    def show_bars(self) -> None:
        """What depends on selection, focus and marks besides the Frame."""
        stage = self.stage
        caption = self.guide.caption()
        self.caption.set_class(caption is not None, "-shown")
        if caption is not None:
            self.caption.show(caption)
        self.notice.show(self.notices.now(self.frame, self.choice, stage.events.wanted))
        if self.among is not None and self.among.watching:
            self.footer.show(self.among.watchword())
        else:
            self.footer.show(offers(stage.front, self.frame, self.choice, stage.zoomed, self.keys))
        stage.show_tabs()

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return filters if self.look.unicode else [*filters, self._ascii]

    def where(self) -> str:
        return f" at {clock(self.frame.header.at_us)}; the cluster is not to blame"

    # --- for the timelines ----------------------------------------------------------

    def turn(self, session: SessionPort) -> None:
        """Show another session from now on: the present, its past, a branch."""
        self.session.on_frame(_nobody)
        self.session = session
        self.stage.lens = replace(self.stage.lens, end_us=-1)  # what was scrolled to may be yet to come
        self.notices.turn(session.frame())
        self.show(session.frame())
        self.tell_view()
        session.on_frame(self._wake)
        self._wake(self.frame)  # there may have been one meanwhile
        if self.among is not None:
            self.among.turned(session)

    def view(self) -> View:
        """What is looked at."""
        return self.stage.view(self.choice)

    def tell_view(self) -> None:
        """Tell the session what is looked at."""
        view = self.view()
        self.session.look(view)
        if self.among is not None:
            self.among.told = view

    def looked(self) -> None:
        """Something may be looked at otherwise, and nothing has to be painted for that: but others follow."""
        if self.among is not None:
            self.among.looked()

    # --- among others ---------------------------------------------------------------

    def offer(self) -> None:
        """Offer what whoever sits here has the means for."""
        self.means = self._means()
        self.keys = offered(self.means)
        self.prompt.words = self.words
        if self.among is not None:
            self.keys = self.among.labelled(self.keys)
            self.prompt.tails = self.among.tails()

    def _means(self) -> Means:
        means = OWN if self.files else OWN & ~Means.FILES
        return means if self.among is None else self.among.within(means)

    @property
    def words(self) -> Mapping[str, Word]:
        """The app's own words on the ``:`` line, as far as they are offered."""
        own = {word: each for word, each in WORDS.items() if each.needs in self.means}
        return own if self.among is None else {**own, **self.among.words()}

    @property
    def known_words(self) -> Mapping[str, Word]:
        """Those that are understood: also what is not offered can be typed, and says then why it can't be done."""
        return WORDS if self.among is None else WORDS | COMPANY

    def follow(self, view: View) -> None:
        """Look at what somebody else looks at, as far as there is room for it."""
        stage = self.stage
        stage.lens, stage.question = view.lens, view.question
        self.choose(Choice(view.selected, key=view.key, item=view.item).within(self.frame))
        stage.follow(view.front, view.zoomed)
        stage.read(view.filtered, view.places)
        stage.help.close()
        there = stage.zoomed and stage.front not in stage.plan.places
        if there and stage.front not in VIEWS:
            self.bring(stage.shown()[0])
        else:
            self.bring(view.front if view.front in stage.panels else stage.front)
        if self.prompt.is_open:
            self.prompt.take_focus()

    def on_tidings(self) -> None:
        if self.among is not None:
            self.among.hear()

    def on_staged(self, message: Staged) -> None:
        if self.among is not None:
            self.among.shown(message.session)

    # --- for the acts ---------------------------------------------------------------

    def do(self, act: str, key: str = "") -> None:
        self.acts.do(act, key)
        self.looked()

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.notices.say(text, tone)
        self.show_bars()

    def send(self, command: Any) -> None:
        self.notices.acted = True
        self.session.send(command)

    def choose(self, choice: Choice) -> None:
        """Another selection, in every panel at once; the next Frame brings what belongs to it."""
        self.choice = choice
        self.stage.choose(choice)
        self.tell_view()
        self.show_bars()

    def bring(self, panel: str) -> None:
        """Focus a panel, wherever it is."""
        self.stage.bring(panel)
        # At once, not by focus(), which would let the next key pass before it.
        for screen in self.screen_stack[:1]:  # there is none any more while the app closes
            screen.set_focus(self.stage.panels[panel], scroll_visible=False)
        self.looked()
        self.show_bars()

    def open_command(self, text: str) -> None:
        self.prompt.open(":", text, [thing.name for thing in self.frame.nodes])

    def close_prompt(self, panel: str = "") -> None:
        self.prompt.close()
        self.bring(panel or self.stage.front)

    # --- events -----------------------------------------------------------------------

    def action_command_palette(self) -> None:
        if not Finder.is_open(self):
            self.push_screen(Finder(id="--command-palette"))

    def action_act(self, act: str, key: str = "") -> None:
        self.do(act, key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are no acts while somebody types."""
        return action != "act" or not (self.prompt.is_open or len(self.screen_stack) > 1)

    def on_stage_settled(self) -> None:
        self.tell_view()
        self.stage.show(self.frame)
        if not self.prompt.is_open and not self.stage.help.is_open:
            self.bring(self.stage.front)
        self.show_bars()

    def on_panel_selected(self, message: Panel.Selected) -> None:
        self.acts.clicked(message.panel, message.name, message.item)

    def on_panel_scrolled(self) -> None:
        self.looked()

    def on_space_time_panel_picked(self, message: SpaceTimePanel.Picked) -> None:
        if self.stage.front == "spacetime":  # else it was left before the click came here
            self.acts.trace_pick(message.id)

    def on_space_time_panel_wheeled(self, message: SpaceTimePanel.Wheeled) -> None:
        self.do("wheel", "right" if message.steps > 0 else "left")

    def on_why_panel_chosen(self, message: WhyPanel.Chosen) -> None:
        self.acts.why_chosen(message.step)

    def on_bar_pressed(self, message: Bar.Pressed) -> None:
        self.do(message.act, message.key)

    def _focus_again(self) -> None:
        if self.prompt.is_open:
            self.prompt.take_focus()
        else:
            self.bring(self.stage.front)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if self.prompt.is_open and self.prompt not in event.widget.ancestors:
            self.prompt.take_focus()  # a click beside it: while it is open, nobody else has any use for keys
            return
        name = event.widget.name or ""
        if name in self.stage.panels and name != self.stage.front:
            self.stage.bring(name)
            self.looked()
            self.show_bars()

    def on_prompt_entered(self, message: Prompt.Entered) -> None:
        self.acts.entered(message.mode, message.text)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        self.stage.events.search(message.text)
        self.show_bars()
        self.looked()

    def on_prompt_left(self, message: Prompt.Left) -> None:
        self.acts.left(message.mode)

    def on_resize(self, event: events.Resize) -> None:
        if not self.screen_stack:  # the app closes
            return
        width, height = event.size
        small = width < LEAST[0] or height < LEAST[1]
        was_small = self.screen_stack[0].has_class("-small")
        self.screen_stack[0].set_class(small, "-small")
        if was_small and not small:
            self.call_after_refresh(self._focus_again)  # what is hidden loses its focus
        text = f"{LEAST[0]}x{LEAST[1]} is the least, this is {width}x{height}"
        self.too_small.show(Notice(text, Tone.WARN))


def _nobody(_frame: Frame) -> None:
    pass
