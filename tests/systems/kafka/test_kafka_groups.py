"""Groups on real brokers: what befalls coordinators and members, and what the group makes of it."""

from __future__ import annotations

import pytest

from playground.chaos.partition import Cut
from playground.chaos.scope import Scope
from playground.systems.kafka.group import Group
from playground.systems.kafka.groupcommits import Commits
from playground.systems.kafka.groupstore import Store, Stored
from playground.systems.kafka.messages import OffsetCommit
from playground.systems.kafka.offsets import Put
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.settings import Assignor
from tests.fresh import told
from tests.systems.kafka.groups_chaos import OFFSETS, GroupsLab, accidents
from tests.systems.kafka.kafka_lab import simulate

Patch = pytest.MonkeyPatch
EVERY: tuple[Assignor, ...] = ("cooperative-sticky", "range", "round-robin")
CHANGES = [TopicPartition("changes", number) for number in range(4)]


async def stable(**settings: object) -> GroupsLab:
    """A group at work."""
    lab = GroupsLab(**settings)  # type: ignore[arg-type]
    await lab.ready()
    assert await lab.until(lambda: lab.stable)
    await lab.run(2)
    return lab


def group(lab: GroupsLab) -> Group:
    found = lab.group
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(9))
def test_no_accident_makes_a_group_tell_what_is_not_so(seed: int) -> None:
    lab: GroupsLab = simulate(accidents, seed, assignor=EVERY[seed % 3])
    assert lab.told.wrong == []
    assert lab.told.commits > 10


def test_members_do_not_notice_that_another_broker_coordinates() -> None:
    async def main() -> None:
        lab = await stable()
        before, generation = lab.coordinator, group(lab).generation
        owners = {name: member.partitions for name, member in group(lab).members.items()}
        offsets = dict(lab.told.acknowledged)
        lab.crash(before)
        assert await lab.until(lambda: lab.coordinator not in ("", before) and lab.group is not None)
        await lab.run(4)
        assert group(lab).generation == generation
        assert {name: member.partitions for name, member in group(lab).members.items()} == owners
        assert all(group(lab).offsets[each] > offsets[each] for each in CHANGES)
        assert lab.told.wrong == []

    simulate(main)


def test_a_member_that_was_stopped_for_too_long_cannot_commit_when_it_goes_on() -> None:
    async def main() -> None:
        lab = await stable()
        lab.world.nodes["co1"].freeze()
        await lab.run(7)
        assert sorted(group(lab).members) == ["co2#1", "co3#1"]
        lab.world.nodes["co1"].thaw()
        await lab.run(1)
        assert [text for text in lab.notes("zombie") if "co1#1 (generation 1) wants to commit changes-" in text]
        assert await lab.until(lambda: lab.stable)
        assert lab.told.wrong == []

    simulate(main)


def test_a_coordinator_that_was_cut_off_does_not_speak_for_the_group_any_more() -> None:
    """Its member and itself are alone: nothing that it is told there is taken, and nothing is told that is not so."""

    async def main() -> None:
        lab = await stable()
        old = lab.coordinator
        alone = [old, "co1"]
        lab.impose(Cut(Scope(frozenset(alone), frozenset(lab.others(*alone)))))
        assert await lab.until(lambda: lab.coordinator not in ("", old) and lab.group is not None)
        assert await lab.until(lambda: group(lab).state == "stable" and "co1#1" not in group(lab).members)
        commits = lab.told.commits
        await lab.run(3)
        assert lab.told.commits > commits
        await lab.recover()
        await lab.run(2)
        assert lab.told.wrong == []
        assert [name for name, broker in lab.services().items() if broker.groups.groups] == [lab.coordinator]

    simulate(main)


def test_without_enough_replicas_nothing_is_told_and_later_the_group_goes_on() -> None:
    async def main() -> None:
        lab = await stable()
        others = [name for name in lab.names if name != lab.coordinator]
        generation = group(lab).generation
        for name in others:
            lab.crash(name)
        lab.crash("co1")
        await lab.run(6)
        commits = lab.told.commits
        await lab.run(4)
        assert lab.told.commits == commits
        assert max(lab.told.leaders) == generation
        assert len(lab.notes("rebalancing")) < 6
        for name in (*others, "co1"):
            lab.start(name)
        await lab.recover()
        await lab.run(2)
        assert lab.told.commits > commits
        assert lab.told.wrong == []

    simulate(main)


def test_a_coordinator_reads_all_it_has_to_know_from_a_compacted_log() -> None:
    async def main() -> None:
        lab = await stable()
        await lab.run(3)
        for name in lab.names:
            lab.crash(name)
        await lab.run(0.1)
        before = dict(lab.told.acknowledged)
        for name in lab.names:
            lab.start(name)
        assert await lab.until(lambda: lab.group is not None)
        assert all(group(lab).offsets[each] >= before[each] for each in CHANGES)
        await lab.recover()
        assert lab.told.wrong == []

    simulate(main)


def test_generations_rise_even_when_an_unclean_election_has_lost_some() -> None:
    async def main() -> None:
        lab = await stable(unclean_election=True)
        state = lab.state(OFFSETS)
        assert state is not None
        first, second, behind = state.replicas
        lab.crash(behind)
        await lab.run(4)
        for _ in range(2):
            lab.crash("co1")
            lab.start("co1")
            await lab.run(6)
        newest, offsets = max(lab.told.leaders), dict(lab.told.acknowledged)
        assert newest > 1
        lab.crash(first)
        lab.crash(second)
        lab.start(behind)
        await lab.run(4)
        lab.start(first)  # the one alone could not commit anything
        assert await lab.until(lambda: lab.coordinator == behind and lab.group is not None)
        assert group(lab).generation == 1
        assert any(offset < offsets[partition] for partition, offset in group(lab).offsets.items())
        assert await lab.until(lambda: lab.stable and group(lab).generation > newest)
        assert not [text for text in lab.told.wrong if "leaders" in text or "belongs" in text]
        assert not lab.notes("zombie")

    simulate(main)


FRESH = """
from tests.systems.kafka.groups_chaos import accidents
from tests.systems.kafka.kafka_lab import simulate
lab = simulate(accidents, 3, rounds=3)
print(lab.world.journal.digest(), lab.told.commits)
"""


def test_the_same_accidents_do_the_same_in_any_process() -> None:
    assert len(told(FRESH, ("1", "2"))) == 1


# --- the checks find what is planted -----------------------------------------------------------------


def finds(*, seeds: int = 12) -> bool:
    """Whether accidents bring it to light."""
    return any(simulate(accidents, seed, assignor=EVERY[seed % 3]).told.wrong for seed in range(seeds))


def test_commits_of_any_generation_would_be_found(monkeypatch: Patch) -> None:
    def careless(self: Group, request: OffsetCommit, answer: object) -> None:
        self.commits.accept(request, answer)  # type: ignore[arg-type]

    monkeypatch.setattr(Group, "commit", careless)
    assert finds()


def test_answers_before_anything_is_committed_would_be_found(monkeypatch: Patch) -> None:
    write = Store.write

    def hasty(self: Store, records: list[Put], then: Stored) -> None:
        write(self, records, lambda _error: None)
        then(None)

    monkeypatch.setattr(Store, "write", hasty)
    assert finds()


def test_late_copies_of_commits_would_be_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Commits, "refuse_old", lambda _self, _request: None)
    assert finds()
