"""Judges a session of a scenario that was watched, once it is over: what would ``playground replay`` say of it?

A session only paces a world, and judging one needs more: probes at instants, and, after the end, time for
the copies to agree. So the run is done again, without a screen, from what the session recorded, and that run is
judged. That it is the same run the digests prove. It takes place in a process of its own, since two worlds in one
process would share trio's settings and the interpreter; it takes a few seconds at the most.

``python -m playground.scenario.afterwards`` reads a request from its standard input and prints the answer, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from subprocess import PIPE, Popen
from typing import Any

from playground.commands import validate
from playground.scenario.model import Scenario
from playground.scenario.outcome import Outcome, Verdict

WORKER = (sys.executable, "-m", "playground.scenario.afterwards")
_SHOWN = 3
"""So many expectations that are not met are told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the expectations of a scenario came to. ``words``: in one line."""

    passed: bool
    digest: str
    """Of the run that was judged, at the scenario's end."""
    words: str


async def judge(
    scenario: Scenario,
    timeline: Sequence[tuple[int, Any]] | None,
    digest: str,
    worker: Sequence[str] = WORKER,
) -> Judged:
    """Judge the run of ``scenario`` that ended with ``digest``; ``timeline``: what was done in it, if somebody acted.

    RuntimeError if it can't be: one line that says why. Who is cancelled leaves no process behind.
    """
    request = {
        "source": scenario.source,
        "variant": scenario.variant,
        "seed": scenario.seed,
        "timeline": None if timeline is None else [(at_us, _fields(command)) for at_us, command in timeline],
    }
    # In a session of its own: Ctrl-C and the end of the terminal are for the app, which ends the worker.
    process = Popen(worker, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, errors="replace", start_new_session=True)
    try:
        answer, said = await asyncio.to_thread(process.communicate, json.dumps(request))
    except asyncio.CancelledError:
        process.kill()  # and with it the thread's waiting
        raise
    if process.returncode:
        last = (said.strip().splitlines() or ["it ended without a word"])[-1]
        raise RuntimeError(f"it could not be judged: {last}")
    judged = Judged(**json.loads(answer))
    if judged.digest != digest:
        raise RuntimeError(f"it could not be judged: another run came of it ({judged.digest[:8]}, not {digest[:8]})")
    return judged


def _fields(command: Any) -> dict[str, Any]:
    fields: dict[str, Any] = command.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return fields | {"do": command.do}


def told(outcome: Outcome) -> Judged:
    """The verdict in one line: what is not met first, and with figures."""
    missed = [each for each in outcome.verdicts if not each.passed]
    count = len(outcome.verdicts)
    if outcome.stopped:
        words = f"stopped by an error in the playground: {outcome.stopped}"
    elif missed:
        shown = "; ".join(_missed(each) for each in missed[:_SHOWN])
        more = f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
        words = f"{len(missed)} of {count} expectations not met: {shown}{more}"
    elif outcome.refused:
        at_us, line, why = outcome.refused[0]
        words = f"not all could be carried out: {line} at {at_us / 1e6:g} s: {why}"
    elif count:
        met = f"all {count} expectations met" if count > 1 else "what was expected is so"
        words = f"{met}: " + ", ".join(_met(each) for each in outcome.verdicts)
    else:
        words = "it says of nothing what it should be"
    return Judged(outcome.passed, outcome.digest, words)


def _met(verdict: Verdict) -> str:
    return f"{_figure(verdict)} {verdict.shown()}"


def _missed(verdict: Verdict) -> str:
    return f"{_figure(verdict)} is {verdict.shown()}, not {verdict.expectation.text}"


def _figure(verdict: Verdict) -> str:
    return verdict.expectation.figure.name.replace("_", " ")


def main() -> None:
    """Do what the request on the standard input asks for."""
    from playground.scenario.loader import load
    from playground.scenario.runner import play

    request = json.load(sys.stdin)
    scenario = load(request["source"], request["variant"])
    if request["timeline"] is not None:
        timeline = tuple((at_us, validate(fields)) for at_us, fields in request["timeline"])
        scenario = replace(scenario, timeline=timeline, rollbacks=0)
    print(json.dumps(asdict(told(play(scenario, seed=request["seed"])))))


if __name__ == "__main__":
    main()
