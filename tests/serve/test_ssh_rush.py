"""A room full of people who come at once is no flood."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from playground.serve import asking
from playground.serve.limits import Limits
from tests.serve.ssh_lab import lab, reads


def test_nobody_is_turned_away_while_terminals_are_asked_for_their_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", 2.0)  # longer than it takes all of them to log in

    async def run() -> None:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(lab(limits=Limits(logins=3, logins_per_address=3)))
            terminals = []
            for number in range(8):
                connection = await stack.enter_async_context(await server.connect(f"p{number}"))
                terminals.append(await server.terminal(connection, answer=b""))
            for number, terminal in enumerate(terminals):
                await reads(terminal, f"[p{number} player".encode())
            assert "refused" not in server.log

    asyncio.run(run())
