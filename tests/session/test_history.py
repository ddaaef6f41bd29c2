"""What happened to a thing, as its zoom tells it: by the journal's data, in order, beside what is and is believed."""

from __future__ import annotations

import pickle
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import Frame, View
from playground.kernel import world
from playground.kernel.journal import Entry
from playground.pictures import Painter
from playground.pictures.history import KEYS, OF_KEY, SHOWN, Histories
from playground.spec import PRESETS, ClusterSpec
from playground.systems.zookeeper.client import spelled
from playground.systems.zookeeper.service import ZooKeeperService
from widgets.shapes import Detail, Fact, Item, LogLine, Tone

T = TypeVar("T")
SMALL: dict[str, Any] = {"nodes": 3, "load": {"rate": 0, "clients": 1}}


class Watched:
    """A cluster, its histories, and somebody who looks at it."""

    def __init__(self, spec: dict[str, Any], seed: int = 3) -> None:
        self.cluster = Cluster(ClusterSpec.model_validate(spec), seed)
        self.histories = Histories(self.cluster, {name: hue for hue, name in enumerate(self.cluster.names)})
        self.painter = Painter(self.cluster, "")

    async def at(self, second: float, *lines: str) -> None:
        await self.cluster.advance(int(second * 1e6))
        for line in lines:
            await self.cluster.apply(parse_line(line))

    def told(self, item: Item | str) -> list[str]:
        """The sentences, oldest first, each after whom it is about."""
        histories = self.histories
        lines, _ = histories.of_node(item) if isinstance(item, str) else histories.of_item(item)
        return [f"{line.subject} {line.text}" for line in reversed(lines)]

    def frame(self, item: Item | None, selected: str = "") -> Frame:
        view = View(frozenset({"detail"}), selected or self.cluster.names[0], item=item)
        frame = self.painter.paint(view, speed=1, actual_speed=1, paused=False)
        assert pickle.loads(pickle.dumps(frame)) == frame
        return frame

    def detail(self, item: Item | None, selected: str = "") -> Detail:
        detail = self.frame(item, selected).detail
        assert detail is not None
        return detail

    def rows(self, item: Item, title: str) -> list[list[str]]:
        table = dict(self.detail(item).tables)[title]
        return [[cell.text for cell in row.cells] for row in table.rows]


def watch(spec: dict[str, Any], look: Callable[[Watched], Awaitable[T]]) -> T:
    async def main() -> T:
        return await look(Watched(spec))

    return world.run(main)


def fact(detail: Detail, title: str) -> Fact:
    return next(each for each in detail.facts if each.title == title)


def test_a_shard_whose_master_crashed_tells_it_in_order_and_so_do_the_machine_its_session_and_its_znode() -> None:
    async def look(w: Watched) -> None:
        shard = Item("shard", "shard-1")
        await w.at(3)
        servers = w.cluster.services(ZooKeeperService)
        leader = next(iter(servers.values())).tree
        session = Item("session", next(spelled(n) for n, each in leader.sessions.items() if each.client == "n1"))
        await w.at(3, "crash n1")
        await w.at(9)
        assert w.told(shard) == [
            "n1 is elected master of shard-1 in epoch 1",
            "n1 has committed its first write of shard-1 in epoch 1",
            "n1 publishes shard-1 from its beginning on",
            *w.told(shard)[3:],
        ]
        after = w.told(shard)[3:]
        assert any("is elected master of shard-1 in epoch 2" in line for line in after)
        assert not any("shard-2" in line for line in w.told(shard))
        node = w.told("n1")
        assert node.index("n1 crashed") > node.index("n1 is up")
        assert any("its session expires" in line for line in node)
        assert any(line.startswith("n1 is suspected by ") for line in node)

        detail = w.detail(shard)
        assert [line.at_us for line in detail.happened] == sorted((x.at_us for x in detail.happened), reverse=True)
        master = fact(detail, "master").text
        assert master != "n1"
        assert detail.aside is not None
        assert detail.aside.title.startswith("n1")

        over = w.detail(session)
        assert w.histories.subjects.find(session.name) == session
        assert w.frame(session).picked.nodes == ("n1",)
        assert fact(over, "is").text == "over"
        assert over.happened[0].text.startswith("has heard nothing of n1 for too long") or any(
            line.text.startswith("has lost it: it expires") and "/shards/shard-1/master" in line.text
            for line in over.happened
        )
        znode = w.detail(Item("znode", "/shards/shard-1/master"))
        assert [(line.subject, line.text.split()[0]) for line in znode.happened] == [
            (master, "makes"),
            ("n1", "loses"),
            ("n1", "makes"),
        ]
        assert w.frame(Item("znode", "/shards/shard-1/master")).picked.nodes == (master,)

    watch(PRESETS["platform"], look)


