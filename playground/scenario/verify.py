"""The proof that a scenario is deterministic, on this machine: run it twice, in processes of their own, and compare.

The two processes hash strings differently (``PYTHONHASHSEED``), so whatever comes from the order of a set, or from
anything else that a process does not share with another, has its chance to show. Compared are the digests, and all
that the report tells of what came after the digest was taken.

If they differ, both are run again with a journal, and the first event at which they part is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from playground.journals import difference
from playground.kernel.errors import UserError

HASH_SEEDS = ("1", "2")
WORKER = (sys.executable, "-m", "playground.scenario.fresh")
"""What runs a scenario once: given a request, prints the answer. See :mod:`.fresh`."""

Told = dict[str, Any]


def verify(
    scenario: str, console: Console, *, seed: int | None = None, variant: str = "", worker: Sequence[str] = WORKER
) -> bool:
    """Run ``scenario`` (a file, or a name) twice and say whether it was the same run. UserError if it could not run."""
    request = {"scenario": scenario, "variant": variant, "seed": seed, "journal": None}
    ones, others = _twice(worker, request, request)
    same = True
    for one, other in zip(ones, others, strict=True):
        name = f"{scenario}, {one['variant']}" if one["variant"] else scenario
        if one == other:
            text = f"{name}: the same in both processes, digest {one['digest']}"
            console.print(Text(text, "green"), soft_wrap=True)
            continue
        same = False
        console.print(Text(f"{name}: {_what_differs(one, other)}", "red"), soft_wrap=True)
        if "lab" not in one["report"]:
            _record_both(worker, {**request, "variant": one["variant"]}, console)
    return same


def _record_both(worker: Sequence[str], request: Told, console: Console) -> None:
    folder = Path(tempfile.mkdtemp(prefix="playground-verify-"))
    paths = [folder / f"{side}.journal.gz" for side in "ab"]
    _twice(worker, *({**request, "journal": str(path)} for path in paths))
    found = difference.compare(*paths)
    if found.same:
        text = (
            "Run once more, with journals, both were the same: what differs comes and goes. "
            "Try again, or record runs yourself: --journal FILE."
        )
        console.print(Text(text))
    else:
        difference.report(found, console)
    console.print(Text(f"The journals are kept: playground diff {paths[0]} {paths[1]}", "dim"), soft_wrap=True)


def _twice(worker: Sequence[str], *requests: Told) -> tuple[list[Told], list[Told]]:
    """The answers of two processes that run side by side."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for request, hash_seed in zip(requests, HASH_SEEDS, strict=True):
            command = (*worker, json.dumps(request))
            environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
            processes.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                )
            )
        # Each prints only once it is done; the second may have to wait until the first has been read.
        outputs = [process.communicate() for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    for process, (_, complaint) in zip(processes, outputs, strict=True):
        if process.returncode:
            last = (complaint.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
            raise UserError(f"a run for --verify failed: {last}")
    one, other = (json.loads(output) for output, _ in outputs)
    return one, other


def _what_differs(one: Told, other: Told) -> str:
    if one["digest"] != other["digest"]:
        return f"not the same run: digest {one['digest']} in one process, {other['digest']} in the other"
    path, a, b = next(_leaves(one["report"], other["report"]))
    return (
        f"the digests agree ({one['digest']}), the reports do not: {path} is {a!r} in one process, {b!r} in the other"
    )


def _leaves(one: Any, other: Any, path: str = "") -> Any:
    """``(path, in one, in the other)`` for all that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            yield from _leaves(one.get(name), other.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _leaves(a, b, f"{path}[{number}]")
    elif one != other:
        yield path, one, other
