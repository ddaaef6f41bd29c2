"""Every fault, aimed with words: one digest whatever the process, and the record of names replays to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def printed(*runs: tuple[int, int]) -> list[list[str]]:
    """The words that the workload prints for each ``(seed, PYTHONHASHSEED)``."""
    processes = []
    for seed, hash_seed in runs:
        env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(HERE.parents[1])}
        command = [sys.executable, str(HERE / "fault_workload.py"), str(seed)]
        processes.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    outputs = [process.communicate() for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    assert not any(complaints for _, complaints in outputs), "nothing of it was refused"
    return [output.split() for output, _ in outputs]


def test_all_faults_replay_exactly_with_words_and_with_the_names_that_they_came_to() -> None:
    one, same, other = printed((1, 0), (1, 4_294_967_295), (2, 1))
    assert one == same
    assert one[0] != other[0]
    for digest, replayed, commands, worded, entries in (one, other):
        assert digest == replayed
        assert int(commands) == 30
        assert int(worded) > 15, "words stood for names"
        assert int(entries) > 100
