"""Pictures of histories: order is kept, labels fit, lines are short."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.checkers.calls import Call
from playground.checkers.timeline import draw, timeline
from tests.checkers.simulated import simulate

STALE = [
    Call("2", "write", 2, invoked=1, completed=2),
    Call("0", "write", 1, invoked=3, completed=6),
    Call("11", "read", None, 2, invoked=4, completed=7),
    Call("5", "cas", (1, 2), invoked=5),
]


def test_a_stale_read_is_drawn() -> None:
    assert draw(STALE).splitlines() == [
        "2   |-write 2-|",
        "0              |-write 1-|",
        "11              |-read: 2-|",
        "5                |-cas 1->2->",
        "",
        "  1  process 2: write 2",
        "  2  process 0: write 1",
        "  3  process 11: read: 2",
        "  4  process 5: cas 1->2, end unknown: it may have happened at any time, or never",
    ]


def test_rows_tell_a_screen_where_the_bars_are() -> None:
    picture = timeline(STALE, 100)
    bars = {lane.process: lane.bars[0] for lane in picture.lanes}
    assert bars["5"].right is None
    assert bars["0"].left < bars["11"].left < bars["5"].left
    assert (bars["2"].right or 0) < bars["0"].left
    assert bars["11"].text == "read: 2"


def test_what_overlaps_in_one_process_gets_a_lane_of_its_own() -> None:
    calls = [Call("7", "write", 1, invoked=1), Call("7", "write", 2, invoked=2, completed=3)]
    assert [lane.process for lane in timeline(calls).lanes] == ["7", "7"]


@given(st.integers(0, 2**32), st.integers(1, 90), st.integers(1, 30), st.integers(40, 120))
@settings(max_examples=60, deadline=None)
def test_every_history_fits_and_keeps_its_order(seed: int, count: int, processes: int, columns: int) -> None:
    calls = simulate(seed, "register", count, processes, crash=0.1)
    assert max(map(len, draw(calls, columns).splitlines())) <= columns
    picture = timeline(calls, columns)
    bars = [bar for lane in picture.lanes for bar in lane.bars]
    assert sorted(bar.call.invoked for bar in bars) == sorted(call.invoked for call in calls)
    for one in bars:
        assert 0 <= one.left < picture.columns <= columns
        for other in bars:
            if one.call.completed is not None and one.call.completed < other.call.invoked:
                assert one.right is not None
                assert one.right <= other.left
