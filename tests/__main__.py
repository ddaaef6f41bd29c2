"""Every check there is, in the order of their speed: ``python -m tests [pytest arguments]``.

``python -m tests --cov`` measures branch coverage, too; worlds run at half their speed then.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "imports": ("lint-imports", "--no-logo"),
    "types": ("mypy", "--strict"),
    "tests": ("pytest",),
}


def main(arguments: list[str]) -> int:
    tools = Path(sys.executable).parent
    for title, (tool, *options) in CHECKS.items():
        began = time.monotonic()
        print(f"\n── {title}: {tool} {' '.join(options)}", flush=True)
        extra = arguments if title == "tests" else []
        status = subprocess.call([str(tools / tool), *options, *extra], cwd=ROOT)
        print(f"── {title}: {'ok' if status == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
