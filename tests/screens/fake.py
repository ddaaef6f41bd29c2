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
from playground.frame import PANELS, QUORUM_PANELS, Frame, Header, Thing, View
from widgets import gallery_data as data
from widgets.shapes import (
    Cell,
    Column,
    Detail,
    Fact,
    Item,
    Log,
    LogLine,
    Partition,
    Partitions,
    Picked,
    Ring,
    Row,
    State,
    Table,
    Tone,
    Tree,
)

MACHINES = ("z1", "z2", "z3", "b1", "b2", "s1", "s2", "s3", "s4", "n1", "n2", "n3", "n4", "n5", "n6")
"""Of a cluster with an ensemble, balancers and servers in front of a sharded database."""
KAFKA = ("br1", "br2", "br3", "br4", "co1", "co2")
"""Its brokers and consumers; they don't gossip."""


class FakeSession:
    """What it was asked stands in ``sent``, ``views`` and ``asked``.

    ``platform``: with ``MACHINES`` and ``KAFKA``, and all panels.
    """

    def __init__(
        self, nodes: int = 8, *, speed: float = 1.0, title: str = "quorum store on a ring", platform: bool = False
    ) -> None:
        names = (*MACHINES, *KAFKA) if platform else [f"n{number + 1}" for number in range(nodes)]
        nodes = len(names)
        self.states = dict.fromkeys(names, State.UP)
        self.stalled = dict.fromkeys((name for name in names if name.startswith("co")), False)
        self.platform = platform
        self.panels = PANELS if platform else QUORUM_PANELS
        self.helps = (("replicas", "shards"), ("load", "shards")) if platform else ()
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
            self.write("say", names[number % nodes], f"line {number} of the made-up log")
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
                self.stalled |= dict.fromkeys((name for name in command.nodes if name in self.stalled), False)
            case commands.Stall():
                self.stalled |= dict.fromkeys(command.nodes, True)
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
        gossiping = [name for name in names if name not in KAFKA]
        matrix = data.matrix(len(gossiping), step)
        nodes = tuple(
            replace(n, name=name, state=self.states[name], side=self._side(name))
            for n, name in zip(matrix.nodes, gossiping, strict=True)
        )
        rows = tuple(
            () if self.states[name] is State.DOWN else data.matrix(16, step).cells[0][: len(gossiping)]
            for name in gossiping
        )
        panels: dict[str, Any] = {
            "ring": ring,
            "gossip": replace(matrix, nodes=nodes, cells=rows),
            "replicas": self._table(step),
            "load": data.series(6, step // 10),
            "detail": self._detail(),
        }
        if self.platform:
            panels |= {
                "ring": self._members(ring),
                "replicas": self._shards(step),
                "balancer": self._balancer(step),
                "tree": self._tree(step),
                "partitions": self._partitions(step),
            }
        return Frame(
            number=self._number,
            header=Header(
                self.title, self.at_us, self.speed, self.speed, self._paused, 42, len(self.sent), 49.5, 3_120, 12_400,
                0.0, 0, "all promises kept", Tone.GOOD, self.ended,
            ),
            nodes=(
                *(
                    Thing(name, hue, self.states[name], stalled=self.stalled.get(name))
                    for hue, name in enumerate(names)
                ),
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
            picked=self._picked(),
            panels=self.panels,
            helps=self.helps,
            **{name: shape for name, shape in panels.items() if name in self.view.panels and name in self.panels},
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

    def _members(self, ring: Ring) -> Ring:
        """Only those that keep data own a part of the circle."""
        on_it = [index for index, node in enumerate(ring.nodes) if node.name.startswith("n")]
        names = {ring.nodes[index].name for index in on_it}
        return replace(
            ring,
            nodes=tuple(ring.nodes[index] for index in on_it),
            arcs=tuple(replace(arc, owner=number % len(on_it)) for number, arc in enumerate(ring.arcs)),
            chords=tuple(chord for chord in ring.chords if chord.source in names and chord.target in names),
        )

    def _row(self, name: str, *cells: Cell, item: Item | None = None) -> Row:
        return Row(cells, name, list(self.states).index(name), self.states[name], item)

    def _picked(self) -> Picked:
        """As the world answers: by its name an item is found, if it is one of a few."""
        asked = self.view.item
        if asked is None:
            return Picked()
        known = {item.name: item for item in (Item("shard", "shard-2"), Item("partition", "changes-1"))}
        item = asked if asked.kind else known.get(asked.name)
        return Picked(item, frozenset((item,) if item else ()), ("n4", "n5", "n6") if item else (), asked)

    def _shards(self, step: int) -> Table:
        columns = (
            Column("shard", 8), Column("node", 6), Column("role", 7), Column("term", 4, right=True, drop=3),
            Column("log", 10, right=True, drop=1), Column("behind", 10, weight=1, drop=2),
        )  # fmt: skip
        rows = []
        for shard in (1, 2):
            for copy in range(3):
                name = f"n{shard * 3 - 2 + copy}"
                lag = (step + copy * 7) % 20 if copy else 0
                rows.append(
                    self._row(
                        name,
                        Cell("" if copy else f"shard-{shard}"),
                        Cell(name, hue=list(self.states).index(name)),
                        Cell("slave" if copy else "master", Tone.PLAIN if copy else Tone.ACCENT),
                        Cell("4"),
                        Cell(f"4:{18_000 + step % 900 - lag:,}"),
                        Cell(f"{lag}", Tone.WARN if lag > 15 else Tone.GOOD, lag / 20) if copy else Cell(""),
                        item=Item("shard", f"shard-{shard}"),
                    )
                )
        return Table(columns, tuple(rows), caption="a write counts when one slave has it on its disk")

    def _balancer(self, step: int) -> Table:
        columns = (
            Column("server", 8), Column("state", 12), Column("open", 5, right=True, drop=1),
            Column("share", 12, weight=1, drop=2),
        )  # fmt: skip
        rows = [
            self._row("b1", Cell("b1"), Cell("active", Tone.ACCENT), Cell("11"), Cell("")),
            self._row("b2", Cell("b2"), Cell("standby", Tone.MUTED), Cell("0"), Cell("")),
            *(
                self._row(f"s{n}", Cell(f"s{n}"), Cell("in rotation", Tone.GOOD), Cell(f"{n}"), Cell("", bar=n / 10))
                for n in (1, 2, 3, 4)
            ),
        ]
        return Table(columns, tuple(rows), caption="b1 is active, two choices, health checks every 500 ms")

    def _tree(self, step: int) -> Tree:
        """As the gallery's, with the machines that there are."""
        hues = {name: hue for hue, name in enumerate(self.states)}
        owners = {"active": "b1", "master": "n1"} | {f"s{n}": f"s{n}" for n in (1, 2, 3, 4)}
        nodes = []
        for node in data.tree(step).nodes:
            owner = owners.get(node.name, node.name[:2])
            owned = bool(node.subject) and owner in hues
            nodes.append(replace(node, subject=owner if owned else "", hue=hues[owner] if owned else None))
        return Tree(tuple(nodes), caption="leader z2, epoch 3 · 9 sessions")

    def _partitions(self, step: int) -> Partitions:
        """As the gallery's, with the machines that there are."""
        hues = {name: hue for hue, name in enumerate(self.states)}
        names = dict(zip(("n1", "n2", "n3", "n4", "n10", "n11"), KAFKA, strict=True))
        shape = data.partitions(4, step)
        return replace(
            shape,
            rows=tuple(self._partition(row, names, hues) for row in shape.rows),
            folded=tuple(self._partition(row, names, hues) for row in shape.folded),
            groups=tuple(
                replace(group, members=tuple(self._renamed(member, names, hues) for member in group.members))
                for group in shape.groups
            ),
        )

    def _partition(self, row: Partition, names: dict[str, str], hues: dict[str, int]) -> Partition:
        replicas = tuple(self._renamed(replica, names, hues) for replica in row.replicas)
        readers = tuple(replace(each, owner=names[each.owner], hue=hues[names[each.owner]]) for each in row.readers)
        return replace(row, leader=names[row.leader], hue=hues[names[row.leader]], replicas=replicas, readers=readers)

    def _renamed(self, thing: Any, names: dict[str, str], hues: dict[str, int]) -> Any:
        return replace(thing, name=names[thing.name], hue=hues[names[thing.name]])

    def _detail(self) -> Detail | None:
        name = self.view.selected
        if not name:
            return None
        state = self.states.get(name, State.UP)
        facts = (Fact("state", state.value), Fact("log", "18,000 records, 1.2 MB"), Fact("owns", "12.5 %"))
        table = Table((Column("key", 12), Column("value", 10, weight=1)), (Row((Cell("cat"), Cell("tom"))),))
        return Detail(name, facts, (("keys", table),))
