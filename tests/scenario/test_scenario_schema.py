"""The JSON Schema says what the loader says: everything shipped is valid, known mistakes are not, the copy is fresh."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from playground.commands import COMMANDS
from playground.kernel.errors import UserError
from playground.scenario.figures import FIGURES
from playground.scenario.files.document import parse
from playground.scenario.files.schema import DIALECT, build, text
from playground.scenario.loader import loads_file
from playground.scenario.shelf import shelf, shipped

VALIDATOR = jsonschema.Draft202012Validator(build())


def valid(written: str) -> bool:
    return bool(VALIDATOR.is_valid(parse(written, "f").value))


def test_it_is_a_schema_of_the_dialect_that_it_names() -> None:
    jsonschema.Draft202012Validator.check_schema(build())
    assert build()["$schema"] == DIALECT == jsonschema.Draft202012Validator.META_SCHEMA["$id"]


def test_the_shipped_copy_is_fresh() -> None:
    again = "python -m playground.scenario.files.schema > scenarios/schema.json"
    assert (shelf() / "schema.json").read_text(encoding="utf-8") == text(), f"run: {again}"


def test_every_process_prints_the_same() -> None:
    command = [sys.executable, "-m", "playground.scenario.files.schema"]
    done = subprocess.run(command, capture_output=True, timeout=60, env={"PYTHONHASHSEED": "3", "PYTHONUTF8": "1"})
    assert done.stdout.decode() == text(), done.stderr


@pytest.mark.parametrize("name", list(shipped()))
def test_what_is_shipped_is_valid_and_names_the_schema(name: str) -> None:
    written = shipped()[name].read_text(encoding="utf-8")
    found = sorted(VALIDATOR.iter_errors(parse(written, name).value), key=str)
    assert not found, jsonschema.exceptions.best_match(found).message
    up = "../" * name.count("/")
    assert written.startswith(f"# yaml-language-server: $schema={up}schema.json\n")


def test_every_command_and_figure_is_there_with_its_help() -> None:
    schema = build()["$defs"]
    steps = {each["title"]: each for each in schema["step"]["anyOf"]}
    assert set(steps) == {*COMMANDS, "say"}
    for word, kind in COMMANDS.items():
        assert set(kind.model_fields) <= set(steps[word]["properties"])
        assert steps[word]["description"]
        assert set(steps[word]["properties"]) >= {"at", "every", "until", "say"}
    figures = schema["expect"]["properties"]
    assert {name: each["description"] for name, each in figures.items()} == {
        name: each.help for name, each in FIGURES.items()
    }


GOOD = """\
title: one of each
seed: 3
until: 1min
cluster: {preset: small, nodes: 5, network: {latency: 1ms}, store: {n: 3}}
load: {rate: 20.5, reads: 50%, skew: 0}
steady-state-hypothesis:
  strategy: [before, continuously]
  probes:
    - {probe: error_share, tolerance: "< 1%", over: 3s, name: served}
    - {probe: min_copies, tolerance: 2}
    - {probe: checks, tolerance: pass}
method:
  - {at: 1s, say: hello}
  - {at: 1.5s, every: 200ms, until: 3s, do: put, key: a, value: b}
  - {at: 5s, do: crash, nodes: n3, say: it falls}
  - {at: 6s, do: link, sources: [n1], latency: 5ms, loss: 0.1, bandwidth: 64kB/s}
  - {at: 7s, do: clock, nodes: [n1], offset: -200ms}
rollbacks: [{do: heal}, {do: start, nodes: [n3]}]
expect: {checks: pass, converged: true, p99: "> 1ms, < 2s", reads: ">= 10", error_share: 0.5%, outcome: pass}
variants:
  a: {title: first}
  b-2: {cluster: {store: {r: 1}}, seed: 4, expect: violation}
compare: {p50: "a < b-2", stale_reads: ["a <= b-2", "2 * a <= b-2"]}
"""
LAB = "title: a lab\nlab: {name: ring-memory, servers: 10}\nexpect: {wrong: 0, bytes: '< 1000'}\nmethod: [{say: so}]\n"


@pytest.mark.parametrize("written", [GOOD, LAB, "until: 5s", "until: 5", "until: 5s\nexpect: violation"])
def test_what_the_loader_takes_is_valid(written: str) -> None:
    assert loads_file(written)
    assert valid(written)


BAD = [
    ("title: one", "titel: one"),
    ("until: 1min\n", ""),
    ("until: 1min", "until: soon"),
    ("until: 1min", "until: -5s"),
    ("seed: 3", "seed: three"),
    ("preset: small", "preset: smal"),
    ("nodes: 5", "nodes: many"),
    ("latency: 1ms", "latency: 5%"),
    ("store: {n: 3}", "store: {nn: 3}"),
    ("reads: 50%", "reads: 500"),
    ("strategy: [before, continuously]", "strategy: sometimes"),
    ("probe: error_share", "probe: error_shares"),
    ('tolerance: "< 1%"', 'tolerance: "< 1s"'),
    ("tolerance: 2}", "tolerance: 2, over: 5s}"),
    ("tolerance: pass", "tolerance: passed"),
    ("do: put", "do: putt"),
    ("at: 5s, do: crash", "do: crash"),
    ("at: 5s, do: crash", "at: 5s"),
    ("nodes: n3, say", "node: n3, say"),
    ("{at: 1s, say: hello}", "{at: 1s}"),
    ("every: 200ms", "every: often"),
    ("loss: 0.1", "loss: 2ms"),
    ("offset: -200ms", "offset: late"),
    ("rollbacks: [{do: heal}", "rollbacks: [{at: 1s, do: heal}"),
    ("checks: pass, con", "checks: 0, con"),
    ("converged: true", "converged: perhaps"),
    ('p99: "> 1ms, < 2s"', 'p99: "about 2s"'),
    ('reads: ">= 10"', 'readz: ">= 10"'),
    ("expect: violation}", "expect: violent}"),
    ("a: {title: first}", "a b: {title: first}"),
    ("a: {title: first}", "a: {titel: first}"),
    ('p50: "a < b-2"', 'checks: "a < b-2"'),
    ('p50: "a < b-2"', "p50: a and b-2"),
]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_known_mistakes_are_not_valid(old: str, new: str) -> None:
    assert old in GOOD
    written = GOOD.replace(old, new, 1)
    with pytest.raises(UserError):
        loads_file(written)
    assert not valid(written)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ring-memory", "ring-memry"),
        ("servers: 10", "server: 10"),
        ("wrong: 0", "lookups_per_s: 0"),
        ("say: so", "at: 1s"),
    ],
)
def test_known_mistakes_in_a_lab_are_not_valid(old: str, new: str) -> None:
    written = LAB.replace(old, new, 1)
    with pytest.raises(UserError):
        loads_file(written)
    assert not valid(written)


def test_a_file_has_a_lab_or_a_cluster() -> None:
    both: dict[str, Any] = {"lab": {"name": "ring-memory"}, "until": "5s"}
    assert not VALIDATOR.is_valid(both)
    with pytest.raises(UserError, match="until: a lab has none; a file holds either lab: … or a cluster"):
        loads_file("lab: {name: ring-memory}\nuntil: 5s")
