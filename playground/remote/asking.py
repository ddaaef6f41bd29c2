"""What may be asked of a session from elsewhere, and with what: whatever a guest's process sends is looked at first.

A guest's process is one of ours, but strangers type into it. So nothing of a call is believed that the session would
have to believe: another word, another type, or more of anything than a screen could ask for is :class:`Strange`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from playground.commands import COMMANDS
from playground.company import WISHES, Wish
from playground.frame import Lens, Question, View
from playground.remote.wire import Call
from widgets.shapes import Item

LONGEST = 1_000
"""Characters of a word."""
MOST = 1_000
"""Columns, panels, steps."""
LONGEST_STEP_US = 60_000_000
_BEYOND = 1 << 62


class Strange(Exception):
    """No screen of ours asks so."""


def checked(call: Any) -> Call:
    """``call``, if it is one that a guest may make; a command in it is validated anew. Strange: it is not."""
    if not isinstance(call, Call) or not isinstance(call.args, tuple) or not _whole(call.number):
        raise Strange(f"a {type(call).__name__} where a call should be")
    check = _CALLS.get(call.name) if isinstance(call.name, str) else None
    if check is None:
        raise Strange("there is no such call")
    try:
        return Call(call.name, check(*call.args), call.number)
    except (TypeError, ValueError, AttributeError, ValidationError) as error:
        raise Strange(f"{call.name} with something strange: {type(error).__name__}") from None


def _send(command: Any) -> tuple[Any]:
    kind = COMMANDS[command.do]
    _hold(type(command) is kind)
    return (kind.model_validate(command.model_dump(by_alias=True)),)


def _look(view: Any) -> tuple[View]:
    _hold(type(view) is View and type(view.panels) is frozenset and len(view.panels) <= MOST)
    _hold(all(_word(panel) for panel in view.panels))
    _hold(all(_word(word) for word in (view.selected, view.key, view.front, view.zoomed, view.filtered)))
    _hold(type(view.places) is tuple and len(view.places) <= MOST and all(_place(*each) for each in view.places))
    _hold(_whole(view.columns) and 0 <= view.columns <= MOST)
    _hold(type(view.lens) is Lens and _plain(view.lens))
    _hold(view.question is None or (type(view.question) is Question and _plain(view.question)))
    _hold(view.item is None or (type(view.item) is Item and all(_word(word) for word in view.item)))
    return (view,)


def _pause(paused: Any = True) -> tuple[bool]:
    _hold(type(paused) is bool)
    return (paused,)


def _set_speed(speed: Any) -> tuple[float]:
    _hold(type(speed) in (int, float) and math.isfinite(speed) and speed >= 0)
    return (speed,)


def _faster(steps: Any = 1) -> tuple[int]:
    _hold(_whole(steps) and abs(steps) <= MOST)
    return (steps,)


def _step(span_us: Any = 0) -> tuple[int]:
    _hold(_whole(span_us) and 0 <= span_us <= LONGEST_STEP_US)
    return (span_us,)


def _nothing() -> tuple[()]:
    return ()


def _manage(wish: Any) -> tuple[Wish]:
    _hold(type(wish) is Wish and _word(wish.act) and wish.act in WISHES and _word(wish.name))
    return (wish,)


_CALLS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "send": _send,
    "look": _look,
    "pause": _pause,
    "set_speed": _set_speed,
    "faster": _faster,
    "step": _step,
    "record": _nothing,
    "manage": _manage,
    "stage": _nothing,
}


def _hold(so: bool) -> None:
    if not so:
        raise ValueError


def _word(value: Any) -> bool:
    return type(value) is str and len(value) <= LONGEST


def _whole(value: Any) -> bool:
    return type(value) is int and abs(value) < _BEYOND


def _place(panel: Any, place: Any) -> bool:
    return _word(panel) and type(place) is tuple and len(place) <= 2 and all(_whole(each) for each in place)


def _plain(value: Any) -> bool:
    """Whether all in it are words and whole numbers."""
    return all(_word(part) or _whole(part) for part in (getattr(value, field.name) for field in fields(value)))
