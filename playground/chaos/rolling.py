"""An operator who restarts one machine after the other, and waits for each to be up before the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from playground.kernel.node import TRANSITIONS, Life, Node

LOOK_US = 100_000
"""How often the operator looks whether a machine is up."""


class RollingRestart:
    """Each of ``nodes`` goes down for ``down_us``; ``pause_us`` after it is up, the next one does.

    ``over()`` when the last one has been up for that long. Who is down when its turn comes is passed over; who does
    not come up again, or is crashed or frozen meanwhile, holds up the rest: going on would take another one down.
    """

    def __init__(self, nodes: Sequence[Node], down_us: int, pause_us: int, over: Callable[[], None]) -> None:
        self._todo = deque(nodes)
        self._world = nodes[0].world
        self._down_us = down_us
        self._pause_us = pause_us
        self._over = over
        self._stopped = False
        self._last: Node | None = None
        self._next(None, None)

    def stop(self) -> None:
        """Begin no other restart; whoever is down just now is still started."""
        self._stopped = True

    def _next(self, _a: None, _b: None) -> None:
        if self._stopped:
            return
        if self._last is not None and self._last.life is not Life.UP:
            self._world.schedule(LOOK_US, self._look, self._last)
            return
        while self._todo and self._todo[0].life not in TRANSITIONS["crash"][0]:
            self._todo.popleft()
        if not self._todo:
            self._over()
            return
        self._last = node = self._todo.popleft()
        node.crash()
        self._world.schedule(self._down_us, self._start, node, node.boots)

    def _start(self, node: Node, boots: int) -> None:
        if node.life is Life.DOWN and node.boots == boots:  # else somebody else has taken it down again since
            node.start()
        self._world.schedule(LOOK_US, self._look, node)

    def _look(self, node: Node, _b: None) -> None:
        if self._stopped:
            return
        if node.life is Life.UP:
            self._world.schedule(self._pause_us, self._next)
        else:
            self._world.schedule(LOOK_US, self._look, node)
