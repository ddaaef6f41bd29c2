"""Nodes that lean on an ensemble: members, configuration and master, calm and in trouble."""

from __future__ import annotations

from typing import Any

import pytest

from playground.checkers.history import History
from playground.checkers.live import Live
from playground.kernel.node import Node
from playground.kernel.service import Service
from playground.systems.coordination import checks
from playground.systems.zookeeper.client import KeeperDatabase, State
from playground.workload import LoadClient, LoadSettings
from tests.fresh import told
from tests.systems.coordination.coordination_lab import SECOND, TIMEOUT_US, Chaos, Cut, Lab, chaotic, simulate

FORMS = ("claim", "sequential")
form = pytest.mark.parametrize("election", FORMS)


# --- members ----------------------------------------------------------------------------


def test_everybody_sees_everybody_and_the_dead_go_with_their_sessions() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        assert not checks.members_are_true(lab.services(), lab.names)
        lab.world.nodes["n2"].crash()
        await lab.run(0.5)
        assert "n2" in lab.service("n1").seen, "nobody can know yet: its session lives"
        assert await lab.until(lambda: not checks.members_are_true(lab.services(), lab.up))
        (outlived_us,) = lab.memory.outlived_us
        assert TIMEOUT_US * 2 // 3 < outlived_us < 2 * TIMEOUT_US
        lab.world.nodes["n2"].start()
        assert await lab.until(lambda: not checks.members_are_true(lab.services(), lab.names))

    simulate(main)


def test_who_restarts_before_its_session_expires_is_registered_by_its_new_one() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        lab.world.nodes["n2"].crash()
        lab.world.nodes["n2"].start()
        assert await lab.until(lambda: lab.notes("expired"))
        await lab.run(1)
        assert not checks.members_are_true(lab.services(), lab.names)

    simulate(main)


def test_who_is_cut_off_keeps_its_view_and_says_that_it_is_disconnected() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        cut = Cut(["n4"], lab.ensemble)
        lab.world.network.add(cut)
        await lab.run(8)
        lonely = lab.service("n4")
        assert lonely.state is State.DISCONNECTED
        assert lonely.server == ""
        assert lonely.seen == lab.names, "it keeps what it was told last"
        assert lab.service("n1").seen == ("n1", "n2", "n3"), "the others go by the ensemble"
        lab.world.network.remove(cut)
        assert await lab.until(lambda: not checks.members_are_true(lab.services(), lab.names))
        assert lonely.sessions == 2, "the first one had expired"

    simulate(main)


def test_without_a_majority_nobody_acts_and_everybody_keeps_its_view() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        for name in lab.ensemble[:2]:
            lab.world.nodes[name].crash()
        await lab.run(6)
        assert lab.master == ""
        assert {service.seen for service in lab.services().values()} == {lab.names}
        for name in lab.ensemble[:2]:
            lab.world.nodes[name].start()
        assert not await lab.quiet()

    simulate(main)


# --- configuration ----------------------------------------------------------------------


def test_a_configuration_reaches_all_and_later_who_was_away() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.run(3)
        assert lab.service("n1").configured_us < 0
        cut = Cut(["n3"], lab.ensemble)
        lab.world.network.add(cut)
        for value in ("v1", "v2"):
            assert await lab.configure(value) is None
            await lab.run(1)
        assert [service.configuration for service in lab.services().values()] == ["v2", "v2", "", "v2"]
        assert 0 < lab.service("n1").configured_us <= lab.world.now_us
        assert checks.spread_us(lab.memory, lab.names) == []
        (first, second) = checks.spread_us(lab.memory, ("n1", "n2", "n4"))
        assert 0 < first < SECOND
        assert 0 < second < SECOND
        lab.world.network.remove(cut)
        assert not await lab.quiet()
        assert lab.service("n3").configuration == "v2"
        assert not lab.notes("configured", "n3")[1:], "what was replaced before it came back it never saw"

    simulate(main)


# --- the master -------------------------------------------------------------------------


@form
def test_a_master_that_dies_is_followed_by_another_with_a_higher_term(election: str) -> None:
    async def main() -> None:
        lab = Lab(election=election)
        assert await lab.until(lambda: lab.master)
        first = lab.master
        before = lab.service(first).term
        lab.world.nodes[first].crash()
        assert lab.master == ""
        assert await lab.until(lambda: lab.master)
        assert lab.master != first
        assert lab.service(lab.master).term > before
        lab.world.nodes[first].start()
        assert not await lab.quiet()
        assert not lab.found
        assert lab.memory.elections == 2
        assert TIMEOUT_US // 2 < lab.memory.longest_vacant_us < 2 * TIMEOUT_US

    simulate(main)


@form
@pytest.mark.parametrize("trouble", ["cut", "freeze", "mute"])
def test_the_old_master_has_stopped_before_the_next_one_begins(election: str, trouble: str) -> None:
    async def main() -> None:
        lab = Lab(election=election)
        assert await lab.until(lambda: lab.master)
        old = lab.master
        if trouble == "freeze":
            lab.world.nodes[old].freeze()
        else:
            lab.world.network.add(Cut([old], lab.ensemble, one_way=trouble == "mute"))
        service = lab.service(old)
        assert await lab.until(lambda: not service.acting)
        assert lab.master == "", "first it stops"
        assert await lab.until(lambda: lab.master)
        if trouble == "freeze":
            assert service.won, "it knows of nothing"
            assert not service.acting
            lab.world.nodes[old].thaw()
        assert not service.acting
        await lab.run(1)
        assert lab.notes("deposed", old)
        assert not lab.found

    simulate(main)


