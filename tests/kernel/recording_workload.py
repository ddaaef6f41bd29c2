"""A world of busy nodes, its events on standard output. Run in fresh processes by test_kernel_recording.py.

``recording_workload.py SLICES PLANTED``: into how many slices each stretch is cut, and whether the nodes are to
do what no system may: send in the order of a set.
"""

from __future__ import annotations

import sys

from determinism_workload import Busy
from kernel_lab import MS, Lab, Note, handles

from playground.kernel.messages import message
from playground.kernel.recording import Recorder
from playground.kernel.world import run


@message
class Gossip:
    """Holds what ``repr`` shows differently in each process."""

    names: frozenset[str]
    table: dict[str, tuple[int, ...]]


class Talker(Busy):
    planted = False

    def start(self):
        super().start()
        self.every(7 * MS, self.talk)

    def talk(self):
        names = frozenset(self.process.world.nodes)
        order = names if self.planted else sorted(names)
        for name in order:
            self.send(name, Gossip(names, {name: (self.process.world.now_us,)}))

    @handles(Gossip)
    def on_gossip(self, source, gossip):
        if len(gossip.names) > 3 and source == "n1":
            self.send(source, Note("heard"))


async def main(recorder, slices):
    lab = Lab(5, Talker, seed=3, jitter_us=2 * MS)
    if recorder is not None:
        recorder.attach(lab.world)
    for node in lab.nodes:
        node.start()
    n0, n1, n2 = lab.nodes[:3]
    acts = (
        lambda: n0.crash(),
        lambda: n1.freeze(),
        lambda: n2.set_event_cost(300),
        lambda: n1.thaw(),
        lambda: n0.start(),
        lambda: n2.set_event_cost(0),
        lambda: n2.disk.hang(),
        lambda: n2.disk.resume(),
    )
    for act in acts:
        end_us = lab.world.now_us + 61 * MS
        for _ in range(slices - 1):
            await lab.world.advance(min(end_us, lab.world.now_us + 61 * MS // slices))
            lab.world.digest()
        await lab.world.advance(end_us)
        act()
        await lab.world.rest()
    await lab.go(100 * MS)
    return lab.world.digest()


def lines(slices=1):
    """What a recorder writes."""
    written = []
    digest = run(main, Recorder(written.append), slices)
    return written, digest


if __name__ == "__main__":
    assert "hypothesis" not in sys.modules
    Talker.planted = sys.argv[2] == "planted"
    sys.stdout.writelines(lines(int(sys.argv[1]))[0])
