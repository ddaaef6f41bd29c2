"""One scenario, one digest: in fresh processes, whatever Python's hash seed, with or without a viewer.

No Hypothesis in those processes: importing it changes how trio schedules.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


EVERYTHING = """
cluster: {preset: small}
until: 9s
steady-state-hypothesis:
  strategy: [before, after, continuously]
  probes: [{probe: error_share, tolerance: "< 1%", over: 2s}, {probe: lost_writes, tolerance: 0}]
method:
  - {at: 2s, do: crash, nodes: [2 random]}
  - {at: 3s, every: 500ms, until: 5s, do: put, key: a, value: b}
rollbacks: [{do: heal}, {do: start, nodes: [n1]}, {do: start, nodes: [n2]}, {do: start, nodes: [n3]}]
variants: {plain: {}, weak: {cluster: {store: {r: 1, w: 1}}}}
"""


def test_probes_repeated_commands_and_rollbacks_come_to_one_digest_with_and_without_a_viewer(tmp_path: Path) -> None:
    path = tmp_path / "everything.yaml"
    path.write_text(EVERYTHING, encoding="utf-8")
    digests = {digest(str(path), "runner", seed) for seed in (1, 2)} | {digest(str(path), "0", 3)}
    assert len(digests) == 1
    path.write_text(EVERYTHING.replace("rollbacks:", "description: none\n#"), encoding="utf-8")
    assert digest(str(path), "runner", 1) not in digests, "what is rolled back is part of the run"
