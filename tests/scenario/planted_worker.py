"""Does what no system may, and so stands for a bug: run by test_scenario_verify.py in the place of the worker.

``PLANTED=run``: sends in the order of a set; ``PLANTED=report``: the run is the same, and what is told of it is
not; ``PLANTED=crash``: raises.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from playground.kernel.world import World
from playground.scenario import fresh

PLANTED = os.environ["PLANTED"]
NAMES = {"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"}


def unsound_play(scenario: Any, *, begun: Any = None, **options: Any) -> Any:
    from playground.scenario.runner import play

    def plant(world: World) -> None:
        if begun is not None:
            begun(world)
        for number, name in enumerate(NAMES):
            world.schedule(1_000_000 + number, lambda name, _: world.record("planted", name, f"{name} was next"), name)

    return play(scenario, begun=plant, **options)


if PLANTED == "run":
    fresh.play = unsound_play
elif PLANTED == "report":
    fresh._told, told = (lambda *each: {**told(*each), "report": {"order": " ".join(NAMES)}}), fresh._told
elif PLANTED == "crash":
    raise RuntimeError("it broke")
fresh.main(sys.argv[1])
