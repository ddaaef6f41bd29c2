"""What a shard's log amounts to: its keys, and what became of the requests of each session.

RIFL (Lee et al., SOSP 2015): that a request was done is part of the replicated state, so whoever is master knows it.
A session says which of its requests are still open; of older ones nothing is kept, and copies of them are refused.
"""

from __future__ import annotations

import json
from typing import Literal

from playground.systems.database import RequestId
from playground.systems.shards.messages import Entry

Outcome = Literal["new", "done", "reversed", "forgotten"]


class State:
    """Keys and sessions after some prefix of the log."""

    __slots__ = ("data", "sessions", "size_bytes")

    def __init__(self) -> None:
        self.data: dict[str, str] = {}
        self.sessions: dict[str, tuple[int, dict[int, bool]]] = {}
        """Session -> the first request that is open, and of it and the later ones: number -> whether it was done."""
        self.size_bytes = 0
        """Of keys and values."""

    def apply(self, entry: Entry, *, reversed_: bool) -> None:
        """Take the next entry. ``reversed_``: a write that an abort undoes."""
        if entry.kind != "write":
            return
        if not reversed_:
            old = self.data.get(entry.key)
            self.size_bytes += len(entry.value) - (len(old) if old is not None else -len(entry.key))
            self.data[entry.key] = entry.value
        if entry.request is not None:
            session, number, first_open = entry.request
            first, outcomes = self.sessions.get(session, (0, {}))
            if first_open > first:
                first = first_open
                outcomes = {past: done for past, done in outcomes.items() if past >= first}
            outcomes[number] = not reversed_
            self.sessions[session] = first, outcomes

    def outcome(self, request: RequestId) -> Outcome:
        """What became of a request."""
        first, outcomes = self.sessions.get(request.session, (0, {}))
        done = outcomes.get(request.number)
        if done is None:
            return "forgotten" if request.number < first else "new"
        return "done" if done else "reversed"

    def copy(self) -> State:
        """One that goes its own way."""
        twin = State()
        twin.data = dict(self.data)
        twin.sessions = {session: (first, dict(outcomes)) for session, (first, outcomes) in self.sessions.items()}
        twin.size_bytes = self.size_bytes
        return twin

    def dump(self) -> str:
        """As it travels and stands in a log: JSON."""
        sessions = {session: [first, list(outcomes.items())] for session, (first, outcomes) in self.sessions.items()}
        return json.dumps([self.data, sessions], separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> State:
        """The inverse of :meth:`dump`."""
        state = cls()
        data, sessions = json.loads(text)
        state.data = data
        state.sessions = {session: (first, dict(outcomes)) for session, (first, outcomes) in sessions.items()}
        state.size_bytes = sum(len(key) + len(value) for key, value in data.items())
        return state
