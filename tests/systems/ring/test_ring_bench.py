"""What the ring's bench promises to whoever reads it: a person, or a program that gates on it."""

import json

import pytest

from playground.bench import ring as bench


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = bench.measure
    monkeypatch.setattr(
        bench, "measure", lambda: measure(nodes=20, peer_nodes=10, lookups=50, batched_lookups=60, rounds=1)
    )


@pytest.mark.usefixtures("small")
def test_json_carries_the_headlines_of_the_large_circle(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["points"] == 2_000
    assert said["bytes"] == 16_000
    for headline in ("points", "bytes", "lookups_per_s", "batched_lookups_per_s"):
        large = [row["value"] for row in said["rows"] if (row["name"], row["ring"]) == (headline, "20 x 100")]
        assert large == [said[headline]]
        assert large[0] > 0
    assert {row["name"] for row in said["rows"]} >= {"add_ms", "remove_ms", "rebuild_ms", "ratio", "ratio_mmh3"}


@pytest.mark.usefixtures("small")
def test_a_person_reads_what_each_figure_includes(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("uhashring" in line and "md5" in line for line in lines)
    assert any("batched_lookups_per_s" in line and "hashing and the list of names included" in line for line in lines)


def test_without_uhashring_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert bench.run(as_json=True) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "chaos-playground[bench]" in err
