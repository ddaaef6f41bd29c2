"""Random faults: a timeline drawn from a seed, fair to the promises of the store.

What is drawn takes the place of the scenario's own method; its cluster, load and rollbacks stay, and so does what it
expects whatever happens (:data:`.trial.SAFETY`). The rules:

1. All chance comes from a stream of the seed's own: the same seed, cluster, length and budget give the same timeline
   in any process, and the world itself does not notice that somebody drew.
2. Every fault ends by itself, and all have ended when 60 % of the time is over: whether the cluster recovers can be
   judged. The rest of the time belongs to it.
3. Fewer than W disks are lost or rot in one run: acknowledged writes then survive on another disk (an operator who
   loses W disks has been promised nothing). A disk that lies keeps its power from then on: a node that has forgotten
   what it acknowledged, and does not know it, breaks promises that no quorum can keep; and what a lie left in the
   cache is there until the next sync, which a node that is cut off may not make for long. For the same reason
   no clock is wrong where the newest write wins, and where leases are kept none is more than a sixth too fast or slow.
   With an ensemble, no more disks are lost than it can do without. At most one node leaves for good, and only if more
   than N stay.
   Whoever leads may be struck whoever that is by then, but not once some disk lies.
4. A machine that is down, frozen or being restarted is left to get up before its power fails again: what is
   drawn can be carried out. The cluster has the last word (a node may boot slowly, say): what it refuses did
   not happen.

:data:`DRAWS` is the table: what can be broken, and how its particulars are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playground.commands import validate
from playground.kernel.errors import UserError
from playground.kernel.randomness import Stream, stream
from playground.quantities import format_duration
from playground.spec import ClusterSpec

SHORTEST_US = 10_000_000
"""A scenario must last this long to hold random faults and what comes after them."""
CALM = 0.4
"""The share of the time, at its end, in which nothing is broken any more."""
_GRID_US = 100_000
"""Instants and durations are multiples of this: they are to be read."""
_FIRST_US = 2_000_000
"""The cluster gets up first."""
_LONGEST_US = 15_000_000
_BOOT_US = 3_000_000
"""A node is left alone for so long after it was given its power back."""
_FOR_GOOD_US = 1 << 60
_WIDE = 0.2
"""The share of crashes, and of slow disks, that befall any number of nodes: what was in memories alone shows then."""
_MOST_JOIN = 2
_AIMED = 0.35
"""The share of crashes, freezes, restarts and cuts that strike whoever leads: what is hardest to lose."""

Fields = dict[str, Any]
"""A command's fields as a person would write them, without ``do``."""


@dataclass(slots=True)
class Stage:
    """What a draw may choose from, at the instant ``at_us``; it ends what it breaks within ``room_us``."""

    spec: ClusterSpec
    chance: Stream
    at_us: int
    room_us: int
    members: list[str]
    clients: list[str]
    disks: int
    """How many disks may still be lost."""
    busy_until_us: dict[str, int] = field(default_factory=dict)
    """When a node that was taken down, or whose power must stay on, may be taken down again."""
    load_free_us: int = 0
    """When the load is what it was."""
    messages_free_us: int = 0
    """When the producers make as many messages as before."""
    joined: int = 0
    consumers: int = 0
    """How many have joined."""
    gone: bool = False
    lied: bool = False
    """Some disk lies, or will: whose power may fail has to be known by name."""

    def aimed(self) -> list[str]:
        """Now and then whoever leads something when it is carried out, in the words of a command; else nobody."""
        roles = _roles(self.spec)
        if not roles or self.lied or self.chance.random() >= _AIMED:
            return []
        return [self.chance.choice(self.chance.choice(roles))]

    def nodes(self, most: int = 1) -> list[str]:
        """Some members, whatever state they are in: at least one."""
        return self._some(self.members, most)

    def machines(self, most: int = 1) -> list[str]:
        """Some members, and perhaps clients."""
        return self._some([*self.members, *self.clients], most)

    def idle(self, most: int = 1) -> list[str]:
        """Some members whose power nobody is meddling with; perhaps none."""
        return self._some([name for name in self.members if self.busy_until_us.get(name, 0) <= self.at_us], most)

    def take(self, names: list[str], duration_us: int) -> None:
        """Nobody else meddles with the power of these for so long from now on, and until they are up."""
        for name in names:
            self.busy_until_us[name] = self.at_us + duration_us + _BOOT_US

    def lasting(self) -> int:
        """How long a fault is in force, in microseconds."""
        return max(_GRID_US, _even(self.chance.uniform(_GRID_US, min(_LONGEST_US, self.room_us))))

    def share(self, low: int, high: int) -> str:
        return f"{self.chance.randint(low, high)}%"

    def _some(self, names: list[str], most: int) -> list[str]:
        count = min(len(names), self.chance.randint(1, most))
        chosen = self.chance.sample(names, count)
        return [name for name in names if name in chosen]


