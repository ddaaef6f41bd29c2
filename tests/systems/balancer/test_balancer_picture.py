"""What the screen shows of the balancers."""

from __future__ import annotations

import pickle
from typing import Any

from playground.systems.balancer import checks, picture, roles
from tests.systems.balancer.balancer_lab import Lab, OneWay, simulate
from widgets.shapes import Table
from widgets.table import layout


def shown(lab: Lab) -> Table:
    world = lab.world
    table = picture.table(world, lab.servers, checks.balancers(world), checks.servers(world), {})
    assert pickle.loads(pickle.dumps(table)) == table
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    return table


def row(table: Table, name: str) -> dict[str, str]:
    (found,) = (each for each in table.rows if each.name == name)
    return {column.title: cell.text for column, cell in zip(table.columns, found.cells, strict=True)}


def test_the_table_tells_what_each_mechanism_believes_and_what_follows() -> None:
    async def main() -> None:
        lab = Lab(rate=100)
        await lab.run(3)
        assert row(shown(lab), "s2") | {"load": "", "open": ""} == {
            "server": "s2",
            "treated as": "in",
            "reports": "● alive",
            "checks": "● alive",
            "open": "",
            "queue": "0",
            "load": "",
            "weight": "100%",
        }
        lab.world.network.add(OneWay(lab.balancers, ["s2"]))
        await lab.run(2)
        cut = row(shown(lab), "s2")
        assert (cut["treated as"], cut["reports"], cut["checks"], cut["weight"]) == (
            "ejected",
            "● alive",
            "✕ dead",
            "0%",
        )
        lab.node("s3").crash()
        assert row(shown(lab), "s3")["queue"] == "–"

    simulate(main)


def test_the_caption_names_the_active_balancer_the_mechanism_and_what_is_left_of_the_budget() -> None:
    async def main() -> None:
        lab = Lab(rate=100)
        assert shown(lab).caption == "no balancer runs"
        await lab.run(3)
        left = int(lab.active.retries_left())
        name = lab.active.name
        text = f"{name} active: two-choices, checks eject, retries: {left}"
        assert shown(lab).caption == text
        lab.node("z1").crash()
        await lab.run(2)
        assert shown(lab).caption.startswith("none active, as b1 sees it")

    simulate(main)


def test_details_of_those_that_run_and_of_those_that_do_not() -> None:
    async def main() -> None:
        lab = Lab(rate=100, retry_budget=None)
        await lab.run(3)
        facts: dict[str, Any] = {
            fact.title: fact.text for fact in picture.balancer_detail(lab.world, "b1", lab.balancer("b1")).facts
        }
        assert facts["is"] == ("active" if lab.balancer("b1").active else "standby")
        assert facts["retry budget"] == "no limit"
        assert "8 at work" in picture.server_detail(lab.world, "s1", lab.server("s1")).facts[1].text
        assert picture.balancer_detail(lab.world, "b1", None).title == "b1: no process runs"
        assert "no process runs" in picture.server_detail(lab.world, "s1", None).title

    simulate(main)


def test_on_a_narrow_panel_the_load_is_the_last_column_that_is_left_out() -> None:
    marks = 4
    for width, titles in (
        (80, ["server", "treated as", "reports", "checks", "open", "queue", "load", "weight"]),
        (55, ["server", "treated as", "reports", "checks", "load"]),
        (50, ["server", "treated as", "reports", "checks"]),
    ):
        assert [picture.COLUMNS[i].title for i, _ in layout(picture.COLUMNS, width - marks)] == titles


def test_the_curve_of_a_server_shows_the_requests_that_it_has_worked_on() -> None:
    async def main() -> None:
        lab = Lab(rate=100)
        await lab.run(3)
        work = {name: lab.server(name).take_work() for name in lab.servers}
        assert work == {name: lab.server(name).done + lab.server(name).failed for name in lab.servers}
        assert min(work.values()) > 20
        assert all(lab.server(name).take_work() == 0 for name in lab.servers)

    simulate(main)


def test_commands_may_name_the_active_one_and_the_standby() -> None:
    async def main() -> None:
        lab = Lab(rate=0)
        await lab.run(3)
        services = checks.balancers(lab.world)
        (active,), (standby,) = roles.active(services, ""), roles.standby(services, "")
        assert active == lab.active.name
        assert {active, standby} == set(lab.balancers)

    simulate(main)
