"""Every fault once, with words for names, on one cluster; prints the digest, then that of the replay of its record.

``python fault_workload.py SEED``, without Hypothesis.
"""

from __future__ import annotations

import sys

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.kernel.errors import UserError
from playground.kernel.world import run
from playground.spec import ClusterSpec

SECOND = 1_000_000
_SCRIPT = """
crash 2 random lasting=2s
slow-cpu 25% times=40 lasting=3s
link majority -> minority latency=20ms jitter=30ms distribution=normal lasting=4s
restart owner of k0 down=500ms
flap random period=300ms down=40% lasting=2s
partition halves lasting=2s
link loss=10% loss_run=5 lasting=3s
freeze any replica of k1 lasting=1s
one-way one -> rest lasting=2s
disk 2 random fault=slow amount=30 lasting=2s
burst lasting=1s
disk random fault=lie lasting=1s
clock minority drift_ppm=50000 offset=-2s
partition bridge lasting=1s
herd k1 requests=50
link duplicate=20% reorder=20% lasting=2s
rolling-restart 3 random down=300ms pause=200ms
partition isolate 2 random lasting=1s
crash random tail=torn
start all
link clients bandwidth=30kB/s jitter=10ms distribution=pareto lasting=2s
slow-cpu clients times=20 lasting=1s
add n9
partition ring lasting=1s
remove random
put cat tom
get cat
load hot=k3 hot_share=60% lasting=2s
disk random fault=rot amount=4
heal
"""
LINES = _SCRIPT.strip().splitlines()


async def play(seed: int, timeline: list[tuple[int, object]]) -> Cluster:
    cluster = Cluster(ClusterSpec(nodes=7, load={"rate": 30, "clients": 3}), seed)  # type: ignore[arg-type]
    cluster.plan(timeline)
    await cluster.advance((len(LINES) * 700 + 5_000) * 1_000)
    return cluster


async def main(seed: int) -> None:
    timeline = [(2 * SECOND + number * 700_000, parse_line(line)) for number, line in enumerate(LINES)]
    cluster = await play(seed, timeline)
    for _, command, complaint in cluster.refused:
        print("refused:", command.line(), complaint, file=sys.stderr)
    record = [(at_us, parse_line(command.line())) for at_us, command in cluster.recorded]
    again = await play(seed, record)
    pairs = zip(timeline, record, strict=True)
    words = sum(command.targeted() != named.targeted() for (_, command), (_, named) in pairs)
    print(cluster.world.digest(), again.world.digest(), len(record), words, cluster.world.journal.count)


if __name__ == "__main__":
    try:
        run(main, int(sys.argv[1]))
    except UserError as error:
        sys.exit(str(error))
