"""Python code in processes of its own, with other hash seeds: what it prints must be the same in each."""

from __future__ import annotations

import subprocess
import sys


def told(code: str, seeds: tuple[str, ...]) -> set[bytes]:
    """Everything that ``code`` printed, one element if it was always the same."""
    return {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in seeds
    }
