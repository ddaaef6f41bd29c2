"""Client sessions: contexts, counters, other coordinators, definite and indefinite errors."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from playground.kernel.network import Parcel, Verdict
from playground.systems.store.settings import StoreSettings
from tests.systems.store.store_lab import Client, Cut, Lab, simulate


def do(lab: Lab, client: Client, *steps: tuple[Any, ...]) -> None:
    """Let ``client`` do these one after the other."""

    async def work() -> None:
        for function, *args in steps:
            await function(*args)

    client.spawn(work)


def test_a_session_replaces_what_it_has_seen_and_nothing_else() -> None:
    async def main() -> None:
        lab = Lab(5, rate=0)
        await lab.run(0.5)
        a, b = lab.client("c1"), lab.client("c2")
        do(lab, a, (a.write, "k", "a1"))
        do(lab, b, (b.write, "k", "b1"))
        await lab.run(0.1)
        do(lab, a, (a.read, "k"))
        await lab.run(0.1)
        assert set(lab.history.operations[-1].seen) == {"a1", "b1"}
        assert a.store.observed("k") == {"a1", "b1"}
        do(lab, a, (a.write, "k", "a2"), (a.read, "k"))
        await lab.run(0.1)
        assert lab.history.operations[-1].seen == ("a2",)
        assert a.store.observed("k") == {"a2"}
        # b has not seen a2: what it writes now stands beside it.
        do(lab, b, (b.write, "k", "b2"), (b.read, "k"))
        await lab.run(0.1)
        assert set(lab.history.operations[-1].seen) == {"a2", "b2"}

    simulate(main)


def test_another_coordinator_is_tried_when_one_is_dead() -> None:
    async def main() -> None:
        lab = Lab(5, rate=0)
        await lab.run(0.5)
        lab.nodes["n1"].crash()
        client = lab.client()
        for i in range(30):
            do(lab, client, (client.write, f"k{i}", f"v{i}"))
        await lab.run(2)
        assert lab.history.counts == {"ok": 30, "fail": 0, "unknown": 0}

    simulate(main)


def test_the_minority_side_refuses_and_says_whether_it_may_have_happened() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        client = lab.client()
        # The coordinator's side has one replica: it may hold the write, so nobody can say that it did not happen.
        lab.world.network.add(Cut(["n1", "c1", "c2", "c3"], ["n2", "n3"]))
        client.store.coordinators = ("n1",)
        do(lab, client, (client.write, "k", "v"), (client.read, "k"))
        await lab.run(3)
        assert [operation.outcome for operation in lab.history.operations] == ["unknown", "fail"]

    simulate(main)


def test_the_reason_is_told_rather_than_who_was_silent() -> None:
    async def main() -> None:
        lab = Lab(5, rate=0, n=5, r=3, w=3)
        await lab.run(0.5)
        client = lab.client()
        lab.world.network.add(Cut(["n1", "n2", "n3", "c2", "c3"], ["n4", "n5", "c1"]))
        for i in range(10):
            do(lab, client, (client.write, f"k{i}", "v"), (client.read, f"k{i}"))
            await lab.run(2.5)
        told = [operation.error for operation in lab.history.operations]
        # Only at first, as long as the client does not know who is silent, may both of its tries meet such a node.
        assert told.count("unavailable: 2 of 5 replicas answered, 3 are needed") >= 18
        assert {operation.outcome for operation in lab.history.operations if operation.value} == {"unknown"}
        assert {operation.outcome for operation in lab.history.operations if not operation.value} == {"fail"}

    simulate(main)


class Echo:
    """Every message comes a second time, late."""

    cuts = False

    def judge(self, _parcel: Parcel) -> Verdict:
        return Verdict(copies_us=(1_000_000,))


@pytest.mark.parametrize("refusal", ["disk-full", "starting"])
def test_what_a_second_copy_may_still_bring_about_is_not_called_undone(refusal: str) -> None:
    async def main() -> None:
        lab = Lab(3, rate=0, anti_entropy_interval_ms=0)
        await lab.run(0.5)
        client = lab.client()
        echo = Echo()
        lab.world.network.add(echo)
        for node in lab.nodes.values():
            if refusal == "starting":
                node.crash()
                node.start()
            else:
                node.disk.full = True
        do(lab, client, (client.write, "k", "v"))
        await lab.run(0.01)
        assert lab.history.operations[-1].outcome == "unknown"
        for node in lab.nodes.values():
            node.disk.full = False
        await lab.run(2)
        lab.world.network.remove(echo)
        do(lab, client, (client.read, "k"))
        await lab.run(1)
        assert lab.history.operations[-1].seen == ("v",)

    simulate(main)


def test_what_is_impossible_is_definite() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        do(lab, lab.client(), (lab.client().write, "k", "v", 7))
        await lab.run(1)
        assert lab.history.operations[-1].outcome == "fail"

    simulate(main)


def test_a_write_of_unknown_fate_does_not_lend_its_version_to_the_next() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        client = lab.client()
        cut = Cut(["n1", "c1"], ["n2", "n3"])
        lab.world.network.add(cut)
        client.store.coordinators = ("n1",)
        do(lab, client, (client.write, "k", "lost?"))
        await lab.run(2)
        assert lab.history.counts["unknown"] == 1
        assert client.store.observed("k") == {"lost?"}
        lab.world.network.remove(cut)
        do(lab, client, (client.write, "k", "next"), (client.read, "k"))
        await lab.run(1)
        assert lab.history.operations[-1].seen == ("next",)
        await lab.quiesce()
        held = [store.replica.data["k"] for store in lab.stores().values()]
        assert [[one.value for one in siblings] for siblings in held] == [["next"]] * 3

    simulate(main)


def test_a_machine_that_restarts_is_another_session() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        do(lab, lab.client(), (lab.client().write, "k", "first life"))
        await lab.run(0.2)
        node = lab.world.nodes["c1"]
        node.crash()
        node.start()
        await lab.run(0.5)
        client = lab.client()
        do(lab, client, (client.write, "k", "second life"), (client.read, "k"))
        await lab.run(0.2)
        assert set(lab.history.operations[-1].seen) == {"first life", "second life"}

    simulate(main)


def test_quorums_can_be_asked_for_by_request() -> None:
    async def main() -> None:
        lab = Lab(3, rate=0)
        await lab.run(0.5)
        lab.nodes["n3"].crash()
        client = lab.client()
        client.store.coordinators = ("n1", "n2")
        do(lab, client, (client.write, "k", "v", 3))
        do(lab, client, (client.write, "j", "v", 1))
        do(lab, client, (client.read, "k", 7))
        await lab.run(3)
        outcomes = {operation.key + operation.value: operation.outcome for operation in lab.history.operations}
        assert outcomes == {"kv": "unknown", "jv": "ok", "k": "fail"}

    simulate(main)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="only n copies"):
        StoreSettings(n=2, r=3)
    with pytest.raises(ValidationError):
        StoreSettings(quorum=2)  # type: ignore[call-arg]
    assert StoreSettings().fresh
    assert not StoreSettings(r=1).fresh
    assert not StoreSettings(hinted_handoff=True).fresh
