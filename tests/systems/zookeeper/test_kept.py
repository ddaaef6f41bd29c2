"""What the servers keep of the clients' data: found in trees, in logs, and on the disks of those that are down."""

from __future__ import annotations

from functools import partial
from typing import Any

from playground.kernel.node import Life
from playground.systems.zookeeper import kept
from tests.systems.zookeeper.zookeeper_lab import Lab, simulate


async def prepared(**settings: Any) -> Lab:
    lab = Lab(3, 4, clients=1, **settings)
    await lab.prepare()
    await lab.do(partial(lab.keeper().create, "/kv"))
    await lab.do(partial(lab.keeper().create, "/kv/cat", "tom"))
    return lab


def values(lab: Lab, *names: str) -> dict[str, tuple[str, ...]]:
    return kept.values(lab.nodes[name] for name in names or lab.names)


def test_what_stands_elsewhere_in_the_tree_is_not_the_clients_data() -> None:
    async def main() -> None:
        lab = await prepared()
        assert values(lab) == {"cat": ("tom",)}
        assert kept.copies(lab.servers) == {"cat": 3}

    simulate(main)


def test_of_a_server_that_is_down_its_log_tells() -> None:
    async def main() -> None:
        lab = await prepared()
        lab.nodes["z1"].crash()
        await lab.do(partial(lab.keeper().set, "/kv/cat", "kitty"))
        assert lab.nodes["z1"].life is Life.DOWN
        assert values(lab, "z1") == {"cat": ("tom",)}
        assert set(values(lab)["cat"]) == {"tom", "kitty"}
        assert kept.copies(lab.servers) == {"cat": 2}
        lab.nodes["z1"].start()
        await lab.run(3)
        assert values(lab, "z1") == {"cat": ("kitty",)}

    simulate(main)


def test_or_its_snapshot() -> None:
    async def main() -> None:
        lab = await prepared(snapshot_every=10)
        for number in range(60):
            await lab.do(partial(lab.keeper().set, "/left", str(number)))
        for node in lab.nodes.values():
            node.crash()
        assert values(lab) == {"cat": ("tom",)}

    simulate(main)


def test_of_one_that_has_lost_its_disk_nothing_is_left() -> None:
    async def main() -> None:
        lab = await prepared()
        lab.nodes["z1"].crash(lose_disk=True)
        assert values(lab, "z1") == {}

    simulate(main)


def test_servers_agree_once_all_serve_and_none_is_behind() -> None:
    async def main() -> None:
        lab = await prepared()
        await lab.run(1)
        assert kept.same(lab.servers, lab.names) == []
        lab.nodes["z1"].freeze()
        await lab.do(partial(lab.keeper().set, "/kv/cat", "kitty"))
        await lab.run(1)
        assert [each.subject for each in kept.same(lab.servers, lab.names)] == ["z1"]
        lab.nodes["z1"].thaw()
        lab.nodes["z2"].crash()
        await lab.run(3)
        assert [each.text for each in kept.same(lab.servers, lab.names)] == ["z2 does not serve"]

    simulate(main)
