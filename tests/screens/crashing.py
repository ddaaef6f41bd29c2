"""The app on this terminal, and a handler of it that raises: ``python tests/screens/crashing.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from playground.screens import acts
from playground.screens.run import run_app
from tests.screens.fake import FakeSession


def fail(*_: object) -> None:
    raise RuntimeError("made to fail")


if __name__ == "__main__":
    acts.Acts.mark = fail  # type: ignore[method-assign, assignment]
    sys.exit(run_app(FakeSession()))
