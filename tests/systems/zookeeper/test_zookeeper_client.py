"""What a client can ask, what its watches tell it, and what its servers show of themselves."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.systems.zookeeper import picture, roles
from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.client import (
    BadArguments,
    BadVersion,
    Event,
    NoChildrenForEphemerals,
    NodeExists,
    NoNode,
    NotEmpty,
    Op,
    Stat,
    State,
)
from playground.systems.zookeeper.messages import Exists, Fired, GetData, Result, SetWatches
from playground.systems.zookeeper.tree import Tree
from playground.systems.zookeeper.txns import Changed, Made, Removed, Txn
from playground.systems.zookeeper.watches import Watches
from playground.systems.zookeeper.watching import WatchBook
from tests.systems.store.store_lab import Cut
from tests.systems.zookeeper.zookeeper_lab import Lab, simulate


def test_requests_do_what_they_say_and_refuse_what_they_must() -> None:
    async def main() -> None:
        lab = Lab(3, 1)
        await lab.prepare()
        keeper = lab.keeper()

        async def all_of_it() -> None:
            assert await keeper.create("/a", "one") == "/a"
            assert await keeper.create("/a/s-", sequential=True) == "/a/s-0000000000"
            assert await keeper.create("/a/s-", sequential=True) == "/a/s-0000000001"
            await keeper.delete("/a/s-0000000001")
            assert await keeper.create("/a/s-", sequential=True) == "/a/s-0000000002"
            assert await keeper.children("/a") == ("s-0000000000", "s-0000000002")
            data, stat = await keeper.get("/a")
            assert (data, stat.version, stat.children, stat.cversion, stat.data_length) == ("one", 0, 2, 4, 3)
            assert (await keeper.set("/a", "two", 0)).version == 1
            await keeper.create("/e", ephemeral=True)
            assert (await keeper.exists("/e")).ephemeral_owner == keeper.session  # type: ignore[union-attr]
            assert await keeper.exists("/none") is None
            refused: tuple[tuple[Any, type[Exception]], ...] = (
                (keeper.create("/a"), NodeExists),
                (keeper.create("/x/y"), NoNode),
                (keeper.create("/e/x"), NoChildrenForEphemerals),
                (keeper.create("a"), BadArguments),
                (keeper.set("/a", "three", 0), BadVersion),
                (keeper.set("/none", ""), NoNode),
                (keeper.delete("/a"), NotEmpty),
                (keeper.delete("/a/s-0000000000", 5), BadVersion),
                (keeper.delete("/"), BadArguments),
                (keeper.get("/none"), NoNode),
                (keeper.children("/none"), NoNode),
                (keeper.get("/a/"), BadArguments),
                (keeper.multi(Op("set", "/a", "four"), Op("check", "/a", version=1)), BadVersion),
            )
            for asked, error in refused:
                with pytest.raises(error) as caught:
                    await asked
                assert caught.value.definite  # type: ignore[attr-defined]
            values = await keeper.multi(Op("create", "/m"), Op("set", "/m", "x"), Op("check", "/a"), Op("delete", "/m"))
            assert values[0] == "/m"
            assert isinstance(values[1], Stat)
            assert values[1].version == 1
            assert values[2:] == (None, None)
            assert (await keeper.get("/a"))[0] == "two"
            assert await keeper.exists("/m") is None

        assert await lab.do(all_of_it) is None
        assert lab.client().errors == []
        assert lab.judge() == []

    simulate(main)


def test_answers_come_in_the_order_of_the_requests_and_reads_see_the_own_writes() -> None:
    async def main() -> None:
        lab = Lab(3, 1)
        await lab.prepare()
        client = lab.client()
        order: list[Any] = []

        async def write(value: str) -> None:
            await client.keeper.set("/left", value)
            order.append(value)

        async def read() -> None:
            order.append((await client.keeper.get("/left"))[0])

        for task in (partial(write, "1"), read, partial(write, "2"), read, read, partial(write, "3"), read):
            client.spawn(task)
        await lab.run(0.5)
        assert order == ["1", "1", "2", "2", "2", "3", "3"]

    simulate(main)


def test_a_watch_fires_once_and_before_the_new_state_is_seen() -> None:
    async def main() -> None:
        lab = Lab(3, 1)
        await lab.prepare()
        keeper, other = lab.keeper("c1"), lab.keeper("c2")
        seen: list[Any] = []

        async def follow() -> None:
            await keeper.get("/left", seen.append)
            while (value := (await keeper.get("/left"))[0]) != "2":
                await keeper.service.sleep(100)
                if value == "1" and "1" not in seen:
                    seen.append("1")
            seen.append("2")

        lab.client("c1").spawn(follow)
        await lab.run(0.2)
        for value in ("1", "2"):
            await lab.do(partial(other.set, "/left", value), "c2")
        await lab.run(0.5)
        assert seen == [Event("changed", "/left"), "1", "2"]

    simulate(main)


@pytest.mark.parametrize("missed", [False, True])
def test_watches_tell_of_what_comes_goes_and_changes_also_what_was_missed(missed: bool) -> None:
    async def main() -> None:
        lab = Lab(3, 2)
        await lab.prepare()
        keeper, other = lab.keeper("c1"), lab.keeper("c2")
        events: list[Event] = []

        async def set_watches() -> None:
            await keeper.create("/old")
            await keeper.create("/changing")
            await keeper.exists("/old", events.append)
            await keeper.exists("/new", events.append)
            await keeper.get("/changing", events.append)
            await keeper.get("/right", events.append)
            await keeper.children("/queue", events.append)

        async def change() -> None:
            await other.delete("/old")
            await other.create("/new")
            await other.set("/changing", "x")
            await other.create("/queue/one")

        await lab.do(set_watches)
        cut = Cut(["c1"], [*lab.names])
        if missed:
            lab.world.network.add(cut)
        await lab.do(change, "c2")
        if missed:
            await lab.run(1.2)
            assert keeper.state is State.DISCONNECTED
            assert events == []
            lab.world.network.remove(cut)
        await lab.run(1)
        assert sorted(events) == [
            Event("changed", "/changing"),
            Event("children", "/queue"),
            Event("created", "/new"),
            Event("deleted", "/old"),
        ]
        assert [watch.path for watch in keeper.watches.waiting()] == ["/right"]
        assert lab.judge() == []

    simulate(main)


class AfterTheFirstEvent:
    """Nothing reaches ``client`` any more once it was sent an event; what it says is heard."""

    cuts = True

    def __init__(self, client: str) -> None:
        self.client = client
        self.over = False

    def judge(self, parcel: Parcel) -> Verdict:
        if parcel.target != self.client:
            return PASS
        over, self.over = self.over, self.over or isinstance(getattr(parcel.content, "body", None), Fired)
        return DROP if over else PASS


def test_of_several_events_of_one_transaction_those_that_got_lost_are_told_by_the_next_server() -> None:
    async def main() -> None:
        lab = Lab(3, 4)
        await lab.prepare()
        keeper, other = lab.keeper("c1"), lab.keeper("c2")
        events: list[Event] = []

        async def set_watches() -> None:
            await keeper.create("/queue/one")
            await keeper.exists("/queue/one", events.append)
            await keeper.children("/queue", events.append)

        await lab.do(set_watches)
        rule = AfterTheFirstEvent("c1")
        lab.world.network.add(rule)
        await lab.do(partial(other.delete, "/queue/one"), "c2")
        await lab.run(0.1)
        assert len(events) == 1, "the other one is lost"
        await lab.run(1.3)
        assert keeper.state is State.DISCONNECTED
        lab.world.network.remove(rule)
        await lab.run(1)
        assert sorted(events) == [Event("children", "/queue"), Event("deleted", "/queue/one")]
        assert not [*keeper.watches.waiting()]
        assert lab.judge() == []

    simulate(main)


def test_watches_at_a_server_fire_once_a_connection_for_what_they_wait_for() -> None:
    watches = Watches()
    one, two = ("c1", 1), ("c2", 1)
    watches.on_data("/a", one)
    watches.on_data("/a", two)
    watches.on_data("/a", one)
    watches.on_children("/a", one)
    assert watches.trigger(Event("children", "/b")) == ()
    assert watches.trigger(Event("deleted", "/a")) == (one, two)
    assert watches.trigger(Event("deleted", "/a")) == ()
    watches.on_data("/a", one)
    watches.on_children("/a", two)
    assert watches.trigger(Event("changed", "/a")) == (one,)
    assert len(watches) == 1
    watches.forget(two)
    assert len(watches) == 0


def test_watches_that_are_carried_over_fire_for_what_was_missed_and_wait_for_the_rest() -> None:
    tree, watches = Tree(), Watches()
    for zxid, change in enumerate(
        (Made("/a", "", 0, 1), Made("/b", "", 0, 2), Made("/gone", "", 0, 3), Changed("/a", "x", 1), Removed("/gone")),
        1,
    ):
        tree.apply(zxid, Txn(0, 0, 0, (change,)))
    wanted = SetWatches(3, ("/a", "/b", "/gone"), ("/b", "/none"), ("/", "/b", "/gone"))
    assert list(watches.carry_over(("c1", 1), wanted, tree)) == [
        Event("changed", "/a"),
        Event("deleted", "/gone"),
        Event("created", "/b"),
        Event("children", "/"),
    ]
    assert (list(watches.data), list(watches.children)) == (["/b", "/none"], ["/b"])


def test_a_client_s_watches_are_of_the_kind_that_its_read_found() -> None:
    book = WatchBook()
    stat = Tree().nodes["/"].stat
    book.register(GetData("/a", True), print, Result(1, 5, ("", stat)))
    book.register(Exists("/b", True), print, Result(2, 6))
    book.register(Exists("/c", True), print, Result(3, 7, stat))
    assert book.register(GetData("/d", True), print, Result(4, 8, None, ("NoNode", ""))) is None
    assert book.paths() == (("/a", "/c"), ("/b",), ())
    (fired,) = book.fire(Event("created", "/b"))
    assert (fired.path, fired.zxid) == ("/b", 6)
    assert book.fire(Event("created", "/b")) == ()


def test_a_leader_can_be_named_and_who_follows_it() -> None:
    async def main() -> None:
        lab = Lab(3, 1)
        assert roles.leader(lab.servers, "") == ()
        await lab.prepare()
        leader = roles.leader(lab.servers, "")
        assert leader == roles.leader(lab.servers, "ensemble")
        assert roles.leader(lab.servers, "k1") == roles.follower(lab.servers, "k1") == ()
        assert sorted((*leader, *roles.follower(lab.servers, ""))) == list(lab.names)
        lab.nodes[leader[0]].freeze()
        await lab.run(3)
        assert roles.leader(lab.servers, "") not in ((), leader)  # the frozen one believes that it leads, still

    simulate(main)


def test_the_picture_shows_the_tree_whose_ephemerals_belong_to_machines() -> None:
    async def main() -> None:
        lab = Lab(3, 1)
        empty = picture.tree(lab.world, lab.names, {}, {})
        assert empty.nodes == ()
        await lab.prepare()
        keeper = lab.keeper("c2")
        await lab.do(partial(keeper.create, "/queue/e", "mine", ephemeral=True), "c2")
        await lab.do(partial(keeper.set, "/left", "new"), "c2")
        await lab.do(partial(keeper.get, "/left", print), "c2")
        shown = picture.tree(lab.world, lab.names, lab.servers, {"c2": 5})
        assert [(line.path, line.depth) for line in shown.nodes] == [
            ("/", 0),
            ("/left", 1),
            ("/queue", 1),
            ("/queue/e", 2),
            ("/right", 1),
        ]
        ephemeral = shown.nodes[3]
        assert (ephemeral.mark, ephemeral.subject, ephemeral.hue) == ("ephemeral", "c2", 5)
        assert re.fullmatch(r"mine  [0-9]+ s left", ephemeral.text)
        assert shown.nodes[1].text.endswith("  1 watch")
        assert sum(server.take_work() for server in lab.servers.values()) > 0
        assert ephemeral.fresh
        assert not shown.nodes[0].fresh
        assert f"{lab.leader} leads epoch 1, 2 of 2 follow" in shown.caption
        leader = lab.leader
        detail = picture.detail(lab.world, leader, lab.names, lab.servers, {})
        assert detail.facts[0].text == "leads"
        sessions = dict(detail.tables)["sessions"]
        assert sorted(row.cells[1].text for row in sessions.rows) == ["c1", "c2", "c3"]
        assert all(row.cells[4].text.endswith(" s") for row in sessions.rows)
        roles = dict(detail.tables)["the ensemble, each server by its own account"]
        assert sorted(row.cells[1].text for row in roles.rows) == [*[f"follows {leader}"] * 2, "leads"]
        at = picture.detail(lab.world, keeper.server, lab.names, lab.servers, {})
        assert [row.cells[2].text for row in dict(at.tables)["watches set here"].rows] == ["/left"]
        znode = picture.znode_detail("/queue/e", lab.names, lab.servers, {"c2": 5})
        assert [fact.text for fact in znode.facts if fact.title == "holds"] == ["mine"]
        assert [row.cells[1].text for row in dict(znode.tables)["what each server has"].rows] == ["mine"] * 3
        assert [(line.subject, line.hue) for line in znode.happened] == [("c2", 5)]
        assert znode.happened[0].text.startswith("makes it with 'mine', to go with session ")
        left = picture.znode_detail("/left", lab.names, lab.servers, {})
        assert [line.text for line in left.happened[:1]] == ["sets it to 'new', version 1"]
        assert [row.cells[0].text for row in dict(left.tables)["who watches it"].rows] == ["c2"]
        number = next(each for each, session in lab.server(leader).tree.sessions.items() if session.client == "c2")
        session = picture.session_detail(spelled(number), lab.servers, {})
        assert session.facts[0].text == "c2"
        assert session.happened[-1].text.startswith("opens it, with a timeout of ")
        assert [row.cells[0].text for row in dict(session.tables)["its ephemerals: they go with it"].rows] == [
            "/queue/e"
        ]
        assert picture.session_detail("9:9", lab.servers, {}).facts[0].text == "over"
        lab.nodes[leader].crash()
        assert "no process runs" in picture.detail(lab.world, leader, lab.names, lab.servers, {}).title
        assert picture.table(lab.world, lab.names, lab.servers, {}).caption == "nobody leads the ensemble"

    simulate(main)
