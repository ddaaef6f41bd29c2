"""What the screen is given."""

from __future__ import annotations

import pickle

from gossip_lab import Cut, Lab, simulate

from playground.systems.gossip import checks, picture
from widgets.shapes import Belief, Ring, RingNode, State, Tone

HUES = {f"n{i}": i for i in range(1, 9)}


def test_the_matrix_shows_views_beside_the_truth():
    async def main():
        lab = Lab(4, 1)
        await lab.go(10)
        whole = picture.matrix(lab.world, lab.names, lab.services, HUES, {})
        assert whole.caption == "every belief is true"
        assert [[cell.belief for cell in row].index(Belief.SELF) for row in whole.cells] == [0, 1, 2, 3]
        assert all(cell.age_ms < 3_500 for row in whole.cells for cell in row)
        lab.world.network.add(Cut(["n1"], ["n2", "n3", "n4"]))
        lab.node("n3").crash()
        lab.node("n4").freeze()
        await lab.go(12)
        broken = picture.matrix(lab.world, lab.names, lab.services, HUES, {"n1": 1})
        assert [node.state for node in broken.nodes] == [State.UP, State.UP, State.DOWN, State.FROZEN]
        assert [node.side for node in broken.nodes] == [1, 0, 0, 0]
        assert [node.hue for node in broken.nodes] == [1, 2, 3, 4]
        one, two, three, four = broken.cells
        assert [cell.belief.value for cell in one] == ["self", "dead", "dead", "dead"]
        assert [cell.belief.value for cell in two] == ["dead", "self", "dead", "dead"]
        assert three == ()
        assert [cell.belief.value for cell in four] == ["alive", "alive", "alive", "self"], "its last view"
        assert min(cell.age_ms for cell in four[:3]) > 11_000
        assert broken.caption == "3 of 9 beliefs are wrong"
        circle = Ring(tuple(RingNode(node.name, node.hue, node.state, 0.25) for node in broken.nodes), ())
        told = picture.with_misjudged(circle, lab.services)
        assert [node.misjudged for node in told.nodes] == [1, 1, 1, 0], "n1 and n2 by each other, n3 by the frozen one"
        assert pickle.loads(pickle.dumps(broken)) == broken
        lab.node("n3").start()
        await lab.go(0.1)
        assert picture.matrix(lab.world, lab.names, lab.services, HUES, {}).cells[2] == (), "booting has no view yet"

    simulate(main)


def test_table_and_detail_survive_every_life():
    async def main():
        lab = Lab(4, 1)
        await lab.world.rest()
        for step in range(5):
            table = picture.table(lab.world, lab.names, lab.services, HUES)
            assert [row.name for row in table.rows] == list(lab.names)
            assert all(len(row.cells) == len(table.columns) for row in table.rows)
            for name in lab.names:
                pickle.dumps(picture.detail(lab.world, name, lab.names, lab.services))
            if step == 2:
                lab.node("n3").crash()
            await lab.go(6)
        text = picture.table(lab.world, lab.names, lab.services, HUES).rows[2].cells[1].text
        assert text == "3 dead"
        lab.services["n1"].forget("n3")
        await lab.go(4)
        assert len(picture.detail(lab.world, "n2", lab.names, lab.services).tables[0][1].rows) == 2
        assert picture.matrix(lab.world, (), checks.running(lab.world), HUES, {}).cells == ()

    simulate(main)


def test_the_zoom_of_a_node_sets_what_is_beside_what_it_believes():
    async def main():
        lab = Lab(3, 1)
        await lab.go(4)
        lab.node("n3").crash()
        view = dict(picture.detail(lab.world, "n1", lab.names, lab.services).tables)["its view"]
        said = {row.name: (row.cells[1].text, row.cells[2].text, row.cells[2].tone) for row in view.rows}
        assert said == {"n2": ("alive", "up", Tone.MUTED), "n3": ("alive", "down", Tone.WARN)}

    simulate(main)
