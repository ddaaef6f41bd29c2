"""Who did what, of several who may act, stands in a run's story line by line."""

from __future__ import annotations

from playground.kernel.journal import Entry
from playground.scenario.telling.timeline import condense


def test_what_different_people_did_is_never_told_as_more_of_the_same() -> None:
    said = ["ben: crash n2", "anna: start n2", "ben: crash n3"]
    entries = [Entry(number, 1_000_000 + number, "by", "", text) for number, text in enumerate(said)]
    assert [str(line) for line in condense(entries)] == said
