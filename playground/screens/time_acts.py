"""The keys of time: pause, single steps, speed, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

SECOND_US = 1_000_000


class TimeActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp

    def pause(self, _key: str) -> None:
        # At its end a scenario stands still as well: there, too, the key means "go on".
        self.app.paused = not (self.app.paused or self.app.frame.header.ended)
        self.app.session.pause(self.app.paused)

    def step(self, _key: str) -> None:
        self.app.paused = True
        self.app.session.step()

    def step_second(self, _key: str) -> None:
        self.app.paused = True
        self.app.session.step(SECOND_US)

    def faster(self, _key: str) -> None:
        if not self.app.frame.header.speed:
            raise UserError("it goes as fast as it can already")
        self.app.session.faster(1)

    def slower(self, _key: str) -> None:
        if 0 < self.app.frame.header.speed <= 0.01:
            raise UserError("it can't go slower than a hundredth; space pauses, . goes event by event")
        self.app.session.faster(-1)

    def real_time(self, _key: str) -> None:
        self.app.session.set_speed(1.0)

    # --- the way back -----------------------------------------------------------------

    def back_second(self, _key: str) -> None:
        raise UserError("not yet")

    def present(self, _key: str) -> None:
        raise UserError("not yet")

    def rewind(self, _key: str) -> None:
        raise UserError("not yet")
