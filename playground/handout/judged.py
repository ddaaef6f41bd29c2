"""What was expected and what was measured, with the evidence: as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from playground.figure import spell, spell_us
from playground.handout.content import Bars, Block, Paragraph
from playground.scenario.figures import FIGURES, PERCENTILES
from playground.scenario.hypothesis import Findings
from playground.scenario.outcome import Outcome, Verdict
from playground.scenario.playing import Played
from widgets.shapes import Cell, Column, Row, Table, Tone

FINDINGS_SHOWN = 10
FEWEST_BARS = 3
"""Of fewer values a picture says no more than the numbers do."""
ALWAYS = ("operations", "error_share", "p50", "p99", "stale_reads", "lost_writes", "checks")
"""Figures that are worth telling of any run with a database."""
ALWAYS_WITHOUT_DATABASE = ("messages", "publish_p50", "publish_p99", "lost_messages", "checks")


def verdict(passed: bool) -> Cell:
    """A word that needs no colour."""
    return Cell("pass", Tone.GOOD) if passed else Cell("FAIL", Tone.BAD)


def table(heads: Sequence[str], rows: Iterable[Sequence[str | Cell]], *, numbers: Iterable[int] = ()) -> Table:
    """A table of words; ``numbers``: the columns that are aligned on the right."""
    right = frozenset(numbers)
    columns = tuple(Column(head, 0, right=at in right) for at, head in enumerate(heads))
    made = (tuple(each if isinstance(each, Cell) else Cell(each) for each in row) for row in rows)
    return Table(columns, tuple(Row(cells) for cells in made))


def expectations(verdicts: Sequence[Verdict], unsettled_because: str = "") -> tuple[Block, ...]:
    """Each expectation, what was measured, and what the figure is; or a word that there is none."""
    if not verdicts:
        return (Paragraph("Nothing was expected of it."),)
    rows = []
    for each in verdicts:
        figure = each.expectation.figure
        found = each.shown(unsettled_because)
        rows.append((verdict(each.passed), figure.name, each.expectation.text, found, Cell(figure.help, Tone.MUTED)))
    return (table(("", "figure", "expected", "measured", "what it is"), rows),)


def evidence(outcome: Outcome) -> tuple[Block, ...]:
    """What clients were told, stale reads, refused commands, what judges and invariants found; as far as there is."""
    blocks: list[Block] = []
    if outcome.stopped:
        blocks.append(Paragraph(f"An error in the playground itself: {outcome.stopped}", Tone.BAD))
    if outcome.errors:
        told = [(f"{count:,}", text) for text, count in outcome.errors]
        blocks.append(table(("times", "what clients were told"), told, numbers=(0,)))
    if outcome.stale_reads:
        blocks.append(Paragraph(f"Stale reads: {outcome.stale_reads:,}. The first: {outcome.stale_example}."))
    for name, lines in outcome.examples:
        blocks.append(table((name,), [(line,) for line in lines]))
    if outcome.refused:
        refused = [(f"{at_us / 1e6:.3f} s", line, why) for at_us, line, why in outcome.refused]
        blocks.append(table(("at", "command that could not be carried out", "because"), refused, numbers=(0,)))
    if outcome.findings:
        found = [(when, check, text) for when, check, _, text in outcome.findings]
        rows = [("at the end" if when == "end" else when, check, text) for when, check, text in found[:FINDINGS_SHOWN]]
        blocks.append(table(("found", "broken invariant", "what is wrong"), rows))
        if len(found) > FINDINGS_SHOWN:
            blocks.append(Paragraph(f"… and {len(found) - FINDINGS_SHOWN:,} more broken invariants.", Tone.MUTED))
    return tuple(blocks)


def operations(outcome: Outcome) -> tuple[Block, ...]:
    """Reads and writes by how they ended, and how long they took."""
    if outcome.scenario.spec.database == "none":
        return ()
    rows = []
    for name, each in (("reads", outcome.reads), ("writes", outcome.writes)):
        took = [spell_us(each.latency_us[rank]) if each.ok else "–" for rank in PERCENTILES]
        rows.append((name, f"{each.ok:,}", f"{each.failed:,}", f"{each.unknown:,}", *took))
    heads = ("", "ok", "failed", "unknown", *(f"p{rank}" for rank in PERCENTILES))
    return (table(heads, rows, numbers=range(1, len(heads))),)


def hypothesis(probed: Findings) -> tuple[Block, ...]:
    """Each probe, what was tolerated, what it showed, and when it did not hold."""
    rows = []
    for probe in probed.hypothesis.probes:
        deviations = probed.deviations_of(probe)
        over = spell_us(probe.over_us) if probe.over_us else "the moment"
        figure = probe.expectation.figure.name
        name = figure if probe.name == figure else f"{probe.name} ({figure})"
        missed = "; ".join(each.text for each in deviations[:FINDINGS_SHOWN])
        if len(deviations) > FINDINGS_SHOWN:
            missed += f"; and {len(deviations) - FINDINGS_SHOWN} more times"
        passed, shown = verdict(probed.held(probe)), probed.shown(probe)
        rows.append((passed, name, probe.expectation.text, over, shown, missed or "–"))
    heads = ("", "probe", "tolerance", "over", "shown", "did not hold")
    intro = (Paragraph(f"Hypothesis: {probed.hypothesis.title}."),) if probed.hypothesis.title else ()
    return (*intro, table(heads, rows))


def variants(played: Played) -> tuple[Block, ...]:
    """Figure by variant: what is expected or compared anywhere, and what is always worth knowing."""
    expected = [each.expectation.figure.name for outcome in played.outcomes for each in outcome.verdicts]
    served = any(outcome.scenario.spec.database != "none" for outcome in played.outcomes)
    always = ALWAYS if served else ALWAYS_WITHOUT_DATABASE
    names = dict.fromkeys((*always, *expected, *(each.comparison.figure.name for each in played.compared)))
    heads = ("figure", *(outcome.scenario.variant for outcome in played.outcomes))
    verdicts: tuple[str | Cell, ...] = ("verdict", *(verdict(outcome.passed) for outcome in played.outcomes))
    rows = (
        (name, *(spell(FIGURES[name].kind, outcome.figures.get(name)) for outcome in played.outcomes)) for name in names
    )
    return (table(heads, (verdicts, *rows), numbers=range(1, len(heads))),)


def comparisons(played: Played) -> tuple[Block, ...]:
    """Each comparison with what it rests on, and a picture of each figure that is compared."""
    rows = []
    for each in played.compared:
        figure = each.comparison.figure
        operands = dict.fromkeys(name for _, name in each.comparison.operands)
        values_of = ", ".join(f"{name} {spell(figure.kind, each.measured[name])}" for name in operands)
        rows.append((verdict(each.passed), figure.name, each.comparison.text, values_of))
    pictures: list[Block] = []
    for figure in dict.fromkeys(each.comparison.figure for each in played.compared):
        values = {one.scenario.variant: one.figures.get(figure.name) for one in played.outcomes}
        known = [each for each in values.values() if isinstance(each, int | float)]
        largest = max(known, default=0)
        if len(known) >= FEWEST_BARS and largest > 0 and min(known) >= 0:
            shares = {name: each / largest if isinstance(each, int | float) else 0.0 for name, each in values.items()}
            bars = tuple((name, shares[name], spell(figure.kind, value)) for name, value in values.items())
            pictures.append(Bars(figure.name, figure.help, bars))
    return (table(("", "figure", "expected", "measured"), rows), *pictures)
