"""Everything that happens in a world, one line of JSON for each happening, in the order in which it happens.

The rules this module keeps:

* An event is written down right before it happens, so what it brings about stands below it.
* A line holds nothing that depends on the process, on the wall clock, or on how the run was cut
  into slices: two runs with one digest give the same lines (see :mod:`.canonical`).
* Looking changes nothing: a world that is recorded comes to the same digest.
* Who cannot write any more stops recording and says why; the world goes on.

Every line has ``at_us`` (virtual) and ``what``:

=============  =======================================================================================
``message``    ``seq from to kind content sum``, and ``life`` of the receiver unless it is up
``request``    the same, and ``call``, the number of the call at its sender
``reply``      the same; ``kind`` "error" if the call was refused or rejected
``segment``    the same, of a connection: its ``id`` and the ``number`` in it; ``kind`` "Ack" or "Reset" without content
``timer``      ``seq node act``, and ``state``: cancelled, waiting (its process is busy or frozen), dead
``wake``       a timer that lets the task ``act`` go on
``disk``       ``seq node act``: the device has finished
``turn``       ``seq node next``: a process takes the next of the events that queue for it
``callback``   ``seq act``: anything else that was scheduled
``entry``      ``index kind subject text data``: an entry of the journal
``digest``     ``text values``: what counts in the digest without being an entry
``end``        ``digest``: the last line of a recording that was ended properly
=============  =======================================================================================

``seq`` numbers events in the order in which they were scheduled. ``content`` is clipped; ``sum`` is the checksum
of all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from playground.kernel.canonical import canonical, checksum, name_of
from playground.kernel.connections import Segment
from playground.kernel.disk import Disk
from playground.kernel.journal import Entry
from playground.kernel.messages import Reply, Request
from playground.kernel.node import Life, Node, Process
from playground.kernel.timers import Timer
from playground.kernel.world import Event, World

CLIP = 80
"""Characters of a message's content that a line shows."""

Line = dict[str, Any]

_ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(line: Line) -> str:
    """One line, in ASCII, with its end of line."""
    return _ENCODE(line) + "\n"


class Recorder:
    """Gives ``write`` a line for each happening of one world, up to its end (:meth:`World.at_end`).

    ``write`` may raise OSError: then that was all.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._world: World | None = None
        self._over = False
        self.failure: OSError | None = None
        """Why the recording is incomplete, or None."""
        self.at_us = 0
        """The instant of the newest line."""

    def attach(self, world: World) -> None:
        """Record ``world`` from its beginning: no event may have happened yet; entries are caught up on."""
        assert self._world is None, "a recorder records one world"
        assert world.now_us == 0, "the world has begun already"
        self._world = world
        for entry in world.journal.entries:
            self._entry(entry)
        world.observe(self._event)
        world.journal.watch(self._entry)
        world.journal.listen(self._mixed)
        world.at_end(self._end)

    # --- what is told ----------------------------------------------------------

    def _event(self, event: Event) -> None:
        at_us, seq, act, a, b = event
        owner = getattr(act, "__self__", None)
        told: Line
        if isinstance(owner, Node):
            told = _delivery(owner, a, b)
        elif isinstance(owner, Timer):
            told = _timer(owner)
        elif isinstance(owner, Disk):
            told = {"what": "disk", "node": owner.name, "act": _names((a, b))}
        elif isinstance(owner, Process):
            told = {"what": "turn", "node": owner.node.name, "next": _next(owner)}
        else:
            told = {"what": "callback", "act": name_of(act)}
        self._put({"at_us": at_us, "what": told.pop("what"), "seq": seq, **told})

    def _entry(self, entry: Entry) -> None:
        self._put(
            {
                "at_us": entry.at_us,
                "what": "entry",
                "index": entry.index,
                "kind": entry.kind,
                "subject": entry.subject,
                "text": entry.text,
                "data": {name: canonical(value) for name, value in entry.data},
            }
        )

    def _mixed(self, about: str, values: tuple[Any, ...]) -> None:
        assert self._world is not None
        self._put({"at_us": self._world.now_us, "what": "digest", "text": about, "values": canonical(values)})

    def _end(self, whole: bool) -> None:
        assert self._world is not None
        if whole:
            self._put({"at_us": self._world.now_us, "what": "end", "digest": self._world.digest()})
        self._over = True  # what tasks do while they are torn down belongs to no world

    def _put(self, line: Line) -> None:
        if self._over or self.failure is not None:
            return
        try:
            self._write(encode(line))
        except OSError as error:
            self.failure = error
        else:
            self.at_us = line["at_us"]


def _delivery(node: Node, source: str, content: Any) -> Line:
    told: Line = {"what": "message", "from": source, "to": node.name}
    body = content
    if isinstance(content, Request):
        told["what"], body = "request", content.body
    elif isinstance(content, Reply):
        told["what"], body = "reply", content.body if content.error is None else content.error
    elif isinstance(content, Segment):
        told["what"], body = "segment", content.body
        told["id"], told["number"] = f"{content.id[0]}:{content.id[1]}", content.number
    text = canonical(body)
    failed = isinstance(content, Reply) and content.error is not None
    told["kind"] = "error" if failed else body.__class__.__name__
    if isinstance(content, Segment) and not content.number:
        told["kind"] = "Reset" if content.reset else "Ack"
    told["content"] = text if len(text) <= CLIP else text[: CLIP - 1] + "…"
    told["sum"] = checksum(text)
    if isinstance(content, Request | Reply):
        told["call"] = content.id
    if node.life is not Life.UP:
        told["life"] = node.life.value
    return told


def _timer(timer: Timer) -> Line:
    process, act = timer.process, timer.act
    told: Line = {"what": "timer", "node": process.node.name}
    if isinstance(act, partial) and act.args and isinstance(act.args[0], trio.lowlevel.Task):
        told["what"] = "wake"
        # Its module goes without saying; what stands before is where a function was defined.
        told["act"] = ".".join(act.args[0].name.replace(".<locals>", "").split(".")[-2:])
    else:
        told["act"] = name_of(act.func if isinstance(act, partial) else act)
    if not process.alive:
        told["state"] = "dead"
    elif not timer.live:
        told["state"] = "cancelled"
    elif not process.open:
        told["state"] = "waiting"
    return told


def _next(process: Process) -> str:
    """What stands first in the queue of a process."""
    if not process.held:
        return ""
    act, a, b = process.held[0]
    owner = getattr(act, "__self__", None)
    if isinstance(owner, Timer):
        return f"timer {_timer(owner)['act']}"
    if isinstance(owner, Node):
        told = _delivery(owner, a, b)
        return f"{told['what']} {told['kind']} from {told['from']}"
    return name_of(act)


def _names(values: tuple[Any, ...]) -> str:
    """What the function among ``values`` is called: "sync" for what ``Disk.sync`` had to do at its end."""
    name = next((name_of(each) for each in values if callable(each)), "")
    return name.removeprefix("Disk.").removesuffix(".complete")
