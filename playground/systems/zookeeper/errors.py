"""What the ensemble, or the way to it, may answer instead of a result."""

from __future__ import annotations

from playground.kernel.errors import CallError


class KeeperError(CallError):
    """The ensemble, or the way to it, says no. ``definite``: it certainly was not done."""

    definite = True


class NoNode(KeeperError):
    """There is no such znode."""


class NodeExists(KeeperError):
    """There is such a znode already."""


class BadVersion(KeeperError):
    """The znode has another version than the one that was asked for."""


class NotEmpty(KeeperError):
    """A znode with children cannot be deleted."""


class NoChildrenForEphemerals(KeeperError):
    """Ephemeral znodes have no children."""


class BadArguments(KeeperError):
    """What was asked for makes no sense: a path that is none, or to delete the root."""


class ConnectionLoss(KeeperError):
    """The connection broke before the answer came: it may have been done, or may still.

    An instance is ``definite`` if the request was never sent.
    """

    definite = False

    def __init__(self, text: str = "", *, definite: bool = False) -> None:
        super().__init__(text)
        self.definite = definite


class SessionExpired(KeeperError):
    """The session is over, with its ephemerals and watches. Open another one."""


_ANSWERED = {
    kind.__name__: kind
    for kind in (NoNode, NodeExists, BadVersion, NotEmpty, NoChildrenForEphemerals, BadArguments, SessionExpired)
}


def code_of(error: KeeperError) -> str:
    """How an error that is an answer is called in transactions and messages."""
    code = type(error).__name__
    assert code in _ANSWERED, f"{code} is no answer"
    return code


def error_of(code: str, text: str) -> KeeperError:
    """The inverse of :func:`code_of`."""
    return _ANSWERED[code](text)
