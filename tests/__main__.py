"""Every check there is, in the order of their speed: ``python -m tests [pytest arguments]``.

Without arguments for pytest the tests run in two processes side by side: worlds in one, everything else (terminals
among it, which bear no more than one test at a time) in the other.
``python -m tests --cov`` measures branch coverage, too; worlds run at half their speed then.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "imports": ("lint-imports", "--no-logo"),
    "types": ("mypy", "--strict"),
}
WORLDS = ("tests/scenario", "tests/systems/shards", "tests/systems/zookeeper", "tests/systems/store")
"""What takes half of the time."""


def main(arguments: list[str]) -> int:
    for title, command in CHECKS.items():
        if status := _check(title, [command]):
            return status
    if arguments:
        return _check("tests", [("pytest", *arguments)])
    others = ("pytest", "tests", *(f"--ignore={folder}" for folder in WORLDS))
    return _check("tests", [others, ("pytest", "-o", "cache_dir=.pytest_cache/worlds", *WORLDS)])


def _check(title: str, commands: Sequence[Sequence[str]]) -> int:
    """Run ``commands`` side by side; what the first one says is seen at once, the others' when they are done."""
    began = time.monotonic()
    tools = Path(sys.executable).parent
    running = []
    for number, (tool, *options) in enumerate(commands):
        print(f"\n── {title}: {tool} {' '.join(options)}", flush=True)
        said = tempfile.TemporaryFile() if number else None
        errors = subprocess.STDOUT if said else None
        running.append((subprocess.Popen([str(tools / tool), *options], cwd=ROOT, stdout=said, stderr=errors), said))
    status = 0
    for process, said in running:
        status = process.wait() or status
        if said is not None:
            said.seek(0)
            sys.stdout.buffer.write(b"\n" + said.read())
            said.close()
    print(f"── {title}: {'ok' if status == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
