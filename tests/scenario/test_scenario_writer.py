"""A session that is saved and loaded again is the same session."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.commands import COMMANDS
from playground.kernel.errors import UserError
from playground.scenario.loader import load, loads
from playground.scenario.writer import render, rescue, save
from playground.spec import PRESETS, ClusterSpec


@dataclass(frozen=True)
class Recording:
    spec: ClusterSpec = ClusterSpec()  # noqa: RUF009 - it is frozen
    seed: int = 7
    timeline: tuple[tuple[int, Any], ...] = ()
    end_us: int = 40_000_000
    digest: str = "9f" * 16


nodes = st.lists(st.sampled_from([*ClusterSpec().node_names, "c1", "you"]), min_size=1, max_size=3)
shares = st.floats(0, 1)
durations = st.integers(0, 10**9).map(lambda us: f"{us}us")
texts = st.text(max_size=20)
keys = st.text(min_size=1, max_size=10) | st.sampled_from(
    ["null", "1e3", "yes", "- a", "a: b", "'", "\x85", "2026-01-01"]
)
maybe = st.none()
spans = st.integers(1, 10**9).map(lambda us: f"{us}us")
lasting = {"lasting": maybe | spans}
sides = {"sources": st.just([]) | nodes, "targets": nodes}
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "crash": {"nodes": nodes, "lose_disk": st.booleans(), "tail": st.sampled_from(["", "lost", "torn"]), **lasting},
    "start": {"nodes": nodes},
    "restart": {"nodes": nodes, "down": spans},
    "rolling-restart": {"nodes": nodes, "down": spans, "pause": spans},
    "freeze": {"nodes": nodes, **lasting},
    "thaw": {"nodes": nodes},
    "slow-cpu": {"nodes": nodes, "times": st.integers(2, 1_000), **lasting},
    "partition": {
        "shape": st.just(""),
        "groups": st.just([["n1", "n2"], ["n3"], ["c1", "you"]]),
        "nodes": st.just([]),
        **lasting,
    },
    "one-way": {**sides, **lasting},
    "link": {
        **sides,
        "both_ways": st.booleans(),
        "latency": durations,
        "jitter": durations,
        "distribution": st.sampled_from(["uniform", "normal", "pareto"]),
        "loss": st.floats(0, 1, exclude_min=True),
        "loss_run": st.floats(1, 1_000),
        "duplicate": shares,
        "reorder": shares,
        "bandwidth": st.integers(1, 10**9),
        **lasting,
    },
    "flap": {**sides, "period": spans, "down": st.floats(0.1, 0.9), **lasting},
    "heal": {"nodes": st.just([]) | nodes},
    "clock": {
        "nodes": nodes,
        "offset": maybe | st.integers(-(10**9), 10**9).map(lambda us: f"{us}us"),
        "drift_ppm": maybe | st.integers(-900_000, 10_000_000),
        "frozen": st.booleans(),
        **lasting,
    },
    "disk": {
        "nodes": nodes,
        "fault": st.sampled_from(["full", "hang", "slow", "rot", "ok"]),
        "amount": st.integers(1, 100_000),
        "lasting": maybe,
    },
    "load": {
        "rate": maybe | st.floats(0, 100_000),
        "reads": maybe | shares,
        "skew": maybe | st.floats(0, 5),
        "hot": maybe | keys,
        "hot_share": maybe | shares,
        **lasting,
    },
    "burst": {"rate": maybe | st.floats(1, 100_000), "lasting": spans},
    "herd": {"key": keys, "requests": st.integers(1, 100_000)},
    "add": {"nodes": st.just(["n9"])},
    "remove": {"nodes": nodes},
    "put": {"key": keys, "value": texts | keys, "w": maybe | st.integers(1, 3)},
    "get": {"key": keys, "r": maybe | st.integers(1, 3)},
    "produce": {"rate": st.floats(0, 100_000), **lasting},
    "consume": {"group": st.sampled_from(["", "view", "a b", "a=b"]), "consumers": st.integers(1, 64)},
    "stall": {"nodes": nodes, "processing": spans, **lasting},
    "partitions": {"topic": st.sampled_from(["", "changes", "a b"]), "count": maybe | st.integers(1, 64)},
    "publish": {"topic": keys, "value": texts, "key": maybe | keys, "processing": maybe | spans},
}


def fit(do: str, fields: dict[str, Any]) -> Any:
    """The command, or None if the fields do not go together."""
    try:
        return COMMANDS[do].model_validate(fields)
    except ValidationError:
        return None


commands = st.sampled_from(list(COMMANDS)).flatmap(
    lambda do: (
        st.fixed_dictionaries({**FIELDS[do], "by": st.sampled_from(["", "anna", "b-2_x.y", "1e3"])})
        .map(lambda fields: fit(do, fields))
        .filter(lambda command: command is not None)
    )
)
specs = st.builds(
    lambda base, nodes, rate, reads, timeout, title: ClusterSpec.model_validate(
        {**base, "nodes": nodes, "title": title, "load": {"rate": rate, "reads": reads, "timeout": timeout}}
    ),
    st.sampled_from([preset for name, preset in PRESETS.items() if name != "kafka"]),
    st.integers(8, 2_000),
    st.floats(0, 100_000),
    shares,
    durations,
    st.text(max_size=60),
)
recordings = st.builds(
    lambda spec, seed, timeline, more_us: Recording(
        spec,
        seed,
        tuple(sorted(timeline, key=lambda each: each[0])),
        max((at_us for at_us, _ in timeline), default=0) + more_us,
    ),
    specs,
    st.integers(0, 2**63 - 1),
    st.lists(st.tuples(st.integers(0, 10**9), commands), max_size=5),
    st.integers(0, 10**8),
)


def test_every_command_is_tried() -> None:
    assert set(FIELDS) == set(COMMANDS)
    for do, fields in FIELDS.items():
        assert set(fields) == set(COMMANDS[do].model_fields) - {"do", "by"}


KAFKA = ClusterSpec.model_validate(
    {**PRESETS["kafka"], "kafka": {"brokers": 3, "rate": 12.5, "groups": [{"commit_ms": 0}, {"name": "audit"}]}}
)


@settings(max_examples=150, deadline=None)
@given(recordings)
@example(Recording(KAFKA, timeline=((0, COMMANDS["stall"].model_validate({"nodes": ["co1", "consumers"]})),)))
@example(Recording(timeline=((0, COMMANDS["put"].model_validate({"key": "a", "value": "\x85"})),)))
@example(Recording(timeline=((0, COMMANDS["put"].model_validate({"key": " \u2028\n", "value": "\ufeff\t\0"})),)))
def test_what_is_written_is_read_back_exactly(recording: Recording) -> None:
    scenario = loads(render(recording))
    assert (scenario.spec, scenario.seed, scenario.timeline, scenario.until_us) == (
        recording.spec,
        recording.seed,
        recording.timeline,
        recording.end_us,
    )


def test_the_file_is_made_for_people() -> None:
    timeline = (
        (5_231_042, COMMANDS["crash"].model_validate({"nodes": ["n3"]})),
        (9_000_000, COMMANDS["link"].model_validate({"sources": ["n1"], "loss": 0.1, "latency": "200ms"})),
    )
    spec = ClusterSpec.model_validate({"nodes": 5, "load": {"reads": 0.5}})
    assert (
        render(Recording(spec, timeline=timeline))
        == """\
