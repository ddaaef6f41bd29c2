"""A running playground: a cluster in a thread of its own, paced by the wall clock.

A screen talks to a Session and to nothing below it: ``frame()`` is the newest immutable
Frame, ``send(command)`` queues an act, ``on_frame`` is told of each new Frame (from the
world's thread). Others may look at it as well, each from a :class:`Viewpoint`. Pacing
(speed, pause, single steps) decides only *when* the next events are computed, never which: a
paused, stepped, racing session has the same digest as a replay of its record.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from playground.cluster import Cluster
from playground.frame import Frame, Header, View
from playground.kernel import world as kernel
from playground.kernel.errors import UserError, WorldStopped
from playground.kernel.tracing import Tracer
from playground.pacing import FRAME_S, SLICE_US, TICK_S, UNBOUNDED, WORK_S, Anchor, Bounds, climbed, fitted
from playground.pictures import Painter
from playground.record import Record, Script
from playground.spec import ClusterSpec
from playground.viewpoints import Viewpoint
from widgets.shapes import Tone


@dataclass(frozen=True, slots=True)
class Shown:
    """A cluster, and who paints it with all that has happened lately. Made in the world's thread."""

    cluster: Cluster
    painter: Painter

    @classmethod
    def of(cls, spec: ClusterSpec, seed: int, script: Script, begun: Callable[[kernel.World], None] | None) -> Shown:
        """Nothing has happened in it yet, and all of the script is planned."""
        cluster = Cluster(spec, seed)
        if begun is not None:
            begun(cluster.world)
        cluster.plan(script.timeline)
        tracer = Tracer(cluster.world)
        cluster.on_command = tracer.command
        cluster.on_refused = tracer.refused
        return cls(cluster, Painter(cluster, script.title, script.captions, tracer))


