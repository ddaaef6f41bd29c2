"""What came of scenarios, as hand-outs: which sections there are, and in which order.

One scenario: what it was, how it went, its course, its story, what was expected. Several variants: how they compare
first, then each one's course; their common captions once. Nothing here depends on the wall clock: the same run gives
the same hand-out. Only what a lab measures of the machine that it runs on differs, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from playground.figure import spell
from playground.handout import head, judged
from playground.handout.content import Block, Command, Facts, Handout, Paragraph, Section
from playground.handout.course import course, story
from playground.scenario.outcome import Outcome
from playground.scenario.playing import Examined, Played
from widgets.shapes import Cell, Tone


def compose(results: Sequence[tuple[str, Played | Examined]]) -> Handout:
    """A hand-out of all ``results``: ``(what was typed to name the scenario, what came of it)``; at least one.

    The outcomes must have their chronicles.
    """
    foot = f"Made by chaos-playground {_version()}. Times are virtual: the same seed gives the same run, bit for bit."
    if len(results) == 1:
        name, result = results[0]
        return Handout(_title(result), _of(name, result, 2), foot)
    overview = judged.table(
        ("", "scenario", "in a sentence"),
        [(judged.verdict(each.passed), _title(each), head.sentence(each)) for _, each in results],
    )
    passed = sum(each.passed for _, each in results)
    sections = [Section("Summary", (overview,))]
    for name, result in results:
        first, *rest = _of(name, result, 3)
        sections += [Section(_title(result), first.blocks), *rest]
    return Handout(f"{passed} of {len(results)} scenarios passed", tuple(sections), foot)


def _title(result: Played | Examined) -> str:
    return result.script.title if isinstance(result, Played) else result.experiment.title


def _of(name: str, result: Played | Examined, level: int) -> tuple[Section, ...]:
    """The sections of one result; the first is its head."""
    if isinstance(result, Examined):
        return tuple(_lab(name, result, level))
    if len(result.outcomes) == 1:
        return tuple(_single(name, result, level))
    return tuple(_several(name, result, level))


def _single(name: str, played: Played, level: int) -> Iterable[Section]:
    outcome = played.outcomes[0]
    scenario = outcome.scenario
    yield Section(
        "Summary",
        (
            Paragraph(head.sentence(played), _tone(played.passed)),
            *_description(scenario.description),
            Command(head.command_line(name, outcome.seed, scenario.variant)),
            Facts((*_run_facts(outcome), *head.cluster_facts(scenario.spec))),
        ),
        level,
    )
    yield Section("Timeline", course(outcome), level)
    yield Section("What happened", (story(outcome),), level)
    yield from _judged(outcome, level)


def _several(name: str, played: Played, level: int) -> Iterable[Section]:
    first = played.outcomes[0]
    shared = played.script
    seeds = dict.fromkeys(each.seed for each in played.outcomes)
    yield Section(
        "Summary",
        (
            Paragraph(head.sentence(played), _tone(played.passed)),
            *_description(shared.description),
            *(Command(head.command_line(name, seed)) for seed in list(seeds)[:1]),
            Facts(
                (
                    ("seed", ", ".join(map(str, seeds))),
                    ("digest", played.digest),
                    ("lasts", f"{first.virtual_s:g} s of virtual time each"),
                    ("variants", ", ".join(each.scenario.variant for each in played.outcomes)),
                )
            ),
        ),
        level,
    )
    yield Section("Measured", judged.variants(played), level)
    if played.compared:
        yield Section("Compared", judged.comparisons(played), level)
    for outcome in played.outcomes:
        variant = outcome.scenario.variant
        own = outcome.scenario.title.removeprefix(f"{shared.title}: ")
        yield Section(
            f"Variant {variant}" + (f": {own}" if own != variant else ""),
            (
                Paragraph(f"{head.run_verdict(outcome)}.", _tone(outcome.passed)),
                Command(head.command_line(name, outcome.seed, variant)),
                Facts((("digest", outcome.digest), *head.cluster_facts(outcome.scenario.spec))),
                *course(outcome),
                *judged.expectations(outcome.verdicts, outcome.unsettled_because),
                *(judged.hypothesis(outcome.probed) if outcome.probed else ()),
                *judged.evidence(outcome),
            ),
            level,
        )
    yield Section(f"What happened: {first.scenario.variant}", (story(first),), level)


def _judged(outcome: Outcome, level: int) -> Iterable[Section]:
    if outcome.probed:
        yield Section("Steady state", judged.hypothesis(outcome.probed), level)
    yield Section("Expected", judged.expectations(outcome.verdicts, outcome.unsettled_because), level)
    operations, evidence = judged.operations(outcome), judged.evidence(outcome)
    if operations:
        yield Section("Operations", operations, level)
    if evidence:
        yield Section("Evidence", evidence, level)


def _lab(name: str, examined: Examined, level: int) -> Iterable[Section]:
    experiment = examined.experiment
    settings = "; ".join(f"{field}: {value}" for field, value in experiment.lab.model_dump(mode="json").items())
    yield Section(
        "Summary",
        (
            Paragraph(head.sentence(examined), _tone(examined.passed)),
            *_description(experiment.description),
            Command(head.command_line(name, examined.seed)),
            Facts(
                (
                    ("lab", experiment.lab.name),
                    ("settings", settings or "none"),
                    ("seed", str(examined.seed)),
                    ("digest", examined.digest),
                )
            ),
            *(Paragraph(caption) for caption in experiment.captions),
        ),
        level,
    )
    heads = ("figure", "measured", "what it is")
    for varies, title in ((False, "Measured"), (True, "Measured on this machine")):
        rows = [
            (figure.name, spell(figure.kind, value), Cell(figure.help, Tone.MUTED))
            for figure, value in examined.figures
            if figure.varies is varies
        ]
        notice = Paragraph("Another machine, and another run, come to other values.", Tone.MUTED)
        tables = examined.results.tables if varies or not _varying(examined) else ()
        if rows:
            blocks = (*((notice,) if varies else ()), judged.table(heads, rows, numbers=(1,)), *tables)
            yield Section(title, blocks, level)
    yield Section("Expected", judged.expectations(examined.verdicts), level)


def _varying(examined: Examined) -> bool:
    """Whether it measures the machine: then its tables may hold such values, too."""
    return any(figure.varies for figure, _ in examined.figures)


def _run_facts(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    lasts = f"{outcome.virtual_s:g} s of virtual time"
    return ("seed", str(outcome.seed)), ("digest", outcome.digest), ("lasts", lasts)


def _description(text: str) -> tuple[Block, ...]:
    return (Paragraph(" ".join(text.split())),) if text.strip() else ()


def _tone(passed: bool) -> Tone:
    return Tone.GOOD if passed else Tone.BAD


def _version() -> str:
    try:
        return installed("chaos-playground")
    except PackageNotFoundError:
        return "unknown"
