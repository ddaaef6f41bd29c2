"""The app on this terminal with made-up pictures: ``python tests/screens/fakerun.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from playground.screens.run import run_app
from tests.screens.fake import FakeSession

if __name__ == "__main__":
    sys.exit(run_app(FakeSession(), save=lambda: "saved: session.yaml"))
