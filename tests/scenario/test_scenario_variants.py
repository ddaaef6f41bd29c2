"""One method on several clusters: what each variant overrides, and how their figures compare."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from playground.kernel.errors import UserError
from playground.scenario.comparison import comparison
from playground.scenario.figures import FIGURES, Value
from playground.scenario.loader import load_file, loads, loads_file
from playground.scenario.model import Script
from playground.scenario.playing import Played, play_script
from playground.scenario.runner import play
from playground.scenario.telling.report_all import report_script

TWO = """
title: how many must answer
cluster: {nodes: 5, store: {n: 3}}
load: {rate: 60, keys: 5}
until: 6s
method: [{at: 2s, do: crash, nodes: [n2]}]
expect: {operations: "> 100", min_copies: 2}
variants:
  one:
    title: one is enough
    cluster: {store: {r: 1, w: 1}}
    expect: {min_copies: ">= 0", p50: "< 10ms"}
  all:
    cluster: {store: {r: 3, w: 3}, nodes: 6}
    load: {rate: 80}
    seed: 9
    expect: violation
compare:
  write_p50: one < all
  operations: ["one < all", "2 * one > all"]
"""


def script(text: str) -> Script:
    found = loads_file(text, "f")
    assert isinstance(found, Script)
    return found


@cache
def played(text: str) -> Played:
    return play_script(script(text))


def told(came: Played, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    report_script(came, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_variant_overrides_the_cluster_the_load_and_the_seed() -> None:
    one, all_ = script(TWO).variants
    assert (one.variant, one.title) == ("one", "how many must answer: one is enough")
    assert (all_.variant, all_.title) == ("all", "how many must answer: all")
    assert (one.spec.nodes, one.spec.store.n, one.spec.store.r, one.spec.load.rate, one.seed) == (5, 3, 1, 60, 1)
    assert (all_.spec.nodes, all_.spec.store.n, all_.spec.store.r, all_.spec.load.rate, all_.seed) == (6, 3, 3, 80, 9)
    assert one.spec.load.keys == all_.spec.load.keys == 5
    assert one.timeline == all_.timeline


def test_a_variant_adds_expectations_or_replaces_them() -> None:
    one, all_ = script(TWO).variants
    wanted = {each.figure.name: each.text for each in one.expectations}
    assert wanted == {"operations": "> 100", "min_copies": ">= 0", "p50": "< 10ms", "checks": "pass"}
    assert {each.figure.name: each.text for each in all_.expectations} == {
        "operations": "> 100",
        "min_copies": "2",
        "outcome": "violation",
    }


def test_another_preset_takes_the_place_of_the_first() -> None:
    text = "cluster: {preset: small}\nuntil: 5s\nvariants: {a: {}, b: {cluster: {preset: large}}}"
    assert [each.spec.nodes for each in script(text).variants] == [3, 40]


def test_every_variant_runs_as_it_would_alone() -> None:
    came = played(TWO)
    alone = [play(loads(TWO, "f", name)) for name in ("one", "all")]
    assert [each.digest for each in came.outcomes] == [each.digest for each in alone]
    together = hashlib.blake2b(digest_size=16)
    for name, each in zip(("one", "all"), alone, strict=True):
        together.update(f"{name} {each.digest}\n".encode())
    assert came.digest == together.hexdigest()
    assert played("until: 1s").digest == play(loads("until: 1s")).digest, "one scenario keeps its own"


def test_comparisons_count() -> None:
    came = played(TWO)
    assert [each.passed for each in came.compared] == [True, True, True]
    worse = played(TWO.replace("one < all\n", "one > all\n"))
    assert [each.passed for each in worse.compared] == [False, True, True]
    assert [each.passed for each in worse.outcomes] == [each.passed for each in came.outcomes]
    assert not worse.passed


def test_another_seed_is_for_all() -> None:
    came = play_script(script(TWO), seed=3)
    assert [each.seed for each in came.outcomes] == [3, 3]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_report_shows_figures_side_by_side_and_fits(width: int) -> None:
    text = told(played(TWO), width)
    words = " ".join(text.split())
    assert "one all operations" in words
    assert "Variant one pass one is enough" in words
    assert "pass write_p50: one < all (one " in words
    assert f"digest {played(TWO).digest}" in words
    assert all(len(line.rstrip()) <= width for line in text.splitlines())


def test_many_variants_are_shown_in_blocks() -> None:
    names = [f"variant-{number:02}" for number in range(12)]
    text = told(played("cluster: {preset: small}\nuntil: 1s\nvariants: {" + ": {}, ".join(names) + ": {}}"), 80)
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())
    assert text.count("stale_reads") > 1
    assert all(name in text for name in names)


def test_json_holds_every_variant() -> None:
    data = json.loads(json.dumps(played(TWO).as_json(), allow_nan=False))
    assert list(data["variants"]) == ["one", "all"]
    assert data["variants"]["all"]["variant"] == "all"
    assert data["comparisons"][0]["figure"] == "write_p50"
    assert set(data["comparisons"][0]["measured"]) == {"one", "all"}
    assert data["digest"] == played(TWO).digest
    assert data["passed"] is played(TWO).passed


def test_one_variant_can_be_chosen() -> None:
    assert loads(TWO, "f").variant == "one"
    assert loads(TWO, "f", "all").variant == "all"
    with pytest.raises(UserError, match=r"^f: unknown variant 'al': did you mean all\?$"):
        loads(TWO, "f", "al")
    with pytest.raises(UserError, match=r"^f: has no variants; leave out 'one'$"):
        loads("until: 1s", "f", "one")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("store: {r: 1, w: 1}", "store: {rr: 1}", "10:23: variants.one.cluster.store: unknown field 'rr'"),
        ("load: {rate: 80}", "load: {rates: 80}", "14:12: variants.all.load: unknown field 'rates'"),
        ("load: {rate: 80}", "load: 80", "14:11: variants.all: load: should be fields"),
        ("nodes: 6", "nodes: 1", "5:38: crash: unknown node 'n2': did you mean n1? (in variant all)"),
        ("seed: 9", "sed: 9", "15:5: variants.all: unknown field 'sed': did you mean seed?"),
        ("seed: 9", "seed: -9", "15:11: variants.all: seed: should be greater than or equal to 0"),
        ("seed: 9", "method: []", "15:5: variants.all: unknown field 'method'"),
        ("expect: violation", "expect: violent", "16:13: expect: should be figures, each as name: tolerance"),
        ('p50: "< 10ms"', 'p51: "< 10ms"', "11:34: expect: unknown figure 'p51': did you mean p95?"),
        ("  one:", "  o n e:", "8:3: variants: 'o n e' is no name"),
        ("  one:", "  a<b:", "8:3: variants: 'a<b' is no name"),
        ("write_p50:", "write_p5:", "18:3: compare: unknown figure 'write_p5'"),
        ("write_p50:", "checks:", "18:11: compare.checks: is pass or fail: only numbers, shares and durations"),
        ("one < all\n", "one < al\n", "18:14: compare.write_p50: unknown variant 'al': did you mean all?"),
        ("one < all\n", "one\n", "18:14: compare.write_p50: 'one' is not an order of variants; write for example"),
        ("one < all\n", "one < 0 * all\n", "18:14: compare.write_p50: '0 * all': a factor is above 0"),
        ("one < all\n", "[7]\n", "18:15: compare.write_p50: should be an order of variants"),
        ("one < all\n", "one < < all\n", "18:14: compare.write_p50: '' is not a variant"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_variant_is_one_line(old: str, new: str, line: str) -> None:
    assert old in TWO
    with pytest.raises(UserError) as caught:
        loads_file(TWO.lstrip().replace(old, new, 1), "f")
    assert line in str(caught.value)


def test_variants_and_compare_belong_together() -> None:
    with pytest.raises(UserError, match="compare: needs variants to compare"):
        loads_file("until: 1s\ncompare: {p50: a < b}")
    with pytest.raises(UserError, match="variants: is empty"):
        loads_file("until: 1s\nvariants: {}")


@pytest.mark.parametrize(
    ("order", "values", "holds"),
    [
        ("a < b", {"a": 1, "b": 2}, True),
        ("a < b", {"a": 2, "b": 2}, False),
        ("a <= b <= c", {"a": 1, "b": 1, "c": 2}, True),
        ("a <= b <= c", {"a": 1, "b": 3, "c": 2}, False),
        ("2 * a < b", {"a": 1, "b": 2}, False),
        ("1.5*a < b", {"a": 1, "b": 2}, True),
        ("a == b != c", {"a": 1, "b": 1, "c": 2}, True),
        ("c >= b > a", {"a": 0, "b": 1, "c": 1}, True),
        ("a < b", {"a": None, "b": 2}, False),
        ("a < b", {"b": 2}, False),
    ],
)
def test_an_order_holds_or_not(order: str, values: dict[str, Value], holds: bool) -> None:
    assert comparison(FIGURES["stale_reads"], order, ["a", "b", "c"]).holds(values) is holds


@given(st.text(max_size=30) | st.sampled_from(["<" * 500, "2 * " * 100 + "a < b", "9" * 500 + "* a < b"]))
def test_any_order_is_understood_or_refused(order: str) -> None:
    with contextlib.suppress(ValueError):
        assert comparison(FIGURES["p50"], order, ["a", "b"]).holds({"a": 1, "b": 2}) in (True, False)


def test_a_file_without_variants_is_a_script_with_one() -> None:
    found = script("title: plain\nuntil: 1s")
    assert [each.variant for each in found.variants] == [""]
    assert found.names == ()
    assert found.title == found.variants[0].title == "plain"


def test_what_is_shipped_can_be_read_whole() -> None:
    from playground.scenario.shelf import shipped

    for path in shipped().values():
        assert load_file(path).title
