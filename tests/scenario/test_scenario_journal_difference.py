"""Where two journals part: the line, the instant, what came before, and in which way."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from playground import cli
from playground.journals.difference import BEFORE, Difference, compare, report
from playground.journals.file import JournalFile, header
from playground.journals.words import words
from playground.kernel.errors import UserError
from playground.kernel.recording import encode
from playground.scenario.loader import loads
from playground.scenario.runner import play
from playground.spec import ClusterSpec

SPEC = ClusterSpec(nodes=3)
END = {"at_us": 9_000, "what": "end", "digest": "d" * 32}


def push(at_us: int, seq: int, to: str = "n2", **changes: Any) -> dict[str, Any]:
    line = {"at_us": at_us, "what": "message", "seq": seq, "from": "n1", "to": to, "kind": "Push"}
    return {**line, "content": "Push(entries=())", "sum": "0a0b0c0d", **changes}


LINES = [push(1_000 * number, number) for number in range(1, 9)]


def write(path: Path, lines: list[dict[str, Any]], *, seed: int = 1, spec: ClusterSpec = SPEC) -> Path:
    text = "".join(map(encode, (header(spec, seed), *lines)))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def differing(tmp_path: Path, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Difference:
    return compare(write(tmp_path / "a", a), write(tmp_path / "b.gz", b))


def told(difference: Difference) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    report(difference, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_same_is_the_same(tmp_path: Path) -> None:
    found = differing(tmp_path, [*LINES, END], [*LINES, END])
    assert found.same
    assert told(found) == "the journals are the same: 9 lines, up to 0.009000 s\n"


def test_two_runs_that_were_cut_off_at_one_place_are_the_same_so_far(tmp_path: Path) -> None:
    found = differing(tmp_path, LINES, LINES)
    assert found.same
    assert "both runs were cut off" in told(found)


def test_the_first_line_that_differs_is_named_with_what_came_before(tmp_path: Path) -> None:
    other = [*LINES[:6], push(7_000, 7, "n3"), LINES[7], END]
    found = differing(tmp_path, [*LINES, END], other)
    assert not found.same
    assert (found.line, found.common, found.at_us) == (8, 6, 7_000)
    assert [line["seq"] for line in found.before] == [2, 3, 4, 5, 6]
    assert len(found.before) == BEFORE
    assert (found.a_lines[0]["to"], found.b_lines[0]["to"]) == ("n2", "n3")
    assert found.why == "What differs: to (n2 in A, n3 in B)."
    text = told(found)
    assert "the journals part at 0.007000 s, line 8; 6 lines before are the same" in text
    assert "A      0.007000 s  n1 → n2: Push(entries=()) #0a0b0c0d\n" in text
    assert "B      0.007000 s  n1 → n3: Push(entries=()) #0a0b0c0d\n" in text


ONE, TWO, THREE = push(1_000, 1), push(1_000, 2, "n3"), push(1_000, 3, "n4")


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        ([ONE, TWO], [{**TWO, "seq": 1}, {**ONE, "seq": 2}], "in another order: A's line comes a line later in B"),
        ([ONE, TWO, THREE], [ONE, THREE], "A has a line more here: then comes the line of B."),
        ([ONE, THREE], [ONE, TWO, THREE], "B has a line more here: then comes the line of A."),
        ([ONE], [push(1_500, 1)], "The same happens, in B 500 us later."),
        ([ONE], [push(1_000, 4)], "as number 1 in A and 4 in B"),
        ([ONE], [push(1_000, 1, sum="ffffffff")], "The contents differ beyond what a line shows of them."),
        ([ONE], [{"at_us": 1_000, "what": "disk", "seq": 1}], "In A it is a message, in B a disk that has finished."),
        ([ONE, END], [END], "The run of B ends at 0.009000 s; that of A goes on with a message."),
        ([ONE, END], [ONE], "B is a prefix of A: it ends here without its last line, so its run was cut off."),
        ([], [ONE], "A is a prefix of B"),
        ([{**ONE, "call": 1}], [{**ONE, "call": 2}], "what differs only counts: call 1 in A, 2 in B"),
        ([ONE], [{**ONE, "life": "down"}], "What differs: life (nothing in A, down in B)."),
    ],
)
def test_the_way_in_which_they_part_is_told(
    tmp_path: Path, a: list[dict[str, Any]], b: list[dict[str, Any]], why: str
) -> None:
    found = differing(tmp_path, a, b)
    assert why in found.why
    assert found.why in told(found)


def test_headers_that_differ_are_told_first_and_the_rest_is_compared_all_the_same(tmp_path: Path) -> None:
    other = write(tmp_path / "b", LINES, seed=2, spec=ClusterSpec(nodes=4))
    found = compare(write(tmp_path / "a", LINES), other)
    assert not found.same
    assert found.header == (("seed", 1, 2), ("spec.nodes", 3, 4))
    assert found.line is None
    text = told(found)
    assert text.startswith(
        "the headers differ: seed is 1 in A, 2 in B\nthe headers differ: spec.nodes is 3 in A, 4 in B\n"
    )
    assert "everything below them is the same" in text


def test_a_damaged_file_is_no_prefix(tmp_path: Path) -> None:
    numbers = [push(number, number, sum=f"{number * 2_654_435_761 % 2**32:08x}") for number in range(5_000)]
    whole, cut = write(tmp_path / "a", numbers), write(tmp_path / "b.gz", numbers)
    cut.write_bytes(cut.read_bytes()[:-1_000])
    with pytest.raises(UserError, match=r"b\.gz:\d+: the gzip file is truncated; the [\d,]+ lines up to there are the"):
        compare(whole, cut)
    numbers[7]["to"] = "n9"
    assert compare(write(whole, numbers), cut).line == 9, "but what parts before the damage can be told"


def test_a_line_that_is_none_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a", LINES[:2])
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    with pytest.raises(UserError, match=r"a:4: is not a line of a journal"):
        compare(path, write(tmp_path / "b", LINES))


@given(st.integers(0, 8), st.sampled_from(["to", "sum", "content", "seq", "at_us"]))
def test_whatever_line_is_changed_is_found(tmp_path_factory: pytest.TempPathFactory, at: int, field: str) -> None:
    folder = tmp_path_factory.mktemp("journals")
    changed = [dict(line) for line in LINES]
    if at < len(changed):
        changed[at][field] = 10**9 if field in ("seq", "at_us") else "changed"
    found = compare(write(folder / "a", LINES), write(folder / "b", changed))
    assert found.line == (at + 2 if at < len(LINES) else None)
    assert found.common == min(at, len(LINES))
    assert found.same == (at == len(LINES))


def test_every_line_of_a_real_run_has_words(tmp_path: Path) -> None:
    scenario = loads(
        "until: 4s\ncluster: {preset: small}\nmethod:\n"
        "  - {at: 1s, do: freeze, nodes: [n2]}\n  - {at: 2s, do: thaw, nodes: [n2]}\n"
    )
    written: list[str] = []
    with JournalFile(tmp_path / "a", scenario.spec, 1) as file:
        play(scenario, begun=file.attach)
    for line in (tmp_path / "a").read_text().splitlines()[1:]:
        text = words(json.loads(line))
        assert "?" not in text.replace("#?", "?")
        written.append(text)
    assert "freeze: n2 froze" in "\n".join(written)


# --- the command ----------------------------------------------------------------


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["playground", *words])
    return cli.main()


def test_the_exit_status_says_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text("until: 2s\ncluster: {preset: small}\n")
    for name, seed in (("a", "1"), ("b.gz", "1"), ("c", "2")):
        assert typed(monkeypatch, "replay", "s.yaml", "--seed", seed, "--journal", name) == 0
    assert typed(monkeypatch, "diff", "a", "b.gz") == 0
    assert typed(monkeypatch, "diff", "a", "c") == 1
    capsys.readouterr()
    assert typed(monkeypatch, "diff", "a", "c", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["header"] == [{"field": "seed", "a": 1, "b": 2}]
    assert found["a_lines"][0] != found["b_lines"][0]
    assert found["why"]
    assert typed(monkeypatch, "diff", "a", "s.yaml") == 2
    assert capsys.readouterr().err == (
        "playground: s.yaml is not a journal; record one: playground replay SCENARIO --journal FILE\n"
    )


@pytest.mark.parametrize("words", [["replay", "s.yaml", "s.yaml"], ["replay", "two.yaml"], ["replay", "lab.yaml"]])
def test_a_journal_holds_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text("until: 2s\n")
    (tmp_path / "two.yaml").write_text("until: 2s\nvariants: {one: {seed: 1}, two: {seed: 2}}\n")
    (tmp_path / "lab.yaml").write_text("title: a lab\nlab: {name: ring-memory}\n")
    assert typed(monkeypatch, *words, "--journal", "file") == 2
    error = capsys.readouterr().err
    assert "--journal" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "file").exists()
