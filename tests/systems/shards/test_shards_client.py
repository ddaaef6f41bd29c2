"""What a session asks, and what it says when it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.kernel.errors import CallError, Rejected, UserError
from playground.systems.database import RequestId
from playground.systems.shards.placing import Assignment, founders, shard_of
from playground.systems.shards.settings import ShardsSettings
from tests.systems.shards.accidents import ready
from tests.systems.shards.shards_lab import Lab, simulate


async def asked(lab: Lab, act: Callable[[], Awaitable[Any]]) -> Any:
    """What ``act()`` gave, or the CallError that it raised."""
    results: list[Any] = []

    async def run() -> None:
        try:
            results.append(await act())
        except CallError as error:
            results.append(error)

    lab.client().spawn(run)
    while not results:
        await lab.run(0.05)
    return results[0]


def test_quorums_are_refused_for_certain() -> None:
    async def main() -> None:
        lab = await ready()
        database = lab.client().database
        for act in (lambda: database.get("k", 2), lambda: database.put("k", "v", 2)):
            error = await asked(lab, act)
            assert isinstance(error, Rejected)
            assert (error.code, error.definite) == ("bad-request", True)

    simulate(main)


def test_a_request_that_was_done_is_not_done_again_whoever_is_asked() -> None:
    async def main() -> None:
        lab = await ready()
        database = lab.client().database
        request = RequestId("somebody", 1, 1)
        assert await asked(lab, lambda: database.put("k", "v", request=request)) is None
        await lab.write("k", "w")
        lab.nodes["n1"].crash()
        await lab.run(3)
        assert await asked(lab, lambda: lab.client("c2").database.put("k", "v", request=request)) is None
        assert (await lab.read("k")).seen == ("w",)
        await asked(lab, lambda: database.put("k", "x", request=RequestId("somebody", 2, 2)))
        error = await asked(lab, lambda: database.put("k", "v", request=request))
        assert isinstance(error, Rejected)
        assert (error.code, error.definite) == ("stale-request", False)
        assert (await lab.read("k")).seen == ("x",)

    simulate(main)


def test_without_a_master_a_write_is_refused_for_certain() -> None:
    async def main() -> None:
        lab = await ready()
        for name in lab.nodes:
            lab.nodes[name].crash()
        await lab.run(3)
        refused = await lab.write("k", "v")
        assert refused.outcome == "fail"
        assert "nobody leads shard-1" in refused.error

    simulate(main)


def test_a_node_that_nobody_could_replace_may_not_leave() -> None:
    async def main() -> None:
        lab = await ready()
        error = await asked(lab, lambda: lab.client().database.leave("n2"))
        assert isinstance(error, Rejected)
        assert error.code == "too-few-nodes"

    simulate(main)


def test_the_first_members_are_spread_over_the_nodes() -> None:
    settings = ShardsSettings(count=4, copies=3)
    nodes = ("n1", "n2", "n3")
    assert founders("shard-1", settings, nodes) == ("n1", "n2", "n3")
    assert founders("shard-3", settings, nodes) == ("n3", "n1", "n2")
    assert founders("shard-4", settings, ("n1", "n2")) == ("n2", "n1")
    assert {shard_of(f"k{i}", settings, 16) for i in range(100)} == set(settings.names)


def test_what_stands_in_a_znode_is_read_back() -> None:
    assignment = Assignment(3, (("n1", 1), ("n2", 7)))
    assert Assignment.parse(str(assignment)) == assignment
    assert assignment.replaced("n2", "n4", 2).names == ("n1", "n4")
    with pytest.raises(UserError, match="no state of a shard"):
        Assignment.parse("nonsense")
