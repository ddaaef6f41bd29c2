"""Replicas and their logs: what is acknowledged is safe, what is visible is safe, damage is found."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.errors import Rejected
from playground.systems.store.messages import ReplicaGet, ReplicaPut
from playground.systems.store.versions import Siblings, Versioned
from tests.systems.store.store_lab import Client, Cut, Lab, simulate


def one(value: str, session: str, counter: int) -> Siblings:
    return (Versioned(value, ((session, counter),)),)


class Asker:
    """Asks replicas directly and keeps what came back."""

    def __init__(self, lab: Lab) -> None:
        self.client: Client = lab.client()
        self.answers: list[Any] = []

    def ask(self, node: str, request: Any) -> None:
        async def wait() -> None:
            try:
                self.answers.append(await self.client.call(node, request, timeout_us=10_000_000))
            except Rejected as error:
                self.answers.append(error.code)

        self.client.spawn(wait)


def test_a_write_is_neither_acknowledged_nor_visible_before_it_is_safe() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        node, ring = lab.nodes["n1"], lab.store("n1").members.digest
        asker = Asker(lab)
        node.disk.hang()
        asker.ask("n1", ReplicaPut(ring, "k", one("v", "s", 1)))
        await lab.run(0.1)
        asker.ask("n1", ReplicaGet(ring, "k"))
        await lab.run(0.1)
        assert asker.answers == [()]
        node.disk.resume()
        await lab.run(0.1)
        asker.ask("n1", ReplicaGet(ring, "k"))
        await lab.run(0.1)
        assert asker.answers == [(), None, one("v", "s", 1)]

    simulate(main)


def test_what_was_acknowledged_is_there_after_a_crash_and_the_rest_is_not() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0)
        await lab.run(0.5)
        node, ring = lab.nodes["n1"], lab.store("n1").members.digest
        asker = Asker(lab)
        for i in range(1, 21):
            asker.ask("n1", ReplicaPut(ring, f"k{i}", one(f"v{i}", "s", i)))
        await lab.run(0.1)
        assert asker.answers == [None] * 20
        node.disk.hang()
        node.disk.tear_chance = 1.0
        asker.ask("n1", ReplicaPut(ring, "late", one("x" * 50, "s", 1)))
        await lab.run(0.1)
        node.crash()
        node.disk.resume()
        node.start()
        await lab.run(1)
        store = lab.store("n1")
        assert {key: siblings[0].value for key, siblings in store.replica.data.items()} == {
            f"k{i}": f"v{i}" for i in range(1, 21)
        }
        assert store.members.whole, "a torn tail was never acknowledged: it is no damage"
        assert "torn tail" in lab.notes("recovery")[-1]

    simulate(main)


def test_a_full_disk_refuses_definitely_and_the_others_go_on() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        asker = Asker(lab)
        lab.nodes["n1"].disk.full = True
        asker.ask("n1", ReplicaPut(lab.store("n1").members.digest, "k", one("v", "s", 1)))
        lab.client().spawn(lab.client().write, "k2", "w")
        await lab.run(0.5)
        assert asker.answers == ["disk-full"]
        assert lab.history.counts == {"ok": 1, "fail": 0, "unknown": 0}
        lab.nodes["n1"].disk.full = False
        await lab.quiesce()
        assert lab.store("n1").replica.data["k2"][0].value == "w"

    simulate(main)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("where", ["payload", "length", "last payload", "last checksum", "last length"])
def test_damage_in_the_log_is_found_and_made_good_by_the_others(where: str, again: bool) -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(0.5)
        for i in range(12):
            lab.client().spawn(lab.client().write, f"k{i}", f"v{i}")
        await lab.run(0.5)
        node = lab.nodes["n2"]
        safe = node.disk._files["wal"].safe
        records = _records(bytes(safe))
        at = records[-1] if "last" in where else records[len(records) // 2]
        safe[at + {"length": 2, "checksum": 5, "payload": 12}[where.split()[-1]]] ^= 0x40
        node.crash()
        alone = Cut(["n2"], ["n1", "n3"])
        lab.world.network.add(alone)
        for _ in range(1 + again):  # a second crash must not make it forget that something is missing
            node.start()
            await lab.run(0.31)
            assert lab.store("n2").members.placement.place("k1").sets
            assert not lab.store("n2").members.whole
            assert not lab.store("n2").members.trusted
            node.crash()
        lab.world.network.remove(alone)
        node.start()
        await lab.run(2)
        assert lab.store("n2").members.whole
        assert len(lab.store("n2").replica.data) == 12
        assert len(lab.notes("rebuilt")) == 1
        node.crash()
        node.start()
        await lab.run(0.31)
        assert lab.store("n2").members.whole, "what was made good is no damage any more"

    simulate(main)


@pytest.mark.parametrize("when_us", range(0, 2_000, 100))
def test_a_crash_while_the_damage_is_being_written_down_does_not_hide_it(when_us: int) -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0, read_repair=False)
        await lab.run(0.5)
        node = lab.nodes["n2"]
        node.disk._files["wal"].safe[-1] ^= 1
        node.crash()
        lab.world.network.add(Cut(["n2"], ["n1", "n3"]))
        node.start()
        await lab.world.advance(lab.world.now_us + node.boot_us + when_us)
        node.crash()
        node.start()
        await lab.run(1)
        assert not lab.store("n2").members.whole

    simulate(main)


def test_a_damaged_log_on_a_full_disk_waits_for_room() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        node = lab.nodes["n2"]
        node.disk._files["wal"].safe[-1] ^= 1
        node.disk.full = True
        node.crash()
        node.start()
        await lab.run(3)
        node.disk.full = False
        await lab.run(3)
        assert lab.store("n2").members.whole
        assert lab.notes("rebuilt")

    simulate(main)


def _records(data: bytes) -> list[int]:
    """Where the records of a log begin."""
    found, at = [], 0
    while at < len(data):
        found.append(at)
        at += 8 + int.from_bytes(data[at : at + 4], "big")
    return found


def test_a_log_is_rewritten_and_nothing_is_lost_whenever_the_power_fails() -> None:
    async def main(instant_us: int) -> bool:
        lab = Lab(3, seed=instant_us, rate=150, keys=3, compact_at_bytes=2_000)
        await lab.run(2)
        node = lab.nodes["n1"]
        while not node.disk.size_bytes("wal.new"):
            await lab.run(0.000_2)
        await lab.world.advance(lab.world.now_us + instant_us)
        during = bool(node.disk.size_bytes("wal.new"))
        node.crash()
        node.start()
        await lab.quiesce()
        assert not lab.lost()
        assert not lab.staleness.stale_reads
        assert lab.store("n2").log.rewrites > 0
        assert lab.store("n2").log.size_bytes < 20_000
        return during

    during = [simulate(main, instant_us) for instant_us in (0, 100, 200, 300, 400, 1_500)]
    assert any(during)
    assert not all(during)


def test_other_rings_are_refused() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        asker = Asker(lab)
        asker.ask("n1", ReplicaPut(12345, "k", one("v", "s", 1)))
        asker.ask("n1", ReplicaGet(12345, "k"))
        await lab.run(0.1)
        assert asker.answers == ["ring", "ring"]

    simulate(main)
