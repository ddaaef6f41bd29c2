"""The seat of a visitor who acts, with real processes: keys, sizes, and all the ways in which it ends."""

from __future__ import annotations

from tests.serve.seat_lab import Guest, in_loop


def test_keys_act_sizes_change_and_who_quits_is_told_how_to_play_it_again() -> None:
    async def test() -> None:
        guest = Guest()
        await guest.shows("n1")
        guest.press(":crash n2\r")
        await guest.shows("● 1 act ")
        print(guest.line.text())
        guest.resize(80, 24)
        guest.press(" ")
        await guest.shows("paused")
        guest.press("q")
        assert await guest.gone() == "quit"
        print(guest.last_words())
        assert guest.line.status == 0

    in_loop(test)
