"""``playground replay SCENARIO --report FILE``: what stands in a hand-out, and where it can be written."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from playground import cli
from playground.checkers.history import History
from playground.handout.compose import compose
from playground.handout.file import write
from playground.handout.markdown import markdown
from playground.kernel.errors import UserError
from playground.metrics import Metrics
from playground.scenario.loader import load_file, loads, loads_file
from playground.scenario.model import Script
from playground.scenario.playing import Played, play_script
from playground.scenario.shelf import find

SMALL = """
title: small
description: What does a crash cost?
seed: 4
cluster: {preset: small, store: {hinted_handoff: true}}
until: 3s
steady-state-hypothesis:
  title: clients are served
  strategy: [before, after]
  probes: [{probe: error_share, tolerance: "0%", over: 1s}]
method:
  - {at: 1s, do: crash, nodes: [n1], lasting: 500ms, say: n1 crashes}
  - {at: 2s, do: start, nodes: [n1]}
expect: {operations: "> 10", stale_reads: ">= 7"}
"""
TWO = """
title: two seeds
until: 1s
variants:
  one: {seed: 1}
  two: {title: another seed, seed: 2}
  three: {seed: 3}
compare: {operations: one >= one}
"""
LAB = "title: a lab\nlab: {name: ring-memory, servers: 10}\nexpect: {wrong: 0}\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Type a command in an own folder with the three scenarios; returns status and what went to standard error."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("small", SMALL), ("two", TWO), ("lab", LAB)):
        (tmp_path / f"{name}.yaml").write_text(text)

    def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["playground", *words])
        status = cli.main()
        return status, capsys.readouterr().err

    return typed


@pytest.fixture(scope="module")
def small() -> str:
    return markdown(compose([("my/small.yaml", play_script(loads(SMALL).alone(), chronicled=True))]))


def test_the_head_says_what_was_run_on_what_and_how_to_run_it_again(small: str) -> None:
    assert small.startswith("# small\n")
    assert "What does a crash cost?" in small
    assert "```console\nplayground replay my/small.yaml --seed 4\n```" in small
    assert "- **seed**: 4" in small
    assert "- **machines**: 3 nodes (n1 to n3), 2 clients (c1 to c2)" in small
    assert "- **database**: quorum store: N = 3, R = 2, W = 2" in small
    assert "store.hinted_handoff: true" in small
    assert f"- **digest**: {play_script(loads(SMALL).alone()).digest}" in small


def test_the_verdict_is_a_sentence_with_what_was_measured(small: str) -> None:
    assert "**Failed: 1 of 4 expectations were not met: stale_reads: 0, expected >= 7; 1 command could" in small


def test_every_expectation_stands_there_with_what_was_measured(small: str) -> None:
    assert "| **FAIL** | stale_reads | >= 7 | 0 | reads that missed a write acknowledged before they began |" in small
    assert "| pass | checks | pass | pass |" in small


def test_the_hypothesis_is_told_probe_by_probe(small: str) -> None:
    assert "Hypothesis: clients are served." in small
    assert "| pass | error_share | 0% | 1 s | 0% before, 0% after | – |" in small


def test_commands_that_were_refused_are_evidence(small: str) -> None:
    assert "| 2.000 s | start n1 | cannot start n1: it is not down |" in small


def test_a_world_that_stopped_is_told_first_and_drawn_up_to_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(_history: History, *_: object, **__: object) -> None:
        raise AssertionError("a planted bug")

    monkeypatch.setattr(Metrics, "_ended", planted)
    text = markdown(compose([("small.yaml", play_script(loads(SMALL).alone(), chronicled=True))]))
    assert "**Failed: an error in the playground itself stopped the world: " in text
    assert "a planted bug" in text
    assert "## Timeline" in text


def test_variants_are_compared_and_each_has_its_course(run) -> None:  # type: ignore[no-untyped-def]
    assert run("replay", "two.yaml", "--report", "two.md")[0] == 0
    text = Path("two.md").read_text()
    assert "Passed: 3 of 3 variants passed, 1 of 1 comparisons came out as expected." in text
    assert "| figure | one | two | three |" in text
    assert "| pass | operations | one >= one |" in text
    assert "playground replay two.yaml --seed 2 --variant two" in text
    assert text.count("**Operations that went well**") == 3
    assert "## Variant two: another seed" in text


def test_one_variant_is_told_whole(run) -> None:  # type: ignore[no-untyped-def]
    assert run("replay", "two.yaml", "--variant", "two", "--report", "two.md")[0] == 0
    text = Path("two.md").read_text()
    assert "playground replay two.yaml --seed 2 --variant two" in text
    assert "## What happened" in text


def test_a_lab_tells_its_figures_and_says_which_depend_on_the_machine(run) -> None:  # type: ignore[no-untyped-def]
    assert run("replay", "lab.yaml", "--report", "lab.md")[0] == 0
    steady, _, varying = Path("lab.md").read_text().partition("## Measured on this machine")
    assert "| points | 1,000 |" in steady
    assert "lookups_per_s" not in steady
    assert "lookups_per_s" in varying
    assert "**Memory of 1,000 points**" in varying
    assert "| pass | wrong | 0 | 0 |" in varying


def test_several_scenarios_make_one_report_with_a_section_each(run) -> None:  # type: ignore[no-untyped-def]
    status, said = run("replay", "small.yaml", "lab.yaml", "--report", "all.html")
    assert status == 1
    assert said.splitlines()[-1].startswith("all.html: ")
    root = ET.fromstring(Path("all.html").read_text().partition("\n")[2])
    assert [each.text for each in root.iter("h1")] == ["1 of 2 scenarios passed"]
    assert [each.text for each in root.iter("h2")] == ["Summary", "small", "a lab"]


def test_the_same_command_gives_the_same_bytes(run) -> None:  # type: ignore[no-untyped-def]
    for name in ("a.html", "b.html"):
        run("replay", "small.yaml", "two.yaml", "--report", name)
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("report.pdf", "report.pdf: the name has to end in .md (Markdown) or .html"),
        ("", "'': the name has to end in .md"),
        ("folder.html", "folder.html: that is a folder"),
        ("nowhere/report.md", "there is no folder nowhere"),
        ("small.md", "small.md is the scenario itself"),
    ],
)
def test_where_no_report_can_be_written_one_line_says_so_before_anything_runs(  # type: ignore[no-untyped-def]
    run, path: str, why: str
) -> None:
    Path("folder.html").mkdir()
    Path("small.md").symlink_to("small.yaml")
    status, said = run("replay", "small.yaml", "--report", path)
    assert status == 2
    assert said.startswith("playground: --report: ")
    assert why in said
    assert said.count("\n") == 1
    assert Path("small.yaml").read_text() == SMALL


def test_two_outputs_do_not_share_a_file(run) -> None:  # type: ignore[no-untyped-def]
    assert run("replay", "small.yaml", "--junit", "a.md", "--report", "./a.md") == (
        2,
        "playground: --report: ./a.md is the file of --junit; name another file\n",
    )


def test_verify_makes_no_report(run) -> None:  # type: ignore[no-untyped-def]
    status, said = run("replay", "small.yaml", "--verify", "--report", "a.md")
    assert (status, said.count("\n")) == (2, 1)
    assert "--report" in said


def test_the_example_in_the_documentation_is_made_like_this() -> None:
    """What was measured may be another day's; ``playground replay first-crash --report`` writes it anew."""
    script = load_file(find("first-crash"))
    assert isinstance(script, Script)
    made = markdown(compose([("first-crash", play_script(script, chronicled=True))]))
    example = (Path(__file__).parents[2] / "docs" / "report-example.md").read_text()
    assert _frame(made) == _frame(example)


def _frame(text: str) -> list[str]:
    """Headings, and the names before what was measured."""
    names = (re.match(r"#+ .*|- \*\*.*?\*\*|\*\*[^:]*\*\* \(.*\)", line) for line in text.splitlines())
    return [found.group() for found in names if found]


def test_a_disk_that_fails_later_is_one_line_too(tmp_path: Path) -> None:
    script = loads_file("until: 1s")
    assert not isinstance(script, Played)
    (tmp_path / "a.md").mkdir()
    played = play_script(script, chronicled=True)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"--report: cannot write .*a\.md: Is a directory"):
        write([("a.yaml", played)], str(tmp_path / "a.md"))
