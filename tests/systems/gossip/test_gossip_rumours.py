"""What other systems spread along: it converges, quickly, and costs nothing while nothing changes."""

from __future__ import annotations

import zlib

from gossip_lab import Cut, Lab, Muddle, simulate

from playground.kernel.service import Service
from playground.systems.gossip import client, messages


class Names(Service):
    """A set that only grows: the simplest join-semilattice."""

    def __init__(self, process):
        super().__init__(process)
        self.names = frozenset()
        self.merges = 0
        self.hurry = client.gossip_on(process).spread("names", lambda: self.names, self.merge, self.version)

    def merge(self, other):
        self.merges += 1
        self.names |= other

    def version(self):
        return zlib.crc32(repr(sorted(self.names)).encode())

    def add(self, name, *, hurry=True):
        self.names |= {name}
        if hurry:
            self.hurry()


def holders(lab, name):
    return [node for node in lab.names if name in lab.node(node).process.find(Names).names]


def of(lab, node):
    return lab.node(node).process.find(Names)


def test_what_is_told_in_a_hurry_reaches_most_within_a_fifth_of_a_round_and_soon_all():
    async def main(seed):
        lab = Lab(10, seed, Names)
        await lab.go(5)
        of(lab, "n1").add("x")
        await lab.go(0.3)
        soon = len(holders(lab, "x"))
        await lab.go(3)
        assert len(holders(lab, "x")) == 10
        return soon

    reached = [simulate(main, seed) for seed in range(20)]
    assert sum(reached) / len(reached) > 7


def test_it_spreads_without_hurry_too_and_different_states_are_joined():
    async def main():
        lab = Lab(8, 4, Names)
        await lab.go(5)
        of(lab, "n1").add("x", hurry=False)
        of(lab, "n8").add("y", hurry=False)
        await lab.go(5)
        assert len(holders(lab, "x")) == len(holders(lab, "y")) == 8

    simulate(main)


def test_one_push_from_either_side_makes_both_know_all():
    async def main(seed):
        lab = Lab(2, seed, Names)
        await lab.go(5)
        of(lab, "n1").add("x", hurry=False)
        beats = sum(lab.services[name].count(name) for name in lab.names)
        while sum(lab.services[name].count(name) for name in lab.names) == beats:
            await lab.world.advance(lab.world.now_us + 1_000)
        await lab.go(0.01)
        assert holders(lab, "x") == ["n1", "n2"]

    for seed in range(6):
        simulate(main, seed)


def test_nothing_but_versions_travels_while_nothing_changes():
    async def main():
        lab = Lab(6, 2, Names)
        await lab.go(3)
        of(lab, "n1").add("x")
        await lab.go(6)
        before = sum(of(lab, name).merges for name in lab.names)
        since_us = lab.world.now_us
        await lab.go(20)
        assert sum(of(lab, name).merges for name in lab.names) == before
        recent = [m for at, _, _, m in lab.world.deliveries() if at > since_us]
        assert not any(isinstance(m, messages.Tell) for m in recent)
        assert not any(m.rumours for m in recent if isinstance(m, messages.Answer))
        assert all(len(m.versions) == 1 for m in recent if isinstance(m, messages.Push))

    simulate(main)


def test_it_converges_through_loss_duplicates_partition_and_restart():
    async def main(seed):
        lab = Lab(6, seed, Names)
        await lab.go(5)
        rules = Muddle(lab.world.random("muddle")), Cut(lab.names[:3], lab.names[3:])
        for rule in rules:
            lab.world.network.add(rule)
        for i in range(10):
            of(lab, lab.names[i % 6]).add(f"x{i}")
            await lab.go(1)
        lab.node("n2").crash()
        for rule in rules:
            lab.world.network.remove(rule)
        lab.node("n2").start()
        await lab.go(10)
        assert len({of(lab, name).names for name in lab.names}) == 1
        assert not lab.violations

    for seed in range(5):
        simulate(main, seed)


def test_a_version_that_lies_does_not_flood_the_network():
    """Two nodes that never agree exchange states each round, but not faster and faster."""

    class Liar(Names):
        def version(self):
            return id(self)

    async def main():
        lab = Lab(4, 1, Liar)
        await lab.go(3)
        before = lab.world.sequence
        await lab.go(20)
        return (lab.world.sequence - before) / 20 / 4

    assert simulate(main) < 12, "events a node and second"
