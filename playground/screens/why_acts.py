"""The key that asks why, and what the keys of time and traces do in its view.

What is asked about is what one looks at: the chosen line of the log, the picked message, the step under the cursor;
anywhere else the selected client's newest request that went wrong, the alert of the moment, or what befell the selected
machine last.
"""

from __future__ import annotations

from playground.frame import Frame, Lens, Question
from playground.kernel.errors import UserError
from playground.screens.trace_acts import TraceActs
from widgets.shapes import LogLine, SpaceTime, Step, Tone
from widgets.why import WhyPanel

MOMENT_US = 15_000_000
"""So long an alert is the one of the moment."""
SPAN_US = 2_000_000
"""What the space-time view shows round a step that is no message."""


class WhyActs(TraceActs):
    """Mixed into the acts of an app."""

    def why(self, _key: str) -> None:
        """Explain what is looked at."""
        app = self.app
        app.stage.question = self._question()
        app.bring("why")
        app.tell_view()  # the session is to hear of the question, whether or not a panel has moved

    def follow(self, key: str) -> None:
        if self._why_in_front is None:
            super().follow(key)
        else:
            self.spacetime(key)

    def cause(self, key: str) -> None:
        if self._why_in_front is None:
            super().cause(key)
        elif not self._why_in_front.along(-1):
            raise UserError("this is where it began, as far as it is known")

    def effect(self, key: str) -> None:
        if self._why_in_front is None:
            super().effect(key)
        elif not self._why_in_front.along(1):
            raise UserError("this is what was asked about")

    def spacetime(self, key: str) -> None:
        """From a step to the space-time view, where it is picked and its story is followed."""
        panel = self._why_in_front
        step = panel.chosen if panel is not None else None
        if step is None:
            super().spacetime(key)
            return
        self.app.stage.lens = lens_of(step)
        self.app.bring("spacetime")

    def why_chosen(self, step: Step) -> None:
        """Another step is under the cursor: where there is a diagram under the sentences, it shows that one."""
        stage = self.app.stage
        if stage.zoomed == "why" and "spacetime" in stage.plan.places:
            stage.lens = lens_of(step)
            self.app.tell_view()

    @property
    def _why_in_front(self) -> WhyPanel | None:
        panel = self.app.stage.panels["why"]
        return panel if isinstance(panel, WhyPanel) and self.app.stage.front == "why" else None

    def _question(self) -> Question:
        app = self.app
        front, frame = app.stage.front, app.frame
        if front == "log":
            chosen = app.stage.events.chosen
            if chosen is None:
                raise UserError("nothing has happened yet")
            return Question(entry=chosen.index)
        if front == "spacetime":
            return self._of_picked()
        if self._why_in_front is not None and self._why_in_front.chosen is not None:
            step = self._why_in_front.chosen
            if step.entry >= 0 or step.id:
                return Question(entry=step.entry) if step.entry >= 0 else Question(happening=step.id)
            raise UserError("of this step no trace is kept")
        selected = app.choice.selected
        if any(thing.name == selected and thing.client for thing in frame.nodes):
            return Question(client=selected, asked_us=frame.header.at_us)
        line = alert_of(frame) or befallen(frame, selected)
        if line is None:
            raise UserError("why what? choose a line in the events, a message in space-time, or a client")
        return Question(entry=line.index)

    def _of_picked(self) -> Question:
        picked = self.app.stage.lens.picked
        if not picked:
            raise UserError("no message is picked: up and down pick one")
        shape = self.app.stage.panels["spacetime"].shape
        moments = shape.moments if isinstance(shape, SpaceTime) else ()
        entry = next((each.entry for each in moments if each.id == picked and each.entry >= 0), -1)
        hop = isinstance(shape, SpaceTime) and any(each.id == picked for each in shape.hops)
        return Question(entry=entry) if entry >= 0 and not hop else Question(happening=picked)


def lens_of(step: Step) -> Lens:
    """What the space-time view shows of a step: of a message its story, else what its machine does at that time."""
    if step.id and step.entry < 0:
        return Lens(span_us=0, picked=step.id, following=step.id)
    machine = step.subject if step.hue is not None else ""
    return Lens(end_us=step.at_us + SPAN_US // 2, span_us=SPAN_US, picked=step.id, wanted=machine)


def alert_of(frame: Frame) -> LogLine | None:
    """The alert of the moment, if there is one."""
    for line in reversed(frame.log.lines):
        if frame.header.at_us - line.at_us > MOMENT_US:
            return None
        if line.kind == "alert":
            return line
    return None


def befallen(frame: Frame, name: str) -> LogLine | None:
    """The newest line of something bad about a machine."""
    bad = (line for line in reversed(frame.log.lines) if line.subject == name and line.tone in (Tone.BAD, Tone.WARN))
    return next(bad, None)
