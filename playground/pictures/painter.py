"""The painter of one cluster: what is the same whatever the cluster is made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from playground.causality.requests import Requests
from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.curves import Curves
from playground.frame import Frame, Header, Thing, View
from playground.kernel.node import Life
from playground.kernel.tracing import Tracer
from playground.metrics import percentile
from playground.pictures.clients import tone_of
from playground.pictures.history import Histories
from playground.pictures.panels import PANELS_OF, Asked
from playground.pictures.spacetime import SpaceTimePicture
from playground.pictures.story import Story
from playground.pictures.why import Explainer
from playground.pictures.zooms import Zooms
from playground.spec import CONSOLE
from playground.systems.gossip import picture as gossip_picture
from playground.systems.gossip.service import GossipService
from playground.systems.kafka.books import Books
from playground.systems.kafka.worker import ConsumerService
from playground.systems.store import picture as store_picture
from widgets.shapes import Chord, Spark, State, Tone

SPARKS = 48
CHORDS = 24
CHORD_S = 0.5
SPARK_S = 1.2
"""How long, in seconds of the person who looks, a request stays visible on the ring."""

_STATES = {Life.UP: State.UP, Life.BOOTING: State.BOOTING, Life.FROZEN: State.FROZEN, Life.DOWN: State.DOWN}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A request, for the ring: where and what; ``operation`` tells how it went."""

    operation: Operation
    at: float


