"""What a file demands: ``expect``, ``steady-state-hypothesis`` and ``compare``, in terms of known figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playground.quantities import format_duration
from playground.scenario.comparison import Comparison, comparison
from playground.scenario.figures import FIGURES, Expectation, Figure, Span, expectation
from playground.scenario.files.document import Document, FieldPath
from playground.scenario.files.validation import validated
from playground.scenario.hypothesis import EVERY_US, Hypothesis, Probe, Strategy
from playground.scenario.model import HYPOTHESIS, HypothesisFile, ProbeFile
from playground.wording import unknown

VIOLATION = {"outcome": "violation"}
"""What ``expect: violation`` means."""
Wanted = dict[str, tuple[Any, FieldPath]]
"""Figure -> its tolerance, and where that stands."""


def wanted(document: Document, written: Any, here: FieldPath) -> Wanted:
    """What stands after ``expect:``. UserError if that is neither figures nor the word."""
    if isinstance(written, dict):
        return {name: (value, (*here, name)) for name, value in written.items()}
    if written not in VIOLATION.values():
        shown = "nothing" if written is None else repr(str(written)[:40])
        text = f"expect: should be figures, each as name: tolerance, or the word violation, not {shown}"
        raise document.error(here, text)
    return {name: (value, here) for name, value in VIOLATION.items()}


def expectations(
    document: Document,
    asked: Wanted,
    *,
    hypothesis: bool = False,
    figures: Mapping[str, Figure] = FIGURES,
    implied: bool = True,
) -> tuple[Expectation, ...]:
    """With ``implied``: that all checks pass and the hypothesis holds, unless a violation is expected."""
    found = []
    for name, (tolerance, path) in asked.items():
        if name not in figures:
            raise document.error(path, f"expect: {unknown('figure', name, figures)}", key=True)
        if figures[name].varies:
            text = f"expect: {name} depends on the machine: it is shown, but cannot be expected"
            raise document.error(path, text, key=True)
        try:
            found.append(expectation(name, tolerance, figures))
        except ValueError as error:
            raise document.error(path, f"expect.{name}: {error}") from None
    if "hypothesis" in asked and not hypothesis:
        raise document.error(
            asked["hypothesis"][1], f"expect.hypothesis: there is none; write {HYPOTHESIS}: …", key=True
        )
    if implied and not any(each.figure.name == "outcome" and each.text == "violation" for each in found):
        always = ("checks", "hypothesis") if hypothesis else ("checks",)
        found += [expectation(name, "pass") for name in always if name not in asked]
    return tuple(found)


def hypothesis(document: Document, fields: dict[str, Any], first_us: int | None, until_us: int) -> Hypothesis | None:
    """The hypothesis, if there is one; ``first_us``: the first command of the method (None: there is none)."""
    if HYPOTHESIS not in document.value:
        return None
    here: FieldPath = (HYPOTHESIS,)
    file = validated(document, HypothesisFile, fields, here, HYPOTHESIS)
    strategies = _strategies(document, file, here)
    if first_us is not None and first_us <= 1 and Strategy.BEFORE in strategies:
        at = format_duration(first_us)
        text = f"{HYPOTHESIS}: cannot be probed before a command at {at}; move that, or write strategy: after"
        raise document.error((*here, "strategy"), text)
    probes = [_probe(document, each, number, until_us) for number, each in enumerate(file.probes)]
    for probe in probes:
        # Looks are at whole seconds: the first at which the window is full must come before the end.
        first_look_us = max(EVERY_US, -(-probe.over_us // EVERY_US) * EVERY_US)
        if Strategy.CONTINUOUSLY in strategies and first_look_us > until_us:
            text = f"{probe.name} would first be probed at {format_duration(first_look_us)}, after the end"
            raise document.error((*here, "probes", probe.number), f"{HYPOTHESIS}: {text}; raise until")
    return Hypothesis(file.title, strategies, tuple(probes))


def comparisons(document: Document, written: dict[str, Any], variants: Sequence[str]) -> tuple[Comparison, ...]:
    """The orders after ``compare:``; a figure has one, or a list of them."""
    if written and not variants:
        raise document.error(("compare",), "compare: needs variants to compare; write variants: …", key=True)
    found = []
    for name, orders in written.items():
        path: FieldPath = ("compare", name)
        if name not in FIGURES:
            raise document.error(path, f"compare: {unknown('figure', name, FIGURES)}", key=True)
        listed = isinstance(orders, list)
        for number, order in enumerate(orders if listed else [orders]):
            try:
                found.append(comparison(FIGURES[name], order, variants))
            except ValueError as error:
                raise document.error((*path, number) if listed else path, f"compare.{name}: {error}") from None
    return tuple(found)


def _strategies(document: Document, file: HypothesisFile, here: FieldPath) -> tuple[Strategy, ...]:
    listed = isinstance(file.strategy, list)
    words: list[Any] = file.strategy if isinstance(file.strategy, list) else [file.strategy]
    known = [each.value for each in Strategy]
    for number, word in enumerate(words):
        if word not in known:
            path = (*here, "strategy", number) if listed else (*here, "strategy")
            raise document.error(path, f"{HYPOTHESIS}.strategy: {unknown('strategy', str(word), known)}")
    if not words:
        raise document.error((*here, "strategy"), f"{HYPOTHESIS}.strategy: needs at least one of {', '.join(known)}")
    return tuple(Strategy(word) for word in dict.fromkeys(words))


def _probe(document: Document, fields: dict[str, Any], number: int, until_us: int) -> Probe:
    here: FieldPath = (HYPOTHESIS, "probes", number)
    file = validated(document, ProbeFile, fields, here, "probes")
    known = [name for name, figure in FIGURES.items() if figure.span is not Span.RUN]
    figure = FIGURES.get(file.probe)
    if figure is not None and figure.span is Span.RUN:
        text = (
            f"probes: {file.probe} is of {figure.span.value}: write it after expect:, or probe {', '.join(known[:3])} …"
        )
        raise document.error((*here, "probe"), text)
    if figure is None:
        raise document.error((*here, "probe"), f"probes: {unknown('figure', file.probe, known)}")
    if figure.span is Span.MOMENT and "over" in fields:
        text = f"probes.over: {file.probe} is of the moment, not of a window; leave it out"
        raise document.error((*here, "over"), text, key=True)
    if figure.span is Span.WINDOW and file.over > until_us:
        text = f"probes.over: {format_duration(file.over)} is longer than the scenario ({format_duration(until_us)})"
        raise document.error((*here, "over"), text)
    try:
        expected = expectation(file.probe, file.tolerance)
    except ValueError as error:
        raise document.error((*here, "tolerance"), f"probes.{file.probe}: {error}") from None
    return Probe(number, file.name or file.probe, expected, file.over if figure.span is Span.WINDOW else 0)
