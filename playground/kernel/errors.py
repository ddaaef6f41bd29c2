"""What can go wrong, and who has to care.

* :class:`CallError` and :class:`DiskError` belong to the simulated world: a
  service handles them as it would on real machines.
* :class:`UserError` is a person's mistake: one line, never a traceback.
* :class:`WorldStopped` is a bug of ours: it names the seed and the instant.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake in what a person typed or wrote: its text is one clear line for that person."""


class CallError(Exception):
    """A request that was not answered with a result.

    ``definite``: it certainly did not take effect. Otherwise it may have, or may still.
    """

    definite = False


class TimedOut(CallError):
    """Nobody answered in time. Indefinite: the request, or only its answer, may be lost or late."""


class Refused(CallError):
    """The machine is there, but no process serves on it (yet). Definite."""

    definite = True


class Rejected(CallError):
    """The peer answered that it won't. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, text: str = "", *, definite: bool = True) -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text
        self.definite = definite


class DiskError(Exception):
    """The disk did not do what was asked."""


class DiskFull(DiskError):
    """No room for these bytes; nothing of them was written."""


class WorldStopped(Exception):
    """An error in the playground itself. Re-run with the same seed to meet it again."""

    def __init__(self, seed: int, at_us: int, cause: BaseException) -> None:
        super().__init__(f"world stopped at {at_us / 1e6:.6f} s (seed {seed}): {type(cause).__name__}: {cause}")
        self.seed = seed
        self.at_us = at_us
