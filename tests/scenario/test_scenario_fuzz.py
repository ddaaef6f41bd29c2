"""Whatever the text, loading gives a scenario or one line: no other error, ever."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.commands import COMMANDS
from playground.kernel.errors import UserError
from playground.scenario.figures import FIGURES
from playground.scenario.loader import load, loads
from playground.scenario.model import Scenario, ScenarioFile
from playground.scenario.shelf import shipped
from playground.spec import ClusterSpec
from playground.workload import LoadSettings

GOOD = [path.read_text(encoding="utf-8") for path in list(shipped().values())[:4]]
WORDS = [
    "&a",
    "*a",
    "!!map",
    "---",
    "...",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "? ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "%YAML 1.1\n",
]
WORDS += [
    "\n",
    "\n  ",
    "\t",
    "~",
    "yes",
    "1e999",
    ".nan",
    "0x1f",
    "2026-01-01",
    "<<: ",
    "\\U0010FFFF",
    "\x00",
    "\ud7ff",
]


def check(text: str) -> None:
    try:
        assert isinstance(loads(text, "any.yaml"), Scenario)
    except UserError as error:
        line = str(error)
        assert line.startswith("any.yaml:")
        assert line.isprintable()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "title", "at", "do", "crash", "until", "5s", "method"]), max_size=30))
def test_any_sequence_of_what_yaml_gives_a_meaning(words: list[str]) -> None:
    check("".join(words))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_edit_of_a_good_file(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(WORDS) | st.text(max_size=6)) + text[end:]
    check(text)


plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["n1", "5s", "crash", "-1", "", "50%"])
)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


FIELDS = [
    *ScenarioFile.model_fields,
    *(f"cluster.{name}" for name in ("preset", "store.n", "gossip.fanout", "load.rate", *ClusterSpec.model_fields)),
    *(f"load.{name}" for name in LoadSettings.model_fields),
    *(f"expect.{name}" for name in FIGURES),
    *("at", "say"),
    *dict.fromkeys(name for kind in COMMANDS.values() for name in kind.model_fields),
]


@settings(max_examples=200, deadline=None)
@given(field=st.sampled_from(FIELDS), do=st.sampled_from(list(COMMANDS)), value=values)
def test_any_value_in_any_field(field: str, do: str, value: object) -> None:
    written = json.dumps(value).replace("Infinity", ".inf").replace("NaN", ".nan")
    head, _, rest = field.partition(".")
    for part in reversed(rest.split(".") if rest else []):
        written = f"{{{part}: {written}}}"
    top = head in ScenarioFile.model_fields
    lines = ["until: 60s"] if head != "until" else []
    lines += [f"{head}: {written}"] if top else ["method:", f"  - {{at: 1s, do: {do}, nodes: [n1], {head}: {written}}}"]
    check("\n".join(lines))


@settings(deadline=None)
@given(data=st.binary(max_size=100))
def test_any_bytes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "any.yaml"
    path.write_bytes(data)
    with contextlib.suppress(UserError):
        load(path)
