"""The benchmark of viewers: that it reads what they see, and counts what it says. Never how fast."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from playground.bench import viewers as bench
from playground.bench.viewers import Step, lines
from playground.bench.visitors import TopLine
from widgets.encoder import Encoder
from widgets.log import clock

GLYPHS = "▶ ⏸ ● paused platform 12 ops/s ✗ all promises kept "


def drawn(encoder: Encoder, *rows: tuple[int, str]) -> bytes:
    chance = random.Random(repr(rows))
    runs = [(y, 0, [Segment(char, Style(bold=chance.random() < 0.3)) for char in text]) for y, text in rows]
    return encoder.update(runs, ColorSystem.TRUECOLOR).encode()


@pytest.mark.parametrize("seed", range(20))
def test_the_clock_is_read_however_the_bytes_come(seed: int) -> None:
    chance = random.Random(seed)
    encoder, top = Encoder(), TopLine(80)
    encoder.resize(80, 5)
    at_us, pending = 59_000_000, b""
    for _ in range(40):
        at_us += chance.choice((1_000, 100_000, 777_000, 61_000_000))
        line = f"{GLYPHS[: chance.randrange(12)]} {clock(at_us)} {chance.choice(GLYPHS)}".ljust(80)
        pending += drawn(encoder, (0, line), (3, f"00:00.{chance.randrange(1000):03} is no clock"))
        if chance.random() < 0.1:
            pending += b"\x1b]0;title\x07\x1b[?2026l" + encoder.full().encode()
        cuts = sorted(chance.randrange(len(pending) + 1) for _ in range(3))
        changed = [top.feed(pending[a:b]) for a, b in zip((0, *cuts), (*cuts, len(pending)), strict=True)]
        pending = b""
        assert clock(top.clock_us) == clock(at_us)
        assert any(changed)


def test_what_does_not_touch_the_clock_is_no_picture() -> None:
    encoder, top = Encoder(), TopLine(80)
    encoder.resize(80, 5)
    assert top.feed(drawn(encoder, (0, "▶ 00:01.000 seed 1")))
    assert not top.feed(drawn(encoder, (2, "▶ 00:02.000")))
    assert not top.feed(drawn(encoder, (0, "▶ 00:01.000 seed 2")))
    assert not top.feed(encoder.full().encode())
    assert top.clock_us == 1_000_000


def row(spectators: int, players: int, **other: Any) -> Step:
    cpu = dict.fromkeys(("hall", "front", "gallery", "player", "clients"), 12.0)
    figures = {"frames_per_s": 9.9, "least_frames_per_s": 9.0, "bytes_per_s": 14e3, "most_bytes_per_s": 15e3}
    return Step(
        spectators, players, **{**figures, "pace": 1.0, "cpu_percent": cpu, "memory_bytes": 90_000_000, **other}
    )


def test_the_table_says_which_budget_is_broken() -> None:
    steps = [
        row(50, 0),
        row(20, 0, frames_per_s=7.0),
        row(1, 0, pace=0.8),
        row(0, 8, most_bytes_per_s=60e3),
        row(100, 0),
    ]
    told = lines({"pace": 1.0, "hall_percent": 15.0}, steps)
    assert [line.split()[-1] for line in told[2:6]] == ["kept", "BROKEN", "BROKEN", "BROKEN"]
    assert told[6].endswith("MB"), "nothing is promised of a hundred"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "measure", lambda: ({"pace": 1.0, "hall_percent": 15.0}, [row(50, 8)]))


def test_as_json(measured: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["alone"]["pace"] == 1.0
    assert [(each["spectators"], each["players"]) for each in told["steps"]] == [(50, 8)]


def test_for_a_person(measured: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run() == 0
    head, columns, alone, step, budget = capsys.readouterr().out.splitlines()
    assert "160x50" in head
    assert len(alone.split()) == 4
    # A column of processor or memory more or less would stand under no title.
    assert len(step.split()) == len(columns.split()) + 3
    assert budget.startswith("budget: 8 pictures/s and 50 kB/s each")


def test_real_viewers_are_counted() -> None:
    pytest.importorskip("asyncssh")
    peer, [step] = bench.measure(((2, 1),), window_s=0.5, cluster=("--preset", "quorum", "--nodes", "3"))
    assert peer["pace"] > 0
    assert (step.spectators, step.players) == (2, 1)
    assert step.least_frames_per_s > 0
    assert step.bytes_per_s > 0
    assert step.pace > 0
    assert all(step.cpu_percent[part] > 0 for part in ("hall", "gallery", "player", "clients"))
    assert step.memory_bytes > 10_000_000
