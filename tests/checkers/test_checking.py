"""``playground check``: what is printed, and the exit status, through the command itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from playground.checkers.checking import run
from playground.kernel.errors import UserError
from tests.checkers.simulated import simulate


def history(path: Path, *rows: str) -> str:
    path.write_text("".join("INFO  jepsen.util - " + row.replace(" ", "\t", 3) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def good(tmp_path: Path) -> str:
    return history(
        tmp_path / "good.log", "0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read 1"
    )


@pytest.fixture
def stale(tmp_path: Path) -> str:
    rows = ["0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :write 2", "0 :ok :write 2"]
    return history(tmp_path / "stale.log", *rows, "1 :invoke :read nil", "1 :ok :read 1")


@pytest.fixture
def hard(tmp_path: Path) -> str:
    """Twenty writes at the same time, after which two reads of the first: a violation, but who can see that so soon?"""
    begins = [f"{i} :invoke :write {i}" for i in range(20)]
    ends = [f"{i} :ok :write {i}" for i in range(20)]
    reads = [row for value in (0, 1) for row in ("99 :invoke :read nil", f"99 :ok :read {value}")]
    return history(tmp_path / "hard.log", *begins, *ends, *reads)


def test_a_linearizable_history_gets_one_line(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([good]) == 0
    assert capsys.readouterr().out == f"{good}: linearizable: 2 operations, 1 key, 2 steps\n"


def test_a_violation_is_explained_and_drawn(stale: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([stale]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{stale}: violation: 3 operations, 1 key, ")
    assert lines[1] == "  no order of these 3 calls explains process 1's read: 1 (line 5)"
    assert lines[3:] == [
        "    0  |-write 1-||-write 2-|",
        "    1                        |-read: 1-|",
        "",
        "      1  line 1: process 0: write 1",
        "      2  line 3: process 0: write 2",
        "      3  line 5: process 1: read: 1",
        "",
    ]


def test_a_cas_that_failed_but_should_have_succeeded_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :cas [1 2]", "1 :fail :cas [1 2]"]
    assert run([history(tmp_path / "refused.log", *rows, "1 :invoke :read nil", "1 :ok :read 1")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  no order of these 2 calls explains process 1's failed cas 1->2 (line 3)"
    assert lines[-2] == "      2  line 3: process 1: failed cas 1->2"


def test_the_worst_of_several_files_decides(
    good: str, stale: str, hard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.log")
    assert run([good, hard], steps=100) == 3
    assert "100 steps were not enough; allow more with --steps" in capsys.readouterr().out
    assert run([hard, stale, good], steps=100) == 1
    assert run([stale, missing, good, hard], steps=100) == 2
    output = capsys.readouterr()
    assert f"{missing}: can't be read (No such file or directory)" in output.err
    assert f"{good}: linearizable" in output.out, "the others are judged all the same"


def test_json_is_one_object_with_every_file(
    good: str, stale: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run([good, stale, str(tmp_path)], as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == 2
    assert [row.get("outcome") for row in found["files"]] == ["linearizable", "violation", None]
    assert "can't be read" in found["files"][2]["error"]
    violation = found["files"][1]["violation"]
    assert [(call["f"], call["invoked"]) for call in violation["calls"]] == [("write", 1), ("write", 3), ("read", 5)]
    assert violation["last"] == violation["calls"][2]


def test_a_model_that_is_not_there_is_refused(good: str) -> None:
    with pytest.raises(UserError, match="unknown model 'registr': did you mean register"):
        run([good], model="registr")


def test_the_command_has_the_same_status(stale: str, good: str) -> None:
    for arguments, status in (([good], 0), ([good, stale], 1), ([good, "/nowhere"], 2), ([good, "--steps", "1"], 3)):
        done = subprocess.run(
            [sys.executable, "-m", "playground", "check", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr


PROBE = """
import sys
from tests.checkers.simulated import siblings, simulate
from playground.checkers.linearizability import check
from playground.checkers.models import MODELS
from playground.checkers.timeline import draw
from dataclasses import replace
for seed in range(12):
    simulated = {"register": simulate(seed, "register", 60, 5, crash=0.3), "multi-value": siblings(seed, 40, 4)}
    for kind, calls in simulated.items():
        reads = [i for i, call in enumerate(calls) if call.f == "read" and call.completed is not None]
        calls[reads[-1]] = replace(calls[reads[-1]], result=calls[reads[0]].result)
        verdict = check(calls, MODELS[kind])
        print(verdict, draw(verdict.violation.calls) if verdict.violation else "")
"""


def test_the_verdict_and_its_steps_are_the_same_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROBE],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(said) == 1
    assert "violation" in said.pop()


def test_a_history_written_to_a_file_gets_the_verdict_of_its_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(20):
        events = []
        for call in simulate(seed, "register", 60, 5, crash=0.2):
            value = (
                "nil" if call.f == "read" else f"[{call.value[0]} {call.value[1]}]" if call.f == "cas" else call.value
            )
            events.append((call.invoked, f"{call.process} :invoke :{call.f} {value}"))
            if call.result is False:
                events.append((call.completed or 0, f"{call.process} :fail :{call.f} {value}"))
            elif call.failed:
                events.append((call.invoked + 1, f"{call.process} :fail :{call.f} {value}"))
            elif call.completed is not None:
                told = "nil" if call.f == "read" and call.result is None else call.result if call.f == "read" else value
                events.append((call.completed, f"{call.process} :ok :{call.f} {told}"))
            else:
                events.append((call.invoked + 1, f"{call.process} :info :{call.f} :timed-out"))
        path = history(tmp_path / f"{seed}.log", *(row for _, row in sorted(events)))
        assert run([path]) == 0, capsys.readouterr().out


def test_a_single_call_that_nothing_explains_is_told_in_the_singular(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "h.edn"
    path.write_text("{:process 1, :type :invoke, :f :read, :value nil}\n{:process 1, :type :ok, :f :read, :value 2}\n")
    assert run([str(path)], model=None, steps=100, as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path}: violation: 1 operation, 1 key, 1 step"
    assert lines[1] == "  nothing that was recorded explains process 1's read: 2 (line 1)"