@form
def test_a_master_that_hears_nothing_does_not_act_though_it_is_heard(election: str) -> None:
    """Its attempts to connect keep the session alive, so nobody follows it."""

    async def main() -> None:
        lab = Lab(election=election)
        assert await lab.until(lambda: lab.master)
        old = lab.service(lab.master)
        lab.world.network.add(Cut(lab.ensemble, [old.name], one_way=True))
        assert await lab.until(lambda: not old.acting)
        await lab.run(TIMEOUT_US / SECOND)
        assert not old.acting
        assert old.state is State.DISCONNECTED
        assert not lab.found

    simulate(main)


def test_a_master_whose_session_lived_on_goes_on_in_its_term() -> None:
    async def main() -> None:
        lab = Lab()
        assert await lab.until(lambda: lab.master)
        old = lab.service(lab.master)
        term = old.term
        cut = Cut([old.name], lab.ensemble)
        lab.world.network.add(cut)
        assert await lab.until(lambda: not old.acting)
        lab.world.network.remove(cut)
        assert await lab.until(lambda: old.acting)
        assert old.term == term
        assert [note.kind for note in lab.world.journal.entries if note.subject == old.name][-3:] == [
            "elected",
            "deposed",
            "elected",
        ]
        assert lab.memory.elections == 1

    simulate(main)


@pytest.mark.parametrize(("election", "told_of_it"), [("claim", 7), ("sequential", 1)])
def test_a_vacancy_wakes_all_who_claim_and_only_the_next_who_queues(election: str, told_of_it: int) -> None:
    async def main() -> None:
        lab = Lab(size=8, election=election)
        assert await lab.until(lambda: lab.master)
        await lab.run(2)
        before = {name: service.election_events for name, service in lab.services().items()}
        lab.world.nodes[lab.master].crash()
        assert await lab.until(lambda: lab.master)
        woken = sum(service.election_events > before[name] for name, service in lab.services().items())
        assert woken == told_of_it
        assert all(service.watch_events >= service.election_events for service in lab.services().values())

    simulate(main)


# --- anything at all --------------------------------------------------------------------


@form
def test_whatever_happens_one_acts_and_in_the_end_all_know_the_truth(election: str) -> None:
    elections = 0
    for seed in range(20):
        lab = simulate(chaotic, seed, election=election)
        assert not lab.found, f"seed {seed}: {lab.found[0].text}"
        elections += lab.memory.elections
    assert elections > 30, "hardly anything was put to the test"


def loaded(lab: Lab, *, fresh: bool) -> tuple[History, Live]:
    """Three clients use the ensemble as a database; what they see is judged."""
    history = History()
    live = Live(history, register=True)
    settings = LoadSettings(rate=40, reads=0.6, keys=3, clients=3)

    def session(service: Service) -> KeeperDatabase:
        return KeeperDatabase(service, lab.ensemble, timeout_us=SECOND, session_timeout_us=TIMEOUT_US, fresh=fresh)

    for name in ("c2", "c3", "c4"):
        Node(lab.world, name, (lambda process: LoadClient(process, settings, session, history),)).start()
    return history, live


def test_as_a_database_with_syncs_it_is_linearizable_whatever_happens() -> None:
    async def main(seed: int) -> tuple[int, Any]:
        lab = Lab(seed, size=1)
        await lab.run(2)
        history, live = loaded(lab, fresh=True)
        await lab.run(2)
        chaos = Chaos(lab, ("cut", "server", "muddle", "drift"))
        await chaos.run(12)
        chaos.heal()
        await lab.run(6)
        return history.counts["ok"], live.first

    verdicts = [simulate(main, seed) for seed in range(6)]
    assert all(first is None for _, first in verdicts)
    assert sum(done for done, _ in verdicts) > 1_500


@pytest.mark.parametrize("fresh", [True, False])
def test_without_syncs_a_server_that_lags_gives_old_values(fresh: bool) -> None:
    async def main() -> Any:
        lab = Lab(size=1)
        await lab.run(2)
        _, live = loaded(lab, fresh=fresh)
        await lab.run(2)
        for _ in range(6):
            for follower in [name for name in lab.ensemble if name != lab.leader]:
                cut = Cut([lab.leader], [follower], one_way=True)
                lab.world.network.add(cut)
                await lab.run(0.5)
                lab.world.network.remove(cut)
                await lab.run(1.5)
        return live.first

    assert (simulate(main) is None) == fresh


def test_it_goes_the_same_way_in_every_process() -> None:
    code = (
        "from tests.systems.coordination.coordination_lab import chaotic, simulate\n"
        "for election in ('claim', 'sequential'):\n"
        "    lab = simulate(chaotic, 5, 10, election=election)\n"
        "    print(lab.world.digest(), lab.memory)\n"
    )
    assert len(told(code, ("0", "1", "77"))) == 1
