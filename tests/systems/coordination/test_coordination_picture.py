"""What the screen shows of the nodes: their own views, and where these differ from what is."""

from __future__ import annotations

from playground.systems.coordination import picture
from tests.systems.coordination.coordination_lab import Cut, Lab, simulate
from widgets.shapes import Detail, State, Table, Tone


def table(lab: Lab) -> Table:
    return picture.table(lab.world, lab.names, lab.services(), {"n1": 7})


def row(shown: Table, name: str) -> dict[str, str]:
    (cells,) = (row.cells for row in shown.rows if row.name == name)
    return {column.title: cell.text for column, cell in zip(shown.columns, cells, strict=True)}


def detail(lab: Lab, name: str) -> Detail:
    return picture.detail(lab.world, name, lab.services().get(name))


def fact(shown: Detail, title: str) -> str:
    return next(fact.text for fact in shown.facts if fact.title == title)


def test_a_calm_cluster_agrees() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        await lab.configure("v1")
        await lab.run(1)
        shown = table(lab)
        assert shown.caption == f"{lab.master} acts as master"
        assert [row.hue for row in shown.rows] == [7, 1, 2, 3]
        assert {row.state for row in shown.rows} == {State.UP}
        for name in lab.names:
            cells = row(shown, name)
            assert cells["role"] == ("master" if name == lab.master else "candidate")
            assert cells["session"].startswith("connected z")
            assert cells["configuration"] == "v1"
            assert cells["sees"] == "4"
            assert int(cells["woken by"].split()[0]) > 0
        about = detail(lab, lab.master)
        assert fact(about, "lease").endswith("s more")
        assert fact(about, "term").startswith("1:")
        assert fact(about, "configuration").startswith("v1, for ")
        assert len(about.tables[0][1].rows) == 4

    simulate(main)


def test_views_that_are_not_true_are_marked() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        await lab.configure("v1")
        master = lab.master
        others = [name for name in lab.names if name != master]
        lab.world.network.add(Cut([master], lab.ensemble))
        lab.world.nodes[others[0]].crash()
        await lab.configure("v2")
        cut_off = lab.service(master)
        await lab.until(lambda: not cut_off.acting and not cut_off.server)
        shown = table(lab)
        assert row(shown, master)["role"] == "master, paused"
        assert row(shown, master)["session"] == "disconnected"
        assert row(shown, master)["sees"] == f"4, still {others[0]}"
        assert row(shown, others[0])["role"] == "–"
        (stale,) = (each.cells[3].tone for each in shown.rows if each.name == master)
        assert stale is Tone.WARN
        assert shown.caption == "nobody acts as master"
        assert fact(detail(lab, master), "lease") == "run out: it does not act"
        assert detail(lab, others[0]).title == f"{others[0]}: no process runs"
        await lab.run(6)
        shown = table(lab)
        assert row(shown, others[1])["sees"] == f"2, not {master}"
        states = {each.cells[0].text: each.cells[1].text for each in detail(lab, master).tables[0][1].rows}
        assert states[others[0]] == "down"
        assert states[master] == "up"

    simulate(main)


def test_before_anything_is_known_nothing_is_claimed() -> None:
    async def main() -> None:
        lab = Lab()
        shown = table(lab)
        assert shown.caption == ""
        assert row(shown, "n1")["sees"] == "–"
        await lab.run(0.301)
        about = detail(lab, "n1")
        assert fact(about, "session") == "connecting"
        assert fact(about, "term") == "it was never the master"
        assert fact(about, "configuration") == "none was ever seen"

    simulate(main)