def draw(spec: ClusterSpec, until_us: int, seed: int, budget: int) -> tuple[tuple[int, Any], ...]:
    """A timeline ``(at_us, command)`` of up to ``budget`` faults for a scenario that ends at ``until_us``.

    Raises UserError if the scenario is too short for it.
    """
    if until_us < SHORTEST_US:
        least = format_duration(SHORTEST_US)
        raise UserError(f"--faults random: until ({format_duration(until_us)}) is too short; it takes at least {least}")
    chance = stream(seed, "sweep", "faults")
    calm_us = _even(until_us * (1 - CALM))
    stage = Stage(spec, chance, 0, 0, list(spec.machines), list(spec.client_names), _disks(spec))
    instants = sorted(_even(chance.uniform(_FIRST_US, calm_us - _GRID_US)) for _ in range(budget))
    words = [word for word, each in DRAWS.items() if spec.kafka.brokers or not each.kafka]
    weights = [DRAWS[word].weight for word in words]
    timeline = []
    for at_us in instants:
        stage.at_us, stage.room_us = at_us, calm_us - at_us
        word = chance.choices(words, weights)[0]
        fields = DRAWS[word].fields(stage)
        if fields is None:
            # There is always a link that can be worse.
            word, fields = "link", _link(stage)
        timeline.append((at_us, validate({"do": word, **fields})))
    return tuple(timeline)


def _disks(spec: ClusterSpec) -> int:
    """How many disks may be lost without breaking what was promised."""
    spare = [max(0, {"quorum": spec.store.w, "shards": spec.shards.acknowledging}.get(spec.database, 1) - 1)]
    if spec.database == "zookeeper":
        spare = []
    if spec.database == "none":
        spare = []
    if spec.kafka.brokers:
        spare.append(min(topic.min_insync for topic in spec.kafka.topics) - 1)
    if spec.zookeeper.servers:
        spare.append(spec.zookeeper.servers - spec.zookeeper.quorum)
    return min(spare)


def _roles(spec: ClusterSpec) -> list[list[str]]:
    """Who has a part that somebody else has to take over when it is lost, by systems."""
    kafka, first = spec.kafka, spec.kafka.topics[0]
    families = [
        ["leader"] if spec.zookeeper.servers else [],
        [f"master of {name}" for name in spec.shards.names] if spec.database == "shards" else [],
        ["master"] if spec.database == "zookeeper" else [],
        ["active"] if spec.balancer.balancers else [],
        ["controller", *(f"coordinator of {group.name}" for group in kafka.groups)] if kafka.brokers else [],
        [f"leader of {first.name}-{number}" for number in range(first.partitions)] if kafka.brokers else [],
    ]
    return [family for family in families if family]


def _crash(stage: Stage) -> Fields | None:
    aimed = stage.aimed()
    if aimed:
        return {"nodes": aimed, "tail": stage.chance.choice(["", "lost", "torn"]), "lasting": _span(stage)}
    # Now and then the power fails for many at once: what was in memories alone is then gone.
    names = stage.idle(len(stage.members) if stage.chance.random() < _WIDE else 2)
    if not names:
        return None
    fields: Fields = {"nodes": names, "lasting": _for(stage, names)}
    if stage.disks > 0 and stage.chance.random() < 0.3:
        stage.disks -= 1
        fields["nodes"] = names[:1]
        fields["lose_disk"] = True
    else:
        fields["tail"] = stage.chance.choice(["", "lost", "torn"])
    return fields


def _restart(stage: Stage) -> Fields | None:
    aimed = stage.aimed()
    if aimed:
        return {"nodes": aimed, "down": _span(stage)}
    names = stage.idle(2)
    return {"nodes": names, "down": _for(stage, names)} if names else None


def _rolling_restart(stage: Stage) -> Fields | None:
    names = stage.idle(4)
    down_us, pause_us = _even(stage.chance.uniform(0, 2e6)), _even(stage.chance.uniform(0, 4e6))
    duration_us = len(names) * (down_us + pause_us + _BOOT_US)
    if not names or duration_us > stage.room_us:
        return None
    stage.take(names, duration_us)
    return {"nodes": names, "down": format_duration(down_us), "pause": format_duration(pause_us)}


