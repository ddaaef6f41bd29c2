"""What a recorder writes: everything, in order, and the same in every process however the run is sliced."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import recording_workload as workload
from hypothesis import given
from hypothesis import strategies as st
from kernel_lab import MS, Ask, AskRudely, Lab, Note, in_lab

from playground.kernel.canonical import canonical, checksum, name_of
from playground.kernel.recording import CLIP, Recorder
from playground.kernel.world import run

HERE = Path(__file__).parent


def in_a_fresh_process(slices, hash_seed, planted=False):
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, str(HERE / "recording_workload.py"), str(slices), "planted" if planted else "sound"]
    return subprocess.run(command, env=env, capture_output=True, check=True).stdout


def recorded(test, count=2, **options):
    """The lines, parsed, of ``test(lab)``."""
    written = []

    async def main():
        lab = Lab(count, **options)
        recorder = Recorder(written.append)
        recorder.attach(lab.world)
        await lab.up()
        await test(lab)

    run(main)
    return [json.loads(line) for line in written]


# --- whole runs ---------------------------------------------------------------


def test_a_world_that_is_recorded_comes_to_the_same_digest():
    written, digest = workload.lines()
    assert run(workload.main, None, 1) == digest
    assert json.loads(written[-1])["digest"] == digest


def test_however_a_run_is_sliced_the_lines_are_the_same():
    whole, _ = workload.lines()
    for slices in (2, 7, 300):
        assert workload.lines(slices)[0] == whole


def test_the_lines_are_the_same_in_processes_that_hash_differently():
    one, *others = (in_a_fresh_process(slices, seed) for slices, seed in ((1, 1), (1, 2), (9, 3)))
    whats = Counter(json.loads(line)["what"] for line in one.splitlines())
    wanted = {"message", "request", "reply", "timer", "wake", "disk", "turn", "entry", "digest", "end"}
    assert wanted <= set(whats), "a workload that does little proves little"
    assert all(other == one for other in others)


def test_what_comes_from_the_order_of_a_set_shows():
    assert len({in_a_fresh_process(1, seed, planted=True) for seed in (1, 2, 3)}) > 1


def test_nothing_in_a_line_is_an_address():
    assert not [line for line in workload.lines()[0] if " at 0x" in line or "object at" in line]


def test_every_event_has_its_number_and_time_never_runs_backwards():
    lines = [json.loads(line) for line in workload.lines()[0]]
    instants = [line["at_us"] for line in lines]
    assert instants == sorted(instants)
    numbers = [line["seq"] for line in lines if "seq" in line]
    assert len(numbers) == len(set(numbers)) > 1_000
    entries = [line["index"] for line in lines if line["what"] == "entry"]
    assert entries == list(range(len(entries)))


# --- single lines -------------------------------------------------------------


def test_an_event_stands_above_what_it_brings_about():
    async def test(lab):
        probe = lab.of(0)
        probe.after(5 * MS, lambda: probe.note("alarm", "it rang", loud=True))
        await lab.go(6 * MS)

    timer, entry = recorded(test)[-3:-1]
    assert timer["what"] == "timer"
    assert timer["node"] == "n0"
    assert (entry["what"], entry["text"], entry["data"]) == ("entry", "it rang", {"loud": "True"})
    assert timer["at_us"] == entry["at_us"] == 5 * MS


def test_a_message_shows_its_way_its_content_and_a_checksum_of_all_of_it():
    async def test(lab):
        lab.of(0).send("n1", Note("x" * 200))
        lab.of(0).send("n1", Note("x" * 199 + "y"))
        await lab.go(2 * MS)

    one, other = (line for line in recorded(test) if line["what"] == "message")
    assert (one["from"], one["to"], one["kind"]) == ("n0", "n1", "Note")
    assert one["content"] == other["content"]
    assert len(one["content"]) == CLIP
    assert one["sum"] == checksum(canonical(Note("x" * 200))) != other["sum"]
    assert "life" not in one


def test_calls_their_answers_and_their_rejections_can_be_told_apart():
    async def test(lab):
        probe = lab.of(0)
        probe.spawn(partial(probe.call, "n1", Ask(1), timeout_us=5 * MS))
        calls = probe.calls(["n1"], AskRudely("never"), timeout_us=5 * MS)
        await lab.go(4 * MS)
        assert list(calls.errors) == ["n1"]

    lines = [line for line in recorded(test) if line["what"] in ("request", "reply")]
    told = {(line["what"], line["kind"]): line["call"] for line in lines}
    assert set(told) == {("request", "Ask"), ("reply", "int"), ("request", "AskRudely"), ("reply", "error")}
    assert told["request", "Ask"] == told["reply", "int"] != told["reply", "error"]


@pytest.mark.parametrize(("act", "life"), [("crash", "down"), ("freeze", "frozen")])
def test_a_message_to_a_node_that_does_not_serve_says_so(act, life):
    async def test(lab):
        lab.of(0).send("n1", Note("hello"))
        getattr(lab.nodes[1], act)()
        await lab.go(2 * MS)

    assert [line["life"] for line in recorded(test) if line["what"] == "message"] == [life]


def test_a_timer_that_does_nothing_says_why():
    async def test(lab):
        for number, act in enumerate(("", "cancel", "crash", "freeze")):
            timer = lab.of(number).after(5 * MS, lambda: None)
            if act == "cancel":
                timer.cancel()
            elif act:
                getattr(lab.nodes[number], act)()
        await lab.go(6 * MS)

    lines = [line for line in recorded(test, 4) if line["what"] == "timer"]
    assert [line.get("state") for line in lines] == [None, "cancelled", "dead", "waiting"]


def test_who_sleeps_is_named_when_he_wakes():
    async def test(lab):
        probe = lab.of(0)

        async def naps():
            await probe.sleep(2 * MS)

        probe.spawn(naps)
        await lab.go(3 * MS)

    wakes = [line for line in recorded(test) if line["what"] == "wake" and line["at_us"]]
    assert [(line["node"], line["act"].rpartition(".")[2]) for line in wakes] == [("n0", "naps")]


def test_who_cannot_write_any_more_stops_and_the_world_goes_on():
    written = []

    def write(line):
        if len(written) == 20:
            raise OSError(28, "No space left on device")
        written.append(line)

    recorder = Recorder(write)
    digest = run(workload.main, recorder, 1)
    assert len(written) == 20
    assert recorder.failure is not None
    assert recorder.at_us == json.loads(written[-1])["at_us"]
    assert digest == run(workload.main, None, 1)


def test_a_world_that_has_begun_cannot_be_recorded():
    async def test(lab):
        await lab.go(1)
        Recorder(lambda line: None).attach(lab.world)

    with pytest.raises(AssertionError, match="begun"):
        in_lab(test)


# --- one text for one value -----------------------------------------------------


class Colour(Enum):
    RED = 1


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Box:
    content: Any


class Opaque:
    def method(self):
        pass


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.builds(Box, inner),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset({(2,), (1, 2)}), "{(1, 2), (2,)}"),
        ({"b": 1, "a": {3}}, "{'b': 1, 'a': {3}}"),
        ((Pair(1, [2]), Colour.RED), "(Pair(1, [2]), Colour.RED)"),
        (Box(Opaque()), "Box(content=<Opaque>)"),
        (Opaque().method, "<Opaque.method>"),
    ],
)
def test_a_value_has_one_text(value, text):
    assert canonical(value) == text


@given(st.sets(st.text() | st.integers(0, 9), max_size=8), st.randoms())
def test_a_set_has_one_text_whatever_the_order_it_was_filled_in(members, chance):
    shuffled = list(members)
    chance.shuffle(shuffled)
    refilled = set()
    for each in shuffled:
        refilled.add(each)
    assert canonical(refilled) == canonical(members)


@given(values, values)
def test_texts_are_alike_exactly_where_values_are(one, other):
    assert (canonical(one) == canonical(other)) == (repr(one) == repr(other))


def test_functions_have_names_without_addresses():
    assert name_of(Opaque().method) == "Opaque.method"
    assert name_of(lambda: None).endswith("addresses.<lambda>")
    assert name_of(partial(print)) == "partial"
