"""Brokers, their controller and a real ensemble: what is acknowledged stays, whatever befalls them, and logs agree."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.kafka import checks, roles
from playground.systems.kafka.records import TopicPartition
from tests.fresh import told
from tests.systems.kafka.broker_accidents import Accident
from tests.systems.kafka.broker_chaos import Chaos, Writers, rest, settle
from tests.systems.kafka.kafka_lab import Lab, simulate

C0 = TopicPartition("changes", 0)


async def chaotic(seed: int, rounds: int = 10, **settings: Any) -> tuple[list[str], int]:
    """What is wrong after chaos, and how many messages were acknowledged."""
    lab = Lab(settings.pop("brokers", 3), seed, **settings)
    writers, chaos = Writers(lab), Chaos(lab)
    await lab.ready()
    await chaos.run(rounds)
    return await settle(lab, writers, chaos), len(writers.told)


def topic(**settings: Any) -> dict[str, Any]:
    return {"topics": ({"name": "changes", "partitions": 2, **settings},)}


@pytest.mark.parametrize(
    ("seed", "settings"),
    [
        *((seed, {}) for seed in range(1, 5)),
        *((seed, topic(min_insync=1)) for seed in range(11, 13)),
        *((seed, topic(min_insync=3)) for seed in range(21, 23)),
        (31, topic(replication=2, min_insync=1)),
        (41, {"brokers": 5, **topic(partitions=5)}),
        *((seed, topic(segment_bytes=600, index_bytes=200)) for seed in range(51, 53)),
    ],
)
def test_chaos_takes_nothing_that_was_acknowledged_and_the_logs_come_to_agree(
    seed: int, settings: dict[str, Any]
) -> None:
    wrong, acknowledged = simulate(chaotic, seed, **settings)
    assert wrong == []
    assert acknowledged > 100


def test_a_run_is_the_same_in_every_process() -> None:
    code = """
from playground.kernel.world import run
from tests.systems.kafka.broker_chaos import Chaos, Writers
from tests.systems.kafka.kafka_lab import Lab
async def main():
    lab = Lab(3, 7)
    writers, chaos = Writers(lab), Chaos(lab)
    await lab.ready()
    await chaos.run(4)
    print(len(writers.told), lab.world.digest())