def _freeze(stage: Stage) -> Fields | None:
    aimed = stage.aimed()
    if aimed:
        return {"nodes": aimed, "lasting": _span(stage)}
    names = stage.idle(2)
    return {"nodes": names, "lasting": _for(stage, names)} if names else None


def _slow_cpu(stage: Stage) -> Fields | None:
    return {"nodes": stage.nodes(2), "times": stage.chance.choice([10, 30, 100, 300]), "lasting": _span(stage)}


def _partition(stage: Stage) -> Fields | None:
    if len(stage.members) < 2:
        return None
    aimed = stage.aimed()
    if aimed:
        return {"groups": [aimed, ["rest"]], "lasting": _span(stage)}
    names = stage.chance.sample(stage.members, len(stage.members))
    cut = stage.chance.randrange(1, len(names))
    sides = [names[:cut], names[cut:]]
    for client in stage.clients:
        # A client is on one side, or reaches both.
        side = stage.chance.randrange(3)
        if side < 2:
            sides[side].append(client)
    order = {name: number for number, name in enumerate([*stage.members, *stage.clients])}
    return {"groups": [sorted(side, key=order.__getitem__) for side in sides], "lasting": _span(stage)}


def _one_way(stage: Stage) -> Fields | None:
    return _ends(stage) | {"lasting": _span(stage)}


def _link(stage: Stage) -> Fields:
    chance = stage.chance
    ill: Fields = chance.choice(
        [
            {
                "latency": f"{chance.randint(1, 40) * 10}ms",
                "jitter": f"{chance.randint(1, 20) * 10}ms",
                "distribution": chance.choice(["uniform", "normal", "pareto"]),
            },
            {"loss": stage.share(1, 30), "loss_run": chance.choice([1, 1, 5])},
            {"loss": stage.share(50, 95)},
            {"duplicate": stage.share(5, 50), "reorder": stage.share(5, 50)},
            {"bandwidth": f"{chance.randint(1, 20) * 10}kB/s"},
        ]
    )
    where: Fields = {} if chance.random() < 0.3 else _ends(stage)
    return where | ill | {"both_ways": chance.random() < 0.7, "lasting": _span(stage)}


def _flap(stage: Stage) -> Fields | None:
    period = f"{stage.chance.randint(5, 40) * 100}ms"
    return _ends(stage) | {"period": period, "down": stage.share(10, 90), "lasting": _span(stage)}


def _clock(stage: Stage) -> Fields | None:
    if stage.spec.store.conflicts == "newest":
        return None
    chance = stage.chance
    fastest = 300_000 if stage.spec.database == "quorum" else 150_000
    wrong: Fields = chance.choice(
        [
            {"offset": f"{chance.choice([-1, 1]) * chance.randint(1, 60)}s"},
            {"drift_ppm": chance.choice([-1, 1]) * chance.choice([200, 10_000, 100_000, fastest])},
            {"frozen": True},
        ]
    )
    return {"nodes": stage.nodes(2), **wrong, "lasting": _span(stage)}


def _disk(stage: Stage) -> Fields | None:
    fault = stage.chance.choice(["full", "hang", "slow", "read-error", "lie", *(["rot"] if stage.disks > 0 else [])])
    if fault == "lie":
        names = stage.idle()
        stage.take(names, _FOR_GOOD_US)
        stage.lied = True
        return {"nodes": names, "fault": fault, "lasting": _span(stage)} if names else None
    fields: Fields = {"nodes": stage.nodes(), "fault": fault}
    if fault == "rot":
        stage.disks -= 1
        return fields
    if fault == "slow":
        if stage.chance.random() < _WIDE:
            fields["nodes"] = stage.nodes(len(stage.members))
        fields["amount"] = stage.chance.choice([2, 10, 50, 200])
    return fields | {"lasting": _span(stage)}


def _load(stage: Stage) -> Fields | None:
    chance = stage.chance
    rate = round(stage.spec.load.rate * chance.choice([0.1, 0.5, 2, 3]), 2)
    change: Fields = chance.choice(
        [
            {"rate": rate},
            {"reads": stage.share(5, 95)},
            {"skew": chance.choice([0, 0.5, 1.5, 2])},
            {"hot": "k0", "hot_share": stage.share(20, 80)},
        ]
    )
    return _demand(stage, change)