class Session:
    """Start it with ``with Session(spec, seed) as session``; the thread ends with the block."""

    def __init__(
        self,
        spec: ClusterSpec,
        seed: int,
        *,
        timeline: Iterable[tuple[int, Any]] = (),
        captions: Iterable[tuple[int, str]] = (),
        until_us: int | None = None,
        speed: float = 1.0,
        title: str = "",
        begun: Callable[[kernel.World], None] | None = None,
        stops: Iterable[int] = (),
        bounds: Bounds = UNBOUNDED,
    ) -> None:
        """``begun`` is given the world, in its thread, before anything has happened in it.

        ``stops``: virtual instants, in microseconds, at which the session pauses by itself until somebody goes on:
        there is something to read. After the first act there are none, the world is in somebody's hands then.
        """
        self.spec = spec
        self.seed = seed
        self.title = title or spec.title
        self.script = Script(self.title, tuple(timeline), tuple(captions), until_us, tuple(sorted(set(stops))))
        self._until_us = until_us
        self._stops = deque(self.script.stops)
        self._begun = begun
        self._bounds = bounds
        self._speed = bounds.bounded(speed)
        self._actual_speed = 0.0
        self._halted = ""
        self._halted_us: int | None = None
        """No time passes any more, since then, and why."""
        self._rested_s = 0.0
        """Not before this instant of the wall clock is anything computed again."""
        self._paused = False
        self._step_us: int | None = None
        self._own = Viewpoint(self)
        self._viewpoints: tuple[Viewpoint, ...] = (self._own,)
        """Replaced, never changed: the world's thread goes through it."""
        self._inbox: list[Callable[[Cluster], Any]] = []
        self._asking: set[Viewpoint] = set()
        """Those that want a Frame, whether or not anything has happened."""
        self._changed = threading.Condition()
        self._closing = False
        self._record: Record | None = None
        self._slice_us = SLICE_US
        """Computed at a stretch, before anybody looks at the clock."""
        self._stopped = ""
        self._failed: BaseException | None = None
        self._touched = False
        self._thread = threading.Thread(target=self._run, name="world", daemon=True)
        self._first = threading.Event()
        self._over = threading.Event()

    # --- for the screen (any thread) -------------------------------------------

    def __enter__(self) -> Session:
        # The screen must not wait for a whole interpreter slice of the world (default 5 ms).
        sys.setswitchinterval(0.0005)
        self._thread.start()
        self._first.wait()
        if not self.has_frame:
            assert self._failed is not None
            if isinstance(self._failed, UserError | WorldStopped):
                raise self._failed
            raise WorldStopped(self.seed, 0, self._failed) from self._failed
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def frame(self) -> Frame:
        """The newest picture."""
        return self._own.frame()

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        """Call ``listener(frame)`` for each new Frame, from the world's thread; it must not block."""
        self._own.on_frame(listener)

    def send(self, command: Any) -> None:
        """Do ``command`` as soon as the event under way is over; the next Frame says what came of it."""
        self._own.send(command)

    def look(self, view: View) -> None:
        """Which panels are seen, and what is selected: Frames hold no more than that."""
        self._own.look(view)

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self, paused: bool = True) -> None:
        self._post(partial(self._pace, paused=paused))

    def set_speed(self, speed: float) -> None:
        """Virtual seconds per second; 0: as fast as it goes."""
        self._post(partial(self._pace, speed=speed))

    def faster(self, steps: int = 1) -> None:
        """Up (or, negative, down) the ladder of :data:`playground.pacing.SPEEDS`."""
        self._post(partial(self._climb, steps))

    def step(self, span_us: int = 0) -> None:
        """Pause, and go on by ``span_us``; 0: to the next event."""
        self._post(partial(self._pace, paused=True, step_us=span_us))

    @property
    def has_frame(self) -> bool:
        """Whether there has been anything to see: if not, nothing has happened either."""
        return self._own.newest is not None

    @property
    def alive(self) -> bool:
        """Whether the world goes on: whoever waits for a Frame must not wait for a dead one."""
        return self._first.is_set() and not self._over.is_set()

    def record(self) -> Record:
        """What has been done so far, as of now. Waits for the world to be between two events."""
        if self._record is not None:
            return self._record
        done = threading.Event()
        box: list[Record] = []

        async def read(cluster: Cluster) -> None:
            box.append(await self._recorded(cluster))
            done.set()

        self._post(read)
        while not done.wait(0.05):
            if self._record is not None:  # it has ended, or stopped because of an error
                return self._record
            assert not self._over.is_set(), "the session ended before it began"
        return box[0]

    # --- for others who look at it (any thread) -----------------------------------

    def viewpoint(self, by: str = "", view: View | None = None) -> Viewpoint:
        """One more viewpoint, for ``by``, who is patient; its first Frame comes soon."""
        viewpoint = Viewpoint(self, by, patient=True)
        viewpoint.wanted = view or View()
        with self._changed:
            self._viewpoints = (*self._viewpoints, viewpoint)
        if self._stopped and self._own.newest is not None:
            viewpoint.show(self._own.newest)  # there will be no other
        self.refresh(viewpoint)
        return viewpoint

    def known_as(self, by: str) -> Viewpoint:
        """The session's own viewpoint: who acts from there bears that name from now on, as others look at it, too."""
        self._own.by = by
        return self._own

    def leave(self, viewpoint: Viewpoint) -> None:
        """Nobody looks from there any more."""
        with self._changed:
            self._viewpoints = tuple(each for each in self._viewpoints if each is not viewpoint)
            self._asking.discard(viewpoint)

    def act(self, command: Any, viewpoint: Viewpoint) -> None:
        """Do ``command``, on behalf of whoever looks from there."""
        self._post(partial(self._apply, command, viewpoint))

    def refresh(self, viewpoint: Viewpoint) -> None:
        """Paint anew, soon, for whoever looks from there, and for nobody else."""
        with self._changed:
            if viewpoint in self._viewpoints:
                self._asking.add(viewpoint)
                self._changed.notify()

    def halt(self, why: str) -> None:
        """Let no time pass any more, and say why, then and to whoever wants it to go on."""
        self._post(partial(self._halt, why))

    def close(self) -> Record:
        """Stop the world and say what led here."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._over.wait()
        assert self._record is not None
        return self._record

    # --- in the world's thread ---------------------------------------------------

    def _post(self, act: Callable[[Cluster], Any]) -> None:
        with self._changed:
            self._inbox.append(act)
            self._changed.notify()

    def _run(self) -> None:
        try:
            kernel.run(self._live)
        except BaseException as error:  # the screen must hear of it, whatever it is
            self._failed = error
            self._stopped = "".join(traceback.format_exception_only(error)).strip()
        finally:
            self._over.set()
            self._first.set()

    async def _live(self) -> None:
        await self._inhabit(Shown.of(self.spec, self.seed, self.script, self._begun))

    async def _inhabit(self, shown: Shown) -> None:
        """Pace this cluster, until the session is closed."""
        cluster, painter = shown.cluster, shown.painter
        try:
            self._publish(painter, self._viewpoints)
            self._first.set()
            await self._pace_world(cluster, painter)
        except Exception as error:  # whatever it is, the screen must not just stand still
            self._stopped = str(error) if isinstance(error, WorldStopped) else f"{type(error).__name__}: {error}"
            self._tell(self._stopped, Tone.BAD)
            self._record = await self._recorded(cluster)
            self._publish_last(painter)
            self._wait_for_the_end()
        finally:
            self._record = await self._recorded(cluster)

    async def _pace_world(self, cluster: Cluster, painter: Painter) -> None:
        anchor = Anchor(cluster.now_us)
        next_frame = 0.0
        idle = False
        while not self._closing:
            speed = self._speed
            acted = await self._drain(cluster)
            if idle or self._speed != speed:  # not for any other act: whoever acts or looks slows nothing down
                anchor = Anchor(cluster.now_us)
            if idle:
                painter.resume()
            ran = await self._go_on(cluster, anchor)
            idle = self._idle(cluster)
            now = time.monotonic()
            if acted or (ran and (now >= next_frame or idle)):
                self._actual_speed = painter.pace(cluster.now_us, now)
                self._publish(painter, self._viewpoints)
                next_frame = max(next_frame + FRAME_S, now)
            elif asking := self._asking_by(now):
                self._publish(painter, asking)
            with self._changed:
                if self._inbox or self._closing or self._asking_by(now):
                    continue
                if idle and not self._asking:
                    self._changed.wait()
                elif self._speed and not anchor.slipped:
                    self._changed.wait(TICK_S)
                else:
                    self._changed.wait(0.001)  # let the screen have the interpreter

    async def _drain(self, cluster: Cluster) -> bool:
        with self._changed:
            acts, self._inbox = self._inbox, []
        for act in acts:
            outcome = act(cluster)
            if outcome is not None:
                await outcome
        return bool(acts)

    async def _go_on(self, cluster: Cluster, anchor: Anchor) -> bool:
        """Compute what is due. Returns whether time has passed."""
        if self._step_us is not None:
            span_us, self._step_us = self._step_us, None
            if span_us:
                await cluster.advance(self._limit(cluster.now_us + span_us))
            elif not self._idle_at(cluster):
                await cluster.step(self._bound_us)
            self._rest(cluster)
            return True
        if self._idle(cluster):
            return False
        began = time.monotonic()
        if began < self._rested_s:
            return False
        anchor.slipped = False
        due_us = self._limit(anchor.due_us(self._speed) if self._speed else sys.maxsize)
        while cluster.now_us < due_us:
            before = time.monotonic()
            await cluster.advance(min(due_us, cluster.now_us + self._slice_us))
            now = time.monotonic()
            self._slice_us = fitted(self._slice_us, now - before)
            if now - began > WORK_S:
                if self._speed and cluster.now_us < due_us:
                    anchor.slip(cluster.now_us)  # too slow a machine for this speed: don't chase it
                break
        self._rested_s = time.monotonic() + self._bounds.rest_s(time.monotonic() - began)
        self._rest(cluster)
        return True

    def _rest(self, cluster: Cluster) -> None:
        """Pause if there is something to read at this instant."""
        while self._stops and self._stops[0] <= cluster.now_us:
            self._stops.popleft()
            self._paused = True

    def _idle(self, cluster: Cluster) -> bool:
        return self._paused or self._idle_at(cluster)

    @property
    def _bound_us(self) -> int | None:
        """The instant at which the world stands still by itself."""
        bounds = [at_us for at_us in (self._until_us, self._halted_us) if at_us is not None]
        return min(bounds, default=None)

    def _idle_at(self, cluster: Cluster) -> bool:
        bound_us = self._bound_us
        return bound_us is not None and cluster.now_us >= bound_us

    def _ended(self, cluster: Cluster) -> bool:
        return self._until_us is not None and cluster.now_us >= self._until_us

    def _limit(self, until_us: int) -> int:
        """The instant to go on to, at the latest: no stop is passed by, nor the end."""
        bound_us = self._bound_us
        if bound_us is not None:
            until_us = min(until_us, bound_us)
        return min(until_us, self._stops[0]) if self._stops else until_us

    def _wait_for_the_end(self) -> None:
        with self._changed:
            while not self._closing:
                self._changed.wait()

    async def _apply(self, command: Any, viewpoint: Viewpoint, cluster: Cluster) -> None:
        by = viewpoint.by
        try:
            refusal = viewpoint.bears(cluster, command)
            if refusal:
                raise UserError(refusal)
            text = await cluster.apply(command.model_copy(update={"by": by}) if by else command)
        except UserError as error:
            viewpoint.tell(str(error), Tone.WARN)
        else:
            self._tell(f"{by}: {text}" if by else text, Tone.PLAIN)
            self._touched = True
            self._acted(cluster)
            self._stops.clear()
            if self._ended(cluster):
                self._until_us = None  # whoever acts wants to see what comes of it

    def _acted(self, cluster: Cluster) -> None:
        """Somebody's act has taken effect."""

    def _climb(self, steps: int, _cluster: Cluster) -> None:
        self._hurry(climbed(self._speed, steps))

    def _pace(
        self, cluster: Cluster, paused: bool | None = None, speed: float | None = None, step_us: int | None = None
    ) -> None:
        if self._halted and (paused is False or step_us is not None):
            self._tell(self._halted, Tone.WARN)
            return
        if self._ended(cluster) and (paused is False or step_us is not None):
            # The scenario is over, and somebody wants to see what comes after it.
            self._until_us = None
            self._paused = step_us is not None
        elif paused is not None:
            self._paused = paused
        if speed is not None:
            self._hurry(speed)
        if step_us is not None:
            self._step_us = step_us

    def _halt(self, why: str, cluster: Cluster) -> None:
        if not self._halted:
            self._halted, self._halted_us = why, cluster.now_us
            self._paused = True
            self._tell(why, Tone.WARN)

    def _hurry(self, speed: float) -> None:
        self._speed = self._bounds.bounded(speed)
        if self._speed != speed:
            self._tell(f"{self._speed:g}x is as fast as it goes here", Tone.WARN)

    def _tell(self, text: str, tone: Tone) -> None:
        for viewpoint in self._viewpoints:
            viewpoint.tell(text, tone)

    async def _recorded(self, cluster: Cluster) -> Record:
        if not self._stopped:
            await cluster.advance(cluster.now_us)  # what the last command has caused at this very instant
        return Record(
            self.spec,
            self.seed,
            tuple(cluster.recorded),
            cluster.now_us,
            cluster.world.digest(),
            self._touched,
            self.script,
        )

    def _asking_by(self, now: float) -> list[Viewpoint]:
        """Those that have asked for a Frame, and have not just been shown one."""
        with self._changed:
            return [each for each in self._viewpoints if each in self._asking and each.rested(now)]

    def _publish(self, painter: Painter, viewpoints: Iterable[Viewpoint]) -> None:
        again = False
        for viewpoint in viewpoints:
            with self._changed:
                if viewpoint.wearies(time.monotonic()):
                    if viewpoint in self._viewpoints:
                        self._asking.add(viewpoint)
                    continue
                self._asking.discard(viewpoint)
            if not viewpoint.due():
                continue
            began_s = time.thread_time()
            try:
                frame = self._painted(painter, viewpoint, again)
            except Exception as error:  # what a guest asks to be shown must not stop the world
                if viewpoint is self._own:
                    raise
                self.leave(viewpoint)
                viewpoint.lose(f"{type(error).__name__}: {error}")
                continue
            again = True
            viewpoint.show(frame, time.thread_time() - began_s)

    def _painted(self, painter: Painter, viewpoint: Viewpoint, again: bool) -> Frame:
        frame = painter.paint(
            viewpoint.wanted,
            speed=self._speed,
            actual_speed=self._actual_speed,
            paused=self._paused,
            ended=painter.at_us >= self._until_us if self._until_us is not None else False,
            notice=viewpoint.notice,
            stopped=self._stopped,
            again=again,
        )
        return replace(frame, header=self._headed(frame.header))

    def _publish_last(self, painter: Painter) -> None:
        """Say that the world has stopped; it may be the painter that can't go on."""
        try:
            self._publish(painter, self._viewpoints)
        except Exception:
            if not self.has_frame:
                raise
        for viewpoint in self._viewpoints:
            newest = viewpoint.newest
            if newest is not None and newest.stopped != self._stopped:
                number, text, tone = viewpoint.notice
                viewpoint.show(
                    replace(newest, stopped=self._stopped, notice=text, notice_tone=tone, notice_number=number)
                )

    def _headed(self, header: Header) -> Header:
        """The header, with what only the session knows."""
        return header
