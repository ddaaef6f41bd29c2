"""What the screen gets of Kafka: in the overview what is, in the zoom of a machine what that one believes."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from playground.systems.kafka import roles, standing
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.picture import (
    Overview,
    broker_detail,
    consumer_detail,
    group_detail,
    partition_detail,
    producer_detail,
)
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.standing import LagHistory
from playground.systems.kafka.worker import ConsumerService
from tests.systems.kafka.kafka_lab import Lab, simulate
from tests.systems.store.store_lab import Cut
from widgets.shapes import Detail, Partition, Partitions, State, Table, Tone

GROUP = {"name": "view", "session_timeout_ms": 1_500, "heartbeat_ms": 300, "commit_ms": 200}


class Watched(Lab):
    """A lab with producers, consumers and somebody who looks at it."""

    def __init__(
        self, *, producers: int = 1, consumers: int = 2, rate: float = 50, assignor: str = "", **settings: Any
    ) -> None:
        groups = [{**GROUP, "consumers": consumers, **({"assignor": assignor} if assignor else {})}]
        super().__init__(producers=producers, rate=rate, groups=groups, **settings)
        for name in self.settings.producer_names:
            self.add(name, lambda process: ProducerService(process, self.settings, self.names))
        for name in self.settings.consumers:
            self.add_consumer(name)
        self.history = LagHistory()
        self.hues = {name: hue for hue, name in enumerate(self.world.nodes)}
        self.overview = Overview(self.world, self.settings, self.history, self.hues)

    def add_consumer(self, name: str) -> None:
        self.add(name, lambda process: ConsumerService(process, self.settings, "view", self.names))

    def consumers(self) -> dict[str, ConsumerService]:
        return {
            name: service
            for name, node in self.world.nodes.items()
            for service in (node.process.services if node.process is not None else ())
            if isinstance(service, ConsumerService)
        }

    def look(self) -> Partitions:
        shape = self.overview.partitions(self.services(), self.consumers())
        assert pickle.loads(pickle.dumps(shape)) == shape
        return shape

    def row(self, name: str = "changes-0") -> Partition:
        return next(row for row in self.look().rows if row.name == name)

    async def seconds(self, count: int) -> None:
        """Let time pass, and sample the lags every second."""
        for _ in range(count):
            await self.run(1 - self.world.now_us / 1e6 % 1)
            self.history.take(self.world.now_us // 1_000_000, self.services())


def cells(table: Table, column: str) -> list[str]:
    index = [each.title for each in table.columns].index(column)
    return [row.cells[index].text for row in table.rows]


def fact(detail: Detail, title: str) -> str:
    return next(fact.text for fact in detail.facts if fact.title == title)


def test_the_overview_shows_logs_as_their_leaders_and_groups_as_their_coordinators_have_them() -> None:
    async def main() -> None:
        lab = Watched()
        assert lab.look().rows == ()
        await lab.ready()
        await lab.seconds(3)
        shape = lab.look()
        assert [row.name for row in shape.rows] == [f"changes-{number}" for number in range(4)]
        assert [row.name for row in shape.folded] == ["__consumer_offsets-0"]
        services = lab.services()
        for row in (*shape.rows, *shape.folded):
            partition = TopicPartition.parse(row.name)
            assert partition is not None
            leading = services[row.leader].leads(partition)
            assert leading is not None
            assert (row.start, row.high_watermark, row.end) == (0, leading.high_watermark, leading.log.end_offset)
            assert row.hue == lab.hues[row.leader]
            assert [replica.in_sync for replica in row.replicas] == [True] * 3
            assert row.tone is Tone.PLAIN
        assert max(row.end for row in shape.rows) > 5
        [group] = shape.groups
        assert (group.text, group.tone, group.aside) == ("generation 1, stable", Tone.GOOD, "cooperative-sticky")
        assert [(each.name, each.partitions, each.note) for each in group.members] == [("co1", 2, ""), ("co2", 2, "")]
        for row in shape.rows:
            [progress] = row.readers
            owner = lab.find(progress.owner, ConsumerService)
            assert TopicPartition.parse(row.name) in owner.assignment
            assert progress.committed is not None
            assert progress.position is not None
            assert progress.committed <= progress.position <= row.high_watermark
            assert progress.lag == row.high_watermark - progress.committed
        assert shape.caption == f"controller {lab.controller()}, epoch 1, all in sync"
        assert shape.summary.endswith(": in sync")

    simulate(main)


def test_a_leader_that_is_down_is_seen_before_anybody_has_noticed_and_then_its_successor() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        before = lab.row()
        lab.crash(before.leader)
        await lab.run(0.1)
        row = lab.row()
        assert (row.leader, row.leader_state, row.missing) == (before.leader, State.DOWN, 0)
        assert row.end >= before.end - 1  # of those that are left
        await lab.run(5)
        row = lab.row()
        assert row.leader not in ("", before.leader)
        assert row.leader_state is State.UP
        assert {replica.name for replica in row.replicas if not replica.in_sync} == {before.leader}
        assert next(each.state for each in row.replicas if not each.in_sync) is State.DOWN
        assert row.tone is Tone.WARN
        assert "under-replicated" in lab.look().caption
        lab.crash(row.leader)
        await lab.run(5)
        assert lab.row().tone is Tone.BAD

    simulate(main)


def test_what_was_known_stays_when_nobody_is_left_to_ask() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(3)
        before = lab.look()
        for name in lab.names:
            lab.crash(name)
        await lab.run(0.5)
        shape = lab.look()
        assert [(row.name, row.end, row.leader) for row in shape.rows] == [
            (row.name, row.end, row.leader) for row in before.rows
        ]
        assert {row.leader_state for row in shape.rows} == {State.DOWN}
        assert [row.readers[0].owner for row in shape.rows] == [row.readers[0].owner for row in before.rows]
        assert (shape.groups[0].text, shape.groups[0].tone) == ("nobody coordinates it", Tone.BAD)
        assert shape.groups[0].members == before.groups[0].members
        assert shape.caption == "no broker is up: this is what was last known"

    simulate(main)


def test_a_rebalance_says_for_whom_it_waits() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        lab.world.nodes["co2"].freeze()
        lab.add_consumer("co3")
        assert await lab.until(lambda: "waiting" in lab.look().groups[0].text, 5)
        group = lab.look().groups[0]
        assert group.text.startswith("preparing generation 2: waiting for ")
        assert group.tone is Tone.WARN
        await lab.run(0.5)
        assert lab.look().groups[0].text == "preparing generation 2: waiting for co2"
        assert next(each.note for each in group.members if each.name == "co2") == "frozen"
        assert await lab.until(lambda: lab.look().groups[0].tone is Tone.GOOD, 10)
        assert "co2" not in [each.name for each in lab.look().groups[0].members]

    simulate(main)


@pytest.mark.parametrize(("assignor", "goes_on"), [("cooperative-sticky", True), ("range", False)])
def test_while_a_group_shares_out_anew_who_has_not_given_up_a_partition_owns_it(assignor: str, goes_on: bool) -> None:
    async def main() -> None:
        lab = Watched(assignor=assignor)
        await lab.ready()
        await lab.seconds(2)
        lab.add_consumer("co3")
        least, shared_out = 4, False
        for _ in range(300):
            await lab.run(0.01)
            shape = lab.look()
            [group] = shape.groups
            owners = [row.readers[0].owner for row in shape.rows if row.readers[0].owner]
            assert len(owners) == sum(member.partitions for member in group.members)
            least = min(least, len(owners))
            shared_out |= "shares out" in group.text
        assert shared_out
        assert (least >= 3) if goes_on else (least == 0)
        assert "co3" in [row.readers[0].owner for row in lab.look().rows]

    simulate(main)


def test_a_stalled_consumer_is_marked_and_its_lag_grows_into_the_curve() -> None:
    async def main() -> None:
        lab = Watched(consumers=1, rate=80)
        await lab.ready()
        await lab.seconds(3)
        lab.find("co1", ConsumerService).stall(3_000)
        await lab.seconds(8)
        shape = lab.look()
        assert shape.groups[0].members[0].note == "stalled"
        behind = max((row for row in shape.rows), key=lambda row: row.readers[0].lag)
        progress = behind.readers[0]
        assert progress.lag > 100
        assert progress.tone is Tone.WARN
        known = [each for each in progress.lags if each is not None]
        assert known[-1] > known[-4] > known[0]
        assert progress.lags[0] is None  # it has not been so long
        assert shape.span >= progress.lag
        assert shape.lag_top >= known[-1]

    simulate(main)


def test_the_history_tells_each_second_what_was_behind() -> None:
    async def main() -> None:
        lab = Watched(consumers=1)
        await lab.ready()
        await lab.seconds(3)
        second = lab.world.now_us // 1_000_000
        recent = lab.history.recent(second + 1, 3)
        assert [bool(each) for each in recent] == [True, True, False]
        assert set(recent[1]) == {("view", TopicPartition("changes", number)) for number in range(4)}
        assert recent[1] == standing.lags(lab.services())
        assert standing.lags({}) == {}

    simulate(main)


def test_the_zoom_of_a_leader_that_is_cut_off_shows_what_it_still_believes() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        old = lab.row().leader
        lab.impose(Cut([old], lab.others(old)))
        await lab.until(lambda: lab.row().leader != old, 20)
        detail = broker_detail(lab.world, old, lab.services(), lab.consumers(), lab.hues)
        assert pickle.loads(pickle.dumps(detail)) == detail
        tables = dict(detail.tables)
        own = tables["its partitions, as it sees them"]
        roles = dict(zip(cells(own, "partition"), cells(own, "leader"), strict=True))
        assert roles["changes-0"] == f"itself, but {lab.row().leader} does"
        assert "; the newest is" in fact(detail, "its image")
        new = lab.row().leader
        detail = broker_detail(lab.world, new, lab.services(), lab.consumers(), lab.hues)
        assert "the newest" in fact(detail, "its image")
        tables = dict(detail.tables)
        assert old in cells(tables["who copies and reads from it"], "who")
        assert all(name in ("active", "closed", "compacted") for name in cells(tables["segments"], "is"))
        ends = cells(tables["newest batches"], "from")
        assert ends
        lab.crash(new)
        assert "no process" in broker_detail(lab.world, new, lab.services(), {}, {}).title

    simulate(main)


def test_the_zoom_of_a_partition_sets_what_each_broker_and_client_believes_beside_what_is_decided() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        old = lab.row().leader

        def look() -> tuple[Detail, dict[str, Table]]:
            producers = {"pr1": lab.find("pr1", ProducerService)}
            args = (lab.world, "changes-0", lab.services(), lab.consumers(), producers, lab.hues)
            detail = partition_detail(*args)
            assert pickle.loads(pickle.dumps(detail)) == detail
            return detail, dict(detail.tables)

        detail, tables = look()
        assert fact(detail, "leader") == f"{old}, in epoch 1"
        believers = tables["whom others take for its leader"]
        assert not believers.rows
        assert f"all 6 brokers and clients that run believe in {old}" == believers.empty
        lab.impose(Cut([old], lab.others(old)))
        await lab.until(lambda: lab.row().leader != old, 20)
        await lab.run(1)
        detail, tables = look()
        new = lab.row().leader
        copies = tables["its replicas, each by its own account"]
        said = dict(zip(cells(copies, "broker"), cells(copies, "takes itself for"), strict=True))
        assert (said[old], said[new]) == ("leader, once", "leader")
        assert cells(copies, "is")[cells(copies, "broker").index(old)] == "out of sync"
        believers = tables["whom others take for its leader"]
        assert dict(zip(cells(believers, "who"), cells(believers, "believes"), strict=True))[old] == old
        assert f"believe in {new}" in believers.caption

    simulate(main)


def test_the_zoom_of_a_group_sets_what_its_members_believe_beside_what_its_coordinator_has() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        detail = group_detail("view", lab.services(), lab.consumers(), lab.hues)
        assert fact(detail, "is") == "generation 1, stable"
        (_, members), (_, shares) = detail.tables
        assert cells(members, "itself") == ["generation 1, stable"] * 2
        assert cells(shares, "partition") == [f"changes-{number}" for number in range(4)]
        lab.world.nodes["co1"].freeze()
        await lab.run(4)
        (_, members), _ = group_detail("view", lab.services(), lab.consumers(), lab.hues).tables
        said = {row.name: (row.cells[1].text, row.cells[2].tone) for row in members.rows}
        assert said == {"co1": ("no member", Tone.WARN), "co2": ("4 partitions", Tone.GOOD)}

    simulate(main)


def test_the_zoom_of_a_consumer_that_was_frozen_says_that_the_group_has_gone_on() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        detail = consumer_detail("co1", lab.consumers(), lab.services())
        assert fact(detail, "is") == "stable, in generation 1"
        assert fact(detail, "coordinator") in lab.services()
        [(_, owned)] = detail.tables
        assert len(owned.rows) == 2
        assert all(int(text.replace(",", "")) >= 0 for text in cells(owned, "lag"))
        lab.world.nodes["co1"].freeze()
        await lab.run(4)
        detail = consumer_detail("co1", lab.consumers(), lab.services())
        assert fact(detail, "is") == "stable, in generation 1; the group is in 2"
        lab.world.nodes["co1"].crash()
        assert "no process" in consumer_detail("co1", lab.consumers(), lab.services()).title

    simulate(main)


def test_the_zoom_of_a_producer_counts_what_became_of_its_messages() -> None:
    async def main() -> None:
        lab = Watched(consumers=0)
        await lab.ready()
        await lab.seconds(2)
        service = lab.find("pr1", ProducerService)
        detail = producer_detail("pr1", service, lab.services())
        assert fact(detail, "acknowledged") == f"{service.acknowledged:,}"
        assert service.acknowledged > 20
        [(_, lines)] = detail.tables
        assert cells(lines, "partition") == [f"changes-{number}" for number in range(4)]
        assert sum(map(int, cells(lines, "next sequence"))) <= service.sent
        for name in lab.names:
            lab.crash(name)
        await lab.run(1)
        detail = producer_detail("pr1", service, lab.services())
        assert int(fact(detail, "open").split()[0].replace(",", "")) > 20
        assert "no process" in producer_detail("pr1", None, {}).title

    simulate(main)


def test_a_group_that_nobody_has_joined_is_no_group_without_a_coordinator() -> None:
    async def main() -> None:
        lab = Watched(consumers=0)
        assert lab.look().groups[0].text == "nobody coordinates it"
        await lab.ready()
        await lab.seconds(1)
        group = lab.look().groups[0]
        assert (group.text, group.tone, group.members) == ("nobody has joined", Tone.MUTED, ())
        row = lab.row()
        assert row.readers[0].owner == ""
        assert row.readers[0].committed is None

    simulate(main)


def test_members_and_owners_stay_while_a_new_coordinator_reads_what_it_takes_over() -> None:
    async def main() -> None:
        lab = Watched()
        await lab.ready()
        await lab.seconds(2)
        [coordinator] = roles.coordinator(lab.services(), "view")
        lab.look()
        lab.crash(coordinator)
        texts = set()
        for _ in range(400):
            await lab.run(0.02)
            shape = lab.look()
            texts.add(shape.groups[0].text)
            assert [(each.name, each.partitions) for each in shape.groups[0].members] == [("co1", 2), ("co2", 2)]
            assert all(row.readers[0].owner for row in shape.rows)
        assert texts >= {"generation 1, stable", "nobody coordinates it"}
        assert lab.look().groups[0].text == "generation 1, stable"

    simulate(main)
