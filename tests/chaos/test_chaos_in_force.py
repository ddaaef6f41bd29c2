"""What the screen lists as being in force: everything that healing would end, and nothing else."""

from __future__ import annotations

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.world import run
from playground.spec import ClusterSpec


async def _listed(*lines: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    cluster = Cluster(ClusterSpec(nodes=4), 1)
    await cluster.advance(1_000_000)
    for line in lines:
        await cluster.apply(parse_line(line))
    broken = cluster.in_force()
    await cluster.apply(parse_line("heal"))
    return broken, cluster.in_force()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("slow-cpu n2 times=100", "n2: CPU slow, 5 ms an event"),
        ("disk n3 fault=full", "n3: disk full"),
        ("disk n3 fault=hang", "n3: disk hangs"),
        ("disk n3 fault=slow amount=7", "n3: disk 7 times slower"),
        ("disk n3 fault=lie", "n3: disk lies"),
        ("disk n3 fault=read-error", "n3: disk cannot be read"),
        ("clock n1 n2 offset=-2s", "n1 n2: clock -2 s"),
        ("clock c1 drift_ppm=300", "c1: clock +300 ppm"),
        ("clock n4 frozen=yes", "n4: clock stands still"),
        ("partition n1 | n2 n3", "partition n1 | n2 n3"),
        ("flap n1 -> n2", "n1 <-> n2 flaps: down for 1s of every 2s"),
    ],
)
def test_each_fault_is_listed_until_it_is_healed(line: str, text: str) -> None:
    assert run(_listed, line) == ((text,), ())


def test_of_many_the_newest_cut_is_last() -> None:
    broken, _ = run(_listed, "partition n1 | n2", "clock n1 offset=1s", "one-way n3 -> n4")
    assert broken == ("n1: clock +1 s", "partition n1 | n2", "one-way cut n3 -> n4")
