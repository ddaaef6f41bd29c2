"""``playground claims``: each claim with its statement, what was measured, and a verdict that can be bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.kernel.errors import UserError
from playground.scenario import shelf
from playground.scenario.telling import claims

HOLDS = """
title: One crash loses nothing
until: 4s
cluster: {preset: small}
method: [{at: 1s, do: crash, nodes: [n2], lasting: 1s}]
expect: {lost_writes: 0}
"""
FAILS = """
title: Reads are slow
until: 3s
cluster: {preset: small}
variants: {few: {load: {rate: 5}}, many: {load: {rate: 50}}}
compare: {operations: many < few}
expect: {p50: "> 1s"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "X1-crash.yaml").write_text(HOLDS)
    (tmp_path / "claims" / "X2-slow.yaml").write_text(FAILS)
    (tmp_path / "other.yaml").write_text(HOLDS)
    monkeypatch.setattr(shelf, "shelf", lambda: tmp_path)
    return tmp_path


def test_a_claim_that_holds_is_told_with_what_was_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.run(["X1"]) == 0
    said = capsys.readouterr().out
    assert "X1  One crash loses nothing" in said
    assert "lost_writes: 0" in said
    assert "1 of 1 claims hold" in said
    assert "other" not in said


def test_one_that_does_not_hold_says_what_should_have_been(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.run([]) == 1
    said = capsys.readouterr().out
    assert "FAIL  X2" in said
    assert "should be > 1s" in said
    assert "operations should be many < few" in said
    assert "1 of 2 claims hold" in said


def test_for_programs_each_is_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims.run([], as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["claim"], line["holds"]) for line in lines] == [("X1", True), ("X2", False)]
    assert len(lines[0]["digest"]) == 32


def test_an_id_that_is_none_is_told_with_what_is_near(folder: Path) -> None:
    with pytest.raises(UserError, match="unknown claim 'X11': did you mean X1"):
        claims.run(["X11"])


def test_the_claims_that_can_be_shown_so_far_are_shipped() -> None:
    names = {shelf.claim_id(name) for name in shelf.shipped() if name.startswith(shelf.CLAIMS)}
    early = {"P6", "P7", "R7", "R8", "G1", "G2", "G3", "G4", "K1", "K2", "Z1", "Z2", "Z3", "Z4", "Z5"}
    assert names >= early | {f"Q{number}" for number in range(1, 6)}


def test_a_claim_is_found_by_its_id() -> None:
    assert shelf.find("R8").name == "R8-quorums.yaml"
