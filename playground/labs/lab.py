"""What a lab is: its settings are fields, its figures are declared, ``run`` does the experiment.

A figure is either the same each time for one seed and settings (it counts in the digest and can be expected), or
it depends on the machine, as a speed does (``varies=True``: it is shown and can't be expected).
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from playground.figure import Figure, Value
from widgets.shapes import Table

Progress = Callable[[float], None]
"""Told how far it is, 0..1, between steps; may raise to end the experiment."""


@dataclass(frozen=True, slots=True)
class Results:
    """What an experiment came to. ``figures``: every declared figure, by name."""

    figures: dict[str, Value]
    tables: tuple[Table, ...] = ()
    """Each with its title as caption."""


class Lab(BaseModel, ABC):
    """One experiment. The fields of a subclass are its settings; its docstring is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    figures: ClassVar[tuple[Figure, ...]]

    @abstractmethod
    def run(self, seed: int, progress: Progress) -> Results:
        """Do the experiment. Chance only from :func:`playground.kernel.randomness.stream` and ``seed``."""

    def digest(self, seed: int, results: Results) -> str:
        """32 hex digits over the settings and the figures that are the same each time."""
        steady = [(each.name, results.figures[each.name]) for each in self.figures if not each.varies]
        settings = sorted(self.model_dump().items())
        return hashlib.blake2b(repr((self.name, seed, settings, steady)).encode(), digest_size=16).hexdigest()
