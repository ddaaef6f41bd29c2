"""Any command: written and read back, mistyped, and carried out on a running cluster, whatever it asks for."""

from __future__ import annotations

from typing import Any

import pytest
from command_strategies import ANY_COMMAND, commands_of, near_misses
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from playground.chaos import machines
from playground.cluster import Cluster
from playground.commandline import complete, parse_line
from playground.commands import COMMANDS, validate
from playground.kernel.errors import UserError
from playground.kernel.world import run
from playground.spec import ClusterSpec

SMALL: dict[str, Any] = {"nodes": 3, "load": {"rate": 10, "clients": 1, "keys": 5}}
KAFKA: dict[str, Any] = {
    "nodes": 0,
    "database": "none",
    "zookeeper": {"servers": 1},
    "kafka": {
        "brokers": 2,
        "producers": 1,
        "topics": [{"name": "changes", "partitions": 2, "replication": 2, "min_insync": 1}],
    },
    "load": {"rate": 0, "clients": 1},
}
SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(data=st.data())
def test_a_command_is_spelled_as_it_is_read_and_written_as_it_is_loaded(kind: Any, data: st.DataObject) -> None:
    command = data.draw(commands_of(kind))
    assert parse_line(command.line()) == command
    assert validate(command.model_dump(mode="json")) == command
    assert validate(command.model_dump(mode="json", exclude_defaults=True) | {"do": command.do}) == command


@settings(max_examples=500, deadline=None)
@given(near_misses())
@example("partition halves| n1")
def test_what_is_mistyped_is_read_or_refused_in_one_line(line: str) -> None:
    try:
        command = parse_line(line)
    except UserError as error:
        said = str(error)
    else:
        said = ""
        assert parse_line(command.line()) == command
    assert "\n" not in said
    complete(line, ("n1", "n2"))


@given(st.text())
def test_completion_only_ever_goes_on_with_what_is_there(text: str) -> None:
    assert all(line.startswith(text) for line in complete(text, ("n1", "n2")))


def play(
    acts: list[tuple[int, Any]], settle_us: int = 3_000_000, spec: dict[str, Any] = SMALL
) -> tuple[Cluster, list[str]]:
    """Carry out ``acts`` (microseconds to wait before, command or line) on a small cluster; what was refused."""

    async def main() -> tuple[Cluster, list[str]]:
        cluster = Cluster(ClusterSpec.model_validate(spec), 5)
        await cluster.advance(1_500_000)
        refused = []
        for wait_us, act in acts:
            await cluster.advance(cluster.now_us + wait_us)
            try:
                await cluster.apply(parse_line(act) if isinstance(act, str) else act)
            except UserError as error:
                refused.append(str(error))
        await cluster.advance(cluster.now_us + settle_us)
        return cluster, refused

    return run(main)


@settings(max_examples=120, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 40_000, 400_000, 1_500_000]), ANY_COMMAND), max_size=8))
def test_any_commands_are_carried_out_or_refused_and_heal_ends_them_all(acts: list[tuple[int, Any]]) -> None:
    cluster, refused = play([*acts, (100_000, "heal")], 1_000_000)
    assert all("\n" not in text for text in refused)
    assert not cluster.faults
    assert not cluster.world.network.rules
    assert not cluster.in_charge
    for name in cluster.names:
        node = cluster.node(name)
        assert node.event_us == 0
        assert (node.clock.offset_us, node.clock.drift_ppm, node.clock.frozen) == (0, 0, False)
        assert not machines.disk_is_ill(node)
        assert node.life.value != "frozen"


WEIRD = [
    "flap n1 period=10ms down=0.0001%",
    "flap n1 period=10ms down=99.9999%",
    "flap all period=10ms | flap all period=11ms | flap clients -> all period=7s down=1%",
    "link latency=8784h",
    "link jitter=8784h distribution=pareto",
    "link jitter=8784h distribution=normal",
    "link bandwidth=1",
    "link loss=99.9999% loss_run=1000",
    "link loss=0.0000001% loss_run=1000",
    "link n1 -> n1 latency=1s",
    "link you -> you c1 latency=1s",
    "crash you | put cat tom | get cat | herd | remove n1 | start you",
    "freeze you | put cat tom | thaw you | put cat tom",
    "freeze c1 | herd | burst | thaw c1",
    "crash c1 | burst | start c1 | load rate=3",
    "partition you c1 | n1 n2 n3",
    "partition isolate you c1 n1 n2 n3",
    "crash n1 | remove n1",
    "remove n1 | add n1 | remove n1 | heal n1",
    "remove n1 | crash n1 | start n1",
    "remove all",
    "remove n1 n2 | remove n3",
    "add n9 | crash n9 | start n9 | remove n9",
    "add n9 n10 n11 | remove n9 n10 n11",
    "restart n1 | slow-cpu n1 times=100000",
    "crash n1 | slow-cpu n1 | start n1 | crash n1 | heal n1 | start n1",
    "slow-cpu all clients you times=100000 | herd requests=5000 | heal",
    "slow-cpu all times=1000 | freeze all | crash all | start all | heal",
    "rolling-restart all down=0s pause=0s | crash n2 | crash n3 | freeze n1 | heal",
    "rolling-restart all | rolling-restart all | heal n2",
    "rolling-restart you c1 n1",
    "clock all offset=8784h drift_ppm=10000000",
    "clock all offset=-8784h drift_ppm=-900000 frozen=yes",
    "clock n1 offset=0s | heal n1",
    "disk all fault=hang | crash all | start all",
    "disk all fault=full | disk all fault=lie | crash all tail=torn | start all | disk all fault=ok",
    "disk all fault=slow amount=100000 | put cat tom | heal",
    "disk all fault=read-error | restart all down=0s | heal",
    "disk all fault=rot amount=100000 | restart all",
    "disk you fault=rot | disk you fault=full | crash you lose_disk=yes | start you",
    "load rate=0.001 | burst | burst | burst",
    "load keys=3",
    "load skew=5 hot_share=100% hot='a b'",
    "load rate=1e-320 | burst | load rate=1e-9 | load rate=10",
    "load rate=0 lasting=1us | burst rate=50 lasting=1us",
    "put '' x | put x '' | get ''",
    "put n1 n2 w=99 | get n1 r=99",
    "herd requests=100000",
    "crash all lasting=1us | start all",
    "freeze all lasting=1us | thaw all",
    "crash all clients you",
]