run(main)
"""
    assert len(told(code, ("1", "2"))) == 1


def test_after_a_crash_every_partition_has_a_leader_again_and_who_returns_catches_up() -> None:
    async def main() -> None:
        lab = Lab()
        writers, chaos = Writers(lab), Chaos(lab)
        await lab.ready()
        await lab.run(1)
        led = [f"changes-{number}" for number in range(4) if lab.leader(f"changes-{number}") == "br1"]
        assert led
        lab.crash("br1")
        assert await lab.until(lambda: all(lab.leader(each) not in ("", "br1") for each in led), 5)
        assert lab.state(led[0]) is not None
        assert await lab.until(lambda: bool(lab.broker(lab.leader(led[0])).under_replicated), 5)
        lab.start("br1")
        assert await settle(lab, writers, chaos) == []

    simulate(main)


def test_a_power_failure_everywhere_takes_nothing_unless_copies_count_in_memory() -> None:
    async def main(flush: str) -> int:
        lab = Lab(3, 1, flush=flush)
        writers = Writers(lab, rate=40)
        await lab.ready()
        await lab.run(1)
        writers.writing = False
        for name in lab.names:
            lab.nodes[name].crash(tail="lost")
        assert len(writers.told) > 50
        for name in lab.names:
            lab.start(name)
        await lab.ready()
        return len(writers.lost())

    assert simulate(main, "each") == 0
    assert simulate(main, "later") > 50


async def cut_off(acks: str) -> tuple[int, int]:
    """The leader and a writer are cut off for a while: how much was acknowledged to it meanwhile, and how much lost."""
    accident = Accident(acks=acks)
    lab, writers = accident.lab, accident.writers
    await accident.begin()
    accident.cut("br1", "w1")
    await accident.watch(0.1)  # what was on its way
    before = len(writers.told)
    await accident.watch(4)
    meanwhile = [each for each in writers.told[before:] if each.header.startswith("w1")]
    writers.writing = False
    lab.heal()
    assert await lab.until(lambda: lab.whole() and not rest(lab))
    assert lab.notes("truncated", "br1 drops")
    lost = writers.lost()
    assert all(each in lost for each in meanwhile)
    return len(meanwhile), len(lost)


def test_a_leader_that_is_cut_off_commits_nothing() -> None:
    assert simulate(cut_off, "all") == (0, 0)


def test_a_leader_that_is_cut_off_acknowledges_what_will_be_lost_if_one_copy_is_enough() -> None:
    acknowledged, lost = simulate(cut_off, "1")
    assert acknowledged > 20
    assert lost >= acknowledged


@pytest.mark.parametrize("unclean", [False, True])
def test_with_nobody_in_sync_there_is_no_leader_or_messages_are_lost(unclean: bool) -> None:
    async def main() -> None:
        accident = Accident(unclean_election=unclean, topic={"min_insync": 1})
        lab, writers = accident.lab, accident.writers
        await accident.begin()
        accident.crash("br3")
        await accident.watch(2.5)
        accident.crash("br2")
        await accident.watch(2.5)
        writers.writing = False
        accident.crash("br1")
        lab.start("br3")
        found = await lab.until(lambda: lab.leader() == "br3", 6)
        assert found == unclean
        lab.start("br1")
        lab.start("br2")
        await lab.ready()
        assert bool(writers.lost()) == unclean
        assert bool(lab.notes("unclean")) == unclean

    simulate(main)


def test_a_leader_whose_disk_hangs_makes_way_for_another() -> None:
    async def main() -> None:
        accident = Accident()
        lab = accident.lab
        await accident.begin()
        lab.nodes["br1"].disk.hang()
        assert await lab.until(lambda: lab.leader() == "br2", 6)
        assert lab.notes("deposed", "br1 does not lead changes-0 any more: its disk takes nothing")
        before = len(accident.writers.told)
        await accident.watch(1)
        assert len(accident.writers.told) > before + 10
        lab.nodes["br1"].disk.resume()
        assert await accident.end() == []

    simulate(main)


def test_a_leader_that_was_frozen_over_its_deposition_takes_nothing_more() -> None:
    async def main() -> None:
        accident = Accident()
        lab = accident.lab
        await accident.begin()
        lab.nodes["br1"].freeze()
        assert await lab.until(lambda: lab.leader() == "br2", 6)
        await accident.watch(1)
        lab.nodes["br1"].thaw()
        await accident.watch(1)
        assert lab.broker("br1").leads(C0) is None
        assert await accident.end() == []

    simulate(main)


def test_a_leader_goes_on_while_a_follower_lags_and_takes_it_in_again() -> None:
    async def main() -> None:
        accident = Accident()
        lab = accident.lab
        await accident.begin()
        lab.nodes["br3"].disk.hang()
        assert await lab.until(lambda: bool(lab.notes("isr", "changes-0: br3 is out of sync")), 5)
        before = len(accident.writers.told)
        await accident.watch(1)
        assert len(accident.writers.told) > before + 10
        lab.nodes["br3"].disk.resume()
        assert await lab.until(lambda: bool(lab.notes("isr", "changes-0: br3 is in sync again")), 5)
        assert await accident.end() == []

    simulate(main)


def test_roles_name_brokers_by_what_they_do() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.ready()
        services = lab.services()
        assert roles.leader(services, "changes-1") == ("br2",)
        assert roles.replica(services, "changes-1") == ("br2", "br3", "br1")
        assert roles.follower(services, "changes-1") == ("br3", "br1")
        assert roles.controller(services, "") == (lab.controller(),)
        assert roles.coordinator(services, "view") == roles.leader(services, "__consumer_offsets-0")
        for thing in ("", "changes", "changes-9", "nothing-0", "changes-x"):
            assert roles.leader(services, thing) == roles.follower(services, thing) == ()
            assert roles.coordinator(services, thing) == ()
        assert roles.controller(services, "changes-0") == ()
        lab.crash("br2")
        assert roles.leader(lab.services(), "changes-1") == ()
        assert roles.replica(lab.services(), "changes-1") == ("br2", "br3", "br1")

    simulate(main)


def test_what_one_partition_holds_is_alike_on_all_its_replicas() -> None:
    async def main() -> None:
        lab = Lab()
        writers, chaos = Writers(lab), Chaos(lab)
        await lab.ready()
        await lab.run(2)
        assert await settle(lab, writers, chaos) == []
        logs = [service.directory.logs[C0] for service in lab.services().values()]
        first = list(logs[0].batches())
        assert first
        assert all(list(log.batches()) == first for log in logs)
        assert list(checks.agreement(lab.services(), checks.Memory(), anew=True)) == []

    simulate(main)
