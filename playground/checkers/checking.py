"""``playground check``: histories from files, judged one by one.

Exit status: 0 all are linearizable; 2 some file is no history; else 1 there is a violation; else 3 the steps
did not suffice for a verdict.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from playground.checkers.calls import Call, describe
from playground.checkers.jepsen import Recording, read_all
from playground.checkers.linearizability import BUDGET, LINEARIZABLE, UNKNOWN, VIOLATION, Verdict, Violation, check
from playground.checkers.models import MODELS
from playground.checkers.timeline import draw
from playground.kernel.errors import UserError
from playground.wording import unknown

FILE_MODELS = ("register", "kv")
BAD_INPUT = 2
_STATUS = {LINEARIZABLE: 0, VIOLATION: 1, UNKNOWN: 3}
_WORST_FIRST = (BAD_INPUT, _STATUS[VIOLATION], _STATUS[UNKNOWN])


def run(files: list[str], *, model: str | None = None, steps: int = BUDGET, as_json: bool = False) -> int:
    """Judge ``files`` and print; ``steps`` is the budget of each. Returns the exit status."""
    if model is not None and model not in FILE_MODELS:
        raise UserError(f"--model: {unknown('model', model, FILE_MODELS)}")
    statuses = []
    rows = []
    for path, found in read_all(files, model):
        if isinstance(found, UserError):
            statuses.append(BAD_INPUT)
            rows.append({"file": path, "error": str(found)})
            print(f"playground: {found}", file=sys.stderr)
            continue
        verdict = check(found.calls, MODELS[found.model], budget=steps)
        statuses.append(_STATUS[verdict.outcome])
        if as_json:
            rows.append(_row(path, found, verdict))
        else:
            _print(path, verdict, steps)
    status = next((each for each in _WORST_FIRST if each in statuses), 0)
    if as_json:
        print(json.dumps({"status": status, "files": rows}, ensure_ascii=False))
    return status


def _print(path: str, verdict: Verdict, steps: int) -> None:
    print(f"{path}: {verdict}")
    if verdict.undecided:
        keys = ", ".join(repr(key) for key in verdict.undecided[:5] if key)
        print(f"  {steps:,} steps were not enough{' for key ' + keys if keys else ''}; allow more with --steps")
    if verdict.violation is not None:
        print(f"  {explain(verdict.violation)}")
        print()
        for line in draw(verdict.violation.calls, 116).splitlines():
            print(f"    {line}".rstrip())
        print()


def explain(violation: Violation) -> str:
    """What can't be explained, in one sentence."""
    last = violation.last
    where = f" ({last.place})" if last.place else ""
    key = f" of key {violation.key!r}" if violation.key else ""
    what = describe(last, 40)
    number = len(violation.calls)
    these = f"no order of these {number} calls" if number > 1 else "nothing that was recorded"
    return f"{these}{key} explains process {last.process}'s {what}{where}"


def _row(path: str, recording: Recording, verdict: Verdict) -> dict[str, Any]:
    row: dict[str, Any] = {
        "file": path,
        "model": recording.model,
        "outcome": verdict.outcome,
        "operations": verdict.operations,
        "keys": verdict.keys,
        "steps": verdict.steps,
    }
    if verdict.undecided:
        row["undecided"] = list(verdict.undecided)
    if verdict.violation is not None:
        calls = sorted(verdict.violation.calls, key=lambda call: call.invoked)
        row["violation"] = {
            "key": verdict.violation.key,
            "explanation": explain(verdict.violation),
            "last": _call(verdict.violation.last),
            "calls": [_call(call) for call in calls],
        }
    return row


def _call(call: Call) -> dict[str, Any]:
    """Positions are the lines of the file; ``completed`` is null if nobody knows the end."""
    return {
        "process": call.process,
        "f": call.f,
        "value": call.value,
        "result": call.result,
        "invoked": call.invoked,
        "completed": call.completed,
    }
