"""What a message is called on the screen, which system speaks, and whether it only keeps things going.

* A message is called by its class, and by that of what it carries: "Append", "Ask Write", "Forward Submit".
* What a reply carries may be a plain value: then it is called by its request, "reply to Ask".
* The system is the folder in which the class stands; of a plain value, that of the request.
* *Chatter* is what flows whether or not anybody wants anything: heartbeats, polls that found nothing, bare
  acknowledgements. It is most of the traffic, and a picture with all of it shows nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from playground.causality.messages import system_of
from playground.kernel.connections import Segment
from playground.kernel.messages import Reply, Request
from playground.systems.kafka.messages import Fetched
from playground.systems.shards.messages import Append, Failed, Report
from playground.systems.shards.messages import Told as Answered
from playground.systems.zookeeper.messages import Result
from widgets.shapes import Tone

CONNECTION = "connection"
"""The system of what carries nothing but keeps a connection up."""
SYSTEMS = {"shards": 0, "store": 0, "balancer": 1, "kafka": 2, "zookeeper": 3, "gossip": 6, CONNECTION: 7}
"""System -> the hue of its arrows. No cluster has both databases."""
_CHATTER = frozenset(
    {
        ("balancer", "Check"), ("balancer", "Health"), ("balancer", "Report"),
        ("gossip", "Answer"), ("gossip", "Push"),
        ("kafka", "AskMetadata"), ("kafka", "Fetch"), ("kafka", "Heartbeat"), ("kafka", "Image"),
        ("store", "Agree"), ("store", "Agreed"), ("store", "SyncRoot"),
        ("zookeeper", "Forward Heard"), ("zookeeper", "Ping"), ("zookeeper", "Pong"), ("zookeeper", "Told Confirmed"),
        (CONNECTION, "ack"),
    }
)  # fmt: skip
_INSIDE = ("body", "request", "answer")
"""The fields in which a message carries another one."""


class Name(NamedTuple):
    """What a message is called. ``system`` "": nobody knows."""

    label: str
    system: str
    chatter: bool = False
    tone: Tone = Tone.PLAIN


def body_of(content: Any) -> Any:
    """What a system has sent: a message without the kernel's envelope; of a refusal, what it says."""
    if isinstance(content, Reply):
        return content.body if content.error is None else content.error
    return content.body if isinstance(content, Request | Segment) else content


def name_of(content: Any, request: Any = None, at_once: bool = False) -> Name:
    """What ``content`` is called. ``request``: the content of the request that it answers.

    ``at_once``: it was sent right when another message was taken, nothing had to be written first.
    """
    if isinstance(content, Segment) and not content.number:
        return Name("reset", CONNECTION, tone=Tone.WARN) if content.reset else Name("ack", CONNECTION, True)
    body = body_of(content)
    system = system_of(body)
    label = _label(body)
    if isinstance(content, Reply):
        asked = name_of(request) if request is not None else Name("", "")
        if content.error is not None or not system:
            label = f"reply to {asked.label}" if asked.label else "reply"
            bad = content.error is not None
            return Name(label, system or asked.system, asked.chatter and not bad, Tone.BAD if bad else Tone.PLAIN)
    return Name(label, system, _is_chatter(system, label, body, at_once), _tone(body))


def _is_chatter(system: str, label: str, body: Any, at_once: bool) -> bool:
    if isinstance(body, Append):
        return not body.entries
    if isinstance(body, Report):
        return at_once and not (body.lost or body.fetch)
    if isinstance(body, Fetched):
        return not any(each.batches or each.error or each.diverging for each in body.partitions)
    return (system, label) in _CHATTER


def _tone(body: Any) -> Tone:
    failed = (isinstance(body, Answered) and isinstance(body.body, Failed)) or (
        isinstance(body, Result) and body.error is not None
    )
    return Tone.BAD if failed else Tone.PLAIN


def _label(body: Any) -> str:
    label: str = body.__class__.__name__
    for field in _INSIDE:
        inner = getattr(body, field, None)
        if inner is not None and system_of(inner) and system_of(body) and not isinstance(inner, tuple):
            return f"{label} {inner.__class__.__name__}"
    return label
