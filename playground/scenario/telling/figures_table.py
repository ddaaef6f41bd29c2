"""The figures as Markdown: ``python -m playground.scenario.telling.figures_table``, for docs/scenarios.md."""

from __future__ import annotations

from collections.abc import Iterator

from playground.figure import Figure, Kind, Span
from playground.scenario.figures import FIGURES

_WRITTEN = {Kind.NUMBER: '`"<= 5"`', Kind.SHARE: '`"< 1%"`', Kind.DURATION: '`"< 10ms"`', Kind.FLAG: "`true`, `false`"}
_PROBED = {Span.RUN: "", Span.WINDOW: "window", Span.MOMENT: "moment"}


def table() -> Iterator[str]:
    """Its lines."""
    yield "| figure | such as | probed over | what it is |"
    yield "| --- | --- | --- | --- |"
    for figure in FIGURES.values():
        yield f"| `{figure.name}` | {_such_as(figure)} | {_PROBED[figure.span]} | {figure.help} |"


def _such_as(figure: Figure) -> str:
    return _WRITTEN.get(figure.kind) or ", ".join(f"`{word}`" for word in figure.words)


if __name__ == "__main__":
    print("\n".join(table()))
