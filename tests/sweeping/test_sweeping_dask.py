"""The same sweep on a real Dask cluster: two worker processes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

distributed = pytest.importorskip("distributed")

from playground.kernel.errors import UserError  # noqa: E402
from playground.scenario.loader import loads  # noqa: E402
from playground.sweeps.dask_cluster import DaskCluster  # noqa: E402
from playground.sweeps.engine import InProcess, Lost  # noqa: E402
from playground.sweeps.seeds import parse_seeds  # noqa: E402
from playground.sweeps.sweep import Tally, sweep  # noqa: E402
from playground.sweeps.trial import Plan, Trial  # noqa: E402
from tests.sweeping.tasks import CLUMSY, FATAL, square  # noqa: E402

PLAN = Plan(loads("cluster: {preset: small}\nuntil: 10s\nexpect: {converged: true}"), budget=3)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        yield cluster.scheduler_address


def test_a_dask_cluster_comes_to_the_same_digests(address: str) -> None:
    found: list[dict[int, str]] = []
    tallies = []
    for engine in (InProcess(), DaskCluster(address)):
        trials: list[Trial] = []
        tally = Tally(parse_seeds("0..7"))
        with closing(engine):
            sweep(PLAN, tally, engine, trials.append)
        found.append({trial.seed: trial.digest for trial in trials})
        tallies.append(tally.digest)
    assert found[0] == found[1]
    assert len(set(found[0].values())) == 8
    assert tallies[0] == tallies[1]


def test_what_goes_wrong_on_a_worker_is_the_answer_of_its_task(address: str) -> None:
    with closing(DaskCluster(address)) as engine:
        assert engine.width == 2
        found = dict(engine.run(square, [1, CLUMSY, 2]))
        assert found == {1: 1, 2: 4, CLUMSY: Lost("ValueError: not this\none")}


def test_a_task_that_kills_its_workers_is_given_up(address: str) -> None:
    with closing(DaskCluster(address)) as engine:
        assert dict(engine.run(square, [FATAL])) == {FATAL: Lost("the workers that tried it died")}
        assert dict(engine.run(square, [3])) == {3: 9}, "others took their place"


def test_a_cluster_without_workers_is_refused() -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        pytest.raises(UserError, match="has no workers; start some: dask worker tcp://"),
    ):
        DaskCluster(cluster.scheduler_address)