class Painter:
    """Makes the Frames of one cluster."""

    def __init__(
        self, cluster: Cluster, title: str, captions: Iterable[tuple[int, str]] = (), tracer: Tracer | None = None
    ) -> None:
        """``tracer``: knows what led to what; without one there are no views of it."""
        self._cluster = cluster
        self._title = title
        self._captions = deque(sorted(captions))
        self._all_captions = len(self._captions)
        self._caption = ""
        self._number = 0
        self._recent: deque[_Seen] = deque(maxlen=SPARKS)
        self._asked = ""
        """The key that the console asked about last: it stays marked on the ring."""
        self._curves = Curves(cluster)
        self._paces: deque[tuple[int, float]] = deque(maxlen=20)
        self._hues = {name: hue for hue, name in enumerate(cluster.names)}
        histories = Histories(cluster, self._hues)
        self._subjects = histories.subjects
        self._story = Story(cluster.world.journal, self._hues, self._subjects.items_of)
        self._panels = PANELS_OF[cluster.spec.database](cluster, self._hues)
        self._zooms = Zooms(cluster, self._panels, histories, self._hues)
        self._spacetime: SpaceTimePicture | None = None
        self._explainer: Explainer | None = None
        if tracer is not None:
            requests = Requests(cluster.history, tracer)
            self._spacetime = SpaceTimePicture(cluster, tracer, requests, self._hues)
            self._explainer = Explainer(cluster, tracer, requests, self._hues)
        self._rows = gossip_picture.Rows()
        self._same: dict[Hashable, Any] = {}
        """What has been painted for somebody at this moment, and is the same for everybody else."""
        cluster.history.listen(started=self._began)

    @property
    def at_us(self) -> int:
        """The instant that the next Frame will show."""
        return self._cluster.now_us

    def pace(self, now_us: int, wall_s: float) -> float:
        """Virtual seconds per second over the last frames; to be told of each."""
        self._paces.append((now_us, wall_s))
        first_us, first_s = self._paces[0]
        return (now_us - first_us) / 1e6 / (wall_s - first_s) if wall_s > first_s else 0.0

    def resume(self) -> None:
        """Time has stood still: what was measured of its pace says nothing any more."""
        self._paces.clear()

    def paint(
        self,
        view: View,
        *,
        speed: float,
        actual_speed: float,
        paused: bool,
        ended: bool = False,
        notice: tuple[int, str, Tone] = (0, "", Tone.PLAIN),
        stopped: str = "",
        again: bool = False,
    ) -> Frame:
        """A picture of now, for somebody who looks at ``view``.

        ``again``: nothing has happened since the last one, which was for somebody else; what they both see is the same.
        """
        cluster = self._cluster
        self._number += 1
        if not again:
            self._same.clear()
        for name in cluster.names:
            self._hues.setdefault(name, len(self._hues))
        while self._captions and self._captions[0][0] <= cluster.now_us:
            self._caption = self._captions.popleft()[1]
        sides = self._once("sides", cluster.sides)
        picked = self._subjects.picked(view.item)
        panels: dict[str, Any] = {}
        shown = view.panels & frozenset(self._panels.names)
        if "ring" in shown:
            shown_at = speed or actual_speed or 1.0
            asked = Asked(
                self._once("sparks", partial(self._sparks, shown_at)),
                self._once("chords", partial(self._chords, shown_at)),
                view.key or self._asked,
            )
            panels["ring"] = self._once(("ring", asked.key), partial(self._panels.ring, sides, asked))
            if picked.item is not None and picked.item.kind == "shard":
                panels["ring"] = replace(panels["ring"], replicas=picked.nodes)
        if "gossip" in shown:
            panels["gossip"] = self._once(
                "gossip",
                lambda: gossip_picture.matrix(
                    cluster.world,
                    self._panels.gossiping,
                    cluster.services(GossipService),
                    self._hues,
                    sides,
                    self._rows,
                ),
            )
        if "load" in shown:
            columns = view.columns
            panels["load"] = self._once(("load", columns), partial(self._curves.series, columns, self._hues))
        if "detail" in view.panels and view.selected in cluster.world.nodes:
            panels["detail"] = self._zooms.detail(view.selected, picked.item, view.key or self._asked)
        for name in ("replicas", "balancer", "tree", "partitions"):
            if name in shown:
                panels[name] = self._once(name, getattr(self._panels, name))
        if "spacetime" in view.panels and self._spacetime is not None:
            panels["spacetime"] = self._spacetime.picture(view.lens, view.selected)
        if "why" in view.panels and self._explainer is not None and view.question is not None:
            panels["why"] = self._explainer.answer(view.question)
        return Frame(
            number=self._number,
            header=self._once("header", lambda: replace(self._header(speed, actual_speed, paused), ended=ended)),
            nodes=self._once("nodes", partial(self._things, sides)),
            log=self._story.log(),
            picked=picked,
            panels=self._panels.names,
            helps=self._panels.helps,
            first=self._panels.first,
            notice=notice[1],
            notice_tone=notice[2],
            notice_number=notice[0],
            faults=self._once("faults", cluster.in_force),
            load_rate=cluster.produce_rate if cluster.spec.database == "none" else cluster.load.rate,
            caption=self._caption,
            captions=(self._all_captions - len(self._captions), self._all_captions),
            stopped=stopped,
            **panels,
        )

    def _once(self, what: Hashable, paint: Callable[[], Any]) -> Any:
        """``paint()``, or what it gave for somebody else at this moment."""
        if what not in self._same:
            self._same[what] = paint()
        return self._same[what]

    def _things(self, sides: Mapping[str, int]) -> tuple[Thing, ...]:
        cluster = self._cluster
        consumers = cluster.services(ConsumerService)
        return tuple(
            Thing(
                name,
                self._hues[name],
                _STATES[cluster.node(name).life],
                sides.get(name, 0),
                client=name in cluster.clients,
                stalled=consumers[name].stalled_ms is not None if name in consumers else None,
            )
            for name in cluster.names
            if name != CONSOLE
        )

    def _header(self, speed: float, actual_speed: float, paused: bool) -> Header:
        cluster = self._cluster
        now_us = cluster.now_us
        p50_us, p99_us = cluster.metrics.recent_percentiles_us(now_us)
        broken = cluster.inspection.count
        stale = cluster.staleness.stale_reads
        if broken:
            verdict, tone = f"{broken} broken promise{'s' if broken > 1 else ''}", Tone.BAD
        elif stale:
            why = cluster.inspection.database.why_stale
            verdict, tone = f"{stale} stale read{'s' if stale > 1 else ''}, {why}", Tone.WARN
        else:
            verdict, tone = "all promises kept", Tone.GOOD
        header = Header(
            title=self._title,
            at_us=now_us,
            speed=speed,
            actual_speed=actual_speed,
            paused=paused,
            seed=cluster.seed,
            commands=len(cluster.recorded),
            ops_per_s=cluster.metrics.rate(now_us),
            p50_us=p50_us,
            p99_us=p99_us,
            error_share=cluster.metrics.error_share(now_us),
            stale_reads=stale,
            verdict=verdict,
            tone=tone,
            linearizable=_keys(cluster),
        )
        kafka = cluster.inspection.kafka
        return header if kafka is None or cluster.spec.database != "none" else _of_messages(header, kafka.books)

    def _sparks(self, speed: float) -> tuple[Spark, ...]:
        now_us = self._cluster.now_us
        window_us = SPARK_S * speed * 1e6
        sparks = []
        for seen in self._recent:
            age = (now_us - seen.operation.invoked_us) / window_us
            if age < 1:
                sparks.append(Spark(seen.at, seen.operation.write, tone_of(seen.operation), max(0.0, age)))
        return tuple(sparks)

    def _chords(self, speed: float) -> tuple[Chord, ...]:
        """Some of the newest messages between members, each on its way for a moment that an eye can follow.

        One for each stretch of time, the first of it: so that none appears or vanishes half-way.
        """
        cluster = self._cluster
        window_us = CHORD_S * speed * 1e6
        members = frozenset(cluster.members)
        shown: dict[int, Chord] = {}
        for at_us, source, target, _ in cluster.world.deliveries():
            age = (cluster.now_us - at_us) / window_us
            if age >= 1:
                break
            if source != target and source in members and target in members:
                shown[int(at_us * CHORDS / window_us)] = Chord(source, target, age)
        broken = {
            (source, target): Chord(source, target, None, Tone.WARN)
            for fault in cluster.faults
            for source, target in fault.links
            if source in members and target in members
        }
        return (*shown.values(), *broken.values())

    def _began(self, operation: Operation) -> None:
        if operation.client == CONSOLE:
            self._asked = operation.key
        self._recent.append(_Seen(operation, store_picture.turn(operation.key)))


def _of_messages(header: Header, books: Books) -> Header:
    """The header of a cluster whose clients are producers alone."""
    full = books.recent(header.at_us, 4)[:-1]
    recent = books.recent(header.at_us, 10)
    took_us = [each for second in recent for each in second.latencies_us]
    ended = sum(second.published + second.failed for second in recent[-5:])
    return replace(
        header,
        ops_per_s=sum(second.published for second in full) / len(full) if full else 0.0,
        p50_us=percentile(took_us, 50),
        p99_us=percentile(took_us, 99),
        error_share=sum(second.failed for second in recent[-5:]) / ended if ended else 0.0,
        counted="msgs/s",
    )


def _keys(cluster: Cluster) -> tuple[int, int, int]:
    verdicts = cluster.inspection.linearizability.verdicts
    return verdicts["linearizable"], verdicts["violation"], verdicts["unknown"]
