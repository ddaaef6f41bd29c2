"""A link that is cut and joined again, over and over: a bad cable, a port that renegotiates."""

from __future__ import annotations

from playground.chaos.partition import Cut
from playground.chaos.scope import Scope
from playground.kernel.world import World


class Flapping:
    """Nothing passes ``scope`` for ``down_us`` of each ``period_us``, at first at once. Ends with :meth:`stop`.

    What is under way at a cut is lost, as at every cut.
    """

    def __init__(self, world: World, scope: Scope, period_us: int, down_us: int) -> None:
        self._world = world
        self._cut = Cut(scope)
        self._scope = scope
        self._period_us = period_us
        self._down_us = down_us
        self._is_down = False
        self._stopped = False
        self._go_down(None, None)

    def stop(self) -> None:
        """The link is well from now on."""
        self._stopped = True
        if self._is_down:
            self._world.network.remove(self._cut)

    def _go_down(self, _a: None, _b: None) -> None:
        if not self._stopped:
            self._is_down = True
            lost = self._world.network.add(self._cut)
            self._world.record("flap", "", f"{self._scope} is down", lost_under_way=lost)
            self._world.schedule(self._down_us, self._come_up)

    def _come_up(self, _a: None, _b: None) -> None:
        if not self._stopped:
            self._is_down = False
            self._world.network.remove(self._cut)
            self._world.record("flap", "", f"{self._scope} is up again")
            self._world.schedule(self._period_us - self._down_us, self._go_down)
