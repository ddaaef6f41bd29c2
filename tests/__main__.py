"""Every check there is, in the order of their speed: ``python -m tests [pytest arguments]``.

Without arguments for pytest the tests run in three processes side by side: worlds in one, terminals (which bear no more
than one test at a time, and mostly wait) in another, everything else in the third, visitors among it: alphabetically
these come when the most is over, so that all three take about as long.
``python -m tests --cov`` measures branch coverage, too; worlds run at half their speed then.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "imports": ("lint-imports", "--no-logo"),
    "types": ("mypy", "--strict"),
}
WORLDS = ("tests/scenario", "tests/sweeps", "tests/systems/shards", "tests/systems/zookeeper", "tests/systems/store")
"""What takes half of the time."""
TERMINALS = ("tests/cli", "tests/package", "tests/remote", "tests/screens", "tests/session", "tests/widgets")
"""What waits most of the time."""


def main(arguments: list[str]) -> int:
    for title, command in CHECKS.items():
        if status := _check(title, [command]):
            return status
    if arguments:
        return _check("tests", [("pytest", *arguments)])
    others = ("pytest", "tests", *(f"--ignore={folder}" for folder in (*WORLDS, *TERMINALS)))
    worlds = ("pytest", "-o", "cache_dir=.pytest_cache/worlds", *WORLDS)
    return _check("tests", [others, worlds, ("pytest", "-o", "cache_dir=.pytest_cache/terminals", *TERMINALS)])


def _check(title: str, commands: Sequence[Sequence[str]]) -> int:
    """Run ``commands`` side by side; what the first one says is seen at once, the others' when they are done."""
    began = time.monotonic()
    tools = Path(sys.executable).parent
    status = 0
    with ExitStack() as files:
        running: list[tuple[subprocess.Popen[bytes], IO[bytes] | None]] = []
        for tool, *options in commands:
            print(f"\n── {title}: {tool} {' '.join(options)}", flush=True)
            said = files.enter_context(tempfile.TemporaryFile()) if running else None
            errors = subprocess.STDOUT if said else None
            command = [str(tools / tool), *options]
            running.append((subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=errors), said))
        for process, said in running:
            status = process.wait() or status
            if said is not None:
                said.seek(0)
                print(said.read().decode(errors="replace"), flush=True)
    print(f"── {title}: {'ok' if status == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
