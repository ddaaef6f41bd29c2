"""Made-up pictures for the gallery and the tests: the same for the same ``step``, no clock, no chance."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

from widgets.shapes import (
    Arc,
    Belief,
    Cell,
    Chord,
    Column,
    Detail,
    Fact,
    Group,
    GroupMember,
    KeyMark,
    Line,
    Log,
    LogLine,
    Matrix,
    MatrixCell,
    MatrixNode,
    Partition,
    Partitions,
    Progress,
    Replica,
    Ring,
    RingNode,
    Row,
    Series,
    Spark,
    State,
    Table,
    Tone,
    Tree,
    TreeNode,
)

_STATES = {3: State.DOWN, 5: State.FROZEN, 8: State.BOOTING}


def names(count: int) -> list[str]:
    return [f"n{i + 1}" for i in range(count)]


def state(index: int) -> State:
    return _STATES.get(index % 12, State.UP)


def _side(index: int, count: int, cut: bool) -> int:
    """The middle third stands on side B, the others on side A."""
    if not cut:
        return 0
    return 2 if count // 3 <= index < count * 2 // 3 else 1


def ring(count: int = 12, step: int = 0, *, cut: bool = False, busy: bool = True, tokens: int = 6) -> Ring:
    """A ring of ``count`` nodes with ``tokens`` arcs each, at animation step ``step`` (100 ms)."""
    chance = Random(7)
    places = sorted((chance.random(), i % max(1, count)) for i in range(max(1, count) * tokens))
    arcs = []
    share = [0.0] * count
    for (start, owner), (end, _) in zip(places, [*places[1:], (places[0][0] + 1, 0)], strict=True):
        if count:
            arcs.append(Arc(start, end if end <= 1 else end - 1, owner))
            share[owner] += end - start
    nodes = tuple(RingNode(name, i, state(i), share[i], _side(i, count, cut)) for i, name in enumerate(names(count)))
    sparks = []
    chords = []
    if busy and count > 1:
        for number in range(24):
            life = (step + number * 3) % 14
            chance = Random(number * 1000 + (step + number * 3) // 14)
            tone = chance.choice((Tone.PLAIN, Tone.GOOD, Tone.GOOD, Tone.GOOD, Tone.BAD, Tone.WARN))
            sparks.append(Spark(chance.random(), chance.random() < 0.4, tone, life / 14))
        for number in range(14):
            life = (step + number * 2) % 9
            chance = Random(number * 77 + (step + number * 2) // 9)
            source, target = chance.sample(range(count), 2)
            tone = Tone.BAD if nodes[source].side != nodes[target].side else Tone.MUTED
            chords.append(Chord(f"n{source + 1}", f"n{target + 1}", life / 8, tone))
        chords.append(Chord("n1", f"n{count // 2 + 1}", None, Tone.WARN))
    key = KeyMark("cart:4711", 0.137, tuple(names(count)[i % count] for i in (1, 4, 6))) if count else None
    caption = "cart:4711 → n2 n5 n7 · R=2 W=2 · quorum" + (" · cut: A | B" if cut else "")
    return Ring(nodes, tuple(arcs), tuple(sparks), tuple(chords), key, caption)


def table(count: int = 9, step: int = 0) -> Table:
    columns = (
        Column("shard", 8), Column("master", 7), Column("slaves", 10, weight=2), Column("mode", 6, drop=2),
        Column("WAL", 8, right=True, drop=1), Column("lag", 12, weight=1, right=True, drop=3),
    )  # fmt: skip
    rows = []
    for i in range(count):
        lag = (i * 37 + step * (i % 3)) % 100
        tone = Tone.BAD if lag > 80 else Tone.WARN if lag > 50 else Tone.GOOD
        rows.append(
            Row(
                (
                    Cell(f"shard-{i}"),
                    Cell(f"n{i % 5 + 1}", hue=i % 5),
                    Cell(f"n{(i + 1) % 5 + 1} n{(i + 2) % 5 + 1}", Tone.MUTED),
                    Cell("async" if i % 2 else "sync"),
                    Cell(f"{18200 + i * 131 + step}"),
                    Cell(f"{lag}", tone, lag / 100),
                ),
                name=f"shard-{i}", hue=i, state=state(i),
            )
        )  # fmt: skip
    return Table(tuple(columns), tuple(rows), caption="replication: pull every 200 ms")


_TREE = (
    ("/", 0, "", -1),
    ("/balancers", 1, "", -1),
    ("/balancers/active", 2, "b1, epoch 3", 3),
    ("/servers", 1, "4 alive", -1),
    ("/servers/s1", 2, "load 0.31, 8 workers", 5),
    ("/servers/s2", 2, "load 0.28, 8 workers", 6),
    ("/servers/s3", 2, "load 0.35, 8 workers", 7),
    ("/servers/s4", 2, "load 0.02, 8 workers, on probation", 8),
    ("/shards", 1, "3 shards", -1),
    ("/shards/shard-1", 2, "copies n1 n2 n3", -1),
    ("/shards/shard-1/election", 3, "", -1),
    ("/shards/shard-1/election/n1-0000000007", 4, "log 1:18,342", 9),
    ("/shards/shard-1/election/n2-0000000008", 4, "log 1:18,340", 10),
    ("/shards/shard-1/master", 3, "n1, term 4", 9),
    ("/shards/shard-2", 2, "copies n4 n5 n6", -1),
    ("/shards/shard-2/master", 3, "n5, term 2", 1),
)


def tree(step: int = 0) -> Tree:
    """The znodes of an ensemble; every second, another one is fresh."""
    nodes = tuple(
        TreeNode(
            path, path.rpartition("/")[2] or "/", depth, text,
            mark="ephemeral" if owner >= 0 else "", tone=Tone.WARN if "probation" in text else Tone.PLAIN,
            hue=owner if owner >= 0 else None, subject=f"n{owner + 1}" if owner >= 0 else "",
            fresh=index == 2 + step // 10 % 6,
        )
        for index, (path, depth, text, owner) in enumerate(_TREE)
    )  # fmt: skip
    return Tree(nodes, caption="leader n2, epoch 3 · 9 sessions · zxid 3:412")


def matrix(count: int = 12, step: int = 0, *, cut: bool = False) -> Matrix:
    nodes = tuple(MatrixNode(name, i, state(i), _side(i, count, cut)) for i, name in enumerate(names(count)))
    rows: list[tuple[MatrixCell, ...]] = []
    for r in range(count):
        if nodes[r].state is State.DOWN:
            rows.append(())
            continue
        row = []
        for c in range(count):
            age = (r * 131 + c * 257 + step * 100) % 1400
            if r == c:
                row.append(MatrixCell(Belief.SELF))
            elif nodes[c].state is State.DOWN:
                row.append(MatrixCell(Belief.DEAD if (r + c) % 3 else Belief.SUSPECT, 6000 + age))
            elif nodes[c].state is State.FROZEN or nodes[c].side != nodes[r].side:
                row.append(MatrixCell(Belief.SUSPECT if (r + c) % 2 else Belief.ALIVE, 2500 + age))
            elif nodes[c].state is State.BOOTING and r % 2:
                row.append(MatrixCell(Belief.UNKNOWN))
            else:
                row.append(MatrixCell(Belief.ALIVE, age))
        rows.append(tuple(row))
    return Matrix(nodes, tuple(rows), caption="rows believe · marks are what is · age in s")


def series(count: int = 5, step: int = 0, points: int = 160) -> Series:
    lines = []
    for i in range(count):
        values = tuple(
            None if i == 3 and 60 < (p + step) % 90 < 80
            else abs(math.sin((p + step) / (5 + i * 2)) + 0.4 * math.sin((p + step) / 2.3 + i)) * 40 * (i + 1)
            for p in range(points)
        )  # fmt: skip
        now = values[-1]
        lines.append(Line(f"n{i + 1} p99", values, "–" if now is None else f"{now:.0f} ms", hue=i))
    return Series(tuple(lines), 500, "p99 latency per node, 500 ms buckets")


_EVENTS = (
    ("gossip", "suspects n4: no answer for 1,204 ms", Tone.WARN),
    ("zab", "elected leader of epoch 7 by n1 n2 n5", Tone.GOOD),
    ("chaos", "crashed by you", Tone.BAD),
    ("raft", "appended 3 records to shard-2", Tone.PLAIN),
    ("kafka", "group billing rebalances: 3 members, 12 partitions to move before anyone may read on", Tone.ACCENT),
    ("disk", "fsync took 312 ms", Tone.WARN),
    ("read", "stale by 2 versions: cart:4711", Tone.BAD),
    ("gossip", "alive again", Tone.GOOD),
    ("net", "dropped 4 messages to the other side", Tone.MUTED),
)


def log(count: int = 60, step: int = 0) -> Log:
    lines = []
    for index in range(step, step + count):
        kind, text, tone = _EVENTS[index % len(_EVENTS)]
        node = index * 7 % 12
        lines.append(LogLine(index, 14_203_000 + index * 173_311, kind, f"n{node + 1}", text, tone, node))
    return Log(tuple(lines), dropped=step)


def detail(step: int = 0) -> Detail:
    facts = (
        Fact("state", "frozen for 2.4 s (its own clock stands still)", Tone.WARN),
        Fact("believed", "suspect by n1 n2 n6, alive by n7 n9 n10 n11, dead by nobody yet", Tone.PLAIN),
        Fact("WAL", f"{18342 + step:,} records, 1.2 MB, 3 not synced", Tone.PLAIN),
        Fact("owns", "8.4 % of the circle in 6 arcs", Tone.MUTED),
    )
    small = table(4, step)
    return Detail("n6", facts, (("shards", replace(small, caption="")), ("sessions", Table((), (), empty="none open"))))


def partitions(count: int = 4, step: int = 0, *, groups: int = 1) -> Partitions:
    """A topic on n1 to n3, read by n10 and n11. n11 does not keep up with its partitions; n4 is down."""
    brokers = (0, 1, 2, 3)
    states = {index: state(index) for index in brokers}
    rows = []
    for number in range(count):
        order = tuple(brokers[(number + place) % 4] for place in range(3))
        replicas = tuple(Replica(f"n{i + 1}", i, states[i] is State.UP, states[i]) for i in order)
        alive = [each for each in replicas if each.in_sync]
        end = 1_200 + number * 57 + step * 2
        mark = end - (number * 5 + step) % 4
        readers = []
        for group in range(groups):
            owner = 9 + (number + group) % 2
            behind = 180 + step % 20 if owner == 10 else 3 + step % 3
            lags = tuple(float(max(0, behind - (29 - at) * (6 if owner == 10 else 0) + at % 3)) for at in range(30))
            tone = Tone.WARN if behind > 50 else Tone.PLAIN
            in_hand = 20 if owner == 10 else 2
            readers.append(
                Progress(
                    f"view{group + 1 if group else ''}", mark - behind, mark - behind + in_hand, behind, lags,
                    f"n{owner + 1}", owner, tone,
                )
            )  # fmt: skip
        rows.append(
            Partition(
                f"changes-{number}", alive[0].name, alive[0].hue, replicas, 0 if number else 1_000, mark, end,
                tuple(readers), Tone.WARN if len(alive) < 3 else Tone.PLAIN,
            )
        )  # fmt: skip
    folded = (Partition("__consumer_offsets-0", "n2", 1, rows[0].replicas, 0, 340, 340) if rows else None,)
    told = tuple(
        Group(
            f"view{group + 1 if group else ''}", "generation 6, stable",
            (GroupMember("n10", 9, count - count // 2), GroupMember("n11", 10, count // 2, "stalled")),
            "cooperative-sticky",
        )
        for group in range(groups)
    )  # fmt: skip
    return Partitions(
        tuple(rows), told, tuple(each for each in folded if each), "1 internal: in sync", span=200, lag_top=200,
        caption="controller n1, epoch 3",
    )  # fmt: skip
