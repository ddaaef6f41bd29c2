"""What an asynchronous master must not promise: what it alone has others may lack, the reversal of a write included."""

from __future__ import annotations

from functools import partial

from tests.systems.shards.shards_lab import Lab, simulate
from tests.systems.store.store_lab import Cut


def test_a_master_that_needs_no_slave_does_not_know_for_certain_that_a_write_was_undone() -> None:
    async def main() -> None:
        lab = Lab(3, 1, rate=0, count=1, mode="async", replace_after_ms=0)
        await lab.run(3)
        (master,) = [lab.master()]
        master_disk, others = lab.nodes[master].disk, [name for name in lab.names if name != master]
        master_disk.hang()
        lab.client().spawn(partial(lab.client().write, "k0", "doomed"))
        await lab.run(0.2)
        assert all(lab.replica(name).log.last.seq == 2 for name in others), "the slaves have the write"
        lab.world.network.add(cut := Cut([master], others))  # and never the abort
        await lab.run(0.5)
        master_disk.resume()
        await lab.run(0.5)
        (write,) = lab.history.operations
        assert "undone" in write.error
        lab.nodes[master].crash()
        lab.world.network.remove(cut)
        await lab.run(5)
        read = await lab.read("k0")
        assert read.seen == ("doomed",), "the next master has the write, and no abort"
        assert write.outcome == "unknown"
        assert not lab.staleness.undead

    simulate(main)
