"""The space-time diagram: from what the tracer keeps to lanes, arrows and moments.

* What is shown is decided by the filter (:mod:`.spacetime_filter`), or by the story that somebody follows
  (:mod:`.spacetime_following`); without either it is what the selected machine sends and gets.
* A lane stays as long as the filter does: lanes that come and go with the traffic could not be watched. A machine has
  one if it took part in anything that fits, lately or since. In a story lanes stand in the order of their parts.
* Each message is judged once and remembered, as the same ones are shown ten times a second.
* Of more messages than anybody can see, those are left out that would lie on top of others; then the oldest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.frame import Lens
from playground.kernel.errors import UserError
from playground.kernel.happenings import Happening, Loss
from playground.kernel.messages import Request
from playground.kernel.network import Rule
from playground.kernel.node import Life
from playground.kernel.tracing import Tracer
from playground.pictures.spacetime_filter import Filter, parse
from playground.pictures.spacetime_following import Follower, Story
from playground.pictures.spacetime_naming import CONNECTION, SYSTEMS, Name, name_of
from playground.pictures.spacetime_reading import Reader, took
from playground.pictures.telling import tone_of
from widgets.shapes import Hop, Lane, Moment, SpaceTime, Spell, State, Tone

HOPS = 500
"""So many arrows at most."""
SCAN = 30_000
"""So many messages at most are looked at for one picture."""
_BUCKETS = 240
"""What is sent over one link within this part of the span lies on one line of dots."""
_LATE_US = 3_000_000
"""A message that was sent in the window is found if it arrives within so long."""
_LATELY_US = 5_000_000
"""Who took part so long before has a lane from the beginning."""
_MARGIN = 24
"""A story is shown with this part of it, at least a millisecond, before and behind it."""
_ROUND_US = 2_000_000
"""What is shown round something that has no story."""
_REMEMBERED = 120_000
_LOSERS = {
    "Partition": "a partition lay between them",
    "NeighboursOnly": "a partition lay between them",
    "Cut": "the link was cut",
    "Loss": "the link lost it",
    "BurstyLoss": "the link lost it",
    "Bandwidth": "the link's queue was full",
}


class SpaceTimePicture:
    """Of one cluster. ``requests``: of its clients; ``hues``: of the machines."""

    def __init__(self, cluster: Cluster, tracer: Tracer, requests: Requests, hues: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._tracer = tracer
        self._hues = hues
        self._requests = requests
        self._follower = Follower(tracer, self._requests, lambda each: self._name(each).label)
        self._reader = Reader(tracer, self._follower, self._name, self._why_lost)
        self._judged: dict[int, Hop | None] = {}
        """Message -> its arrow, on no lanes yet; None: it does not fit."""
        self._judged_for: Filter | None = None
        self._lanes_for: tuple[Filter, int] | None = None
        self._took_part: set[str] = set()
        self._spoke: set[str] = set()
        """The systems of which anything was shown since the filter was set."""
        self._story: Story | None = None

    def picture(self, lens: Lens, selected: str) -> SpaceTime:
        """What ``lens`` shows while ``selected`` is the selected machine."""
        wanted, complaint = self._wanted(lens, selected)
        story = self._followed(lens, wanted)
        start_us, end_us = self._window(lens, story)
        if story is not None and not story.ids:
            story = None  # an act of which no message came: what was going on then is shown instead
        reading = self._reader.read(lens.picked) if lens.picked else None
        hidden = 0
        if story is not None:
            named = self._of_story(story)
        else:
            fitting = self._of_window(wanted, start_us, end_us)
            named = _thinned(fitting, end_us - start_us)
            hidden = len(fitting) - len(named)
        if reading is not None:
            near = (*reading.causes, *reading.effects) if story is None else ()
            named = self._with(named, (lens.picked, *near), start_us, end_us)
        names = self._lanes(wanted, story, named, end_us)
        lanes = {name: index for index, name in enumerate(names)}
        hops = tuple(
            replace(hop, source=lanes[source], target=lanes[target])
            for hop, source, target in named
            if source in lanes and target in lanes
        )
        return SpaceTime(
            tuple(Lane(name, self._hues.get(name, 0), self._state(name, end_us)) for name in names),
            hops,
            self._moments(lanes, start_us, end_us),
            self._spells(lanes, start_us, end_us),
            start_us,
            end_us,
            picked=lens.picked,
            reading=reading,
            since_us=self._tracer.since_us,
            now_us=self._cluster.now_us,
            following=story is not None,
            legend=tuple((system, hue) for system, hue in SYSTEMS.items() if system in self._spoke),
            hidden=hidden,
            caption=complaint or self._caption(wanted, story, lens, selected, len(hops)),
            tone=_tone(complaint, story),
        )

    # --- what is asked for --------------------------------------------------------------------------

    def _wanted(self, lens: Lens, selected: str) -> tuple[Filter, str]:
        try:
            return parse(lens.wanted or selected, frozenset(self._cluster.world.nodes)), ""
        except UserError as error:  # a machine that is no more, or a filter that nobody has looked at
            return Filter(), str(error)

    def _window(self, lens: Lens, story: Story | None) -> tuple[int, int]:
        """From when until when: as the lens says, or as long as the story takes."""
        now_us = self._cluster.now_us
        if story is None or lens.span_us:
            end_us = now_us if lens.end_us < 0 else min(lens.end_us, now_us)
            return end_us - (lens.span_us or _ROUND_US), end_us
        margin_us = max(1_000, (story.end_us - story.start_us) // _MARGIN) if story.ids else _ROUND_US // 2
        return story.start_us - margin_us, min(now_us, story.end_us) + margin_us

    def _followed(self, lens: Lens, wanted: Filter) -> Story | None:
        id = lens.following
        if not id and wanted.request >= 0:
            operation = self._requests.find(wanted.request)
            id = self._requests.began(operation) if operation is not None else 0
        if not id:
            return None
        old = self._story
        if old is None or id not in (old.root, *old.ids) or not self._over(old):
            self._story = self._follower.story(id)
        return self._story

    def _over(self, story: Story) -> bool:
        """Whether nothing can belong to it any more that does not yet."""
        operation = story.operation
        ended_us = operation.completed_us if operation is not None else story.end_us + _LATE_US
        return 0 <= ended_us < self._cluster.now_us

    # --- messages -----------------------------------------------------------------------------------

    def _of_story(self, story: Story) -> list[tuple[Hop, str, str]]:
        found = [each for each in map(self._tracer.find, story.ids) if each is not None]
        found += [each for each in self._tracer.under_way() if self._belongs(each, story)]
        return sorted((self._hop(each) for each in found), key=_by_time)

    def _belongs(self, coming: Happening, story: Story) -> bool:
        operation = story.operation
        if operation is not None and operation.completed_us >= 0:
            return False
        return any(each.id == story.root for each in self._follower.causes(coming.cause))

    def _of_window(self, wanted: Filter, start_us: int, end_us: int) -> list[tuple[Hop, str, str]]:
        """What fits and was sent or arrived in this time, oldest first."""
        clients = frozenset(self._cluster.clients)
        now_us = self._cluster.now_us
        if self._judged_for != wanted or len(self._judged) > _REMEMBERED:
            self._judged.clear()
            self._judged_for = wanted
        judged = self._judged
        found: list[tuple[Hop, str, str]] = []
        seen = 0
        for id, at_us, source, target, _content in self._tracer.arrivals(start_us, min(now_us, end_us + _LATE_US)):
            seen += at_us <= end_us
            if seen > SCAN:
                break
            if id not in judged:
                fits = wanted.between(source, target, clients)
                judged[id] = self._judge(wanted, self._tracer.find(id)) if fits else None
            hop = judged[id]
            if hop is not None and hop.sent_us <= end_us:
                found.append((hop, source, target))
        rest: list[Happening | Loss] = list(self._tracer.losses(start_us, end_us))
        if end_us + _LATE_US >= now_us:
            rest += [each for each in self._tracer.under_way() if each.sent_us <= end_us]
        for each in rest:
            source, target = each.source, each.node
            if wanted.between(source, target, clients):
                hop = self._judge(wanted, each)
                if hop is not None:
                    found.append((hop, source, target))
        return sorted(found, key=_by_time)

    def _with(
        self, named: list[tuple[Hop, str, str]], ids: Iterable[int], start_us: int, end_us: int
    ) -> list[tuple[Hop, str, str]]:
        """And what is read, its cause and its effects, whether they fit or not."""
        there = {hop.id for hop, _, _ in named}
        more = []
        for number, id in enumerate(ids):
            each = None if id in there else self._tracer.find(id) or self._tracer.coming(id)
            if each is None or not each.is_message:
                continue
            if number == 0 or not self._name(each).chatter:
                hop = self._hop(each)
                if hop[0].sent_us <= end_us and each.at_us >= start_us:
                    more.append(hop)
        return sorted([*named, *more], key=_by_time) if more else named

    def _judge(self, wanted: Filter, each: Happening | Loss | None) -> Hop | None:
        """The arrow of a message that fits."""
        if each is None:
            return None
        lost = self._why_lost(each)
        if wanted.lost and not lost:
            return None
        name = self._name(each)
        if not wanted.fits(name, bool(lost)):
            return None
        if wanted.keys and not wanted.speaks(each.content):
            asked = self._tracer.request_of(each)
            if asked is None or not wanted.speaks(asked.content):
                return None
        return self._arrow(each, name, lost)

    def _hop(self, each: Happening | Loss) -> tuple[Hop, str, str]:
        return self._arrow(each, self._name(each), self._why_lost(each)), each.source, each.node

    def _arrow(self, each: Happening | Loss, name: Name, lost: str) -> Hop:
        system = name.system or CONNECTION
        coming = each.at_us > self._cluster.now_us
        arrived_us = None if isinstance(each, Loss) or coming else each.at_us
        sent_us = each.sent_us if each.sent_us >= 0 else each.at_us
        return Hop(
            each.id, 0, 0, sent_us, arrived_us, name.label, system, name.tone, lost,
            each.at_us if lost else None, each.at_us if coming else None, SYSTEMS.get(system, 4),
        )  # fmt: skip

    def _name(self, each: Happening | Loss) -> Name:
        asked = self._tracer.request_of(each)
        cause = self._tracer.find(each.cause)
        at_once = cause is not None and cause.what in ("message", "turn")
        return name_of(each.content, asked.content if asked is not None else None, at_once)

    def _why_lost(self, each: Happening | Loss) -> str:
        if isinstance(each, Loss):
            return self._loser(each.rule)
        if each.what != "message" or each.at_us > self._cluster.now_us:
            return ""
        if each.life is Life.DOWN:
            return f"{each.node} had no power"
        booting = each.life is Life.BOOTING and not isinstance(each.content, Request)
        return f"{each.node} was booting" if booting else ""

    def _loser(self, rule: Rule) -> str:
        for fault in self._cluster.faults:
            if any(each is rule for each in fault.rules):
                return fault.text
        return _LOSERS.get(rule.__class__.__name__, "the network dropped it")

    # --- machines -----------------------------------------------------------------------------------

    def _lanes(
        self, wanted: Filter, story: Story | None, hops: list[tuple[Hop, str, str]], end_us: int
    ) -> tuple[str, ...]:
        key = wanted, story.root if story is not None else 0
        took_part = {name for _, source, target in hops for name in (source, target)}
        if self._lanes_for != key:
            self._lanes_for = key
            self._took_part = set(wanted.nodes) if story is None else set()
            self._spoke = set()
            if story is None:
                before = _thinned(self._of_window(wanted, end_us - _LATELY_US, end_us), _LATELY_US)
                took_part |= {name for _, source, target in before for name in (source, target)}
                self._spoke |= {hop.system for hop, _, _ in before}
        self._took_part |= took_part
        self._spoke |= {hop.system for hop, _, _ in hops}
        if story is not None:  # in the order in which they come into it: a story then runs down and back up
            return tuple(dict.fromkeys(name for _, source, target in hops for name in (source, target)))
        return tuple(name for name in self._cluster.names if name in self._took_part)

    def _state(self, name: str, at_us: int) -> State:
        return State(self._tracer.life(name, at_us).value)

    def _spells(self, lanes: Mapping[str, int], start_us: int, end_us: int) -> tuple[Spell, ...]:
        spells = []
        for name, lane in lanes.items():
            lives = self._tracer.lives.get(name, [])
            for (since_us, life), (until_us, _) in zip(lives, [*lives[1:], (end_us + 1, Life.UP)], strict=True):
                if life is not Life.UP and since_us <= end_us and until_us >= start_us:
                    spells.append(Spell(lane, max(start_us, since_us), min(end_us, until_us), State(life.value)))
            if lives and lives[0][0] > start_us:
                spells.append(Spell(lane, start_us, min(end_us, lives[0][0]), State.DOWN))
        return tuple(spells)

    def _moments(self, lanes: Mapping[str, int], start_us: int, end_us: int) -> tuple[Moment, ...]:
        nodes = self._cluster.world.nodes
        return tuple(
            Moment(id, lanes.get(entry.subject), entry.at_us, entry.kind, entry.text, tone_of(entry.kind), entry.index)
            for id, entry in self._tracer.noted(start_us, end_us)
            if entry.subject in lanes or entry.subject not in nodes
        )

    def _caption(self, wanted: Filter, story: Story | None, lens: Lens, selected: str, count: int) -> str:
        messages = f"{count} message{'' if count == 1 else 's'}"
        if story is not None and story.operation is not None:
            operation = story.operation
            ended = took(operation.latency_us) if operation.completed_us >= 0 else "not over yet"
            return f"request {operation.index} of {operation}, {ended}, {messages}"
        if story is not None:
            return f"one story: {messages}, {took(story.end_us - story.start_us)}"
        if wanted.request >= 0:
            return f"request {wanted.request} is not kept"
        return f"only {lens.wanted}" if lens.wanted else f"what {selected} sends and gets, without chatter"


def _by_time(found: tuple[Hop, str, str]) -> tuple[int, int]:
    return found[0].sent_us, found[0].id


def _thinned(found: list[tuple[Hop, str, str]], span_us: int) -> list[tuple[Hop, str, str]]:
    """Few enough to be drawn: of those that lie on one line, the first; whatever got lost or failed stays."""
    if len(found) <= HOPS:
        return found
    bucket_us = max(1, span_us // _BUCKETS)
    taken: dict[tuple[Any, ...], tuple[Hop, str, str]] = {}
    for each in found:
        hop, source, target = each
        special = hop.id if hop.lost or hop.due_us is not None else 0
        taken.setdefault((hop.sent_us // bucket_us, source, target, hop.hue, special), each)
    return list(taken.values())[-HOPS:]


def _tone(complaint: str, story: Story | None) -> Tone:
    """Of the caption: how the request went that is followed."""
    if complaint:
        return Tone.WARN
    outcome = story.operation.outcome if story is not None and story.operation is not None else "open"
    return {"ok": Tone.GOOD, "fail": Tone.BAD, "unknown": Tone.WARN}.get(outcome, Tone.PLAIN)
