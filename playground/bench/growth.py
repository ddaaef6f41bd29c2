"""How the cost of a frame grows with the cluster: to paint it (in the world's thread) and to draw it (in the app).

The quorum store at 160x50, the overview, one node selected. Processor time, median of several frames between which the
world goes on; what a terminal would add is left out, as its encoder compares cells and knows no nodes.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from playground.cluster import Cluster
from playground.frame import Frame, View
from playground.kernel.tracing import Tracer
from playground.kernel.world import run
from playground.pictures import Painter
from playground.scenario.loader import cluster_spec
from playground.screens.app import PlaygroundApp

NODES = (10, 100, 1_000)
FRAMES = 8
BEGIN_US = 500_000
STEP_US = 20_000
SIZE = 160, 50


class Still:
    """A session that shows one frame, whatever is asked of it; of the screen it wants to know what is looked at."""

    paused = True

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.view = View()

    def frame(self) -> Frame:
        return self._frame

    def look(self, view: View) -> None:
        self.view = view

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_options: None


async def _painted(nodes: int, view: View) -> tuple[list[float], list[Frame]]:
    """Seconds to paint each frame, and the frames."""
    cluster = Cluster(cluster_spec("quorum", {"nodes": nodes}), 7)
    painter = Painter(cluster, cluster.spec.title, (), Tracer(cluster.world))
    await cluster.advance(BEGIN_US)
    costs, frames = [], []
    for _ in range(FRAMES + 1):
        await cluster.advance(cluster.now_us + STEP_US)
        began = time.process_time()
        frames.append(painter.paint(view, speed=1.0, actual_speed=1.0, paused=False))
        costs.append(time.process_time() - began)
    return costs[1:], frames


async def _drawn(frames: list[Frame]) -> list[float]:
    """Seconds to draw each frame after the first."""
    app = PlaygroundApp(Still(frames[0]))
    costs = []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        for frame in frames[1:]:
            began = time.process_time()
            app.show(frame)
            await pilot.pause()
            costs.append(time.process_time() - began)
    return costs


def measure(sizes: tuple[int, ...] = NODES) -> dict[int, dict[str, float]]:
    """Nodes -> ``paint_ms`` and ``draw_ms`` of a frame."""
    figures = {}
    for nodes in sizes:
        costs, frames = run(_painted, nodes, View(selected="n1"))
        drawing = asyncio.run(_drawn(frames))
        figures[nodes] = {
            "paint_ms": statistics.median(costs) * 1e3,
            "draw_ms": statistics.median(drawing) * 1e3,
        }
    return figures


def lines(figures: dict[int, dict[str, float]]) -> list[str]:
    """A table: what a frame costs, and how many times that of the smallest cluster."""
    least = sum(figures[min(figures)].values())
    out = [f"{'nodes':>6} {'paint':>10} {'draw':>10} {'frame':>10} {'grown':>8}"]
    for nodes, cost in figures.items():
        whole = sum(cost.values())
        out.append(
            f"{nodes:6,} {cost['paint_ms']:7,.1f} ms {cost['draw_ms']:7,.1f} ms {whole:7,.1f} ms {whole / least:7,.1f}x"
        )
    return out
