"""What came of a file with several variants, or with a lab, for a person.

Variants share their method, so their stories are much alike: they are told side by side, as a table of
figures, and each one's troubles after it. The whole story of one: ``replay --variant NAME``.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from playground.scenario.figures import FIGURES, spell
from playground.scenario.outcome import Outcome
from playground.scenario.playing import Examined, Played
from playground.scenario.telling.bars import bars
from playground.scenario.telling.layout import blocks, conclusion, grid, indented, rows, title, verdict
from playground.scenario.telling.report import expectations, hypothesis, report, trouble
from widgets.shapes import Table

_ALWAYS = ("operations", "error_share", "p50", "p99", "stale_reads", "lost_writes", "checks")
"""Figures of which each variant is worth telling, whatever the file expects."""
_ALWAYS_WITHOUT_DATABASE = ("messages", "publish_p50", "publish_p99", "lost_messages", "checks")
"""The same where there is nothing that clients could ask."""


def report_script(played: Played, console: Console) -> None:
    """Print what came of all variants; of an only one, its whole story."""
    if len(played.outcomes) == 1:
        report(played.outcomes[0], console)
        return
    _head(played, console)
    _figures(played, console)
    for outcome in played.outcomes:
        _variant(outcome, played.script.title, console)
    _compared(played, console)
    console.print()
    conclusion(played.passed, played.digest, console)


def report_lab(examined: Examined, console: Console) -> None:
    """Print what came of a lab."""
    experiment = examined.experiment
    console.print(Text(experiment.title, "bold"))
    if experiment.description:
        console.print(Text(" ".join(experiment.description.split())))
    console.print(Text(f"lab {experiment.lab.name}, seed {examined.seed}, {examined.wall_s:.2f} s", "dim"))
    for caption in experiment.captions:
        console.print(indented(Text(caption, "italic cyan")))
    for steady in (True, False):
        measured = [(figure, value) for figure, value in examined.figures if figure.varies is not steady]
        if measured:
            title("Measured" if steady else "Measured on this machine (another one differs)", console)
            table = grid("left", "right", "left")
            for figure, value in measured:
                table.add_row(figure.name, spell(figure.kind, value), Text(figure.help, "dim"))
            console.print(indented(table))
    for each in examined.results.tables:
        _table(each, console)
    if examined.verdicts:
        expectations(examined.verdicts, console)
    console.print()
    conclusion(examined.passed, examined.digest, console)


def _head(played: Played, console: Console) -> None:
    first, script = played.outcomes[0], played.script
    console.print(Text(script.title, "bold"))
    if script.description:
        console.print(Text(" ".join(script.description.split())))
    wall_s = sum(each.wall_s for each in played.outcomes)
    seeds = list(dict.fromkeys(str(each.seed) for each in played.outcomes))
    parts = (
        f"{len(played.outcomes)} variants",
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}",
        f"{first.virtual_s:g} s of virtual time each, in {wall_s:.2f} s",
    )
    console.print(Text(", ".join(parts), "dim"))
    console.print(Text("the whole story of one: --variant NAME", "dim"))


def _figures(played: Played, console: Console) -> None:
    """Figure x variant: what is expected or compared anywhere, and what is always worth knowing."""
    expected = [verdict.expectation.figure.name for outcome in played.outcomes for verdict in outcome.verdicts]
    served = any(outcome.scenario.spec.database != "none" for outcome in played.outcomes)
    always = _ALWAYS if served else _ALWAYS_WITHOUT_DATABASE
    names = dict.fromkeys((*always, *expected, *(each.comparison.figure.name for each in played.compared)))
    heads = ["", *(outcome.scenario.variant for outcome in played.outcomes)]
    lines = [
        (name, *(spell(FIGURES[name].kind, outcome.figures.get(name)) for outcome in played.outcomes)) for name in names
    ]
    title("Measured", console)
    for number, table in enumerate(blocks(heads, lines, console.width)):
        if number:
            console.print()
        console.print(indented(table))


def _variant(outcome: Outcome, shared: str, console: Console) -> None:
    console.print()
    name = outcome.scenario.variant
    console.print(Text.assemble((f"Variant {name}", "bold underline"), "  ", verdict(outcome.passed)))
    own = outcome.scenario.title.removeprefix(f"{shared}: ")
    if own != name:
        console.print(indented(Text(own)))
    trouble(outcome, console)
    if outcome.probed:
        hypothesis(outcome.probed, console)
    expectations(outcome.verdicts, console, outcome.unsettled_because)
    if outcome.stopped:
        console.print(indented(Text(f"An error in the playground itself: {outcome.stopped}", "bold red")))
    console.print(indented(Text(f"digest {outcome.digest}")), soft_wrap=True)


def _compared(played: Played, console: Console) -> None:
    if not played.compared:
        return
    title("Compared", console)
    table = grid("left", "left")
    for each in played.compared:
        figure = each.comparison.figure
        operands = dict.fromkeys(name for _, name in each.comparison.operands)
        measured = ", ".join(f"{name} {spell(figure.kind, each.measured[name])}" for name in operands)
        table.add_row(verdict(each.passed), Text(f"{figure.name}: {each.comparison.text} ({measured})"))
    console.print(indented(table))
    for figure in dict.fromkeys(each.comparison.figure for each in played.compared):
        values = {one.scenario.variant: one.figures.get(figure.name) for one in played.outcomes}
        picture = bars(figure, values, console)
        if picture is not None:
            title(figure.name, console)
            console.print(indented(picture))


def _table(shape: Table, console: Console) -> None:
    title(shape.caption or "Table", console)
    heads = [column.title for column in shape.columns]
    lines = [tuple(cell.text for cell in row.cells) for row in shape.rows]
    console.print(indented(rows(heads, lines)) if lines else indented(Text(shape.empty)))
