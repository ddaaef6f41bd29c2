"""What came of scenarios as JUnit XML, which continuous integration servers show.

A ``testsuite`` for each scenario that was run (each variant is one), each comparison of variants, and each lab; in
it a ``testcase`` for

* the run itself: it takes the time, and is an ``error`` if a bug in the playground stopped the world;
* the commands, if any: a ``failure`` if some could not be carried out;
* each expectation: a ``failure`` with what was measured and what was expected. Its time is 0, as
  judging takes none.

There is no official schema; this is the part that Jenkins, GitLab and the readers on GitHub share:
``testsuites > testsuite > properties, testcase > failure | error``, with ``tests``, ``failures``, ``errors``,
``skipped`` and ``time`` (seconds). Characters that XML cannot hold become U+FFFD.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path

from playground.figure import spell
from playground.kernel.errors import UserError
from playground.scenario.outcome import Outcome, Verdict
from playground.scenario.playing import Compared, Examined, Played

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no Char of XML 1.0 (section 2.2)."""


def junit(results: Iterable[Played | Examined]) -> str:
    """The whole document."""
    suites = [suite for each in results for suite in _suites(each)]
    root = ET.Element("testsuites", name="playground")
    root.extend(suites)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", _seconds(sum(float(suite.get("time", "0")) for suite in suites)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def check_path(path: str) -> None:
    """UserError if no report could be written there: told before anything is run for it."""
    reason = ""
    if not path or os.path.isdir(path):
        reason = "that is a folder"
    elif not os.path.isdir(os.path.dirname(path) or "."):
        reason = f"there is no folder {os.path.dirname(path)}"
    elif not os.access(path if os.path.exists(path) else os.path.dirname(path) or ".", os.W_OK):
        reason = "no permission"
    if reason:
        raise UserError(f"cannot write the JUnit report {path or repr(path)}: {reason}; name a file, as report.xml")


def write_junit(results: Iterable[Played | Examined], path: str | Path) -> None:
    """Write the document to a file, in UTF-8. UserError if that cannot be done."""
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + junit(results)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"cannot write the JUnit report {path}: {error.strerror or error}") from None


def _suites(result: Played | Examined) -> list[ET.Element]:
    if isinstance(result, Examined):
        name = _clean(Path(result.experiment.source).stem)
        cases = [_case(name, "runs to its end", result.wall_s), *_judged(name, result.verdicts)]
        return [_suite(name, cases, seed=str(result.seed), digest=result.digest, title=result.experiment.title)]
    source = Path(result.script.source).stem
    suites = [_played(source, each) for each in result.outcomes]
    if result.compared:
        name = _clean(f"{source}: comparison")
        suites.append(_suite(name, [_comparison(name, each) for each in result.compared], digest=result.digest))
    return suites


def _played(source: str, outcome: Outcome) -> ET.Element:
    scenario = outcome.scenario
    name = _clean(f"{source}: {scenario.variant}" if scenario.variant else source)
    whole = _case(name, "runs to its end", outcome.wall_s)
    if outcome.stopped:
        _add(whole, "error", outcome.stopped)
    cases = [whole]
    if scenario.timeline:
        carried_out = _case(name, "every command is carried out")
        if outcome.refused:
            lines = [f"at {at_us / 1e6:.6f} s: {line}: {why}" for at_us, line, why in outcome.refused]
            _add(carried_out, "failure", lines[0], "\n".join(lines))
        cases.append(carried_out)
    cases.extend(_judged(name, outcome.verdicts, outcome))
    return _suite(name, cases, seed=str(outcome.seed), digest=outcome.digest, title=scenario.title)


def _judged(suite: str, verdicts: Sequence[Verdict], outcome: Outcome | None = None) -> list[ET.Element]:
    cases = []
    for each in verdicts:
        figure = each.expectation.figure
        case = _case(suite, f"{figure.name}: {each.expectation.text}")
        if not each.passed:
            text = f"{figure.name} is {each.shown()}, expected {each.expectation.text}"
            more = []
            if outcome is not None and figure.name == "checks":
                more = [f"{when}: {check}: {subject}: {what}" for when, check, subject, what in outcome.findings]
            elif outcome is not None and figure.name.startswith("converged") and outcome.unsettled_because:
                more = [f"it could not be judged: {outcome.unsettled_because}"]
            elif outcome is not None and figure.name == "stale_reads" and outcome.stale_example:
                more = [outcome.stale_example]
            _add(case, "failure", text, "\n".join([text, *more]))
        cases.append(case)
    return cases


def _comparison(suite: str, compared: Compared) -> ET.Element:
    comparison = compared.comparison
    case = _case(suite, f"{comparison.figure.name}: {comparison.text}")
    if not compared.passed:
        measured = ", ".join(
            f"{name} {spell(comparison.figure.kind, compared.measured[name])}" for _, name in comparison.operands
        )
        _add(case, "failure", f"{comparison.figure.name} is {measured}; expected {comparison.text}")
    return case


def _suite(name: str, cases: Sequence[ET.Element], **properties: str) -> ET.Element:
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("skipped", "0")
    suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))
    listed = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(listed, "property", name=key, value=_clean(value))
    suite.extend(cases)
    return suite


def _case(suite: str, name: str, wall_s: float = 0.0) -> ET.Element:
    return ET.Element("testcase", classname=suite, name=_clean(name), time=_seconds(wall_s))


def _add(case: ET.Element, tag: str, message: str, text: str = "") -> None:
    element = ET.SubElement(case, tag, message=_clean(message), type=tag)
    element.text = _clean(text or message)


def _seconds(wall_s: float) -> str:
    return f"{wall_s:.3f}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
