"""What a message is, in a word, and to which system it belongs."""

from __future__ import annotations

from typing import Any

from playground.kernel.connections import Segment
from playground.kernel.messages import Reply, Request


def inner(content: Any) -> Any:
    """The message itself, without the envelopes of calls and connections; None: it only keeps a connection up."""
    while isinstance(content, Segment | Request | Reply):
        if isinstance(content, Reply) and content.error is not None:
            return content.error[1] or content.error[0]
        content = content.body
    return content


def label(content: Any) -> str:
    """``Append``, ``Ping``, ``answer`` …: one or two words."""
    if isinstance(content, Segment) and content.reset:
        return "reset"
    if isinstance(content, Reply) and (content.error is not None or not system_of(content)):
        return "refusal" if content.error is not None else "answer"
    body = inner(content)
    if body is None:
        return "acknowledgement"
    nested = getattr(body, "body", None)
    if nested is not None and system_of(nested):
        body = nested
    return type(body).__name__ if system_of(body) else "answer"


def system_of(content: Any) -> str:
    """``zookeeper``, ``gossip`` …; "" for what no system has made by itself."""
    parts = type(inner(content)).__module__.split(".")
    return parts[2] if parts[:2] == ["playground", "systems"] and len(parts) > 2 else ""


def carries(content: Any, value: str) -> bool:
    """Whether ``value``, which was written once and is like no other, is somewhere in a message."""
    return repr(value) in repr(content)
