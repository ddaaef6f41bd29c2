"""The benchmark: that it measures the same work on both sides, and what it prints. Never how fast."""

import json

import pytest

from playground.bench import kernel as bench


def test_all_contenders_deliver_about_the_same_messages():
    pytest.importorskip("simpy")
    counts = [contender(10, 2_000_000)[0] for contender in (bench.ours, bench.simpy_idiom, bench.simpy_callbacks)]
    assert all(abs(count - 200) <= 2 for count in counts)


@pytest.fixture
def small(monkeypatch):
    pytest.importorskip("simpy")
    measure = bench.measure
    monkeypatch.setattr(bench, "measure", lambda: measure((3, 5), messages=300, rounds=1))


def test_as_json(small, capsys):
    assert bench.run(as_json=True) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["nodes"] for row in rows] == [3, 5]
    assert set(rows[0]) == {
        "nodes",
        "messages_per_s",
        "simpy_messages_per_s",
        "ratio",
        "simpy_callbacks_messages_per_s",
    }
    assert all(
        row["ratio"] == pytest.approx(row["messages_per_s"] / row["simpy_messages_per_s"], rel=0.01, abs=0.01)
        for row in rows
    )


def test_for_a_person(small, capsys):
    assert bench.run(as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[1].split()[:4] == ["nodes", "playground", "SimPy", "ratio"]


def test_without_simpy_one_line_names_the_extra(monkeypatch, capsys):
    monkeypatch.setattr(bench, "simpy", None)
    assert bench.run(as_json=False) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "chaos-playground[bench]" in captured.err
