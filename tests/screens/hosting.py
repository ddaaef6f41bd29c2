"""A host without a session: keeps a company that the tests change, and notes what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from playground.company import Company, Role, Visitor, Wish
from playground.frame import View
from playground.screens.app import PlaygroundApp
from playground.screens.port import SessionPort
from tests.screens.driving import Driver
from tests.screens.fake import FakeSession
from widgets.palette import DEFAULT, Look

ANNA = Visitor("anna", Role.PRESENTER)
BEN = Visitor("ben", Role.PLAYER)
CLEO = Visitor("cleo", Role.SPECTATOR)
DORA = Visitor("dora", Role.PLAYER, lent=True)
ALL = Company((ANNA, BEN, CLEO, DORA))


class FakeHost:
    """What it was asked stands in ``wishes`` and ``staged``."""

    def __init__(self, name: str, company: Company = ALL) -> None:
        self.name = name
        self.wishes: list[Wish] = []
        self.staged: list[SessionPort] = []
        self._company = company
        self._on_company: Callable[[Company], None] = lambda _: None
        self._on_stage: Callable[[SessionPort], None] = lambda _: None

    def company(self) -> Company:
        return self._company

    def on_company(self, listener: Callable[[Company], None]) -> None:
        self._on_company = listener

    def manage(self, wish: Wish) -> None:
        self.wishes.append(wish)

    def on_stage(self, listener: Callable[[SessionPort], None]) -> None:
        self._on_stage = listener

    def stage(self, session: SessionPort) -> None:
        self.staged.append(session)

    # --- for tests ----------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """The company changes, and everybody hears of it."""
        self._company = replace(self._company, **changes)
        self._on_company(self._company)

    def lead(self, view: View | None) -> None:
        """The presenter looks at something else."""
        self.change(lead=view)

    def show(self, session: SessionPort) -> None:
        """Another session is to be shown."""
        self._on_stage(session)


def visit(
    name: str,
    steps: Callable[[Driver, FakeHost], Awaitable[None]],
    *,
    company: Company = ALL,
    size: tuple[int, int] = (160, 50),
    session: FakeSession | None = None,
    look: Look = DEFAULT,
    **options: Any,
) -> None:
    """Run the app as ``name``'s, of that company; "": as a rendering for all who watch."""
    session = session or FakeSession()
    host = FakeHost(name, company)
    app = PlaygroundApp(session, look=look, host=host, files=False, **options)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(Driver(app, pilot, session), host)

    asyncio.run(run())