def _burst(stage: Stage) -> Fields | None:
    if not stage.spec.load.rate:
        return None
    return _demand(stage, {"rate": round(stage.spec.load.rate * stage.chance.randint(3, 10), 2)})


def _herd(stage: Stage) -> Fields | None:
    key = f"k{stage.chance.randrange(min(10, stage.spec.load.keys))}"
    return {"key": key, "requests": stage.chance.choice([20, 50, 100, 200])}


def _add(stage: Stage) -> Fields | None:
    if stage.joined >= _MOST_JOIN or stage.spec.database == "none":
        return None
    stage.joined += 1
    name = f"m{stage.joined}"
    stage.members.append(name)
    stage.take([name], _BOOT_US)
    return {"nodes": [name]}


def _remove(stage: Stage) -> Fields | None:
    if stage.spec.database != "quorum":
        return None
    names = stage.idle()
    if stage.gone or not names or len(stage.members) - 1 <= stage.spec.store.n:
        return None
    stage.gone = True
    stage.members.remove(names[0])
    return {"nodes": names}


def _produce(stage: Stage) -> Fields | None:
    if not stage.spec.kafka.producers or stage.messages_free_us > stage.at_us:
        return None
    lasting_us = stage.lasting()
    stage.messages_free_us = stage.at_us + lasting_us + _GRID_US
    rate = round(stage.spec.kafka.rate * stage.chance.choice([0.1, 0.5, 2, 5]), 2)
    return {"rate": rate, "lasting": format_duration(lasting_us)}


def _consume(stage: Stage) -> Fields | None:
    if stage.consumers >= _MOST_JOIN:
        return None
    stage.consumers += 1
    return {"group": stage.chance.choice(stage.spec.kafka.groups).name}


def _stall(stage: Stage) -> Fields | None:
    names = [name for name, kind in stage.spec.machines.items() if kind == "consumer" and name in stage.members]
    if not names:
        return None
    processing = stage.chance.choice(["50ms", "500ms", "2s", "12s"])
    return {"nodes": [stage.chance.choice(names)], "processing": processing, "lasting": _span(stage)}


@dataclass(frozen=True, slots=True)
class Draw:
    """How one kind of fault is drawn: its fields, or None if there is nothing for it now. ``weight``: how often."""

    fields: Callable[[Stage], Fields | None]
    weight: int = 1
    kafka: bool = False
    """Only where there are brokers."""


DRAWS: dict[str, Draw] = {
    "crash": Draw(_crash, 3),
    "restart": Draw(_restart, 2),
    "rolling-restart": Draw(_rolling_restart),
    "freeze": Draw(_freeze, 2),
    "slow-cpu": Draw(_slow_cpu),
    "partition": Draw(_partition, 3),
    "one-way": Draw(_one_way, 2),
    "link": Draw(_link, 3),
    "flap": Draw(_flap),
    "clock": Draw(_clock),
    "disk": Draw(_disk, 2),
    "load": Draw(_load),
    "burst": Draw(_burst),
    "herd": Draw(_herd),
    "add": Draw(_add),
    "remove": Draw(_remove),
    "produce": Draw(_produce, kafka=True),
    "consume": Draw(_consume, kafka=True),
    "stall": Draw(_stall, 2, kafka=True),
}
"""Word of the command -> how it is drawn: every command that breaks something (that has an ``undo``)."""


def _ends(stage: Stage) -> Fields:
    """From some machines to others, or to everybody."""
    sources = stage.machines(2)
    targets = [name for name in stage.machines(2) if name not in sources]
    return {"sources": sources, "targets": targets} if targets else {"sources": sources}


def _demand(stage: Stage, change: Fields) -> Fields | None:
    """A change of the load, one at a time: each ends by putting back what it found."""
    if stage.load_free_us > stage.at_us:
        return None
    lasting_us = stage.lasting()
    stage.load_free_us = stage.at_us + lasting_us + _GRID_US
    return change | {"lasting": format_duration(lasting_us)}


def _for(stage: Stage, names: list[str]) -> str:
    """How long these machines are taken down."""
    lasting_us = stage.lasting()
    stage.take(names, lasting_us)
    return format_duration(lasting_us)


def _span(stage: Stage) -> str:
    return format_duration(stage.lasting())


def _even(duration_us: float) -> int:
    return int(duration_us // _GRID_US) * _GRID_US