def test_a_partition_whose_leader_froze_tells_who_left_and_who_leads_and_the_frozen_one_still_believes() -> None:
    async def look(w: Watched) -> None:
        partition = Item("partition", "changes-0")
        await w.at(2)
        old = fact(w.detail(partition, "br1"), "leader").text.partition(",")[0]
        await w.at(3, f"freeze {old}")
        await w.at(8)
        told = w.told(partition)
        assert told[0] == f"{old} leads changes-0 in epoch 1"
        assert any(line.endswith("leads changes-0 in epoch 2") for line in told)
        replicas = w.rows(partition, "its replicas, each by its own account")
        assert [old, "leader, once"] in [row[:2] for row in replicas]
        believers = w.rows(partition, "whom others take for its leader")
        assert old in [row[0] for row in believers]
        frame = w.frame(partition, "br1")
        assert set(frame.picked.nodes) >= {row[0] for row in replicas}
        assert Item("znode", "/brokers/topics/changes/0") in frame.picked.items
        group = w.detail(Item("group", "view"), "br1")
        assert any("generation 1" in line.text for line in group.happened)
        assert any("rebalance" in line.kind for line in w.detail(None, "co1").happened)
        await w.at(8, "freeze co1")
        await w.at(18)
        assert any("co1 left (session timeout)" in line for line in w.told("co1"))

    watch(PRESETS["kafka"], look)


def test_a_key_tells_who_wrote_and_read_it_and_what_each_was_told() -> None:
    async def look(w: Watched) -> None:
        history = w.cluster.history
        await w.at(1)

        def ask(client: str, value: str | None = None) -> Any:
            return history.invoke(client, "k7", w.cluster.now_us, value=value)

        ok, failed, lost, read = ask("c1", "c1-1"), ask("c1", "c1-2"), ask("c1", "c1-3"), ask("you")
        history.complete(ok, "ok", w.cluster.now_us + 1_500)
        history.complete(failed, "fail", w.cluster.now_us, error="refused")
        history.complete(lost, "unknown", w.cluster.now_us, error="timed out")
        history.complete(read, "ok", w.cluster.now_us + 2_000, seen=("c1-1",))
        stale = ask("you")
        history.complete(stale, "ok", w.cluster.now_us + 2_000, seen=())
        ask("c1", "c1-4")
        assert w.told(Item("key", "k7")) == [
            "c1 wrote c1-1, acknowledged after 1.5 ms",
            "c1 could not write c1-2, and it was not written: refused",
            "c1 does not know whether c1-3 was written: timed out",
            "you read c1-1 after 2.0 ms",
            "you read nothing after 2.0 ms, which was stale: it missed c1-1",
            "c1 writes c1-4: no answer yet",
            "k7 stale read: you read k7 and missed an acknowledged write",
        ]
        lines, _ = w.histories.of_item(Item("key", "k7"))
        assert [line.tone for line in reversed(lines)][:3] == [Tone.GOOD, Tone.BAD, Tone.WARN]
        assert [operation.value for operation in w.histories.operations("c1")][:2] == ["c1-4", "c1-3"]
        assert not w.told(Item("key", "k8"))

    watch(SMALL, look)