# A recorded session. Replayed, it comes to the digest
# 9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f
title: session 7
seed: 7
cluster:
  nodes: 5
  load:
    reads: 50%
method:
  - at: 5231042us
    do: crash
    nodes: [n3]
  - at: 9s
    do: link
    sources: [n1]
    latency: 200ms
    loss: 10%
until: 40s
"""
    )


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "session-7-1.yaml").write_text("mine")
    names = [save(Recording(), tmp_path).name for _ in range(2)]
    assert names == ["session-7-2.yaml", "session-7-3.yaml"]
    assert (tmp_path / "session-7-1.yaml").read_text() == "mine"
    assert load(tmp_path / "session-7-3.yaml").seed == 7


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"^cannot save in .*/none: No such file or directory; nothing was lost, go on$"
    ):
        save(Recording(), tmp_path / "none")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is full")
def test_a_disk_that_runs_full_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = Path.open

    def onto_a_full_disk(path: Path, *args: Any, **kwargs: Any) -> Any:
        real_open(path, *args, **kwargs).close()
        return open("/dev/full", "w", encoding="utf-8")

    monkeypatch.setattr(Path, "open", onto_a_full_disk)
    with pytest.raises(UserError, match="No space left on device; nothing was lost"):
        save(Recording(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_rescue_goes_where_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert rescue(Recording()) == tmp_path / "session-7-1.yaml"
