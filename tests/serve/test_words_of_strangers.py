"""What somebody types into an act is shown to everybody: nothing in it may be for their terminals to obey."""

from __future__ import annotations

import asyncio
import time

from playground.commandline import parse_line
from playground.screens.app import PlaygroundApp
from playground.session import Session
from playground.spec import ClusterSpec

SPEC = ClusterSpec.model_validate({"nodes": 3, "load": {"rate": 5, "clients": 1}})
EVIL = ("\x1b]0;owned\x07", "\x1b[2J", "\x9b2J", "a\rb", "\u202ecat", "\u2028", "\x00", "\x7f", "\x1b_Gq\x1b\\")
LOOKS = ("8", "m", "escape", "t", "escape", "W", "escape", "question_mark", "escape")
DEADLINE_S = 60.0


def on_screen(app: PlaygroundApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def until_said(session: Session, number: int) -> int:
    """Until more has been said than ``number`` notices; how many that are."""
    ends = time.monotonic() + DEADLINE_S
    while session.frame().notice_number <= number:
        assert time.monotonic() < ends, "nothing came of the act"
        await asyncio.sleep(0.01)
    return session.frame().notice_number


def test_nothing_that_is_typed_into_an_act_reaches_a_terminal_but_what_can_be_printed() -> None:
    forms = ("put '{}k' v", "put k '{}'", "get '{}k'", "crash '{}n1'")
    acts = [parse_line(form.format(evil)) for evil in EVIL for form in forms]

    async def main() -> None:
        with Session(SPEC, 1) as session:
            anna = session.viewpoint("anna")
            app = PlaygroundApp(session)
            async with app.run_test(size=(160, 50)) as pilot:
                said = 0
                for act in acts:
                    # Why one's own act was refused is told here, and what came of somebody else's.
                    anna.send(act)
                    session.send(act)
                    said = await until_said(session, said)
                    await pilot.pause()
                    assert on_screen(app).replace("\n", "").isprintable(), repr(act)
                assert "anna: put" in on_screen(app), "the acts are on the screen"
                for key in LOOKS:
                    await pilot.press(key)
                    await pilot.pause()
                    assert on_screen(app).replace("\n", "").isprintable(), key

    asyncio.run(main())