def test_who_looks_at_a_key_sees_where_its_copies_are_and_what_each_holds() -> None:
    async def look(w: Watched) -> None:
        await w.at(1, "put cat tom")
        await w.at(2)
        key = Item("key", "cat")
        frame = w.frame(key)
        detail = frame.detail
        assert detail is not None
        assert detail.title == "key cat"
        assert [row[1] for row in w.rows(key, "copies")] == ["tom"] * 3
        assert set(frame.picked.nodes) == {"n1", "n2", "n3"}
        assert any(line.text.startswith("wrote tom, acknowledged after") for line in detail.happened)

    watch(SMALL, look)


def test_only_what_was_asked_of_last_is_remembered_and_of_each_key_and_client_no_more_than_is_told() -> None:
    async def look(w: Watched) -> None:
        history = w.cluster.history
        for number in range(KEYS + 5):
            history.complete(history.invoke("c1", f"x{number}", number), "ok", number + 1)
        for number in range(2 * OF_KEY):
            history.complete(history.invoke("c1", "hot", KEYS + number, value=f"v{number}"), "ok", KEYS + number + 1)
        assert not w.told(Item("key", "x0"))
        assert len(w.told(Item("key", f"x{KEYS + 4}"))) == 1
        lines, earlier = w.histories.of_item(Item("key", "hot"))
        assert (len(lines), earlier) == (SHOWN, OF_KEY - SHOWN)
        assert lines[0].text.startswith(f"wrote v{2 * OF_KEY - 1},")

    watch(SMALL, look)


def test_a_history_is_told_anew_only_when_there_is_more_of_it() -> None:
    async def look(w: Watched) -> None:
        await w.at(1)
        first = w.histories.of_node("n1")
        assert w.histories.of_node("n1") is first
        w.cluster.world.record("crash", "n2", "n2 crashed")
        assert w.histories.of_node("n1") is first
        for number in range(2 * SHOWN):
            w.cluster.world.record("note", "n1", f"n1 says {number}")
        lines, earlier = w.histories.of_node("n1")
        assert lines[0].text == f"says {2 * SHOWN - 1}"
        assert len(lines) == SHOWN
        assert earlier == len(first[0]) + SHOWN

    watch(SMALL, look)


@pytest.mark.parametrize(
    ("kind", "subject", "data", "nodes", "items"),
    [
        ("elected", "n2", {"group": "shard-2", "term": 3}, ["n2"], [Item("shard", "shard-2")]),
        ("elected", "z1", {"group": "ensemble"}, ["z1"], []),
        ("isr", "br2", {"partition": "changes-1", "left": "br1"}, ["br2", "br1"], [Item("partition", "changes-1")]),
        ("zombie", "br2", {"group": "view", "member": "co1#2"}, ["br2", "co1"], [Item("group", "view")]),
        ("rebalance", "br1", {"group": "view", "members": "co1 co2#3"}, ["br1", "co1", "co2"], [Item("group", "view")]),
        ("expired", "z1", {"session": (2 << 32) + 5, "owner": "n3"}, ["z1", "n3"], [Item("session", "2:5")]),
        ("replaced", "n1", {"group": "view", "old": "n2:1", "new": "n4"}, ["n1", "n4", "n2"], [Item("group", "view")]),
        ("partition", "", {"nodes": ("n1", "n2")}, ["n1", "n2"], []),
        ("alert", "changes-1 br1", {"check": "?"}, [], [Item("partition", "changes-1")]),
        ("election", "br1", {"partitions": ("changes-0", "gone-1")}, ["br1"], [Item("partition", "changes-0")]),
        ("herd", "", {"key": "k9"}, [], [Item("key", "k9")]),
        ("say", "", {"group": "nobody", "about": "nowhere"}, [], []),
    ],
)  # fmt: skip
def test_what_an_entry_is_about_is_told_by_its_data_whatever_its_text(
    kind: str, subject: str, data: dict[str, Any], nodes: list[str], items: list[Item]
) -> None:
    async def look(w: Watched) -> None:
        entry = Entry(0, 0, kind, subject, "n5 of shard-3 says view and changes-3", tuple(data.items()))
        assert list(w.histories.subjects.nodes_of(entry)) == nodes
        assert list(w.histories.subjects.items_of(entry)) == items

    watch(PRESETS["platform"], look)


