"""The app on a real session, with a way back: in this process, or in processes of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from playground.frame import View
from playground.kernel.world import run
from playground.past import PastSession
from playground.record import Record, Timeline
from playground.remote.client import RemoteSession
from playground.remote.follower import Follower
from playground.remote.server import Server
from playground.remote.wire import Progress, Stand, Wire
from playground.screens.app import PlaygroundApp
from playground.screens.timelines import Timelines
from playground.session import Session, Shown
from playground.spec import ClusterSpec
from tests.screens.driving import Driver
from widgets.palette import DEFAULT, Look

NOW_US = 3_200_000
SPEC = ClusterSpec.model_validate({"nodes": 3, "load": {"rate": 20, "clients": 1}})


class Here:
    """In the place of a Follower: sessions of the past in threads of this process, on real wires.

    ``held``: while it is set they tell of half the way and do not arrive.
    """

    def __init__(self) -> None:
        self.orders: list[Stand] = []
        self.reached_us: list[int] = []
        self.alive = True
        self.busy = False
        self.held = False
        self._go = threading.Event()
        self.ended: list[threading.Event] = []

    def __call__(self, _record: Record) -> Here:
        return self

    def known(self, record: Record) -> None:
        self.reached(record.end_us)

    def reached(self, at_us: int) -> None:
        self.reached_us.append(at_us)

    def let_go(self) -> None:
        self.held = False
        self._go.set()

    def stand(
        self, record: Record, at_us: int, told: Any = None, *, view: View | None = None, speed: float = 1.0
    ) -> RemoteSession:
        here, there = Wire.pair()
        order = Stand(record, at_us, view or View(), speed)
        self.orders.append(order)
        self.ended.append(threading.Event())
        threading.Thread(target=self._live, args=(order, there, self.ended[-1]), daemon=True).start()
        return RemoteSession(here, told)

    def _live(self, order: Stand, wire: Wire, ended: threading.Event) -> None:
        session = PastSession(order.record, speed=order.speed)
        session.look(order.view)
        left = threading.Event()
        server = Server(session, wire, left.set)

        async def main() -> None:
            if self.held:
                server.say(Progress(0.5))
                while self.held and not left.is_set():
                    self._go.wait(0.01)
            if not left.is_set():
                threading.Thread(target=lambda: (left.wait(), session.close()), daemon=True).start()
                shown = Shown.of(order.record.spec, order.record.seed, order.record.script, None)
                await session.relive(shown, order.at_us, lambda share: server.say(Progress(share)))

        run(main)
        ended.set()

    def close(self) -> None:
        self.alive = False


def rewinding(
    steps: Callable[[Driver, Timelines], Awaitable[None]],
    follow: Here | type[Follower] | None = None,
    *,
    acts: Timeline = (),
    size: tuple[int, int] = (160, 50),
    look: Look = DEFAULT,
    ends: bool = False,
) -> Timelines:
    """Run ``steps`` on a small cluster, with these planned ``acts``, that stands paused at :data:`NOW_US`.

    ``ends``: it is a scenario that ends there.
    """
    stops, until_us = ((), NOW_US) if ends else ((NOW_US,), None)
    with Session(SPEC, 7, timeline=acts, speed=0.0, stops=stops, until_us=until_us) as present:
        timelines = Timelines(present, follow or Here())  # type: ignore[arg-type]
        app = PlaygroundApp(present, look=look, timelines=timelines)

        async def drive() -> None:
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                driver = Driver(app, pilot, None)  # type: ignore[arg-type]
                await driver.until(lambda: app.frame.header.paused or app.frame.header.ended)
                present.set_speed(1.0)
                await steps(driver, timelines)

        try:
            asyncio.run(drive())
        finally:
            timelines.end()
    return timelines
