"""A session without a cluster: answers like one, with made-up pictures that follow the acts.

By default nothing moves by itself: a test calls ``tick()``. As a context manager it runs a thread
that makes ten Frames a second, as the real one does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from playground import commands
from playground.frame import PANELS, Frame, Header, Thing, View
from widgets import gallery_data as data
from widgets.shapes import Cell, Column, Detail, Fact, Log, LogLine, Row, State, Table, Tone


class FakeSession:
    """What it was asked stands in ``sent``, ``views`` and ``asked``."""

    def __init__(self, nodes: int = 8, *, speed: float = 1.0, title: str = "quorum store on a ring") -> None:
        self.states = {f"n{number + 1}": State.UP for number in range(nodes)}
        self.title = title
        self.sent: list[Any] = []
        self.asked: list[Any] = []
        self.views: list[View] = []
        self.view = View()
        self.at_us = 12_345_000
        self.speed = speed
        self.rate = 50.0
        self.faults: list[str] = []
        self.lines: list[LogLine] = []
        self.notice = (0, "", Tone.PLAIN)
        self.caption = ""
        self.stopped = ""
        self.ended = False
        self._paused = False
        self._number = 0
        self._listener: Callable[[Frame], None] = lambda frame: None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for number in range(30):
            self.write("say", f"n{number % nodes + 1}", f"line {number} of the made-up log")
        self._frame = self._make()

    # --- as the app sees it ---------------------------------------------------------

    def __enter__(self) -> FakeSession:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def frame(self) -> Frame:
        return self._frame

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        self._listener = listener

    def send(self, command: Any) -> None:
        self.sent.append(command)
        self._apply(command)
        self.tick(0)

    def look(self, view: View) -> None:
        if view != self.view:
            self.view = view
            self.views.append(view)
            self.tick(0)

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self, paused: bool = True) -> None:
        self.asked.append(("pause", paused))
        self._paused = paused
        self.ended = False
        self.tick(0)

    def set_speed(self, speed: float) -> None:
        self.asked.append(("speed", speed))
        self.speed = speed
        self.tick(0)

    def faster(self, steps: int = 1) -> None:
        self.asked.append(("faster", steps))
        self.speed *= 2.0**steps
        self.tick(0)

    def step(self, span_us: int = 0) -> None:
        self.asked.append(("step", span_us))
        self._paused = True
        self.tick(span_us or 1_234)

    # --- for tests --------------------------------------------------------------------

    def tick(self, span_us: int = 100_000) -> None:
        """Let time pass and publish a Frame."""
        self.at_us += span_us
        self._frame = self._make()
        self._listener(self._frame)

    def tell(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.notice = (self.notice[0] + 1, text, tone)

    def write(self, kind: str, subject: str, text: str, tone: Tone = Tone.PLAIN) -> None:
        hue = list(self.states).index(subject) if subject in self.states else None
        self.lines.append(LogLine(len(self.lines), self.at_us, kind, subject, text, tone, hue))

    # --- inside ------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.wait(0.1):
            if not self._paused:
                self.tick()

    def _apply(self, command: Any) -> None:
        match command:
            case commands.Crash():
                self.states |= dict.fromkeys(command.nodes, State.DOWN)
            case commands.Start() | commands.Thaw():
                self.states |= dict.fromkeys(command.nodes, State.UP)
            case commands.Freeze():
                self.states |= dict.fromkeys(command.nodes, State.FROZEN)
            case commands.Heal():
                self.faults = []
            case commands.Load():
                self.rate = command.rate if command.rate is not None else self.rate
            case commands.Partition() | commands.OneWay() | commands.Link():
                self.faults.append(command.line())
        self.tell(f"done: {command.line()}")
        for name in command.named_nodes():
            self.write(command.do, name, f"{name} {command.do}, by you", Tone.BAD)

    def _side(self, name: str) -> int:
        cut = [fault.split(" | ")[0].split()[1:] for fault in self.faults if fault.startswith("partition")]
        return 1 if any(name in group for group in cut) else 0

    def _make(self) -> Frame:
        self._number += 1
        step = self.at_us // 100_000
        count = len(self.states)
        names = list(self.states)
        ring = data.ring(count, step)
        ring = replace(
            ring,
            nodes=tuple(
                replace(n, name=name, state=self.states[name], side=self._side(name))
                for n, name in zip(ring.nodes, names, strict=True)
            ),
            chords=tuple(c for c in ring.chords if c.source in self.states and c.target in self.states),
            key=None,
        )
        matrix = data.matrix(count, step)
        nodes = tuple(
            replace(n, name=name, state=self.states[name], side=self._side(name))
            for n, name in zip(matrix.nodes, names, strict=True)
        )
        rows = tuple(
            () if self.states[name] is State.DOWN else data.matrix(12, step).cells[0][:count] for name in names
        )
        panels: dict[str, Any] = {
            "ring": ring,
            "gossip": replace(matrix, nodes=nodes, cells=rows),
            "replicas": self._table(step),
            "load": data.series(6, step // 10),
            "detail": self._detail(),
        }
        return Frame(
            number=self._number,
            header=Header(
                self.title, self.at_us, self.speed, self.speed, self._paused, 42, len(self.sent), 49.5, 3_120, 12_400,
                0.0, 0, "all promises kept", Tone.GOOD, self.ended,
            ),
            nodes=(
                *(Thing(name, hue, self.states[name]) for hue, name in enumerate(names)),
                Thing("c1", count, State.UP, client=True),
            ),
            log=Log(tuple(self.lines)),
            notice=self.notice[1],
            notice_tone=self.notice[2],
            notice_number=self.notice[0],
            faults=tuple(self.faults),
            load_rate=self.rate,
            caption=self.caption,
            stopped=self.stopped,
            **{name: shape for name, shape in panels.items() if name in self.view.panels and name in PANELS},
        )  # fmt: skip

    def _table(self, step: int) -> Table:
        columns = (
            Column("node", 6), Column("keys", 7, right=True), Column("log", 9, right=True, drop=1),
            Column("hints", 6, right=True, drop=2), Column("work", 10, weight=1, drop=3),
        )  # fmt: skip
        rows = tuple(
            Row((Cell(name), Cell(f"{100 + hue}"), Cell(f"{18_000 + hue * 7 + step % 900}"), Cell("0"),
                 Cell("", bar=(step + hue * 7) % 40 / 40)), name, hue, self.states[name])
            for hue, name in enumerate(self.states)
        )  # fmt: skip
        return Table(columns, rows, caption="n = 3, r = 2, w = 2")

    def _detail(self) -> Detail | None:
        name = self.view.selected
        if not name:
            return None
        state = self.states.get(name, State.UP)
        facts = (Fact("state", state.value), Fact("log", "18,000 records, 1.2 MB"), Fact("owns", "12.5 %"))
        table = Table((Column("key", 12), Column("value", 10, weight=1)), (Row((Cell("cat"), Cell("tom"))),))
        return Detail(name, facts, (("keys", table),))
