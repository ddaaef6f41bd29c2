"""Sessions to go back in: lived without a screen, so that what must come of them is known beforehand."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import Frame
from playground.kernel.errors import UserError
from playground.kernel.journal import Entry
from playground.kernel.world import run
from playground.past import PastSession
from playground.record import Record, Script, Timeline
from playground.session import Session, Shown
from playground.spec import ClusterSpec

SPEC = ClusterSpec.model_validate({"nodes": 4, "load": {"rate": 30, "clients": 2}})
END_US = 4_000_000
BARE = Script()
LINES = (
    "crash n1", "start n1", "crash 1 random", "start all", "freeze n3", "thaw n3", "partition n1 n2 | n3 n4", "heal",
    "one-way n1 -> n3", "link n2 loss=20%", "flap n1 n2 lasting=500ms", "slow-cpu n2 event=1ms", "load rate=80",
    "put cat tom", "get cat", "crash n4 lasting=300ms", "add n9", "remove n4", "burst factor=2 lasting=400ms",
)  # fmt: skip


@dataclass(frozen=True)
class Lived:
    """A session that has been, and all that was noted in it."""

    record: Record
    entries: tuple[Entry, ...]


def lived(seed: int, acts: Timeline, script: Script = BARE, *, spec: ClusterSpec = SPEC, end_us: int = END_US) -> Lived:
    """``acts``: what a person does at which instant, as far as it can be done."""

    async def main() -> Lived:
        cluster = Cluster(spec, seed)
        cluster.plan(script.timeline)
        for at_us, command in acts:
            await cluster.advance(at_us)
            await tried(cluster, command)
        await cluster.advance(end_us)
        timeline, digest = tuple(cluster.recorded), cluster.world.digest()
        record = Record(spec, seed, timeline, end_us, digest, bool(acts), script)
        return Lived(record, tuple(cluster.world.journal.entries))

    return run(main)


async def tried(cluster: Cluster, command: Any) -> None:
    with suppress(UserError):
        await cluster.apply(command)


def by_chance(seed: int, count: int = 8, end_us: int = END_US) -> Timeline:
    """Acts of somebody who tries this and that, some of them at one instant, some impossible."""
    chance = random.Random(seed)
    instants = sorted(chance.choice((chance.randrange(end_us), 1_000_000, 2_345_678)) for _ in range(count))
    return tuple((at_us, _parsed(chance)) for at_us in instants)


def _parsed(chance: random.Random) -> Any:
    while True:
        try:
            return parse_line(chance.choice(LINES))
        except UserError:
            continue


@contextmanager
def standing(record: Record, at_us: int, from_us: int = 0) -> Iterator[tuple[PastSession, Shown]]:
    """A session at ``at_us``, re-executed from a cluster that had come to ``from_us`` already, as a checkpoint has."""
    session = PastSession(record, speed=0.0)
    there = threading.Event()
    box: list[Shown] = []

    async def main() -> None:
        shown = Shown.of(record.spec, record.seed, record.script, None)
        box.append(shown)
        if from_us:
            shown.cluster.forget()
            shown.cluster.plan(record.to_come(0))
            await shown.cluster.advance(from_us)
        await session.relive(shown, at_us, lambda _share: None)

    session.on_frame(lambda _frame: there.set())
    thread = threading.Thread(target=run, args=(main,), daemon=True)
    thread.start()
    assert there.wait(60), "it never came to stand"
    try:
        yield session, box[0]
    finally:
        session.close()
        thread.join()


def until(session: Session, wanted: Callable[[Frame], bool]) -> Frame:
    """The first Frame that is as wanted."""
    found: list[Frame] = []
    seen = threading.Event()

    def look(frame: Frame) -> None:
        if not found and wanted(frame):
            found.append(frame)
            seen.set()

    session.on_frame(look)
    look(session.frame())
    assert seen.wait(60), "the Frame never came"
    return found[0]


def forward(session: PastSession) -> Record:
    """Go on to where the present stands."""
    session.pause(False)
    present_us = session.frame().header.present_us
    until(session, lambda frame: frame.header.at_us >= present_us)
    return session.record()
