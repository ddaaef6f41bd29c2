"""One seed, one digest: in fresh processes, without Hypothesis (its import changes trio's scheduling)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def digests(*runs):
    """What the workload prints for each ``(seed, PYTHONHASHSEED)``; all processes run side by side."""
    processes = []
    for seed, hash_seed in runs:
        env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(HERE.parents[1])}
        command = [sys.executable, str(HERE / "determinism_workload.py"), str(seed)]
        processes.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    outputs = [process.communicate()[0].strip() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return outputs


@pytest.mark.parametrize("seed", [1, 2])
def test_one_seed_gives_one_digest_whatever_the_hashes_of_strings(seed):
    outputs = digests(*((seed, hash_seed) for hash_seed in (0, 1, 2, 31337, 4_294_967_295)))
    assert len(set(outputs)) == 1
    _digest, events, entries = outputs[0].split()
    assert int(events) > 10_000, "a workload that does nothing proves nothing"
    assert int(entries) > 500


def test_another_seed_gives_another_digest():
    one, other = digests((1, 0), (2, 0))
    assert one.split()[0] != other.split()[0]
