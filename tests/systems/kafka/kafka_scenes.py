"""Scenes made to measure: a cluster passes all its checks in each of them, unless some rule of Kafka is broken.

``broken(scene)`` plays one, mends all, lets it settle, and returns by what names it failed, as a sweep would tell:
"checks: no acknowledged message is lost", "converged" …
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from playground.commandline import parse_line
from playground.scenario.loader import loads
from playground.scenario.runner import play
from playground.sweeps.failures import failures

TOPIC = {"name": "changes", "partitions": 2}


@dataclass(frozen=True, slots=True)
class Scene:
    """``lines``: "seconds command". ``kafka``: settings; ``rest``: of other parts of the cluster."""

    lines: tuple[str, ...]
    until_s: float
    kafka: dict[str, Any]
    rest: dict[str, Any]


def scene(*lines: str, until: float, rest: dict[str, Any] | None = None, **kafka: Any) -> Scene:
    """Three brokers, one producer with 40 messages per second, two consumers; br1 leads changes-0, br2 changes-1."""
    return Scene(lines, until, {"producers": 1, "rate": 40, "topics": [TOPIC], **kafka}, rest or {})


def broken(scene: Scene) -> frozenset[str]:
    """By what names it fails."""
    written = {
        "title": "a scene",
        "until": f"{scene.until_s}s",
        "cluster": {"preset": "kafka", "kafka": scene.kafka, **scene.rest},
        "expect": {"checks": "pass", "converged": True},
    }
    acts = [line.split(" ", 1) for line in scene.lines]
    timeline = tuple((int(float(at) * 1e6), parse_line(text)) for at, text in acts)
    return frozenset(failures(play(replace(loads(json.dumps(written)), timeline=timeline))))


ACKS_1 = {"acks": "1", "idempotent": False, "batch_messages": 1}
VIEW = {"name": "view", "consumers": 2}
SMALL = {**TOPIC, "segment_bytes": 1024}
CUT = "3 partition br1 pr1 | z1 z2 z3 br2 br3"

SCENES: dict[str, Scene] = {
    "calm": scene(until=6),
    # --- replication
    "the leader and its producer are cut off": scene(f"{CUT} lasting=6s", until=11),
    "a leader alone writes what nobody else gets": scene(
        f"{CUT} pr2 lasting=3s", "4 crash br1 tail=lost lasting=6s", until=12, producers=2, producer=ACKS_1
    ),
    "power failure": scene(
        "3 disk br1 br2 br3 fault=slow amount=200 lasting=2s", "4 crash br1 br2 br3 tail=lost lasting=2s", until=10
    ),
    "one is behind, and then is the only one": scene(
        "3 crash br3 lasting=6s", "8.5 crash br1 br2 lasting=7s", until=18
    ),
    "the followers go, then the leader": scene(
        "3 crash br3 lasting=8s", "6 crash br2 lasting=5s", "9 crash br1 lasting=5s", until=17
    ),
    "an empty disk": scene(
        "3 crash br3 lasting=9s",
        "3.01 crash br2 lose_disk=yes lasting=100ms",
        "3.5 crash br1 lasting=6s",
        until=14,
    ),
    "a follower comes back over a thin line": scene(
        "3 crash br2 lasting=3s", "5 link br1 br3 -> br2 bandwidth=15000B/s lasting=6s", until=14, rate=100
    ),
    "a slow leader restarts at once": scene(
        "3 disk br1 fault=slow amount=200 lasting=3s", "4 crash br1 tail=lost lasting=100ms", until=12, rate=100
    ),
    "the controller is frozen, and somebody has not heard it": scene(
        "3 one-way controller -> br2 lasting=5s",
        "3.1 restart br3 down=300ms",
        "4.5 freeze controller lasting=5s",
        until=14,
    ),
    # --- producers
    "links double and delay": scene(
        "2 link duplicate=30% reorder=40% latency=20ms jitter=60ms lasting=8s",
        "3 restart br1 down=2s",
        "6 restart br2 down=2s",
        until=14,
    ),
    "the leader dies while its answers are lost": scene(
        "3 one-way br1 -> pr1 lasting=4s", "4 crash br1 lasting=6s", until=12, rate=60
    ),
    "nobody answers in time": scene(
        "3 one-way br1 br2 br3 -> pr1 lasting=4s", until=10, producer={"delivery_timeout_ms": 1500}
    ),
    # --- groups
    "a consumer is frozen": scene(
        "3 stall co1 processing=20ms lasting=1s", "3.5 freeze co1 lasting=5s", until=12, rate=100
    ),
    "a consumer comes while another is busy": scene(
        "3 stall co1 processing=40ms lasting=5s",
        "4 consume view",
        until=12,
        groups=[{**VIEW, "consumers": 1, "poll_messages": 50}],
    ),
    "members and coordinator restart": scene("3 crash co1 co2 coordinator of view lasting=2s", until=9),
    "at most once, and the coordinator is cut off with a member that dies": scene(
        "2 stall co1 processing=30ms lasting=7s",
        "4 partition br3 co1 | z1 z2 z3 br1 br2 co2 lasting=5s",
        "8 crash co1 lasting=4s",
        until=14,
        rate=100,
        groups=[{**VIEW, "delivery": "at-most-once"}],
    ),
    # --- what is deleted
    "compaction": scene(
        until=12, rate=100, keys=300, skew=1.2, topics=[{**SMALL, "cleanup": "compact", "segment_ms": 1000}]
    ),
    "retention while nothing is committed": scene(
        f"{CUT} lasting=4s", until=12, rate=200, producer=ACKS_1, topics=[{**SMALL, "retention_bytes": 2048}]
    ),
    # --- the feed
    "the master of a shard dies while there is no broker": scene(
        "5 crash br1 br2 br3 lasting=4s",
        "7 crash master of shard-1 lasting=3s",
        until=14,
        producers=0,
        rest={
            "nodes": 3,
            "database": "shards",
            "shards": {"count": 1},
            "load": {"rate": 20, "reads": 0, "clients": 1, "keys": 20},
        },
    ),
}
