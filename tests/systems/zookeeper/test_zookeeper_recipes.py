"""Recipes: one wins at a time, in terms that rise; members are seen; values arrive; also while everything breaks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from playground.systems.zookeeper.client import (
    Candidacy,
    Claim,
    Configuration,
    Lock,
    Registry,
    SessionExpired,
    State,
    make_parents,
)
from playground.systems.zookeeper.recipes import Election
from tests.systems.zookeeper.zookeeper_chaos import Chaos
from tests.systems.zookeeper.zookeeper_lab import Client, Lab, simulate

FORMS: dict[str, Any] = {
    "claim": lambda keeper, name, won, lost: Claim(keeper, "/service/master", name, won, lost),
    "candidacy": lambda keeper, name, won, lost: Candidacy(keeper, "/service/masters", name, won, lost),
}
CLIENTS = ("c1", "c2", "c3")


class Stand:
    """Everybody stands for master, again after each session. ``told``: ``(who, "won" or "lost", term)`` in order."""

    def __init__(self, lab: Lab, form: str) -> None:
        self.lab = lab
        self.form = FORMS[form]
        self.told: list[tuple[str, str, int]] = []
        self.elections: dict[str, Election] = {}
        for name in CLIENTS:
            self.begin(lab.client(name))

    def begin(self, client: Client) -> None:
        name, keeper = client.name, client.keeper
        election: Election = self.form(keeper, name, partial(self.won, name), partial(self.lost, name))
        self.elections[name] = election

        def on_state(state: State) -> None:
            if state is State.EXPIRED:
                client.keeper = client.open()
                client.keeper.start()
                client.after(1, partial(self.begin, client))

        keeper.listen(on_state)

    def won(self, name: str, term: int) -> None:
        self.told.append((name, "won", term))

    def lost(self, name: str) -> None:
        self.told.append((name, "lost", 0))

    def winners(self) -> list[str]:
        return [name for name, election in self.elections.items() if election.term and self.alive(election)]

    def safe(self) -> list[str]:
        return [name for name, election in self.elections.items() if self.alive(election) and election.safe]

    def alive(self, election: Election) -> bool:
        return election.keeper.service.process.alive


async def stood(form: str, seed: int, **settings: Any) -> tuple[Lab, Stand]:
    lab = Lab(3, seed, **settings)
    await lab.prepare()
    stand = Stand(lab, form)
    await lab.run(0.5)
    return lab, stand


@pytest.mark.parametrize("form", FORMS)
def test_one_wins_and_when_its_machine_dies_another_one_does_in_a_higher_term(form: str) -> None:
    async def main() -> None:
        lab, stand = await stood(form, 1)
        (first,) = stand.winners()
        assert stand.safe() == [first]
        lab.world.nodes[first].crash()
        await lab.run(3)
        (second,) = stand.winners()
        assert second != first
        terms = [term for _, what, term in stand.told if what == "won"]
        assert terms == sorted(set(terms))
        assert len(terms) == 2
        await lab.do(stand.elections[second].end, second)
        await lab.run(0.5)
        assert (second, "lost", 0) in stand.told
        (third,) = stand.winners()
        assert third not in (first, second)

    simulate(main)


@pytest.mark.parametrize("form", FORMS)
def test_the_herd_is_woken_by_a_claim_and_not_by_a_candidacy(form: str) -> None:
    async def main() -> None:
        lab, stand = await stood(form, 2)
        (first,) = stand.winners()
        fired = {key for key, times in lab.observation.fired.items() if times}
        lab.world.nodes[first].crash()
        await lab.run(3)
        woken = {key[0] for key, times in lab.observation.fired.items() if times and key not in fired}
        assert len(woken) == {"claim": 2, "candidacy": 1}[form]

    simulate(main)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_no_two_are_ever_safe_at_once_and_somebody_wins_in_the_end(form: str, seed: int) -> None:
    async def main() -> None:
        lab, stand = await stood(form, seed)
        both: list[Any] = []
        look = lab.look

        def watch() -> None:
            look()
            if len(stand.safe()) > 1:
                both.append((lab.world.now_us, stand.safe()))

        lab.look = watch  # type: ignore[method-assign]
        chaos = Chaos(lab, ("crash", "freeze", "cut", "oneway", "muddle", "hang", "drift", "nap"))
        await chaos.run(8)
        chaos.heal()
        await lab.quiesce()
        assert both == []
        assert len(stand.winners()) == 1
        assert stand.safe() == stand.winners()
        terms = [term for _, what, term in stand.told if what == "won"]
        assert len(terms) == len(set(terms))
        assert lab.judge() == []

    simulate(main)


@pytest.mark.parametrize("form", FORMS)
def test_whose_making_was_not_answered_finds_its_znode_again(form: str) -> None:
    async def main() -> None:
        for seed in range(12):
            lab = Lab(3, seed)
            await lab.prepare()
            await lab.do(partial(make_parents, lab.keeper(), "/service/masters/x"))
            client = lab.client()
            server = lab.server(client.keeper.server)
            won: list[int] = []
            FORMS[form](client.keeper, "c1", won.append, lambda: None)
            await lab.run(client.chance.random() * 0.006)
            desk = server.desk_of(client.keeper.session)
            if desk is not None:
                server._drop(desk)  # the answer, or the request, is lost
            await lab.run(3)
            assert len(won) == 1
            owned = lab.server(lab.leader).tree.ephemerals[client.keeper.session]
            assert len(owned) == 1

    simulate(main)


@pytest.mark.parametrize("form", FORMS)
def test_who_sleeps_longer_than_its_session_is_told_that_it_has_lost_and_is_not_safe_before(form: str) -> None:
    async def main() -> None:
        lab, stand = await stood(form, 3)
        (first,) = stand.winners()
        lab.world.nodes[first].freeze()
        await lab.run(3)
        assert stand.safe() == [name for name in stand.winners() if name != first] != []
        lab.world.nodes[first].thaw()
        await lab.run(1)
        assert (first, "lost", 0) in stand.told
        assert first not in stand.winners()

    simulate(main)


def test_a_lock_is_had_by_one_at_a_time_in_order_with_rising_tokens() -> None:
    async def main() -> None:
        lab = Lab(3, 4)
        await lab.prepare()
        order: list[tuple[str, int]] = []
        holding: list[str] = []

        async def work(client: Client) -> None:
            lock = Lock(client.keeper, "/lock", lambda: None)
            for _ in range(3):
                token = await lock.acquire()
                assert lock.held
                assert holding == []
                holding.append(client.name)
                order.append((client.name, token))
                await client.sleep(30_000)
                holding.clear()
                await lock.release()
                assert not lock.held

        for name in CLIENTS:
            lab.client(name).spawn(work, lab.client(name))
        await lab.run(3)
        assert len(order) == 9
        tokens = [token for _, token in order]
        assert tokens == sorted(set(tokens))
        assert [name for name, _ in order[:3]] == [name for name, _ in order[3:6]]

    simulate(main)


def test_a_lock_goes_with_the_session_and_whoever_waits_is_told() -> None:
    async def main() -> None:
        lab = Lab(3, 5)
        await lab.prepare()
        lost: list[str] = []
        locks = {name: Lock(lab.keeper(name), "/lock", partial(lost.append, name)) for name in CLIENTS}
        assert await lab.do(locks["c1"].acquire, "c1")
        waiting: list[Any] = []

        async def wait(name: str) -> None:
            try:
                waiting.append(await locks[name].acquire())
            except SessionExpired:
                waiting.append(name)

        lab.client("c2").spawn(wait, "c2")
        lab.world.nodes["c2"].freeze()
        lab.world.nodes["c1"].freeze()
        await lab.run(4)
        token = await lab.do(locks["c3"].acquire, "c3")
        assert token
        for name in ("c1", "c2"):
            lab.world.nodes[name].thaw()
        await lab.run(2)
        assert lost == ["c1"]
        assert waiting == ["c2"]
        assert locks["c3"].held
        assert not locks["c1"].held

    simulate(main)


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_value_reaches_everybody_and_none_comes_twice(seed: int) -> None:
    async def main() -> None:
        lab = Lab(3, seed)
        await lab.prepare()
        seen: dict[str, list[str]] = {name: [] for name in CLIENTS}
        for name in CLIENTS:
            Configuration(lab.keeper(name), "/config", lambda value, _stat, name=name: seen[name].append(value))
        await lab.run(0.3)
        assert list(seen.values()) == [[], [], []]
        keeper = lab.keeper()
        await lab.do(partial(keeper.create, "/config", "0"))
        for number in range(1, 6):
            if number == 3:
                lab.nodes[lab.leader].crash()
                await lab.run(3)
            await lab.do(partial(keeper.set, "/config", str(number)))
            await lab.run(0.1)
        await lab.run(2)
        for values in seen.values():
            assert values[-1] == "5"
            assert values == sorted(set(values))

    simulate(main)


def test_members_are_seen_to_come_and_go_and_a_new_life_takes_the_place_of_the_old_one() -> None:
    async def main() -> None:
        lab = Lab(3, 6)
        await lab.prepare()
        seen: list[tuple[str, ...]] = []
        registries = {name: Registry(lab.keeper(name), "/here", name, lambda _names: None) for name in ("c1", "c2")}
        Registry(lab.keeper("c3"), "/here", "", seen.append)
        await lab.run(0.5)
        assert seen[-1] == ("c1", "c2")
        lab.world.nodes["c1"].crash()
        lab.world.nodes["c1"].start()
        await lab.run(0.5)  # sooner than its session expires
        Registry(lab.keeper("c1"), "/here", "c1", lambda _names: None)
        await lab.run(0.5)
        new = lab.keeper("c1").session
        assert lab.server(lab.leader).tree.nodes["/here/c1"].owner == new
        await lab.run(4)  # the old session has expired, and has taken nothing with it
        assert lab.notes("expired")
        assert seen[-1] == ("c1", "c2")
        await lab.do(registries["c2"].end, "c2")
        await lab.run(0.5)
        assert seen[-1] == ("c1",)
        assert lab.judge() == []

    simulate(main)
