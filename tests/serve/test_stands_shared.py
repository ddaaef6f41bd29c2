"""Spectators of a shared session, real processes all the way: they see what the presenter does, wherever that is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from playground.company import Role
from playground.frame import View
from playground.remote.follower import Follower
from playground.serve.stands import Stands
from tests.serve.hall_lab import Lab, act, in_hall
from tests.serve.stands_lab import Watching, sized, stands_of, until
from tests.serve.test_hall_stage import Presenter

LATE = ((160, 50), (80, 24))


@asynccontextmanager
async def watched(lab: Lab) -> AsyncIterator[tuple[Stands, list[Watching]]]:
    async with stands_of(lab.doors) as here:
        yield here, [Watching(here, sized(*size)) for size in LATE]


async def all_see(watching: list[Watching], so: Callable[[str], bool], what: str) -> None:
    for each in watching:
        await until(lambda each=each: so(each.screen.text()), f"{what} in\n{each.screen.text()}")  # type: ignore[misc]


def in_shared(test: Callable[[Lab, Stands, list[Watching]], Awaitable[None]]) -> None:
    async def steps(lab: Lab) -> None:
        async with watched(lab) as (here, watching):
            await test(lab, here, watching)

    in_hall(steps)


def test_spectators_follow_the_presenter_and_see_acts_with_names() -> None:
    async def test(lab: Lab, here: Stands, watching: list[Watching]) -> None:
        anna = await lab.guest("anna", Role.PRESENTER)
        await all_see(watching, lambda text: "anna leads" in text, "who presents")
        anna.look(View(front="log", zoomed="log"))
        act(anna, "crash n2")
        await all_see(
            watching, lambda text: "ring: who" not in text and "anna: crash n2" in text, "what the presenter sees"
        )
        late = [Watching(here, sized(*size)) for size in LATE]
        await all_see(late, lambda text: "anna: crash n2" in text, "what the others see")
        anna.look(View(front="ring", selected="n3"))
        await all_see([*watching, *late], lambda text: "ring: who" in text, "what the presenter sees by now")

    in_shared(test)


def test_spectators_go_back_with_the_presenter_and_come_to_the_present_again() -> None:
    async def test(lab: Lab, here: Stands, watching: list[Watching]) -> None:
        anna = await lab.guest("anna", Role.PRESENTER)
        await until(lambda: anna.frame().header.at_us > 1_000_000)
        presenter = Presenter(anna, Follower(anna.record()))
        try:
            await presenter.rewind(654_000)
            await all_see(watching, lambda text: "00:00.654" in text, "the past")
            late = [Watching(here, sized(*size)) for size in LATE]
            await all_see(late, lambda text: "00:00.654" in text, "the past")
            presenter.to_present()
            await all_see([*watching, *late], lambda text: "00:00.654" not in text, "the present")
        finally:
            presenter.follower.close()
            if presenter.past is not None:
                presenter.past.close()

    in_shared(test)
