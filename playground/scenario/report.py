"""What came of a scenario, for a person: wraps between words at any width, and needs no colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from playground.scenario.figures import spell, spell_us
from playground.scenario.outcome import PERCENTILES, Outcome, Traffic
from playground.scenario.timeline import condense

FINDINGS_SHOWN = 10
_STYLES = {
    **dict.fromkeys(("crash", "dead", "alert"), "red"),
    **dict.fromkeys(("freeze", "suspect", "partition", "one-way", "link", "disk", "clock", "remove"), "yellow"),
    **dict.fromkeys(("up", "alive", "thaw", "heal", "good"), "green"),
    "say": "italic cyan",
    "gap": "dim",
}


def report(outcome: Outcome, console: Console) -> None:
    """Print everything that is worth knowing about ``outcome``."""
    _head(outcome, console)
    _story(outcome, console)
    _operations(outcome, console)
    _trouble(outcome, console)
    _expectations(outcome, console)
    _result(outcome, console)


def _head(outcome: Outcome, console: Console) -> None:
    scenario, spec = outcome.scenario, outcome.scenario.spec
    console.print(Text(scenario.title, "bold"))
    if scenario.description:
        console.print(Text(" ".join(scenario.description.split())))
    parts = (
        f"seed {outcome.seed}",
        f"{spec.nodes} nodes",
        f"{spec.load.clients} clients",
        f"{outcome.virtual_s:g} s of virtual time in {outcome.wall_s:.2f} s",
        f"{outcome.speed:,.0f} times real time",
    )
    console.print(Text(", ".join(parts), "dim"))


def _story(outcome: Outcome, console: Console) -> None:
    _title("What happened", console)
    grid = _grid("right", "left")
    for line in condense(outcome.entries, outcome.scenario.captions):
        when = "" if line.kind == "gap" else f"{line.at_us / 1e6:.3f} s"
        grid.add_row(Text(when, "dim"), Text(str(line), _STYLES.get(line.kind, "")))
    console.print(_indented(grid))


def _operations(outcome: Outcome, console: Console) -> None:
    kinds: Sequence[tuple[str, Traffic]] = (("reads", outcome.reads), ("writes", outcome.writes))
    _title("Operations", console)
    counts = [(name, *(f"{each:,}" for each in (row.ok, row.failed, row.unknown))) for name, row in kinds]
    console.print(_indented(_rows(("", "ok", "failed", "unknown"), counts)))
    _title("Latency of what went well", console)
    latencies = [(name, *(_latency(row, rank) for rank in PERCENTILES)) for name, row in kinds]
    console.print(_indented(_rows(("", *(f"p{rank}" for rank in PERCENTILES)), latencies)))


def _latency(traffic: Traffic, rank: int) -> str:
    return spell_us(traffic.latency_us[rank]) if traffic.ok else "-"


def _trouble(outcome: Outcome, console: Console) -> None:
    if outcome.errors:
        _title("What clients were told", console)
        grid = _grid("right", "left")
        for text, count in outcome.errors:
            grid.add_row(f"{count:,}", Text(text))
        console.print(_indented(grid))
    if outcome.stale_reads:
        _title("Stale reads", console)
        console.print(_indented(Text(f"{outcome.stale_reads:,}; the first: {outcome.stale_example}")))
    if outcome.refused:
        _title("Commands that could not be carried out", console)
        grid = _grid("right", "left")
        for at_us, line, why in outcome.refused:
            grid.add_row(Text(f"{at_us / 1e6:.3f} s", "dim"), Text(f"{line}: {why}", "red"))
        console.print(_indented(grid))
    if outcome.findings:
        _title("Broken invariants", console)
        grid = _grid("left", "left")
        for when, check, _, text in outcome.findings[:FINDINGS_SHOWN]:
            grid.add_row(Text("at the end" if when == "end" else when, "dim"), Text(f"{check}: {text}", "red"))
        if len(outcome.findings) > FINDINGS_SHOWN:
            grid.add_row("", Text(f"… and {len(outcome.findings) - FINDINGS_SHOWN:,} more", "dim"))
        console.print(_indented(grid))


def _expectations(outcome: Outcome, console: Console) -> None:
    _title("Expected", console)
    grid = _grid("left", "left")
    for verdict in outcome.verdicts:
        figure = verdict.expectation.figure
        measured = spell(figure.kind, verdict.measured)
        if verdict.measured is None and figure.name.startswith("converged") and outcome.unsettled_because:
            measured = f"could not be judged ({outcome.unsettled_because})"
        wanted = verdict.expectation.text
        same = verdict.passed and measured == wanted
        text = f"{figure.name}: {measured}" if same else f"{figure.name}: {measured} (expected {wanted})"
        grid.add_row(_verdict(verdict.passed), Text(text))
    console.print(_indented(grid))
    if outcome.settled_us is not None:
        after = f"{spell_us(outcome.settled_us)} after" if outcome.settled_us else "as soon as"
        console.print(_indented(Text(f"all copies agreed {after} the load ended")))
    elif not outcome.unsettled_because:
        console.print(_indented(Text("the copies still differed 60 s after the load ended")))


def _result(outcome: Outcome, console: Console) -> None:
    console.print()
    if outcome.stopped:
        console.print(Text(f"An error in the playground itself: {outcome.stopped}", "bold red"))
    console.print(Text("PASSED" if outcome.passed else "FAILED", "bold green" if outcome.passed else "bold red"))
    # Never broken: it is there to be copied.
    console.print(Text(f"digest {outcome.digest}"), soft_wrap=True)


def _verdict(passed: bool) -> Text:
    return Text("pass", "green") if passed else Text("FAIL", "bold red")


def _title(text: str, console: Console) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _grid(*sides: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for side in sides[:-1]:
        grid.add_column(justify="right" if side == "right" else "left", no_wrap=True)
    grid.add_column()
    return grid


def _rows(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _indented(content: Table | Text) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)
