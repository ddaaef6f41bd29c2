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
from playground.labs import LABS
from playground.scenario.figures import FIGURES
from playground.scenario.files.method import Moment
from playground.scenario.loader import load_file, loads_file
from playground.scenario.model import (
    HYPOTHESIS,
    Experiment,
    HypothesisFile,
    ProbeFile,
    ScenarioFile,
    Script,
    VariantFile,
)
from playground.scenario.shelf import shipped
from playground.spec import ClusterSpec
from playground.workload import LoadSettings

FULL = """
title: everything at once
until: 20s
steady-state-hypothesis:
  strategy: [before, continuously]
  probes: [{probe: p99, tolerance: "< 1s", over: 2s}, {probe: min_copies, tolerance: ">= 1", name: there}]
method:
  - {at: 3s, every: 2s, until: 9s, do: crash, nodes: [n1], lasting: 1s, say: it falls}
rollbacks: [{do: heal}, {do: start, nodes: [n1]}]
expect: {outcome: violation, p50: "> 1ms, <= 2s"}
variants: {a: {cluster: {store: {r: 1}}, load: {rate: 5}}, b: {seed: 3, expect: violation}}
compare: {p50: a < 2 * b, stale_reads: [a <= b]}
"""
LAB = "title: a lab\nlab: {name: ring-memory, servers: 10}\nexpect: {wrong: 0}\nmethod: [{say: so}]\n"
GOOD = [*(path.read_text(encoding="utf-8") for path in list(shipped().values())[:4]), FULL, FULL, FULL, LAB]
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
        assert isinstance(loads_file(text, "any.yaml"), Script | Experiment)
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


TOP = [field.alias or name for name, field in ScenarioFile.model_fields.items()] + ["lab"]
FIELDS = [
    *TOP,
    *(f"{HYPOTHESIS}.{name}" for name in HypothesisFile.model_fields),
    *(f"{HYPOTHESIS}.probes.[].{name}" for name in ProbeFile.model_fields),
    *(f"variants.a.{name}" for name in VariantFile.model_fields),
    *(f"variants.a.cluster.{name}" for name in ("preset", *ClusterSpec.model_fields)),
    *(f"compare.{name}" for name in FIGURES),
    *(f"rollbacks.[].{name}" for name in ("at", "do", "nodes")),
    *(f"lab.{name}" for kind in LABS.values() for name in ("name", *kind.model_fields)),
    *(f"cluster.{name}" for name in ("preset", "store.n", "gossip.fanout", "load.rate", *ClusterSpec.model_fields)),
    *(f"load.{name}" for name in LoadSettings.model_fields),
    *(f"expect.{name}" for name in FIGURES),
    *Moment.model_fields,
    *dict.fromkeys(name for kind in COMMANDS.values() for name in kind.model_fields),
]


@settings(max_examples=200, deadline=None)
@given(field=st.sampled_from(FIELDS), do=st.sampled_from(list(COMMANDS)), value=values)
def test_any_value_in_any_field(field: str, do: str, value: object) -> None:
    written = json.dumps(value).replace("Infinity", ".inf").replace("NaN", ".nan")
    head, _, rest = field.partition(".")
    for part in reversed(rest.split(".") if rest else []):
        written = f"[{written}]" if part == "[]" else f"{{{part}: {written}}}"
    step = f"  - {{at: 1s, do: {do}, nodes: [n1], {head}: {written}}}"
    for lines in (
        ["until: 60s"] if head not in ("until", "lab") else [],
        ["until: 60s", "variants: {a: {}, b: {}}"] if head == "compare" else [],
    ):
        check("\n".join([*lines, f"{head}: {written}"] if head in TOP else [*lines, "method:", step]))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_mapping_of_known_words(data: st.DataObject) -> None:
    """Fields that exist, in places where they don't belong, with values that don't fit."""
    words = st.sampled_from([*dict.fromkeys(part for field in FIELDS for part in field.split(".")), "a", "b"])
    texts = st.sampled_from(
        ["5s", "crash", "heal", "< 1%", "a < b", "violation", "before", "p99", "ring-memory", "n1", "0s"]
    )
    tree = st.recursive(
        plain | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=12,
    )
    top = data.draw(st.dictionaries(st.sampled_from(TOP), tree, max_size=5))
    written = json.dumps({"until": "20s", **top} if "lab" not in top else top)
    check(written.replace("Infinity", ".inf").replace("NaN", ".nan"))


def test_a_file_of_the_largest_size_is_read_or_refused() -> None:
    item = "  - {at: 1s, every: 1us, do: heal}\n"
    check("until: 366h\nmethod:\n" + item * 500)
    check("until: 60s\nvariants:\n" + "".join(f"  v{number}: {{}}\n" for number in range(500)))
    check("until: 60s\nvariants: {a: {}, b: {}}\ncompare: {p50: [" + "a < b, " * 500 + "]}")


@settings(deadline=None)
@given(data=st.binary(max_size=100))
def test_any_bytes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "any.yaml"
    path.write_bytes(data)
    with contextlib.suppress(UserError):
        load_file(path)
