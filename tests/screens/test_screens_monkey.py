"""20,000 keys, clicks, pastes and sizes at random: nothing breaks, and what was done can be replayed."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.scenario.loader import cluster_spec
from tests.screens.monkey import NAMED, digest_again, monkey_on
from tests.screens.terminals import Terminal


@pytest.mark.parametrize(
    ("preset", "seed", "count"), [("small", 1, 10_000), ("small", 2, 8_000), ("platform", 3, 2_000)]
)
def test_a_monkey_breaks_the_cluster_but_never_the_app(
    preset: str, seed: int, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what is saved goes there
    monkey, record = monkey_on(cluster_spec(preset, {}), seed, count)
    assert monkey.posted >= count
    assert monkey.pressed >= set(NAMED)
    assert monkey.quits
    assert record.timeline
    assert list(tmp_path.glob("*.svg"))
    assert list(tmp_path.glob("*.yaml"))
    assert digest_again(record) == record.digest


def test_a_monkey_at_a_terminal(
    start: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real command, real bytes: whatever it left behind, the terminal is as before and the record is told."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(5)
    terminal = start("playground", 160, 50, "--preset", "small", "--seed", "5")
    terminal.shows("press x to crash it")
    keys = [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1bOR", b"\x1b[5~", b"\x1b[6~", b"\x1b[Z", b"\t", b"\r"]
    keys += [bytes([code]) for code in range(32, 127) if code not in b"qQT"]
    for number in range(60):
        terminal.press(b"".join(chance.choice(keys) for _ in range(50)))
        terminal.press(b"\x1b[<%d;%d;%dM" % (chance.choice((0, 64, 65)), chance.randrange(160), chance.randrange(50)))
        if number % 10 == 9:
            terminal.resize(*chance.choice(((160, 50), (80, 24), (120, 36), (50, 10))))
        terminal.pause(0.1)
        terminal.press("\x1b")
        terminal.pause(0.05)
    terminal.process.kill(signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    terminal.assert_restored()
    assert b"Traceback" not in terminal.output
    assert any(line.startswith("seed 5, ") for line in terminal.told()), terminal.told()
