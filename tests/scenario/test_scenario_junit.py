"""Verdicts as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from playground import cli
from playground.kernel.errors import UserError
from playground.scenario.loader import loads
from playground.scenario.playing import Played, play_script
from playground.scenario.telling.junit import junit, write_junit

TEXT = """
title: small
cluster: {preset: small}
until: 3s
method:
  - {at: 1s, do: start, nodes: [n1]}
expect:
  operations: "> 10"
  stale_reads: ">= 7"
"""


@pytest.fixture(scope="module")
def played() -> Played:
    return play_script(loads(TEXT, "some/folder/small.yaml").alone())


def changed(played: Played, **changes: object) -> Played:
    return replace(played, outcomes=(replace(played.outcomes[0], **changes),))  # type: ignore[arg-type]


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def test_each_expectation_is_a_case_and_a_failure_says_what_was_measured(played: Played) -> None:
    root = ET.fromstring(junit([played]))
    found = cases(root)
    assert found["operations: > 10"].find("failure") is None
    failure = found["stale_reads: >= 7"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "stale_reads is 0, expected >= 7"
    assert {case.attrib["classname"] for case in found.values()} == {"small"}


def test_commands_that_were_refused_fail_a_case_of_their_own(played: Played) -> None:
    failure = cases(ET.fromstring(junit([played])))["every command is carried out"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "at 1.000000 s: start n1: cannot start n1: it is not down"


def test_the_counts_agree_with_the_cases(played: Played) -> None:
    root = ET.fromstring(junit([played, changed(played, stopped="world stopped at 2 s (seed 1): a bug")]))
    assert root.tag == "testsuites"
    for suite in root.iter("testsuite"):
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == 2
        assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
    suites = root.findall("testsuite")
    assert [suite.attrib["errors"] for suite in suites] == ["0", "1"]
    for count in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in suites)


def test_the_time_is_that_of_the_run(played: Played) -> None:
    root = ET.fromstring(junit([changed(played, wall_s=1.25), changed(played, wall_s=2.5)]))
    assert root.attrib["time"] == "3.750"
    assert [suite.attrib["time"] for suite in root.iter("testsuite")] == ["1.250", "2.500"]
    assert cases(root)["runs to its end"].attrib["time"] == "2.500"


def test_seed_and_digest_are_properties(played: Played) -> None:
    root = ET.fromstring(junit([played]))
    found = {each.attrib["name"]: each.attrib["value"] for each in root.iter("property")}
    assert found == {"seed": "1", "digest": played.digest, "title": "small"}


def test_what_xml_cannot_hold_is_replaced_and_what_it_must_escape_escaped(played: Played) -> None:
    nasty = 'a\x00b\x1b[31m\ud800 <&"]]>\ufffe\n\t😀'
    text = junit([changed(played, refused=((0, nasty, nasty),), stopped=nasty)])
    text.encode("utf-8")
    error = cases(ET.fromstring(text))["runs to its end"].find("error")
    assert error is not None
    assert error.text == 'a�b�[31m� <&"]]>�\n\t😀'


def test_what_the_checks_found_stands_below_their_verdict(played: Played) -> None:
    outcome = played.outcomes[0]
    verdicts = tuple(
        replace(each, measured="fail") if each.expectation.figure.name == "checks" else each
        for each in outcome.verdicts
    )
    text = junit([changed(played, verdicts=verdicts, findings=(("end", "copies", "k1", "k1 has 2 copies"),))])
    failure = cases(ET.fromstring(text))["checks: pass"].find("failure")
    assert failure is not None
    assert failure.text == "checks is fail, expected pass\nend: copies: k1: k1 has 2 copies"


def test_the_command_writes_a_file_with_a_suite_for_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(TEXT)
    (tmp_path / "two.yaml").write_text(
        "until: 1s\nvariants: {one: {seed: 1}, two: {seed: 2}}\ncompare: {operations: one > two > one}\n"
    )
    (tmp_path / "lab.yaml").write_text("lab: {name: ring-memory, servers: 10}\n")
    command = ["playground", "replay", "small.yaml", "two.yaml", "lab.yaml", "--junit", "report.xml"]
    monkeypatch.setattr("sys.argv", command)
    assert cli.main() == 1
    root = ET.parse(tmp_path / "report.xml").getroot()
    names = [suite.attrib["name"] for suite in root.iter("testsuite")]
    assert names == ["small", "two: one", "two: two", "two: comparison", "lab"]
    comparison = root.findall("testsuite")[3]
    assert comparison.find("testcase/failure") is not None
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", [*command[:-1], "nowhere/report.xml"])
    assert cli.main() == 2
    assert "cannot write the JUnit report nowhere/report.xml: there is no folder nowhere" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_one_line(played: Played, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write the JUnit report"):
        write_junit([played], tmp_path)
