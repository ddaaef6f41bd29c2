"""What travels between processes arrives as it was."""

from __future__ import annotations

import pickle
from dataclasses import is_dataclass

from hypothesis import given
from hypothesis import strategies as st

from playground import frame as frames
from playground.frame import Frame, Header, Lens, Question, View
from widgets import shapes
from widgets.shapes import Item, Log, LogLine, Tone

KINDS = [
    each
    for module in (shapes, frames)
    for each in vars(module).values()
    if isinstance(each, type) and is_dataclass(each) and each.__module__ == module.__name__
]


def test_all_shapes_travel_light() -> None:
    assert {View, Frame, Header, Lens, Question, shapes.Ring, shapes.Matrix, shapes.SpaceTime} <= set(KINDS)
    for kind in KINDS:
        assert kind.__reduce__.__module__ == "widgets.travelling", kind


@given(
    st.builds(
        View,
        panels=st.frozensets(st.text(max_size=5), max_size=4),
        selected=st.text(max_size=5),
        columns=st.integers(),
        lens=st.builds(Lens),
        question=st.none() | st.builds(Question, entry=st.integers()),
        item=st.none() | st.builds(Item, st.text(max_size=5), st.text(max_size=5)),
    )
)
def test_a_view_arrives_as_it_was(view: View) -> None:
    assert pickle.loads(pickle.dumps(view)) == view


def test_what_is_one_object_arrives_as_one() -> None:
    line = LogLine(0, 1_000, "crash", "n1", "n1 crashed", Tone.BAD)
    first, second = pickle.loads(pickle.dumps((Log((line, line)), line)))
    assert first.lines == (line, line)
    assert first.lines[0] is first.lines[1] is second
