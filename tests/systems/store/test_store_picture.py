"""The shapes that the screen gets: plain, pickled, and true."""

from __future__ import annotations

import pickle

from playground.systems.store import picture
from tests.systems.store.store_lab import Lab, simulate
from widgets.shapes import Arc, State


def test_the_ring_is_covered_and_shows_the_replicas_of_the_key() -> None:
    async def main() -> None:
        lab = Lab(5, 1)
        await lab.run(3)
        lab.nodes["n4"].crash()
        await lab.run(0.1)
        hues = {name: i for i, name in enumerate(lab.names)}
        ring = picture.ring(lab.world, lab.names, lab.stores(), hues, {"n1": 1}, key="k0")
        assert pickle.loads(pickle.dumps(ring)) == ring
        assert ring.arcs[0].start == 0
        assert ring.arcs[-1].end == 1
        assert all(a.end == b.start for a, b in zip(ring.arcs, ring.arcs[1:], strict=False) if isinstance(a, Arc))
        assert abs(sum(node.share for node in ring.nodes) - 1) < 1e-6
        assert [node.state for node in ring.nodes].count(State.DOWN) == 1
        assert ring.nodes[0].side == 1
        assert ring.key is not None
        assert ring.key.replicas == lab.store("n1").members.placement.place("k0").owners
        assert ring.key.at == picture.turn("k0")
        assert ring.caption == "5 nodes, N=3 R=2 W=2"

    simulate(main)


def test_the_table_and_the_details_tell_what_is() -> None:
    async def main() -> None:
        lab = Lab(4, 1)
        await lab.run(3)
        lab.nodes["n2"].crash(lose_disk=True)
        lab.nodes["n3"].freeze()
        lab.nodes["n2"].start()
        await lab.run(0.302)
        stores = lab.stores()
        table = picture.table(lab.world, lab.names, stores, {})
        assert pickle.loads(pickle.dumps(table)) == table
        assert [row.name for row in table.rows] == list(lab.names)
        assert table.rows[0].cells[-1].text == "serving"
        assert table.rows[1].cells[-1].text.startswith("rebuilding: ")
        assert len({len(row.cells) for row in table.rows} | {len(table.columns)}) == 1
        detail = picture.detail(lab.world, "n1", stores["n1"])
        assert [title for title, _ in detail.tables] == ["its keys", "the ring as it knows it"]
        assert len(detail.tables[0][1].rows) == len(stores["n1"].replica.data)
        assert "no process" in picture.detail(lab.world, "n2", None).title
        key = picture.key_detail(lab.names, stores, "k0")
        assert {"replicas", "they"} <= {fact.title for fact in key.facts}
        assert len(key.tables[0][1].rows) >= 3
        assert picture.key_detail(lab.names, {}, "k0").tables[0][1].rows == ()
        assert picture.ring(lab.world, lab.names, {}, {}, {}).arcs == ()

    simulate(main)
