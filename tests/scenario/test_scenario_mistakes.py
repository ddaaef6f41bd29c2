"""Every mistake in a file becomes one line that names file, line and column, and says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.kernel.errors import UserError
from playground.scenario.files.document import LIMIT_BYTES
from playground.scenario.loader import load, loads

GOOD = """\
title: a crash
seed: 7
cluster:
  preset: small
  nodes: 5
load:
  rate: 50
until: 60s
method:
  - at: 5s
    do: crash
    nodes: [n3]
  - at: 6s
    say: hello
  - at: 7s
    do: partition
    groups: [[n1, n2], [n4]]
expect:
  stale_reads: 0
"""

MISTAKES = [
    # structure
    ("title: a crash", "titel: a crash", "1:1: unknown field 'titel': did you mean title?"),
    ("until: 60s\n", "", "1:1: until: is missing; write until: 60s"),
    ("seed: 7", "seed: 7\nseed: 8", "3:1: seed: stands here twice (first in line 2); keep one"),
    ("seed: 7", "seed: seven", "2:7: seed: should be a whole number, not 'seven'"),
    ("seed: 7", "seed: -1", "2:7: seed: should be greater than or equal to 0, not -1"),
    ("title: a crash", "title: 2026", "1:8: title: should be text, not 2026; put it in quotes"),
    ("seed: 7", "seed: 7\n---\nseed: 8", "3:1: a second document begins; a file holds one scenario"),
    ("until: 60s", "until: soon", "8:8: until: 'soon' is not a duration such as 5s, 200ms or 2m"),
    ("until: 60s", "until: -1s", "8:8: until: '-1s' is negative: a duration cannot be"),
    # the cluster
    ("preset: small", "preset: smal", "4:11: cluster.preset: unknown preset 'smal': did you mean small?"),
    ("nodes: 5", "nodes: 0", "4:3: cluster: database quorum with nodes: 0: it is none where there are no nodes"),
    ("nodes: 5", "node: 5", "5:3: cluster: unknown field 'node': did you mean nodes?"),
    ("nodes: 5", "store: {nn: 3}", "5:11: cluster.store: unknown field 'nn': did you mean n?"),
    ("nodes: 5", "network: 5ms", "5:12: cluster.network: should be fields, each as name: value, not '5ms'"),
    ("rate: 50", "rate: -1", "7:9: load.rate: should be greater than or equal to 0, not -1"),
    ("rate: 50", "rates: 1", "7:3: load: unknown field 'rates': did you mean rate?"),
    ("nodes: 5", "load: {rate: 3}", "7:3: load.rate: also stands in cluster.load; keep one"),
    ("load:\n  rate: 50", "load:", "6:1: load: should be fields, each as name: value, not nothing"),
    # the timeline
    ("do: crash", "do: crsh", "11:9: do: unknown command 'crsh': did you mean crash?"),
    ("do: crash\n    ", "", "10:5: do: is missing; which command is nodes: for?"),
    ("say: hello", "sya: hello", "14:5: unknown field 'sya': did you mean say?"),
    ("\n    say: hello", "", "13:5: do: is missing; write do: crash (or another command), or say: …"),
    ("at: 5s\n    ", "", "10:5: at: is missing; write at: 5s"),
    ("at: 5s", "at: 61s", "10:9: at: 61s is after the end; move it, or raise until (1min)"),
    ("at: 5s", "at: -5s", "10:9: at: '-5s' is negative: a duration cannot be"),
    ("at: 5s", "at: 5 parsecs", "10:9: at: '5 parsecs' is not a duration: write 5s, 200ms or 2m"),
    ("nodes: [n3]", "nodes: [n33]", "12:13: crash: unknown node 'n33': did you mean n3?"),
    ("[[n1, n2], [n4]]", "[[n1, n2], [c9]]", "17:25: partition: unknown node 'c9': did you mean c2?"),
    ("[[n1, n2], [n4]]", "[[n1, n2], [n2]]", "15:5: partition: n2 is on two sides: each node can stand on one"),
    ("[[n1, n2], [n4]]", "[[n1, n2]]", "15:5: partition: name two sides, as in n1 n2 | n3 n4, or a shape: halves"),
    ("nodes: [n3]", "nodes: 3", "12:12: crash: nodes: should be a list, such as [n1, n2], not 3"),
    ("nodes: [n3]", "node: [n3]", "12:5: crash: unknown field 'node': did you mean nodes?"),
    ("nodes: [n3]", "nodes: [n3]\n    lose_disk: 7", "13:16: crash: lose_disk: should be true or false"),
    ("nodes: [n3]", "nodes: [n3]\n    tail: tron", "13:11: crash: tail: unknown word 'tron': did you mean torn?"),
    ("nodes: [n3]", "nodes: [n3]\n    tail: x", "13:11: crash: tail: should be '', 'lost' or 'torn', not 'x'"),
    ("method:", "methods:", "9:1: unknown field 'methods': did you mean method?"),
    # expectations
    ("stale_reads: 0", "stale_read: 0", "19:3: expect: unknown figure 'stale_read': did you mean stale_reads?"),
    ("stale_reads: 0", "stale_reads: few", "19:16: expect.stale_reads: should be a number such as 0 or 12"),
    ("stale_reads: 0", "error_share: 500%", "19:16: expect.error_share: '500%' is not between 0% and 100%"),
    ("stale_reads: 0", "error_share: '<= 5% or so'", "19:16: expect.error_share: '5% or so' is not a share"),
    ("stale_reads: 0", "p99: '< 5s, and > 1s'", "19:8: expect.p99: 'and > 1s' is not a comparison"),
    ("stale_reads: 0", "converged: perhaps", "19:14: expect.converged: should be true or false, not 'perhaps'"),
    ("stale_reads: 0", "checks: 0", "19:11: expect.checks: should be pass or fail, not '0'"),
    # YAML itself
    ("seed: 7", "seed: [7", "3:8: is not YAML: expected ',' or ']', but got ':'"),
    ("seed: 7", "\tseed: 7", "2:1: is not YAML: found character '\\t' that cannot start any token; tabs cannot indent"),
    ("seed: 7", "seed: &seven 7", "2:7: &seven: anchors are not supported; write the value out"),
    ("seed: 7", "seed: *seven", "2:7: *seven: aliases are not supported; write the value out"),
    ("seed: 7", "seed: !!python/object:os.system 7", "2:7: tag:yaml.org,2002:python/object:os.system: tags are not"),
    ("seed: 7", "seed: " + "9" * 5_000, "is too large a number"),
    ("seed: 7", "? [seed]\n: 7", "2:3: a field's name is a plain word"),
    ("seed: 7", 'seed: "\\UFFFFFFFF"', "is not YAML"),
    ("seed: 7", "se\0ed: 7", "2:3: the character 0 is not allowed"),
    ("seed: 7", "seed: " + "[" * 50, "is nested too deeply"),
]


def complaint(text: str) -> str:
    with pytest.raises(UserError) as caught:
        loads(text, "bad.yaml")
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("bad.yaml:")
    return line


@pytest.mark.parametrize(("good", "bad", "line"), MISTAKES, ids=[f"{number}" for number in range(len(MISTAKES))])
def test_a_mistake_is_told_in_one_line(good: str, bad: str, line: str) -> None:
    assert good in GOOD
    assert line in complaint(GOOD.replace(good, bad, 1))


def test_the_good_one_is_read() -> None:
    scenario = loads(GOOD)
    assert scenario.spec.node_names == ("n1", "n2", "n3", "n4", "n5")
    assert scenario.spec.load.rate == 50
    assert scenario.spec.load.clients == 2, "the preset's own settings stay unless overridden"
    assert [(at_us, command.line()) for at_us, command in scenario.timeline] == [
        (5_000_000, "crash n3"),
        (7_000_000, "partition n1 n2 | n4"),
    ]
    assert scenario.captions == ((6_000_000, "hello"),)
    assert [each.figure.name for each in scenario.expectations] == ["stale_reads", "checks"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "hello", "7", "- a\n- b", "null"])
def test_what_is_no_mapping_is_no_scenario(text: str) -> None:
    assert "scenario" in complaint(text)


def test_of_several_mistakes_the_first_in_the_file_is_told() -> None:
    assert ":2:7: seed" in complaint(GOOD.replace("seed: 7", "seed: x").replace("until: 60s", "until: y"))


def test_any_order_of_the_timeline_is_played_in_the_order_of_time() -> None:
    scenario = loads("until: 9s\nmethod:\n- {at: 8s, do: crash, nodes: [n9]}\n- {at: 1s, do: add, nodes: [n9]}\n")
    assert [command.do for _, command in scenario.timeline] == ["add", "crash"]


def test_an_added_node_is_known_only_afterwards() -> None:
    text = "until: 9s\nmethod:\n- {at: 1s, do: crash, nodes: [n9]}\n- {at: 8s, do: add, nodes: [n9]}\n"
    assert "bad.yaml:3:31: crash: unknown node 'n9'" in complaint(text)


def test_clients_and_the_console_can_be_named() -> None:
    loads("until: 9s\nmethod:\n- {at: 1s, do: crash, nodes: [c1, you]}\n")


def test_a_file_that_would_unfold_into_gigabytes_is_refused_at_its_first_alias() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert "anchors are not supported" in complaint(bomb)


@pytest.mark.parametrize("text", ["[" * 500_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_deep_nesting_is_refused_before_it_hurts(text: str) -> None:
    assert "nested too deeply" in complaint(text) or "plain word" in complaint(text)


def test_files_that_cannot_be_read_are_told_by_name(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary.yaml", tmp_path / "large.yaml"
    binary.write_bytes(b"title: x\nab\xff\xfe")
    large.write_bytes(b"#" * (LIMIT_BYTES + 1))
    for path, text in (
        (tmp_path / "none.yaml", "none.yaml: no such file"),
        (tmp_path, ": is a folder; name a scenario file in it"),
        (binary, "binary.yaml:2:3: is not text in UTF-8"),
        (large, "large.yaml: larger than 256 kB"),
        (tmp_path / "a\0b", "cannot be read"),
        (binary / "below.yaml", "cannot be read"),
    ):
        with pytest.raises(UserError) as caught:
            load(path)
        assert text in str(caught.value)
