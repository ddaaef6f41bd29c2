"""Which Command a key sends, and why it doesn't: pure functions of Frame and Choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground import commands
from playground.frame import Frame, Thing
from playground.kernel.errors import UserError
from playground.screens.choice import Choice
from playground.screens.orders import GROUP_ACTS, ORDERS, slow_line
from tests.screens.fake import FakeSession
from widgets.shapes import State

UP, DOWN, FROZEN, BOOTING = State.UP, State.DOWN, State.FROZEN, State.BOOTING


def frame(**states: State) -> Frame:
    session = FakeSession(5)
    session.states |= states
    session.tick()
    return session.frame()


def line(act: str, shown: Frame, selected: str = "n3", *marked: str) -> str:
    return str(ORDERS[act](shown, Choice(selected, frozenset(marked))).line())


def refusal(act: str, shown: Frame, selected: str = "n3", *marked: str) -> str:
    with pytest.raises(UserError) as caught:
        line(act, shown, selected, *marked)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_acts_are_on_the_selected_node() -> None:
    shown = frame(n2=DOWN, n4=FROZEN)
    assert line("crash", shown) == "crash n3"
    assert line("crash_disk", shown) == "crash n3 lose_disk=yes"
    assert line("start", shown, "n2") == "start n2"
    assert line("freeze", shown) == "freeze n3"
    assert line("freeze", shown, "n4") == "thaw n4"
    assert line("crash", shown, "n4") == "crash n4"
    assert line("cut", shown) == "partition n3 | n1 n2 n4 n5"
    assert line("mute", shown) == "one-way n3"
    assert line("heal", shown) == "heal n3"
    assert line("heal_all", shown) == "heal"
    assert slow_line(shown, Choice("n3")) == "link n3 latency=200ms loss=5%"


def test_acts_are_on_all_marked_nodes_in_one_command_in_the_order_of_the_ring() -> None:
    shown = frame()
    assert line("crash", shown, "n1", "n5", "n2") == "crash n2 n5"
    assert line("cut", shown, "n1", "n5", "n2") == "partition n2 n5 | n1 n3 n4"
    assert line("heal", shown, "n1", "n5", "n2") == "heal n2 n5"
    assert slow_line(shown, Choice("n1", frozenset({"n4", "n2"}))).startswith("link n2 n4 ")


def test_of_several_those_that_can_take_it() -> None:
    shown = frame(n2=DOWN, n4=FROZEN)
    assert line("crash", shown, "n1", "n1", "n2", "n4") == "crash n1 n4"
    assert line("start", shown, "n1", "n1", "n2") == "start n2"
    assert line("freeze", shown, "n1", "n1", "n2", "n4") == "freeze n1"
    assert line("freeze", shown, "n1", "n2", "n4") == "thaw n4"


def test_a_key_that_cannot_act_says_why_and_what_helps() -> None:
    shown = frame(n2=DOWN, n4=FROZEN, n5=BOOTING)
    assert refusal("crash", shown, "n2") == "n2 can't be crashed: it is down: s starts it"
    assert refusal("start", shown, "n4") == "n4 can't be started: it is frozen: z thaws it"
    assert refusal("start", shown, "n3") == "n3 can't be started: it is up"
    assert refusal("freeze", shown, "n2") == "n2 can't be frozen: it is down: s starts it"
    assert refusal("freeze", shown, "n5") == "n5 can't be frozen: it is still booting"
    assert refusal("start", shown, "n1", "n1", "n3") == "none of n1, n3 can be started: look at their marks"
    assert refusal("cut", shown, "n1", "n1", "n2", "n3", "n4", "n5").startswith("there is nobody to cut them off from")
    assert refusal("crash", replace(shown, nodes=())) == "no node is selected: the arrows select one"


def test_the_same_cut_twice_is_refused() -> None:
    shown = replace(frame(), faults=("partition n3 | n1 n2 n4 n5",))
    assert refusal("cut", shown) == "n3: that cut is in force already; e heals it"
    assert line("cut", shown, "n1") == "partition n1 | n2 n3 n4 n5"


def test_marked_clients_are_cut_off_too_unmarked_ones_reach_both_sides() -> None:
    assert line("cut", frame(), "n1", "n1", "c1") == "partition n1 c1 | n2 n3 n4 n5"


@pytest.mark.parametrize(
    ("rate", "more", "less"),
    [(50.0, 75.0, 33.0), (40.0, 60.0, 27.0), (2.0, 3.0, 0.0), (0.0, 3.0, None), (100_000.0, None, 67_000.0)],
)
def test_load_goes_up_and_down_by_half(rate: float, more: float | None, less: float | None) -> None:
    shown = replace(frame(), load_rate=rate)
    for act, wanted in (("more_load", more), ("less_load", less)):
        if wanted is None:
            assert "load" in refusal(act, shown)
        else:
            assert ORDERS[act](shown, Choice("n1")).rate == wanted


def test_load_climbs_from_nothing_to_the_top_and_back() -> None:
    shown = replace(frame(), load_rate=0.0)
    rates = []
    for _ in range(60):
        try:
            shown = replace(shown, load_rate=ORDERS["more_load"](shown, Choice()).rate)
        except UserError:
            break
        rates.append(shown.load_rate)
    assert rates == sorted(set(rates))
    assert rates[-1] == 100_000
    for _ in range(60):
        if not shown.load_rate:
            break
        shown = replace(shown, load_rate=ORDERS["less_load"](shown, Choice()).rate)
    assert shown.load_rate == 0


def test_where_only_producers_ask_for_anything_the_load_is_theirs() -> None:
    shown = replace(frame(), load_rate=20.0)
    shown = replace(shown, header=replace(shown.header, counted="msgs/s"))
    assert ORDERS["more_load"](shown, Choice()) == commands.Produce(rate=30)
    assert ORDERS["less_load"](shown, Choice()) == commands.Produce(rate=13)


def test_consumers_are_stalled_and_let_go_on_together() -> None:
    base = replace(frame(), panels=("partitions",))
    things = (*base.nodes, Thing("co1", 7, State.UP, stalled=False), Thing("co2", 8, State.UP, stalled=True))
    shown = replace(base, nodes=things)

    def line(*marked: str) -> str:
        return str(ORDERS["stall"](shown, Choice(marked=frozenset(marked))).line())

    assert line("co1") == "stall co1"
    assert line("co2") == "heal co2"
    assert line("co1", "co2", "n1") == "stall co1"
    with pytest.raises(UserError, match="only a consumer that runs can be stalled"):
        line("n1")
    with pytest.raises(UserError, match="no Kafka here"):
        ORDERS["stall"](frame(), Choice("n1"))


def test_group_acts_are_orders() -> None:
    assert set(ORDERS) > GROUP_ACTS


def test_the_choice_follows_what_exists() -> None:
    shown = frame()
    assert Choice().within(shown).selected == "n3"
    kept = Choice("n2", frozenset({"n1"}))
    assert kept.within(shown) is kept
    gone = Choice("n9", frozenset({"n1", "n9"}), "cat").within(shown)
    assert gone == Choice("n3", frozenset({"n1"}), "cat")
    assert Choice().within(replace(shown, nodes=())) == Choice()
    assert Choice("n5").next_to(shown, 1) == "n1"
    assert Choice("c1").next_to(shown, 1) == "n1"
