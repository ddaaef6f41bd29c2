"""Nodes with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground.systems.coordination import service as module
from playground.systems.coordination.client import CoordinationService
from playground.systems.zookeeper.client import Claim, Configuration, Registry, State
from playground.systems.zookeeper.recipes import Election
from tests.systems.coordination.coordination_lab import Chaos, chaotic, simulate

Patch = pytest.MonkeyPatch


def found(check: str, *acts: str, seeds: int = 12, **settings: Any) -> bool:
    """Whether ``check`` finds something in one of the worlds."""
    for seed in range(seeds):
        lab = simulate(chaotic, seed, 15, acts or Chaos.acts, **settings)
        if any(violation.check == check for violation in lab.found):
            return True
    return False


class Unleased(CoordinationService):
    """Believes what it was told, for ever."""

    @property
    def lease_us(self) -> int:
        return 1_000_000 if self.won else 0


def test_a_master_acts_on_after_its_lease() -> None:
    assert found("one master", "away", "freeze", service=Unleased)


class Doubling(CoordinationService):
    """Takes the whole timeout of its session for its lease, by a clock that may be slow."""

    @property
    def lease_us(self) -> int:
        lease_us = super().lease_us
        if not self.won or self._keeper is None or lease_us:
            return lease_us
        left_us = self._keeper.safe_until_us + self.session_timeout_us - self.clock.monotonic_us
        return max(0, left_us) if self._keeper.safe_until_us > 0 else 0


def test_a_lease_is_longer_than_the_session() -> None:
    assert found("one master", "away", "freeze", "drift", service=Doubling)


class Lingering(CoordinationService):
    """Does not notice that it lost its office with its session; the next session renews its lease."""

    def _on_lost(self, keeper: Any) -> None:
        pass


def test_an_expired_session_leaves_its_master_in_office() -> None:
    assert found("one master", "away", "freeze", service=Lingering)


class Gone(CoordinationService):
    """Opens no other session when the first one has expired."""

    def _on_state(self, keeper: Any, state: State) -> None:
        if state is not State.EXPIRED:
            super()._on_state(keeper, state)


def test_a_session_that_expired_is_not_followed_by_another() -> None:
    assert found("members are true", "away", "freeze", service=Gone)


def test_an_ephemeral_is_not_registered_anew_after_expiry(monkeypatch: Patch) -> None:
    class Once(Registry):
        def __init__(self, keeper: Any, path: str, name: str, on_members: Callable[[tuple[str, ...]], object]) -> None:
            first = keeper.service.sessions == 0
            super().__init__(keeper, path, name if first else "", on_members)

    monkeypatch.setattr(module, "Registry", Once)
    assert found("members are true", "away", "freeze")


def test_members_are_looked_at_once(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Registry, "_watch", lambda _self: None)
    assert found("members are true", "crash", seeds=3)


def test_a_configuration_is_not_watched_again(monkeypatch: Patch) -> None:
    def watch(self: Configuration) -> Any:
        wake = self._wake
        return (lambda _event: wake.set()) if not self._seen else None

    monkeypatch.setattr(Configuration, "_watch", watch)
    assert found("configurations are true", "drift", seeds=3)


def test_nobody_is_told_that_the_master_is_gone(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Election, "_watch", lambda _self: None)
    assert found("a master acts", "crash", "away", "freeze")


def test_a_master_takes_the_znode_of_its_former_life_for_its_own(monkeypatch: Patch) -> None:
    """It is its own name that stands there, but another session."""

    class Nominal(Claim):
        async def _look(self) -> bool:
            stat = await self.keeper.exists(self.path, self._watch())
            if stat is None:
                return await super()._look()
            name, _ = await self.keeper.get(self.path)
            self._turn(stat.czxid if name == self.data else 0)
            return True

    monkeypatch.setattr(module, "Claim", Nominal)
    assert found("one master", "crash")


@pytest.mark.parametrize("acts", [("away", "freeze"), ("away", "freeze", "drift"), ("crash",), ("drift",)])
def test_without_a_bug_the_same_worlds_are_in_order(acts: tuple[str, ...]) -> None:
    for seed in range(6):
        assert not simulate(chaotic, seed, 15, acts).found