def test_whatever_can_be_selected_is_found_by_its_name_and_nothing_else() -> None:
    async def look(w: Watched) -> None:
        await w.at(2)
        find = w.histories.subjects.find
        key = next(iter(w.cluster.history.operations)).key
        for name, kind in (
            ("shard-1", "shard"), ("changes-0", "partition"), ("view", "group"), ("/controller", "znode"), (key, "key")
        ):  # fmt: skip
            assert find(name) == Item(kind, name)
        session = next(iter(next(iter(w.cluster.services(ZooKeeperService).values())).tree.sessions))
        assert find(spelled(session)) == Item("session", spelled(session))
        for name in ("shard-9", "changes-77", "/nowhere", "9:9", "k-never-asked", ""):
            assert find(name) is None
        asked = w.frame(Item("", "changes-0")).picked
        assert (asked.item, asked.asked) == (Item("partition", "changes-0"), Item("", "changes-0"))
        assert w.frame(Item("", "rubbish")).picked.item is None

    watch(PRESETS["platform"], look)


def test_every_zoom_can_be_looked_at_in_any_trouble_and_changes_nothing() -> None:
    trouble = ("crash master of shard-1", "freeze leader of changes-0", "crash ensemble", "start all", "crash all")
    items = [
        None, Item("key", "k0"), Item("key", "?"), Item("shard", "shard-1"), Item("partition", "changes-0"),
        Item("partition", "changes-99"), Item("group", "view"), Item("znode", "/shards/shard-1/master"),
        Item("znode", "/nowhere"), Item("session", "1:8"), Item("session", "7:7"), Item("", "view"),
    ]  # fmt: skip

    async def run(watched: bool) -> str:
        cluster = Cluster(ClusterSpec.model_validate(PRESETS["platform"]), 5)
        painter = Painter(cluster, "") if watched else None
        for number, line in enumerate(trouble, start=1):
            await cluster.advance(number * 1_500_000)
            await cluster.apply(parse_line(line))
            for item in items if painter is not None else ():
                for name in ("n1", "z1", "b1", "s1", "br1", "co1", "c1"):
                    assert painter is not None
                    view = View(frozenset({"detail", "ring", "tree"}), name, item=item)
                    frame = painter.paint(view, speed=1, actual_speed=1, paused=False)
                    assert frame.detail is not None
                    assert frame.detail.title
        return cluster.world.digest()

    assert world.run(run, True) == world.run(run, False)


def test_clients_and_servers_tell_whom_they_take_for_master_or_active_beside_who_is() -> None:
    async def look(w: Watched) -> None:
        await w.at(3)
        client = w.detail(None, "c1")
        assert fact(client, "asks").text in ("b1", "b2")
        told = dict(w.detail(None, "s1").tables)["the masters, as it was told"]
        assert [row.cells[1].text for row in told.rows] == ["n1 in epoch 1", "n2 in epoch 1", "n3 in epoch 1"]
        await w.at(3, "crash n1")
        await w.at(3.2)
        told = dict(w.detail(None, "s1").tables)["the masters, as it was told"]
        assert told.rows[0].cells[1].text == "n1 in epoch 1; it is nobody"
        assert told.rows[0].cells[1].tone is Tone.WARN
        shard = dict(w.detail(Item("shard", "shard-1")).tables)["whom others take for its master"]
        assert {row.cells[0].text for row in shard.rows} == {"s1", "s2", "s3", "s4"}

    watch(PRESETS["platform"], look)


def test_the_log_knows_what_its_lines_are_about() -> None:
    async def look(w: Watched) -> None:
        await w.at(2)
        lines = w.frame(None).log.lines
        shard = [line for line in lines if Item("shard", "shard-1") in line.items]
        assert any("is elected master of shard-1" in line.text for line in shard)
        assert all(isinstance(line, LogLine) and "shard-2" not in line.text for line in shard)

    watch(PRESETS["platform"], look)
