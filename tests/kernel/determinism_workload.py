"""A busy little world that prints its digest. Run in fresh processes by test_kernel_determinism.py."""

from __future__ import annotations

import sys

import trio
from kernel_lab import MS, SECOND, Ask, AskSlowly, Lab, Note, Probe

from playground.kernel.errors import CallError, DiskFull
from playground.kernel.network import Verdict
from playground.kernel.wal import WriteAheadLog
from playground.kernel.world import run


class Lossy:
    """Drops, delays and doubles by chance; cuts by chance, too."""

    cuts = True

    def __init__(self, world):
        self.draw = world.random("lossy").random

    def judge(self, parcel):
        chance = self.draw()
        if chance < 0.05:
            return Verdict(drop=True)
        return Verdict(delay_us=int(chance * 2 * MS), copies_us=(500,) if chance > 0.9 else ())


class Busy(Probe):
    async def recover(self):
        self.log = WriteAheadLog(self.process)
        self.note("recovered", str(await self.log.recover()))

    def start(self):
        super().start()
        self.draw = self.random("busy").random
        self.every(10 * MS, self.tick, first_us=int(self.draw() * 10 * MS))
        for work in (self.quorum, self.patience, self.shrink):
            for _ in range(5):
                self.spawn(work)

    def tick(self):
        names = dict.fromkeys(self.process.world.nodes)
        for name in names:
            self.send(name, Note(self.name))
        try:
            self.log.append(b"%d" % int(self.draw() * 1000), lambda: self.send("n0", Note("safe")))
        except DiskFull:
            self.note("full", "no room")

    async def quorum(self):
        while True:
            calls = self.calls(self.process.world.nodes, AskSlowly(1, int(self.draw() * 5 * MS)), timeout_us=8 * MS)
            await calls.first(3)
            self.note("quorum", ",".join(calls.replies))

    async def patience(self):
        while True:
            try:
                with self.timeout(3 * MS):
                    await self.sleep(int(self.draw() * 2 * MS))
                    await self.call("n1", Ask(1), timeout_us=3 * MS)
            except CallError as error:
                self.note("gave up", str(error))
            except trio.Cancelled:
                self.note("never", "the dead write no journal")
                raise

    async def shrink(self):
        await self.sleep(int(self.draw() * 100 * MS))
        if not self.log.rewriting:
            await self.log.rewrite([b"sum"])


async def main(seed):
    lab = Lab(5, Busy, seed=seed, jitter_us=2 * MS)
    for node in lab.nodes:
        node.start()
    draw = lab.world.random("chaos")
    rule = Lossy(lab.world)
    for _ in range(60):
        await lab.go(draw.randrange(20 * MS))
        node = draw.choice(lab.nodes)
        life = node.life.value
        acts = {"down": ["start"], "booting": ["crash"], "frozen": ["thaw", "crash"], "up": ["crash", "freeze"]}[life]
        getattr(node, draw.choice(acts))()
        if rule in lab.world.network.rules:
            lab.world.network.remove(rule)
        else:
            lab.world.network.add(rule)
        node.disk.full = draw.random() < 0.2
        node.disk.rot()
        node.clock.set_drift(draw.randrange(-1000, 1000))
    for node in lab.nodes:
        if node.life.value == "frozen":
            node.thaw()
        elif node.life.value == "down":
            node.start()
    await lab.go(1 * SECOND)
    return lab.world.digest(), lab.world.sequence, lab.world.journal.count


if __name__ == "__main__":
    assert "hypothesis" not in sys.modules
    print(*run(main, int(sys.argv[1])))
