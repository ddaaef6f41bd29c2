"""Nothing flickers, jumps or reorders while one looks at it: a live platform under chaos, picture by picture."""

from __future__ import annotations

import asyncio

from playground.commandline import parse_line
from playground.scenario.loader import cluster_spec
from playground.screens.app import PlaygroundApp
from playground.screens.cast import SteppedSession
from playground.session import Session
from widgets.palette import DEFAULT

FRAMES = 60
STEP_US = 200_000
ACTS = {
    5: "crash n2", 12: "freeze n5", 18: "partition n1 n4 | n3 n6", 26: "thaw n5", 30: "start n2", 36: "heal",
    40: "crash br1", 44: "crash s2", 50: "start br1 s2",
}  # fmt: skip


def heads(app: PlaygroundApp) -> dict[str, object]:
    """What must not move: the panels, the heads of tables, the names of rows, where curves and figures stand."""
    stage = app.stage
    text = {name: stage.panels[name].text().splitlines() for name in stage.plan.places}
    found: dict[str, object] = {"plan": dict(stage.plan.places), "tabs": stage.plan.tabs}
    for name in ("replicas", "balancer"):
        if name in text:
            found[name] = text[name][0]
    if "balancer" in text:
        found["servers"] = [line[2:8].split()[-1] for line in text["balancer"][1:5]]
    if "gossip" in text:
        # Of the rows the names; of the columns all but the lines of a cut between them, and the marks below.
        found["gossip"] = text["gossip"][0].replace("┊", " ").split()
        names = {thing.name for thing in app.frame.nodes}
        found["members"] = [line[2:4] for line in text["gossip"][2:] if line[2:4] in names]
    if "load" in text:
        found["load"] = [line[:10] for line in text["load"][:4]]
    if "partitions" in text:
        found["partitions"] = [line.split()[0] for line in text["partitions"] if "changes-" in line]
    return found


def test_panels_rows_and_columns_keep_their_places() -> None:
    async def watch(session: SteppedSession, act: Session) -> None:
        app = PlaygroundApp(session, look=DEFAULT)
        async with app.run_test(size=(160, 50)) as pilot:
            await pilot.pause()
            session.advance(2_000_000)
            await pilot.pause()
            await pilot.pause()
            first = heads(app)
            for number in range(1, FRAMES + 1):
                if number in ACTS:
                    act.send(parse_line(ACTS[number]))
                session.advance(2_000_000 + number * STEP_US)
                await pilot.pause()
                now = heads(app)
                for name, before in first.items():
                    assert now[name] == before, f"{name} moved at picture {number}:\n{app.stage.panels['load'].text()}"
            assert app.frame.header.commands == len(ACTS)  # it has been through all of it

    with Session(cluster_spec("platform", {}), 7) as session:
        session.pause()
        asyncio.run(watch(SteppedSession(session), session))
