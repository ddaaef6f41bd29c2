"""The logbook stays short, however many strangers are refused from however many addresses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from playground.cli.serving import logbook_in
from playground.serve.logbook import AGAIN_S, MANY, REFUSALS, REFUSALS_PER_S, Logbook


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_flood_from_many_addresses_becomes_a_few_lines() -> None:
    file, clock = io.StringIO(), Clock()
    logbook = Logbook(file, clock)
    for number in range(50_000):
        logbook.refused(f"2001:db8::{number:x}", "it is full")
        clock.now_s += 0.001
    logbook.close()
    lines = file.getvalue().splitlines()
    assert len(lines) <= REFUSALS + 50 * REFUSALS_PER_S + 2 * 50 / AGAIN_S + 2
    counts = [int(line.rpartition("(")[2].split()[0]) for line in lines if f"{MANY}: it is full (" in line]
    firsts = sum("more times" not in line for line in lines)
    assert firsts + sum(counts) == 50_000


def test_who_is_refused_later_stands_in_it_again() -> None:
    file, clock = io.StringIO(), Clock()
    logbook = Logbook(file, clock)
    for number in range(10_000):
        logbook.refused(f"10.0.{number // 250}.{number % 250}", "it is full")
    logbook.refused("10.9.9.9", "it is still full")
    clock.now_s += AGAIN_S
    logbook.refused("10.1.2.3", "it is full")
    said = file.getvalue()
    assert f"refused {MANY}: it is still full\n" in said
    assert f"refused {MANY}: it is full ({10_000 - REFUSALS - 1} more times)" in said
    assert said.endswith("refused 10.1.2.3: it is full\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_full_disk_ends_nothing_and_is_told_of_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with logbook_in(Path("/dev/full")) as logbook:
        logbook.came("anna", "player", "192.0.2.1", "by a key")
    assert capsys.readouterr().err.startswith("playground: --log: /dev/full: not all of it could be written: No space")
