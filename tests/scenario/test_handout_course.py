"""The course of a run: what was in force from when to when, the curves, the story, and the axis they share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground.handout.content import Chart, Paragraph, Strips, Timeline
from playground.handout.course import ALIKE, MOST_LINES, MOST_ROWS, course, story
from playground.kernel.journal import Entry
from playground.scenario.chronicle import Chronicle, InForce
from playground.scenario.loader import loads
from playground.scenario.outcome import Outcome
from playground.scenario.runner import play

TEXT = """
title: troubles
seed: 5
cluster: {preset: small}
load: {rate: 60}
until: 6s
method:
  - {at: 500ms, say: All is well.}
  - {at: 1s, do: freeze, nodes: [n1], lasting: 30ms, say: A short stop.}
  - {at: 2s, do: crash, nodes: [1 random], lasting: 1s}
  - {at: 2500ms, do: disk, nodes: [n1], fault: full}
  - {at: 2600ms, do: disk, nodes: [n2], fault: full}
  - {at: 3s, do: partition, shape: isolate, nodes: [n3], lasting: 40ms}
  - {at: 4s, do: heal, nodes: [n1]}
"""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return play(loads(TEXT), chronicled=True)


def chronicle_of(outcome: Outcome) -> Chronicle:
    assert outcome.chronicle is not None
    return outcome.chronicle


def test_keeping_the_course_changes_nothing_of_the_run(outcome: Outcome) -> None:
    plain = play(loads(TEXT))
    assert plain.chronicle is None
    assert (plain.digest, plain.figures) == (outcome.digest, outcome.figures)


def test_what_was_in_force_begins_and_ends_at_the_very_instant(outcome: Outcome) -> None:
    found = {each.what: each for each in chronicle_of(outcome).in_force}
    assert found["n1: frozen"] == InForce("n1: frozen", 1_000_000, 1_030_000)
    cut = next(each for what, each in found.items() if what.startswith("partition"))
    assert (cut.from_us, cut.until_us, cut.over) == (3_000_000, 3_040_000, True)
    assert found["n1: disk full"] == InForce("n1: disk full", 2_500_000, 4_000_000)


def test_what_the_end_of_the_run_cut_short_is_not_over(outcome: Outcome) -> None:
    found = {each.what: each for each in chronicle_of(outcome).in_force}
    assert found["n2: disk full"] == InForce("n2: disk full", 2_600_000, 6_000_000, over=False)


def test_who_crashed_is_down_until_it_is_up_again(outcome: Outcome) -> None:
    down = next(each for each in chronicle_of(outcome).in_force if each.what.endswith(": down"))
    who = down.what.removesuffix(": down")
    up = next(each.at_us for each in outcome.entries if (each.kind, each.subject) == ("up", who) and each.at_us > 2e6)
    assert (down.from_us, down.until_us) == (2_000_000, up)
    assert up > 3_000_000


def test_who_crashes_while_it_is_frozen_is_not_frozen_any_more() -> None:
    text = "until: 3s\nmethod:\n- {at: 1s, do: freeze, nodes: [n1]}\n- {at: 2s, do: crash, nodes: [n1]}\n"
    found = chronicle_of(play(loads(text), chronicled=True)).in_force
    assert found == (InForce("n1: frozen", 1_000_000, 2_000_000), InForce("n1: down", 2_000_000, 3_000_000, over=False))


def test_commands_are_told_with_the_names_that_they_came_to(outcome: Outcome) -> None:
    done = dict(chronicle_of(outcome).done)
    assert done[1_000_000] == "freeze n1 lasting=30ms"
    assert done[2_000_000] in [f"crash n{number} lasting=1s" for number in (1, 2, 3)]


def test_the_curve_of_operations_adds_up_to_what_ended_well_in_the_whole_run(outcome: Outcome) -> None:
    curves = {each.name: each.values for each in chronicle_of(outcome).curves}
    assert len(curves["ok/s"]) == 6
    ended = outcome.figures["throughput"]
    assert isinstance(ended, float)
    assert sum(value or 0 for value in curves["ok/s"]) == pytest.approx(ended * 6)


def test_the_timeline_has_a_row_for_each_thing_in_force_and_shades_when_anything_was(outcome: Outcome) -> None:
    timeline = course(outcome)[0]
    assert isinstance(timeline, Timeline)
    names = [row.name for row in timeline.rows]
    assert names[0] == "done"
    assert {"n1: frozen", "n1: disk full", "n2: disk full"} <= set(names)
    assert timeline.span.shaded == ((1_000_000, 1_030_000), (2_000_000, 6_000_000))
    assert timeline.captions == (500_000, 1_000_000)


def test_charts_share_the_axis_and_hold_the_curves_of_the_chronicle(outcome: Outcome) -> None:
    blocks = course(outcome)
    charts = {each.title: each for each in blocks if isinstance(each, Chart)}
    curves = {each.name: each.values for each in chronicle_of(outcome).curves}
    timeline = blocks[0]
    assert isinstance(timeline, Timeline)
    assert all(each.span == timeline.span for each in charts.values())
    assert charts["Latency"].curves[1].values == curves["p99"]
    work = next(each for each in blocks if isinstance(each, Strips))
    assert [each.name for each in work.curves] == ["n1", "n2", "n3"]


def test_trouble_that_there_was_not_is_said_and_not_drawn() -> None:
    blocks = course(play(loads("until: 2s\nload: {rate: 20}"), chronicled=True))
    assert not {"Errors", "Stale reads"} & {each.title for each in blocks if isinstance(each, Chart)}
    said = blocks[-1]
    assert isinstance(said, Paragraph)
    assert said.text == "Not drawn, as it is zero throughout: no operation failed; no read was stale."


def test_lines_stand_under_the_caption_before_them_and_acts_come_first(outcome: Outcome) -> None:
    chapters = {each.caption: each for each in story(outcome).chapters}
    stop = chapters["A short stop."]
    assert (stop.number, stop.at_us) == (2, 1_000_000)
    assert [(line.text, line.done) for line in stop.lines[:2]] == [("freeze n1 lasting=30ms", True), ("froze", False)]
    assert all(line.at_us < 500_000 for line in chapters[""].lines)
    for each in chapters.values():
        assert [line.at_us for line in each.lines] == sorted(line.at_us for line in each.lines)


def test_of_a_long_chapter_what_was_done_and_what_broke_is_kept(outcome: Outcome) -> None:
    noise = [Entry(number, 10 * number, "session", "", f"noise {number}") for number in range(200)]
    loud = Entry(200, 3_000, "alert", "", "two masters")
    chapter = story(replace(outcome, entries=(*noise, loud))).chapters[0]
    assert len(chapter.lines) == MOST_LINES
    assert chapter.left_out == 201 - MOST_LINES
    assert "two masters" in [line.text for line in chapter.lines]


def test_of_lines_that_repeat_each_other_the_first_few_are_kept(outcome: Outcome) -> None:
    alerts = [Entry(number, 10 * number, "alert", f"k{number}", "stale read") for number in range(100)]
    quiet = [Entry(100 + number, 5_000 + number, "session", "", f"quiet {number}") for number in range(ALIKE)]
    texts = [line.text for line in story(replace(outcome, entries=(*alerts, *quiet))).chapters[0].lines]
    assert texts[:ALIKE] == ["stale read"] * ALIKE
    assert texts[-ALIKE:] == [f"quiet {number}" for number in range(ALIKE)]


def test_of_very_many_faults_the_last_ones_share_a_row(outcome: Outcome) -> None:
    many = tuple(InForce(f"n{number}: down", number, number + 10) for number in range(40))
    timeline = course(replace(outcome, chronicle=replace(chronicle_of(outcome), in_force=many)))[0]
    assert isinstance(timeline, Timeline)
    rows = [row for row in timeline.rows if row.bars]
    assert len(rows) == MOST_ROWS
    assert rows[-1].name == f"and {41 - MOST_ROWS} more"
    assert sum(len(row.bars) for row in rows) == 40