@pytest.mark.parametrize("lines", WEIRD)
@pytest.mark.parametrize("wait_us", [0, 300_000])
def test_weird_acts_are_carried_out_or_refused(lines: str, wait_us: int) -> None:
    # A line of its own for each part, but for the sides of partitions.
    parts = [lines] if lines.startswith("partition") else lines.split(" | ")
    cluster, refused = play([(wait_us, part) for part in parts])
    assert len(refused) + len(cluster.recorded) == len(parts)
    assert all("\n" not in text for text in refused)


WEIRD_TO_KAFKA = [
    "consume | consume view consumers=3 | remove co1 co2 co3 co4 co5 co6 | consume | start co1",
    "crash br1 br2 | publish changes x | partitions | start all",
    "crash you | publish changes x | partitions changes count=5 | start you | publish changes x",
    "freeze you | partitions | partitions | thaw you",
    "publish changes '' | publish changes x key=' ' processing=1us | publish changes 'a b' key='a=b' processing=9h",
    "publish changes 'poison 9 ms: x' | publish changes 'poison ms: x'",
    "partitions changes count=64 | partitions changes count=1 | partitions count=65",
    "produce rate=0 | produce rate=1e-320 | produce rate=300 lasting=1us | produce rate=5 lasting=1us",
    "stall co1 co2 processing=1us | stall co1 processing=9h lasting=1us | heal co1 | heal",
    "stall co1 | crash co1 | heal co1 | start co1 | stall all",
    "crash all lose_disk=yes | start all",
    "disk brokers fault=full | publish changes x | crash brokers | start brokers | heal",
    "disk brokers fault=rot amount=1000 | restart brokers down=0s",
    "clock brokers drift_ppm=900000 | clock consumers frozen=yes | heal",
    "crash leader of changes-0 | crash leader of changes-0 | crash controller | start all",
    "freeze coordinator of view | remove co1 | heal",
    "crash leader of changes-9 | crash coordinator of nobody | crash leader of k0 | crash leader of",
    "slow-cpu all times=2000 | publish changes x | partitions | heal",
    "herd | burst | add n9 | remove n1 | get k0 | put k0 v",
]


@pytest.mark.parametrize("lines", WEIRD_TO_KAFKA)
@pytest.mark.parametrize("wait_us", [0, 300_000])
def test_weird_acts_on_kafka_are_carried_out_or_refused(lines: str, wait_us: int) -> None:
    parts = lines.split(" | ")
    cluster, refused = play([(wait_us, part) for part in parts], spec=KAFKA)
    assert len(refused) + len(cluster.recorded) == len(parts)
    assert all("\n" not in text for text in refused)


HEALED = ["flap n1 period=500ms", "rolling-restart all", "partition ring n1 n2 n3 c1", "link n1 loss=50%", "freeze n1",
          "slow-cpu n1 times=500", "disk n1 fault=hang", "clock n1 offset=1s", "restart n1 down=200ms"]  # fmt: skip


@pytest.mark.parametrize("line", HEALED)
@pytest.mark.parametrize("lasting", ["", " lasting=900ms"])
def test_heal_in_the_middle_ends_it_and_its_own_end_then_changes_nothing(line: str, lasting: str) -> None:
    if lasting and line.split()[0] in ("rolling-restart", "restart"):
        lasting = " down=300ms" if "down" not in line else ""
    cluster, refused = play([(0, line + lasting), (450_000, "heal")], 5_000_000)
    assert not refused or line.startswith("restart"), "a restart breaks nothing that heal would end"
    assert cluster.quiet
    assert cluster.inspection.violations == []
