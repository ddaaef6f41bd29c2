"""What came of a scenario, for a person: wraps between words at any width, and needs no colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from playground.scenario.figures import FIGURES, PERCENTILES, spell, spell_us
from playground.scenario.hypothesis import Findings
from playground.scenario.outcome import Outcome, Traffic, Verdict
from playground.scenario.telling.layout import conclusion, grid, indented, rows, title, verdict
from playground.scenario.telling.timeline import condense

FINDINGS_SHOWN = 10
DEVIATIONS_SHOWN = 5
_STYLES = {
    **dict.fromkeys(("crash", "dead", "alert"), "red"),
    **dict.fromkeys(("freeze", "suspect", "partition", "one-way", "link", "disk", "clock", "remove"), "yellow"),
    **dict.fromkeys(("up", "alive", "thaw", "heal", "good"), "green"),
    "say": "italic cyan",
    "gap": "dim",
}
_MESSAGE_ROWS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "producers",
        {
            "messages": "given",
            "messages_acknowledged": "acknowledged",
            "messages_refused": "refused",
            "messages_unknown": "unknown",
            "lost_messages": "lost",
        },
    ),
    (
        "consumers",
        {
            "processed": "processed",
            "processed_again": "again",
            "skipped_messages": "skipped",
            "lag": "left",
        },
    ),
    ("acknowledgement", {"publish_p50": "p50", "publish_p99": "p99"}),
)
"""Who, and what of them: figures, and their titles."""


def report(outcome: Outcome, console: Console) -> None:
    """Print everything that is worth knowing about ``outcome``."""
    _head(outcome, console)
    _story(outcome, console)
    if outcome.scenario.spec.database != "none":
        _operations(outcome, console)
    if outcome.scenario.spec.kafka.brokers:
        _messages(outcome, console)
    trouble(outcome, console)
    if outcome.probed:
        hypothesis(outcome.probed, console)
    expectations(outcome.verdicts, console, outcome.unsettled_because)
    _agreement(outcome, console)
    _result(outcome, console)


def _head(outcome: Outcome, console: Console) -> None:
    scenario, spec = outcome.scenario, outcome.scenario.spec
    console.print(Text(scenario.title, "bold"))
    if scenario.description:
        console.print(Text(" ".join(scenario.description.split())))
    kafka = spec.kafka
    machines: tuple[str, ...] = (f"{spec.nodes} nodes", f"{spec.load.clients} clients")
    if spec.database == "none":
        counts = ("broker", kafka.brokers), ("producer", kafka.producers), ("consumer", len(kafka.consumers))
        machines = tuple(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts)
    parts = (
        f"seed {outcome.seed}",
        *machines,
        f"{outcome.virtual_s:g} s of virtual time in {outcome.wall_s:.2f} s",
        f"{outcome.speed:,.0f} times real time",
    )
    console.print(Text(", ".join(parts), "dim"))


def _story(outcome: Outcome, console: Console) -> None:
    title("What happened", console)
    table = grid("right", "left")
    for line in condense(outcome.entries, outcome.scenario.captions):
        when = "" if line.kind == "gap" else f"{line.at_us / 1e6:.3f} s"
        table.add_row(Text(when, "dim"), Text(str(line), _STYLES.get(line.kind, "")))
    console.print(indented(table))


def _operations(outcome: Outcome, console: Console) -> None:
    kinds: Sequence[tuple[str, Traffic]] = (("reads", outcome.reads), ("writes", outcome.writes))
    title("Operations", console)
    counts = [(name, *(f"{each:,}" for each in (row.ok, row.failed, row.unknown))) for name, row in kinds]
    console.print(indented(rows(("", "ok", "failed", "unknown"), counts)))
    title("Latency of what went well", console)
    latencies = [(name, *(_latency(row, rank) for rank in PERCENTILES)) for name, row in kinds]
    console.print(indented(rows(("", *(f"p{rank}" for rank in PERCENTILES)), latencies)))


def _latency(traffic: Traffic, rank: int) -> str:
    return spell_us(traffic.latency_us[rank]) if traffic.ok else "-"


def _messages(outcome: Outcome, console: Console) -> None:
    """What became of the messages, at both ends."""
    title("Messages", console)
    for who, names in _MESSAGE_ROWS:
        told = (spell(FIGURES[name].kind, outcome.figures.get(name)) for name in names)
        console.print(indented(rows(("", *names.values()), [(who, *told)])))


def trouble(outcome: Outcome, console: Console) -> None:
    """Print errors, stale reads, refused commands and broken invariants, where there were any."""
    if outcome.errors:
        title("What clients were told", console)
        table = grid("right", "left")
        for text, count in outcome.errors:
            table.add_row(f"{count:,}", Text(text))
        console.print(indented(table))
    if outcome.stale_reads:
        title("Stale reads", console)
        console.print(indented(Text(f"{outcome.stale_reads:,}; the first: {outcome.stale_example}")))
    for name, lines in outcome.examples:
        title(name, console)
        for line in lines:
            console.print(indented(Text(line)))
    if outcome.refused:
        title("Commands that could not be carried out", console)
        table = grid("right", "left")
        for at_us, line, why in outcome.refused:
            table.add_row(Text(f"{at_us / 1e6:.3f} s", "dim"), Text(f"{line}: {why}", "red"))
        console.print(indented(table))
    if outcome.findings:
        title("Broken invariants", console)
        table = grid("left", "left")
        for when, check, _, text in outcome.findings[:FINDINGS_SHOWN]:
            table.add_row(Text("at the end" if when == "end" else when, "dim"), Text(f"{check}: {text}", "red"))
        if len(outcome.findings) > FINDINGS_SHOWN:
            table.add_row("", Text(f"… and {len(outcome.findings) - FINDINGS_SHOWN:,} more", "dim"))
        console.print(indented(table))


def hypothesis(probed: Findings, console: Console) -> None:
    """Print what each probe showed, and when it did not hold."""
    title(f"Steady state: {probed.hypothesis.title}" if probed.hypothesis.title else "Steady state", console)
    table = grid("left", "left")
    for probe in probed.hypothesis.probes:
        deviations = probed.deviations_of(probe)
        over = f" over {spell_us(probe.over_us)}" if probe.over_us else ""
        named = "" if probe.name == probe.expectation.figure.name else f"{probe.name}: "
        text = f"{named}{probe.expectation.figure.name} {probe.expectation.text}{over}: {probed.shown(probe)}"
        table.add_row(verdict(probed.held(probe)), Text(text))
        for each in deviations[:DEVIATIONS_SHOWN]:
            table.add_row("", Text(f"it did not hold {each.text}", "red"))
        if len(deviations) > DEVIATIONS_SHOWN:
            table.add_row("", Text(f"… and {len(deviations) - DEVIATIONS_SHOWN} more times", "dim"))
    console.print(indented(table))


def expectations(verdicts: Sequence[Verdict], console: Console, unsettled_because: str = "") -> None:
    """Print each expectation, met or not, with what was measured."""
    title("Expected", console)
    table = grid("left", "left")
    for each in verdicts:
        figure = each.expectation.figure
        measured = each.shown(unsettled_because)
        wanted = each.expectation.text
        exactly = [sign for sign, _ in each.expectation.conditions] == ["=="]
        same = each.passed and exactly
        text = f"{figure.name}: {measured}" if same else f"{figure.name}: {measured} (expected {wanted})"
        table.add_row(verdict(each.passed), Text(text))
    console.print(indented(table))


def _agreement(outcome: Outcome, console: Console) -> None:
    if outcome.settled_us is not None:
        after = f"{spell_us(outcome.settled_us)} after" if outcome.settled_us else "as soon as"
        console.print(indented(Text(f"all copies agreed {after} the load ended")))
    elif not outcome.unsettled_because:
        console.print(indented(Text("the copies still differed 60 s after the load ended")))


def _result(outcome: Outcome, console: Console) -> None:
    console.print()
    if outcome.stopped:
        console.print(Text(f"An error in the playground itself: {outcome.stopped}", "bold red"))
    conclusion(outcome.passed, outcome.digest, console)
