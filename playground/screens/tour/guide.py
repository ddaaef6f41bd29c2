"""Runs beside the app: the tour's steps, a lesson's captions, a scenario's end. It looks at Frames and never acts.

The caption bar says what the tour says, or else the scenario. Keys do what they always do, but two: while a tour is
under way and the world runs, space skips a step; escape leaves the tour when nothing else is left to leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from playground.frame import Frame
from playground.kernel.errors import UserError
from playground.screens.bars import Notice
from playground.screens.means import Means
from playground.screens.tour.first import OF_THE_PAST, STEPS, Seen, masters
from playground.screens.tour.progress import Progress, Stage
from playground.screens.tour.story import Recording, Story
from widgets.shapes import State, Tone

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp


class Guide:
    """The guide of one app."""

    def __init__(self, app: PlaygroundApp, story: Story | None, progress: Progress) -> None:
        self._app = app
        self._story = story
        self._progress = progress
        self._seen: Seen | None = None
        self._steps = STEPS
        """Those for whoever is shown around."""
        self._at = 0
        self._outcome = ""
        self._over = False
        app.notices.first_time = progress.first_time and story is None
        if story is not None and story.lesson is not None:
            progress.begin(story.name)

    @property
    def on_tour(self) -> bool:
        """The tour of two minutes is under way."""
        return self._seen is not None

    # --- for the keys -----------------------------------------------------------------

    def start(self) -> None:
        """The key of tours: the tour of two minutes, or at the end of a lesson the next one."""
        story = self._story
        if story is None:
            self._begin_tour()
        elif story.lesson is None:
            way = ": q quits, then playground and T" if self._app.files else ", and this is a scenario"
            raise UserError(f"the tour needs a live cluster{way}")
        elif not self._over:
            raise UserError("this is a lesson; at its end T goes on to the next one")
        elif story.following is None:
            raise UserError("this was the last lesson; playground tour lists them all")
        elif story.follow is not None:
            story.follow(story.following)
            self._app.exit()

    def skip(self) -> bool:
        """Space: on to the next step, if a tour is under way and the world too. False: it means what it always does."""
        if self._seen is None or self._seen.frame.header.paused or self._app.stage.help.is_open:
            return False
        self._go_on("")
        self.hear(self._app.frame)  # what has no sense without it is skipped as well
        return True

    def leave(self) -> bool:
        """Escape, and nothing else to leave: the tour ends. False: there was none."""
        if self._seen is None:
            return False
        done = self._at == len(self._steps) - 1
        self._seen = None
        self._app.notices.guided = False
        self._app.say("the end of the tour" if done else "the tour is left; T begins it again")
        return True

    def noting(self, save: Callable[[], str]) -> Callable[[], str]:
        """``save``, and remember that it was done. Runs in another thread than the app."""

        def saved() -> str:
            text = save()
            self._app.call_from_thread(self._note_saved)
            return text

        return saved

    def _note_saved(self) -> None:
        if self._seen is not None:
            self._seen.saved = True
            self.hear(self._app.frame)

    # --- for each Frame ---------------------------------------------------------------

    def hear(self, frame: Frame) -> None:
        """Take up what is new."""
        self._progress.greet()
        if self._story is not None:
            self._hear_the_end(frame)
        seen = self._seen
        if seen is None or self._waits(frame):
            return
        seen.take(frame)
        if not seen.target:
            self._aim(seen)
        while (outcome := self._steps[self._at].done(seen)) is not None:
            self._go_on(outcome)

    def caption(self) -> Notice | None:
        """What to show in the caption bar; None: nothing."""
        frame, seen, story = self._app.frame, self._seen, self._story
        if seen is not None:
            text = f"{self._outcome} {self._steps[self._at].text(seen)}".strip()
            if self._waits(frame):
                text = "This is the past, and the tour waits in the present: > goes there."
            last = self._at == len(self._steps) - 1
            on = "space ends it" if last else "space goes on" if frame.header.paused else "space skips"
            return Notice(text, Tone.ACCENT, f"{self._at + 1}/{len(self._steps)} · {on}" + " · esc leaves" * (not last))
        if not frame.caption:
            return None
        number, count = frame.captions
        if story is not None and story.lesson is not None and self._over and frame.header.ended:
            return Notice(_farewell(story), Tone.ACCENT, f"{count}/{count} · the end")
        waits = frame.header.paused and frame.header.present_us < 0 and Means.KEYS in self._app.means
        goes_on = " · space goes on" if waits else ""
        return Notice(frame.caption, Tone.ACCENT, f"{number}/{count}{goes_on}" if count else "")

    # --- the tour ---------------------------------------------------------------------

    def _begin_tour(self) -> None:
        if self._seen is not None:
            raise UserError("the tour is under way: space skips a step, esc leaves it")
        if self._app.frame.header.present_us >= 0:
            raise UserError("this is the past: > returns to the present, then T begins the tour")
        self._progress.tour_is(Stage.BEGUN)
        self._app.notices.guided = True
        means = self._app.means
        self._seen = Seen(self._app.frame, means=means)
        self._steps = tuple(step for step in STEPS if step.needs in means)
        self._at = 0
        self._outcome = ""
        if self._app.frame.header.paused:
            self._app.session.pause(False)
        self._arrive()
        self.hear(self._app.frame)

    def _waits(self, frame: Frame) -> bool:
        """Somebody looks at the past, which is not what the step is about: what is seen there was seen before."""
        return frame.header.present_us >= 0 and self._steps[self._at].name not in OF_THE_PAST

    def _aim(self, seen: Seen) -> None:
        """Choose the machine that the tour is about: a master, if the panel of shards shows one."""
        frame, app = seen.frame, self._app
        if frame.replicas is None and "replicas" in frame.panels and "replicas" in app.stage.plan.places:
            return  # the Frame that shows it is still to come
        found = masters(frame)
        up = [thing.name for thing in frame.nodes if thing.state is State.UP and not thing.client]
        names = list(found) or up
        chosen = app.choice.selected
        seen.target = chosen if chosen in names else names[0] if names else chosen
        seen.shard = found.get(seen.target, "")
        seen.begin()
        if seen.target != chosen:
            app.choose(replace(app.choice, selected=seen.target))

    def _go_on(self, outcome: str) -> None:
        assert self._seen is not None
        self._outcome = outcome
        self._at += 1
        if self._at == len(self._steps):
            self._at -= 1
            self.leave()
            return
        if self._at == len(self._steps) - 1:
            self._progress.tour_is(Stage.DONE)
        self._seen.begin()
        self._arrive()

    def _arrive(self) -> None:
        """Show the panel in which there is something to see, unless somebody is busy with something else."""
        app, panel = self._app, self._steps[self._at].panel
        busy = app.prompt.is_open or app.stage.help.is_open or app.stage.zoomed or len(app.screen_stack) > 1
        if panel in app.stage.names and panel not in app.stage.plan.places and not busy:
            app.bring(panel)

    # --- a scenario's end -------------------------------------------------------------

    def _hear_the_end(self, frame: Frame) -> None:
        if not frame.header.ended or self._over or frame.header.present_us >= 0:
            return
        self._over = True
        story = self._story
        assert story is not None
        if story.lesson is not None:
            self._progress.finish(story.name)
        session = self._app.session
        if isinstance(session, Recording):
            self._app.run_worker(self._judge(story, session), group="judge", exit_on_error=False)

    async def _judge(self, story: Story, session: Recording) -> None:
        record = await asyncio.to_thread(session.record)
        if record.end_us != story.scenario.until_us:
            return  # somebody has gone on already
        yours = " (with your acts)" if record.touched else ""
        try:
            judged = await story.judged(record)
        except (RuntimeError, OSError) as error:
            self._app.notices.judged(str(error), Tone.WARN)
        else:
            self._app.notices.judged(judged.words + yours, Tone.GOOD if judged.passed else Tone.BAD)
        self._app.show_bars()


def _farewell(story: Story) -> str:
    assert story.lesson is not None
    learnt = f"Learnt: {story.lesson.learns[:1].lower()}{story.lesson.learns[1:]}."
    if story.following is None:
        return f"{learnt} That was the last lesson."
    return f"{learnt} T goes on to the next lesson, {story.following.name}; q quits."
