"""The sharded database under chaos, over seeds: what each mode promises, and that it heals."""

from __future__ import annotations

from typing import Any

from tests.systems.shards.shards_chaos import Chaos
from tests.systems.shards.shards_lab import Lab


async def chaotic(seed: int, seconds: int = 12, acts: tuple[str, ...] = Chaos.acts, **settings: Any) -> Lab:
    """A database after chaos, healed and quiet."""
    lab = Lab(4, seed, **settings)
    await lab.run(2)
    chaos = Chaos(lab, acts)
    await chaos.run(seconds)
    chaos.heal()
    await lab.run(4)
    await lab.quiesce()
    return lab
