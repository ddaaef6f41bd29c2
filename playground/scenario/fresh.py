"""One run of a scenario in a process of its own, for :mod:`.verify`: prints what came of it as JSON.

``python -m playground.scenario.fresh '{"scenario": …, "variant": …, "seed": …, "journal": …}'``: the file or name, the
variant ("" for all), the seed (null for the file's own), and where to record the journal (null: nowhere;
otherwise one variant). The answer is a list of ``{"variant", "digest", "report"}``; what differs from machine to
machine is left out of the report.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import Any

from playground.journals.file import JournalFile
from playground.scenario.loader import load_file, pick
from playground.scenario.model import Experiment
from playground.scenario.playing import examine
from playground.scenario.runner import play
from playground.scenario.shelf import find

_VARIES = ("wall_s", "speed", "machine", "shown")


def run(scenario: str, variant: str, seed: int | None, journal: str | None) -> list[dict[str, Any]]:
    """Play it, and say what came of it."""
    script = load_file(find(scenario))
    if isinstance(script, Experiment):
        examined = examine(script, seed=seed)
        return [_told("", examined.digest, examined.as_json())]
    told = []
    for each in script.variants if not variant else (pick(script, variant),):
        chosen = each.seed if seed is None else seed
        with JournalFile(journal, each.spec, chosen) if journal else nullcontext() as file:
            outcome = play(each, seed=seed, begun=file.attach if file else None)
        told.append(_told(each.variant, outcome.digest, outcome.as_json()))
    return told


def main(request: str) -> None:
    print(json.dumps(run(**json.loads(request))))


def _told(variant: str, digest: str, report: dict[str, Any]) -> dict[str, Any]:
    return {
        "variant": variant,
        "digest": digest,
        "report": {name: value for name, value in report.items() if name not in _VARIES},
    }


if __name__ == "__main__":
    main(sys.argv[1])
