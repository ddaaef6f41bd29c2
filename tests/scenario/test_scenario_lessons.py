"""Lessons: which there are follows from the files; the table says only in which order, and what each is worth."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.scenario.afterwards import judge, told
from playground.scenario.lessons import CHAPTERS, FURTHER, lesson_of, lessons, stops
from playground.scenario.loader import load_file, loads, pick
from playground.scenario.model import Script
from playground.scenario.runner import play
from playground.scenario.shelf import CLAIMS, shipped

SMALL = """\
title: a small one
seed: 5
until: 2s
cluster: {preset: small}
method:
  - {at: 1s, do: crash, nodes: [n2], say: One of them dies.}
  - {at: 2s, say: The end.}
expect: {ok: ">= 1", stale_reads: 0}
"""


def test_every_scenario_with_captions_is_a_lesson_and_has_its_place() -> None:
    captioned = []
    for name, path in shipped().items():
        file = load_file(path)
        if not name.startswith(CLAIMS) and isinstance(file, Script) and file.variants[0].captions:
            captioned.append(name)
    assert sorted(each.name for each in lessons()) == sorted(captioned)
    assert not [each.name for each in lessons() if each.chapter == FURTHER], "write a line for it into CHAPTERS"
    listed = [name for _, entries in CHAPTERS for name, _ in entries]
    assert [each.name for each in lessons()] == listed
    assert len(set(listed)) == len(listed)
    assert listed[:3] == ["first-crash", "partition-and-heal", "quorums"]


def test_what_one_learns_fits_a_line_and_every_caption_a_bar() -> None:
    for each in lessons():
        assert 0 < len(each.learns) <= 48
        assert not each.learns.endswith(".")
        assert each.stops >= 5
        assert each.systems
        scenario = pick(load_file(each.path))
        assert max(len(text) for _, text in scenario.captions) <= 120


def test_a_lesson_is_found_by_name_and_by_file_and_the_nearest_is_proposed(tmp_path: Path) -> None:
    known = lessons()
    assert lesson_of("quorums", known).learns == "What R + W > N promises, and what it does not"
    path = tmp_path / "own.yaml"
    path.write_text(SMALL)
    own = lesson_of(str(path), known)
    assert (own.title, own.chapter, own.stops) == ("a small one", FURTHER, 2)
    with pytest.raises(UserError, match="did you mean quorums"):
        lesson_of("qorums", known)
    path.write_text("until: 5s\n")
    with pytest.raises(UserError, match="has no captions"):
        lesson_of(str(path), known)
    with pytest.raises(UserError, match="is a lab"):
        lesson_of("P7", known)


def test_a_session_stops_at_each_caption_but_stands_still_at_the_end_anyway() -> None:
    assert stops(loads(SMALL)) == (1_000_000,)


# --- judged afterwards --------------------------------------------------------------------


def test_the_verdict_is_that_of_a_replay_and_its_digest_the_proof(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    scenario = loads(SMALL, str(path))
    outcome = play(scenario)
    judged = asyncio.run(judge(scenario, None, outcome.digest))
    assert judged == told(outcome)
    assert judged.words.startswith("all 3 expectations met: ok ")
    assert judged.words.endswith("stale reads 0, checks pass")
    with pytest.raises(RuntimeError, match="another run came of it"):
        asyncio.run(judge(scenario, None, "0" * 32))


def test_a_run_in_which_somebody_acted_is_judged_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    scenario = loads(SMALL, str(path))
    timeline = (*scenario.timeline, (1_500_000, parse_line("link n1 latency=20ms lasting=300ms")))
    touched = play(replace(scenario, timeline=timeline))
    judged = asyncio.run(judge(scenario, timeline, touched.digest))
    assert judged.digest == touched.digest != play(scenario).digest


def test_what_is_not_met_is_told_with_its_figure() -> None:
    words = told(play(loads(SMALL.replace('ok: ">= 1"', "ok: 0")))).words
    assert words.startswith("1 of 3 expectations not met: ok is ")
    assert words.endswith(", not 0")


def test_a_command_that_could_not_be_carried_out_is_told() -> None:
    text = SMALL.replace("  - {at: 2s", "  - {at: 1500ms, do: crash, nodes: [n2]}\n  - {at: 2s")
    judged = told(play(loads(text)))
    assert not judged.passed
    assert judged.words.startswith("not all could be carried out: crash n2 at 1.5 s: ")


def test_who_is_cancelled_leaves_no_process_behind(tmp_path: Path) -> None:
    scenario = loads(SMALL)
    place = tmp_path / "pid"
    waits = f"import os, sys; open({str(place)!r}, 'w').write(str(os.getpid())); sys.stdin.read(); sys.stdin = None\n"
    worker = [sys.executable, "-c", waits + "import threading; threading.Event().wait()"]

    async def main() -> int:
        task = asyncio.create_task(judge(scenario, None, "", worker))
        while not (place.exists() and place.read_text()):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(place.read_text())

    number = asyncio.run(main())
    status = Path(f"/proc/{number}/status")
    assert not status.exists() or "zombie" in status.read_text()


def test_the_request_is_plain_json() -> None:
    """Whatever command is in the timeline."""
    scenario = loads(SMALL)
    echo = "import sys, json; r = json.load(sys.stdin); raise SystemExit(json.dumps(r['timeline']))"
    timeline = tuple((1, parse_line(line)) for line in ("partition n1 | n2 n3", "put k 'a b'", "heal", "load rate=3"))
    with pytest.raises(RuntimeError) as error:
        asyncio.run(judge(scenario, timeline, "", [sys.executable, "-c", echo]))
    fields = [each for _, each in json.loads(str(error.value).partition(": ")[2])]
    assert [each["do"] for each in fields] == ["partition", "put", "heal", "load"]
    assert fields[0]["groups"] == [["n1"], ["n2", "n3"]]
