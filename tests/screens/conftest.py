"""What several tests of this folder start, and has to end with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.screens.terminals import Terminal


@pytest.fixture
def start() -> Iterator[Callable[..., Terminal]]:
    """Starts a program on a pseudo-terminal (see :class:`Terminal`); it ends with the test."""
    started: list[Terminal] = []

    def starting(script: str = "fakerun.py", columns: int = 160, rows: int = 50, *args: str, **env: Any) -> Terminal:
        started.append(Terminal(script, columns, rows, *args, **env))
        return started[-1]

    yield starting
    for terminal in started:
        terminal.process.close(force=True)
