"""Several files in one command, and one variant of several: what is printed, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = "title: good\ncluster: {preset: small}\nuntil: 1s\n"
BAD = "title: bad\ncluster: {preset: small}\nuntil: 1s\nexpect: {reads: 0, writes: 0}\n"
BOTH = "title: both\ncluster: {preset: small}\nuntil: 1s\nvariants: {a: {}, b: {cluster: {nodes: 4}}}\n"
LAB = "title: lab\nlab: {name: ring-memory, servers: 5, points: 5, lookups: 10, sample: 10}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("bad", BAD), ("both", BOTH), ("lab", LAB), ("broken", "until: soon\n")):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "playground", "replay", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, encoding="utf-8")


def test_several_are_told_one_after_the_other(folder: Path) -> None:
    done = replay(folder, "good.yaml", "both.yaml", "lab.yaml")
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(f"{title}\n") for title in ("good", "both", "lab")]
    assert places == sorted(places)
    assert done.stdout.count("\nPASSED\n") == 3
    assert done.stdout.endswith("\n3 of 3 scenarios passed\n")


def test_one_that_fails_fails_the_command_and_the_others_are_still_run(folder: Path) -> None:
    done = replay(folder, "bad.yaml", "good.yaml")
    assert done.returncode == 1
    assert done.stdout.index("\nFAILED\n") < done.stdout.index("\nPASSED\n")
    assert done.stdout.endswith("\n1 of 2 scenarios passed\n  failed: bad\n")


def test_a_mistake_in_any_is_told_before_anything_runs(folder: Path) -> None:
    done = replay(folder, "good.yaml", "broken.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("playground: broken.yaml:1:8: until: 'soon' is not a duration")
    assert done.stderr.count("\n") == 1


def test_programs_get_one_object_a_line(folder: Path) -> None:
    done = replay(folder, "--json", "good.yaml", "both.yaml", "lab.yaml", "bad.yaml")
    assert done.returncode == 1
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["title"] for each in found] == ["good", "both", "lab", "bad"]
    assert [each["passed"] for each in found] == [True, True, True, False]
    assert len({each["digest"] for each in found}) == 3, "what is expected changes nothing in the world"
    assert list(found[1]["variants"]) == ["a", "b"]


def test_one_variant_is_told_like_a_scenario(folder: Path) -> None:
    done = replay(folder, "both.yaml", "--variant", "b", "--json")
    all_ = json.loads(replay(folder, "both.yaml", "--json").stdout)
    alone = json.loads(done.stdout)
    assert alone["variant"] == "b"
    assert alone["digest"] == all_["variants"]["b"]["digest"]
    assert "What happened" in replay(folder, "both.yaml", "--variant", "b").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["both.yaml", "--variant", "c"], "both.yaml: unknown variant 'c': there are a, b"),
        (["good.yaml", "--variant", "a"], "good.yaml: has no variants; leave out 'a'"),
        (["lab.yaml", "--variant", "a"], "lab.yaml: is a lab, an experiment without a cluster"),
    ],
)
def test_a_variant_that_is_not_there_is_one_line(folder: Path, words: list[str], line: str) -> None:
    done = replay(folder, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"playground: {line}")
    assert done.stderr.count("\n") == 1


def test_variants_have_the_same_digests_in_every_process(folder: Path) -> None:
    found = set()
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "playground", "replay", "--json", "both.yaml"]
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONUTF8": "1"}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=environment)
        data = json.loads(done.stdout)
        found.add((data["digest"], *(each["digest"] for each in data["variants"].values())))
    assert len(found) == 1
