"""The shapes that the screen gets, and whom commands are aimed at: plain, pickled, and true."""

from __future__ import annotations

import pickle

from playground.systems.shards import picture, roles
from tests.systems.shards.shards_lab import Lab, simulate
from widgets.shapes import State, Table
from widgets.table import layout


def cells(table: Table, column: str) -> list[str]:
    index = [each.title for each in table.columns].index(column)
    return [row.cells[index].text for row in table.rows]


def test_the_ring_is_covered_in_the_colours_of_the_masters() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0)
        await lab.run(2)
        lab.nodes["n4"].crash()
        ring = picture.ring(lab.world, lab.names, lab.services(), {}, {"n1": 1}, key="k0")
        assert pickle.loads(pickle.dumps(ring)) == ring
        assert (ring.arcs[0].start, ring.arcs[-1].end) == (0, 1)
        masters = {lab.master(shard) for shard in lab.settings.names}
        assert {ring.nodes[arc.owner].name for arc in ring.arcs} == masters
        assert abs(sum(node.share for node in ring.nodes) - 1) < 1e-6
        assert [node.state for node in ring.nodes].count(State.DOWN) == 1
        assert ring.key is not None
        assert ring.key.replicas == roles.replica(lab.services(), "k0")
        assert ring.key.replicas[0] == lab.master("k0")
        assert picture.ring(lab.world, lab.names, {}, {}, {}).arcs == ()

    simulate(main)


def test_the_table_shows_what_each_node_believes_of_itself() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1)
        await lab.run(2)
        await lab.write("k", "v")
        lab.nodes["n1"].freeze()
        await lab.run(4)
        table = picture.table(lab.world, lab.names, lab.services(), {})
        assert pickle.loads(pickle.dumps(table)) == table
        told = dict(
            zip(cells(table, "node"), zip(cells(table, "role"), cells(table, "epoch"), strict=True), strict=True)
        )
        assert told == {
            "n1": ("master, no lease", "1"),
            "n2": ("master", "2"),
            "n3": ("slave", "2"),
        }
        assert [row.state for row in table.rows] == [State.UP, State.FROZEN, State.UP]
        assert len({len(row.cells) for row in table.rows} | {len(table.columns)}) == 1

    simulate(main)


def test_a_slave_that_lags_is_seen_by_itself_and_by_its_master() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1, shipping="pull", pull_ms=900, mode="async")
        await lab.run(2)
        for number in range(20):
            await lab.write("k", str(number))
        leading = lab.replica("n1").leading
        assert leading is not None
        records, lag_us = leading.lag(leading.followers["n2"])
        assert records > 5
        assert 0 < lag_us < 900_000
        detail = picture.shard_detail(lab.world, lab.names, lab.services(), "shard-1")
        assert cells(detail.tables[1][1], "lacks") == [str(leading.lag(each)[0]) for each in leading.followers.values()]
        await lab.run(2)
        assert leading.lag(leading.followers["n2"]) == (0, 0)
        assert lab.replica("n2").lag == 0

    simulate(main)


def test_a_slave_whose_disk_hangs_lags_though_it_hears_everything() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1)
        await lab.run(2)
        lab.nodes["n3"].disk.hang()
        for number in range(5):
            await lab.write("k", str(number))
        await lab.run(1)
        assert lab.replica("n2").lag == 0
        assert lab.replica("n3").lag == 5
        assert lab.replica("n3").lag_us > 1_000_000

    simulate(main)


def test_the_details_tell_of_a_node_a_shard_and_a_key() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=1)
        await lab.run(2)
        await lab.write("k", "v")
        await lab.run(1)
        services = lab.services()
        node = picture.detail(lab.world, "n1", services)
        assert cells(node.tables[0][1], "role") == ["master"]
        assert cells(node.tables[1][1], "key") == ["k"]
        assert "no process" in picture.detail(lab.world, "n2", {}).title
        shard = picture.shard_detail(lab.world, lab.names, services, "shard-1")
        assert {fact.title: fact.text for fact in shard.facts}["master"] == "n1"
        assert cells(shard.tables[0][1], "node") == ["n1", "n2", "n3"]
        key = picture.key_detail(lab.names, services, "k")
        assert cells(key.tables[0][1], "shows") == ["v", "v", "v"]
        assert picture.key_detail(lab.names, {}, "k").tables[0][1].rows == ()
        lab.nodes["n3"].crash()
        assert "no answer" in cells(picture.key_detail(lab.names, lab.services(), "k").tables[0][1], "shows")[2]

    simulate(main)


def test_parts_are_played_by_those_who_play_them() -> None:
    async def main() -> None:
        lab = Lab(4, rate=0, count=2)
        await lab.run(2)
        services = lab.services()
        assert roles.master(services, "shard-2") == roles.owner(services, "shard-2") == ("n2",)
        assert roles.slave(services, "shard-2") == ("n3", "n4")
        assert roles.replica(services, "k0")[0] == roles.master(services, "k0")[0]
        assert roles.master({}, "shard-1") == roles.slave({}, "k0") == roles.replica(services, "") == ()
        lab.nodes["n2"].crash()
        assert roles.master(lab.services(), "shard-2") == ()
        assert roles.slave(lab.services(), "shard-2") == ("n2", "n3", "n4")

    simulate(main)


def test_the_curve_of_a_slave_shows_what_it_copies() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1)
        await lab.run(2)
        for service in lab.services().values():
            service.take_work()
        for number in range(5):
            await lab.write("k", str(number))
        await lab.run(1)
        assert {name: service.take_work() for name, service in lab.services().items()} == {"n1": 5, "n2": 5, "n3": 5}
        assert {service.take_work() for service in lab.services().values()} == {0}

    simulate(main)


def test_a_slave_that_does_not_know_the_newest_master_says_whom_it_follows() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1)
        await lab.run(2)
        lab.replica("n3").leader = "n2"
        table = picture.table(lab.world, lab.names, lab.services(), {})
        assert cells(table, "role") == ["master", "slave", "slave of n2"]

    simulate(main)


def test_on_a_small_terminal_roles_can_be_read() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, count=1)
        await lab.run(2)
        table = picture.table(lab.world, lab.names, lab.services(), {})
        shown = {table.columns[i].title: width for i, width in layout(table.columns, 28)}
        assert list(shown) == ["shard", "node", "role", "epoch"]
        assert shown["role"] >= max(map(len, cells(table, "role")))
        assert [table.columns[i].title for i, _ in layout(table.columns, 49)] == [
            "shard", "node", "role", "epoch", "log", "lacks", "lag"
        ]  # fmt: skip

    simulate(main)
