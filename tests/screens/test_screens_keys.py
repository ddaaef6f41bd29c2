"""The registry: complete, without doubles, and everything generated from it fits."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from playground.frame import PANELS, VIEWS
from playground.screens import keys
from playground.screens.acts import Acts
from playground.screens.explaining import SHOWS, SYSTEMS, about, shows
from playground.screens.helping import page
from playground.screens.marking import key_tables, legend
from playground.screens.orders import ORDERS
from widgets.palette import DEFAULT


def test_every_key_does_one_thing() -> None:
    pressed = [name for key in keys.KEYS for name in key.keys]
    assert len(pressed) == len(set(pressed))
    assert len({key.act for key in keys.KEYS}) == len(keys.KEYS)


@pytest.mark.parametrize("key", keys.KEYS, ids=lambda key: key.act)
def test_every_act_of_the_registry_exists(key: keys.Key) -> None:
    assert key.act in ORDERS or callable(getattr(Acts, key.act))
    assert key.group in keys.GROUPS
    assert len(key.help) <= 58, "it must fit a line of the help"


def test_the_keys_of_the_design_are_all_there() -> None:
    pressed = {name for key in keys.KEYS for name in key.keys}
    plain = set("hjklvxXszpPoeEmwyq123456789")
    named = {
        "left", "right", "up", "down", "tab", "enter", "escape", "space", "full_stop", "comma", "plus", "minus",
        "equals_sign", "colon", "slash", "question_mark", "ctrl+p", "f2", "left_square_bracket",
        "right_square_bracket",
    }  # fmt: skip
    assert plain | named <= pressed
    assert "ctrl+d" not in pressed


def test_the_table_for_the_readme_is_generated() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "playground.screens.keys"], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == keys.markdown()
    rows = printed.strip().splitlines()
    assert rows[:2] == ["| key | act |", "| --- | --- |"]
    assert all(re.fullmatch(r"\|.*\|.*\|", row) for row in rows)
    assert "| `x` | crash: power off, what was not synced is lost |" in rows
    assert len(rows) == 2 + len(keys.GROUPS) + len(keys.KEYS)


def test_every_footer_offers_help_and_the_way_out() -> None:
    for panel in PANELS:
        acts = [key.act for key in keys.footer(panel)]
        assert "help" in acts
        assert "quit" in acts
    assert "crash" in [key.act for key in keys.footer("ring")]
    assert "filter" in [key.act for key in keys.footer("log")]
    assert "crash" not in [key.act for key in keys.footer("log")]


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_is_explained(panel: str) -> None:
    title, facts = about(panel)
    assert len(title) > 3
    assert [fact for fact in facts if fact.title == "What to try"]
    if panel in SYSTEMS:
        assert [fact for fact in facts if fact.title in ("Source", "Sources")]
    assert not [fact for fact in facts if "==" in fact.text]


def test_a_table_of_a_docstring_is_told_in_sentences() -> None:
    said = [fact.text for fact in about("balancer")[1]]
    assert "it crashes: heartbeat: sees it after (misses) T to (misses + 1) T; " in " ".join(said)


@pytest.mark.parametrize("panel", [*PANELS, *VIEWS])
def test_help_begins_with_what_is_seen_there_then_its_marks_and_keys(panel: str) -> None:
    said = page(panel, DEFAULT, {"replicas": "shards"}, with_keys=True)
    assert [fact for fact in said.facts if 40 <= len(fact.text) <= 240]
    titles = [title for title, _ in said.tables]
    assert titles[-1] == "Keys here"
    assert all(title.startswith("Marks: ") for title in titles[:-1])
    here = {row.cells[0].text for row in said.tables[-1][1].rows}
    assert {key.shown for key in keys.KEYS if panel in key.panels} <= here
    # Everything is there, once: what is not for this panel comes at the end, after the system's own words.
    assert said.aside is not None
    assert [fact.title for fact in said.aside.facts if fact.title == "What to try"]
    every = [*titles[:-1], *(title for title, _ in said.aside.tables)]
    assert sorted(every) == sorted([title for title, _ in (*legend(), *key_tables())])


def test_help_calls_a_panel_what_stands_on_its_border() -> None:
    assert page("replicas", DEFAULT, {}, name="nodes", with_keys=False).title.startswith("nodes: ")
    assert page("spacetime", DEFAULT, {}, name="space-time", with_keys=False).title == "Space-time"


def test_every_panel_and_view_says_what_is_seen_there() -> None:
    assert {name.split()[0] for name in SHOWS} == {*PANELS, *VIEWS}
    assert shows("replicas", {"replicas": "shards"}) != shows("replicas")


def test_help_lists_every_key_and_mark() -> None:
    shown = [row.cells[0].text for _, table in key_tables() for row in table.rows]
    assert shown == [key.shown for _, group in keys.grouped() for key in group]
    assert [row.cells[0].text for _, table in legend() for row in table.rows] == [
        *"▲↻❄✕●○?✕·■█●○✕?◆▸◆A",
        "●3",
        *"◇━▒█",
        "┃░",
        "┬▼",
        *"✕○┊★◆?✕↻❄",
    ]
