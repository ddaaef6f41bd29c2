"""A scenario as a file: what a sweep drew, or what shrinking left of it. Loaded again, it comes to the same digest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from playground.kernel.errors import UserError
from playground.quantities import format_duration
from playground.scenario.figures import Expectation, Kind, compare
from playground.scenario.hypothesis import OVER_US, Hypothesis
from playground.scenario.model import HYPOTHESIS, Scenario
from playground.scenario.outcome import Outcome, Verdict
from playground.scenario.writer import block, cluster_fields, dump, step

_OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "!=", "!=": "=="}
VIOLATION = "violation"


def as_expected(scenario: Scenario) -> dict[str, str]:
    """Figure -> tolerance: what the scenario expects."""
    return {each.figure.name: each.text for each in scenario.expectations}


def as_it_failed(outcome: Outcome) -> dict[str, str]:
    """Figure -> tolerance: what would have been expected of ``outcome`` by somebody who knew it.

    What was met stays; what was missed is turned round. A figure that could not be measured meets no tolerance, so
    there it stays.
    """
    wanted = {each.expectation.figure.name: _turned(each) for each in outcome.verdicts}
    missed = {each.expectation.figure.name for each in outcome.verdicts if not each.passed}
    if missed & {"checks", "hypothesis", "linearizable"} and outcome.figures["outcome"] == VIOLATION:
        wanted["outcome"] = VIOLATION
    return wanted


def render(scenario: Scenario, expect: dict[str, str], comment: str) -> str:
    """The text of a file with ``scenario``, that expects ``expect`` of it and begins with ``comment``."""
    content = CommentedMap()
    if scenario.title:
        content["title"] = scenario.title[:100]
    if scenario.description:
        content["description"] = " ".join(scenario.description.split())
    content["seed"] = scenario.seed
    cluster = cluster_fields(scenario.spec)
    if cluster:
        content["cluster"] = block(cluster)
    if scenario.hypothesis is not None:
        content[HYPOTHESIS] = _hypothesis(scenario.hypothesis)
    items = [(at_us, step(at_us, command)) for at_us, command in scenario.method]
    items += [(at_us, CommentedMap(at=format_duration(at_us), say=text)) for at_us, text in scenario.captions]
    if items:
        content["method"] = [item for _, item in sorted(items, key=lambda each: each[0])]
    if scenario.undoing:
        content["rollbacks"] = [step(None, command) for _, command in scenario.undoing]
    content["until"] = format_duration(scenario.until_us)
    if expect.get("outcome") == VIOLATION and set(expect) <= {"outcome", "checks"}:
        content["expect"] = VIOLATION
    elif expect:
        content["expect"] = block({name: _plain(text) for name, text in expect.items()})
    return dump(content, comment)


def write_new(path: Path, text: str) -> None:
    """A new file with ``text``. UserError if it cannot be written, or exists already: nothing is ever overwritten."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path}: exists already; name a new file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_free(folder: Path, stem: str, text: str) -> Path:
    """As :func:`write_new`, under the first free of the names ``STEM.yaml``, ``STEM-2.yaml`` … Returns the file."""
    number = 1
    while True:
        path = folder / (f"{stem}.yaml" if number == 1 else f"{stem}-{number}.yaml")
        if not path.exists():
            write_new(path, text)
            return path
        number += 1


def refused(outcome: Outcome) -> list[int]:
    """The places, in the method of the scenario, of the commands that ``outcome`` says were refused."""
    places: list[int] = []
    for at_us, line, _ in outcome.refused:
        for place, (planned_us, command) in enumerate(outcome.scenario.method):
            if (planned_us, command.line()) == (at_us, line) and place not in places:
                places.append(place)
                break
    return places


def _turned(verdict: Verdict) -> str:
    expected, measured = verdict.expectation, verdict.measured
    if verdict.passed or measured is None:
        return expected.text
    if expected.figure.kind in (Kind.FLAG, Kind.VERDICT):
        return str(measured).lower()
    return _missed(expected, measured)


def _missed(expected: Expectation, measured: Any) -> str:
    """The opposite of the first condition that was not met."""
    for (sign, wanted), part in zip(expected.conditions, expected.text.split(","), strict=True):
        if not compare(sign, measured, wanted):
            return f"{_OPPOSITE[sign]} {part.strip().removeprefix(sign).strip()}"
    raise AssertionError(f"{expected.text} was met")


def _plain(text: str) -> Any:
    """A whole number or a truth as such: it is written without quotes."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdecimal() else text


def _hypothesis(hypothesis: Hypothesis) -> CommentedMap:
    content = CommentedMap()
    if hypothesis.title:
        content["title"] = hypothesis.title
    content["strategy"] = _on_one_line(each.value for each in hypothesis.strategies)
    content["probes"] = []
    for probe in hypothesis.probes:
        figure = probe.expectation.figure.name
        item = CommentedMap(probe=figure, tolerance=_plain(probe.expectation.text))
        if probe.over_us not in (0, OVER_US):
            item["over"] = format_duration(probe.over_us)
        if probe.name != figure:
            item["name"] = probe.name
        content["probes"].append(item)
    return content


def _on_one_line(words: Iterable[str]) -> CommentedSeq:
    items = CommentedSeq(words)
    items.fa.set_flow_style()
    return items
