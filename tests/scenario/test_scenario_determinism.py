"""One scenario, one digest: in fresh processes, whatever Python's hash seed, with or without a viewer.

No Hypothesis in those processes: importing it changes how trio schedules.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from playground.scenario.shelf import shipped

SCRIPT = """
import sys, threading
from playground.scenario.loader import load
from playground.scenario.runner import play
from playground.scenario.shelf import find

assert "hypothesis" not in sys.modules
scenario = load(find(sys.argv[1]))
speed = sys.argv[2]
if speed == "runner":
    print(play(scenario).digest)
else:
    from playground.session import Session
    ended = threading.Event()
    look = lambda frame: frame.header.at_us >= scenario.until_us and ended.set()
    timing = dict(timeline=scenario.timeline, captions=scenario.captions, until_us=scenario.until_us)
    with Session(scenario.spec, scenario.seed, speed=float(speed), **timing) as session:
        session.on_frame(look)
        look(session.frame())
        assert ended.wait(60)
        print(session.close().digest)
"""


def digest(name: str, speed: str, hash_seed: int) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-c", SCRIPT, name, speed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["first-crash", "partition-and-heal"])
def test_five_processes_with_five_hash_seeds_agree_and_so_does_a_watched_session(name: str) -> None:
    assert name in shipped()
    digests = {digest(name, "runner", seed) for seed in range(1, 6)}
    digests |= {digest(name, speed, 0) for speed in ("20", "100", "0")}
    assert len(digests) == 1
    assert len(digests.pop()) == 32
