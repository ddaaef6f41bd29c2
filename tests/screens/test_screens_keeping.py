"""Screenshots as files: what is written, and what never is."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from playground.screens.keeping import write_svg
from tests.screens.driving import Driver, drive


def test_two_screenshots_of_one_instant_are_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [Path(write_svg(f"<svg>{number}</svg>", 7, 65_432_100)).name for number in range(3)]
    assert names == [f"playground-seed7-01m05.432s{end}.svg" for end in ("", "-2", "-3")]
    assert [(tmp_path / name).read_text() for name in names] == [f"<svg>{number}</svg>" for number in range(3)]


def test_a_screenshot_loads_nothing_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(d: Driver) -> None:
        await d.press("f2")
        (path,) = tmp_path.iterdir()
        text = path.read_text()
        assert not re.search(r"url\(\W*http|href|@import", text)
        shown = "".join(ElementTree.fromstring(text).itertext())
        assert "n3" in shown

    drive(steps)
