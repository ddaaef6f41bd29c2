"""A name finds a file, or a shipped scenario, from whichever folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.kernel.errors import UserError
from playground.scenario import shelf
from playground.scenario.loader import load, load_file
from playground.scenario.shelf import find, shipped


@pytest.mark.parametrize("name", ["first-crash", "first-crash.yaml", "first-crash.yml"])
def test_a_shipped_scenario_is_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(find(name)).title == "One node crashes, and nothing is lost"


def test_an_existing_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first-crash").write_text("until: 1s")
    monkeypatch.chdir(tmp_path)
    assert load(find("first-crash")).until_us == 1_000_000


def test_folders_are_part_of_a_name_or_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "R8.yaml").write_text("until: 1s")
    (tmp_path / "top.yaml").write_text("until: 1s")
    monkeypatch.setattr(shelf, "shelf", lambda: tmp_path)
    assert list(shipped()) == ["top", "claims/R8"]
    assert find("claims/R8") == find("R8") == find("claims/R8.yaml") == tmp_path / "claims" / "R8.yaml"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("first-crush", "unknown scenario 'first-crush': did you mean first-crash?"),
        ("./nowhere/x.yaml", "./nowhere/x.yaml: no such file"),
        ("zzz", "unknown scenario 'zzz': playground list shows all"),
        ("a\0b", "unknown scenario"),
        ("x" * 5000, "unknown scenario"),
    ],
)
def test_an_unknown_name_is_one_line(name: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        find(name)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_everything_on_the_shelf_can_be_loaded() -> None:
    for path in shipped().values():
        assert load_file(path).title
