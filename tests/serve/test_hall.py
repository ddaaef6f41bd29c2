"""One session that many share: who did what stands in its log, and who may not do a thing does nothing."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from playground.commandline import parse_line
from playground.company import Role, Wish
from playground.frame import View
from playground.remote.wire import Call, Wire
from playground.scenario.loader import load
from playground.scenario.runner import play
from playground.serve.messages import Assigned
from tests.serve.hall_lab import Lab, act, in_hall, log, manage, notices, until

WATCHING = "you are watching: a presenter can lend you the keyboard"


def test_two_visitors_see_each_others_acts_with_names_in_the_log() -> None:
    async def steps(lab: Lab) -> None:
        anna, ben = await lab.guest("anna"), await lab.guest("ben")
        told = notices(ben)
        act(anna, "crash n3")
        await until(lambda: "anna: crash n3" in log(ben))
        assert "anna: n3 crashed" in told
        act(ben, "start n3")
        await until(lambda: "ben: start n3" in log(anna))

    closed = in_hall(steps)
    assert closed is not None
    assert closed.commands == 2


def test_nobody_acts_under_another_name() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        anna.send(parse_line("crash n3").model_copy(update={"by": "ben"}))
        await until(lambda: "anna: crash n3" in log(anna))
        assert not any(line.startswith("ben:") for line in log(anna))

    in_hall(steps)


def test_a_spectators_act_is_refused_with_a_word_to_them_alone_and_nothing_is_recorded() -> None:
    async def steps(lab: Lab) -> None:
        anna, ben = await lab.guest("anna"), await lab.guest("ben", Role.SPECTATOR)
        rendering = await lab.seat("")
        told = [notices(guest) for guest in (anna, ben, rendering)]
        act(ben, "crash n3")
        ben.pause()
        ben.manage(Wish("lock"))
        await until(lambda: WATCHING in told[1])
        act(rendering, "crash n3")
        await until(lambda: WATCHING in told[2])
        act(anna, "crash n1")
        await until(lambda: "anna: crash n1" in log(ben))
        assert WATCHING not in told[0]
        assert not anna.company().locked
        assert not anna.frame().header.paused

    closed = in_hall(steps)
    assert closed is not None
    assert closed.commands == 1


def test_a_presenter_lends_takes_locks_and_unlocks() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna", Role.PRESENTER)
        ben = await lab.guest("ben", Role.SPECTATOR)
        told, his = notices(anna), notices(ben)
        manage(anna, "lend bne")
        await until(lambda: "unknown visitor 'bne': did you mean ben?" in told)
        manage(anna, "lend ben")
        await until(lambda: ben.company().role_of("ben") is Role.PLAYER and bool(lab.assigned))
        assert lab.assigned == [Assigned("ben", Role.PLAYER, 1)], "of the visit that was meant"
        await until(lambda: "anna lends you the keyboard" in his)
        act(ben, "crash n3")
        await until(lambda: "ben: crash n3" in log(anna))
        manage(anna, "lock")
        await until(lambda: ben.company().locked)
        act(ben, "start n3")
        await until(lambda: "the keyboards are locked: the presenter will unlock them" in his)
        act(anna, "crash n1")
        manage(anna, "unlock")
        await until(lambda: not ben.company().locked)
        act(ben, "start n3")
        await until(lambda: "ben: start n3" in log(anna))
        manage(anna, "take ben")
        await until(lambda: ben.company().role_of("ben") is Role.SPECTATOR)
        act(ben, "crash n3")
        await until(lambda: WATCHING in his)
        assert lab.assigned[1:] == [Assigned("ben", Role.SPECTATOR, 1)]

    closed = in_hall(steps)
    assert closed is not None
    assert closed.commands == 3


def test_who_has_been_lent_the_keyboard_is_told_on_the_new_seat() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna", Role.PRESENTER)
        lab.doors.enter("ben", Role.SPECTATOR)
        await until(lambda: anna.company().role_of("ben") is Role.SPECTATOR and len(anna.company().visitors) == 2)
        manage(anna, "lend ben")
        await until(lambda: bool(lab.assigned))
        ben = await lab.seat("ben")
        await until(lambda: ben.frame().notice == "anna lends you the keyboard")
        told = notices(anna)
        lab.doors.decline("ben", "all 8 seats of those who act are taken")
        await until(lambda: anna.company().role_of("ben") is Role.SPECTATOR)
        await until(lambda: "ben can't have the keyboard: all 8 seats of those who act are taken" in told)

    in_hall(steps)


def test_what_the_presenter_looks_at_leads_and_all_can_be_brought_to_it() -> None:
    async def steps(lab: Lab) -> None:
        ben = await lab.guest("ben")
        assert ben.company().lead is None
        anna = await lab.guest("anna", Role.PRESENTER)
        view = View(panels=frozenset({"log"}), selected="n2", front="ring", zoomed="ring")
        anna.look(view)
        await until(lambda: ben.company().lead == view)
        ben.look(View(selected="n1"))
        his = notices(ben)
        manage(anna, "bring")
        await until(lambda: ben.company().brought == 1)
        await until(lambda: "anna brings everybody to this view" in his)
        assert ben.company().lead == view
        lab.doors.leave("anna")
        await until(lambda: ben.company().lead is None)
        await until(lambda: bool(anna.over))

    in_hall(steps)


def test_who_presents_as_well_takes_nobody_along_until_they_bring_everybody_or_stay_alone() -> None:
    async def steps(lab: Lab) -> None:
        ben = await lab.guest("ben")
        anna = await lab.guest("anna", Role.PRESENTER)
        hers, his = View(selected="n1"), View(selected="n2")
        anna.look(hers)
        await until(lambda: ben.company().lead == hers)
        dan = await lab.guest("dan", Role.PRESENTER)
        assert dan.frame().notice.startswith("anna leads")
        dan.look(his)
        manage(anna, "lock")
        await until(lambda: ben.company().locked)
        assert (ben.company().leader, ben.company().lead) == ("anna", hers)
        manage(dan, "bring")
        await until(lambda: ben.company().brought == 1)
        assert (ben.company().leader, ben.company().lead) == ("dan", his)
        words = notices(anna)
        lab.doors.leave("dan")
        await until(lambda: ben.company().lead == hers)
        await until(lambda: "now you lead: whoever watches sees what you look at" in words)

    in_hall(steps)


def test_time_is_in_the_presenters_hands_while_there_is_one() -> None:
    async def steps(lab: Lab) -> None:
        ben = await lab.guest("ben")
        ben.pause()
        await until(lambda: ben.paused)
        ben.pause(False)
        await until(lambda: not ben.paused)
        anna = await lab.guest("anna", Role.PRESENTER)
        his = notices(ben)
        ben.pause()
        await until(lambda: any(word.startswith("time is in the presenter's hands") for word in his))
        assert not ben.paused
        anna.pause()
        await until(lambda: ben.paused)

    in_hall(steps)


def test_who_comes_and_goes_is_told_to_the_presenter_only() -> None:
    async def steps(lab: Lab) -> None:
        anna, ben = await lab.guest("anna", Role.PRESENTER), await lab.guest("ben")
        hers, his = notices(anna), notices(ben)
        lab.doors.enter("cleo", Role.SPECTATOR)
        await until(lambda: "cleo is here to watch" in hers)
        lab.doors.leave("cleo")
        await until(lambda: "cleo has left" in hers)
        assert his == []

    in_hall(steps)


def test_a_guest_that_never_reads_slows_nobody_and_one_that_dies_is_forgotten() -> None:
    async def steps(lab: Lab) -> None:
        anna = await lab.guest("anna")
        deaf: list[Wire] = []
        for number in range(4):
            lab.doors.enter(f"deaf-{number}", Role.PLAYER)
            wire = lab.doors.sit(f"deaf-{number}")
            wire.send(Call("look", (View(columns=500),)))
            deaf.append(wire)
        numbers: list[int] = []
        anna.on_frame(lambda frame: numbers.append(frame.header.at_us))
        await until(lambda: len(numbers) >= 20)
        for wire in deaf:
            wire.close()
        act(anna, "crash n1")
        await until(lambda: "anna: crash n1" in log(anna))

    in_hall(steps)


STRANGE = (
    Call("look", (View(columns=10**9),)),
    Call("look", ("everything",)),
    Call("send", (os.system,)),
    Call("set_speed", (float("nan"),)),
    Call("step", (10**15,)),
    Call("extend", (None,)),
    Call("door", ("anna",)),
    Call("__class__"),
    Call("manage", (Wish("lend", "x" * 10**6),)),
    Call("record", (1, 2, 3)),
    "hello",
)


def test_something_strange_ends_the_wire_it_came_by_and_nothing_else() -> None:
    async def steps(lab: Lab) -> None:
        ben = await lab.guest("ben")
        lab.doors.enter("anna", Role.PRESENTER)
        for message in STRANGE:
            anna = await lab.seat("anna")
            anna._wire.send(message)
            await until(lambda anna=anna: bool(anna.over))  # type: ignore[misc]
            assert anna.over.startswith("Strange: "), anna.over
        act(ben, "crash n3")
        await until(lambda: "ben: crash n3" in log(ben))

    in_hall(steps)


def test_what_was_done_is_saved_with_names_and_replays_to_the_same_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(lab: Lab) -> None:
        anna, ben = await lab.guest("anna"), await lab.guest("ben")
        act(anna, "crash n3")
        await until(lambda: "anna: crash n3" in log(ben))
        act(ben, "crash n2")
        await until(lambda: "ben: crash n2" in log(anna))
        act(anna, "start n3")
        await until(lambda: "anna: start n3" in log(ben))
        record = await asyncio.to_thread(ben.record)
        assert [command.by for _, command in record.timeline] == ["anna", "ben", "anna"]

    closed = in_hall(steps, save=True)
    assert closed is not None
    assert closed.commands == 3
    assert re.fullmatch(r"session-7-1\.yaml", closed.saved)
    assert "by: anna" in Path(closed.saved).read_text()
    assert play(load(closed.saved)).digest == closed.digest


def test_a_session_in_which_nobody_acted_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(lab: Lab) -> None:
        await lab.guest("anna")

    closed = in_hall(steps, save=True)
    assert closed is not None
    assert closed.saved == ""
    assert not list(tmp_path.iterdir())


def test_a_player_can_not_give_the_cluster_so_much_that_it_slows_for_everybody() -> None:
    async def steps(lab: Lab) -> None:
        anna, ben = await lab.guest("anna", Role.PRESENTER), await lab.guest("ben")
        his = notices(ben)
        act(ben, "load rate=100000")
        await until(lambda: any("a presenter may ask for more" in each for each in his))
        act(ben, "add n50 n51 n52 n53")  # each is fine, all of them are not
        act(ben, "add n54 n55 n56 n57")
        await until(lambda: any("n57" in line for line in log(anna)))
        act(ben, "add n58 n59 n60 n61")
        await until(lambda: any("not so much at once: the cluster is everybody's" in each for each in his))
        act(anna, "load rate=600")
        await until(lambda: any(line.startswith("anna: load") for line in log(anna)))
        assert [line for line in log(anna) if line.startswith("ben: ")] == [
            "ben: add n50 n51 n52 n53", "ben: add n54 n55 n56 n57"
        ]  # fmt: skip

    closed = in_hall(steps)
    assert closed is not None
    assert closed.commands == 3
