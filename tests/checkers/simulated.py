"""Histories made by simulation, linearizable by construction; and a judge that tries everything.

An object is given its calls one after the other. Each call's two ends are then moved apart from the
instant at which it took effect, so processes overlap; some calls lose their ends.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

from playground.checkers.calls import Call
from playground.checkers.models import ILLEGAL, KeyValue, Model, MultiValue, Register
from playground.kernel.randomness import Stream, stream


def simulate(
    seed: int,
    kind: str,
    count: int,
    processes: int,
    *,
    crash: float = 0.0,
    keys: int = 1,
    spread: int = 60,
    values: int = 5,
) -> list[Call]:
    """``count`` calls by ``processes`` on an object of ``kind``; ``crash``: the share whose end nobody knows.

    ``values``: how many different ones a register is written with; 0: each written value is a new one.
    """
    chance = stream(seed, "histories", kind)
    free = [0] * processes
    names = [f"{number}" for number in range(processes)]
    planned: list[tuple[int, Call]] = []
    for number in range(count):
        who = min(range(processes), key=lambda p: (free[p], p))
        began = free[who] + 1 + chance.randrange(10)
        effect = began + 1 + chance.randrange(spread)
        ended = effect + 1 + chance.randrange(spread)
        free[who] = ended
        call = _asked(chance, kind, number, values)
        call = replace(
            call, process=names[who], key=f"{chance.randrange(keys)}", invoked=3 * began, completed=3 * ended + 1
        )
        if chance.random() < crash:
            names[who] = f"{int(names[who]) + processes}"
            # Whether it takes effect, and when, is as it happens: long after its process gave up, or never.
            effect += chance.randrange(6 * spread) if chance.random() < 0.7 else 10**9
            call = replace(call, completed=None)
        planned.append((effect, call))
    return sorted(_answered(planned), key=lambda call: call.invoked)


def _asked(chance: Stream, kind: str, number: int, values: int) -> Call:
    what = chance.random()
    if kind == "register":
        value = chance.randrange(values) if values else number
        if what < 0.4:
            return Call("", "read")
        if what < 0.75 or not values:
            return Call("", "write", value)
        return Call("", "cas", (chance.randrange(values), value))
    if kind == "kv":
        if what < 0.45:
            return Call("", "get")
        return Call("", "append" if what < 0.93 else "put", f"x{number}y")
    return Call("", "read") if what < 0.5 else Call("", "write", f"v{number}")


def _answered(planned: list[tuple[int, Call]]) -> list[Call]:
    """The calls take effect one by one, and are told what the object says."""
    states: dict[str, Any] = {}
    seen: dict[tuple[str, str], frozenset[str]] = {}
    calls = []
    for effect, call in sorted(planned, key=lambda each: each[0]):
        initial: Any = "" if call.f in ("get", "put", "append") else None
        state = states.get(call.key, initial)
        if effect >= 10**9:
            if call.f == "write" and isinstance(call.value, str):
                call = replace(call, supersedes=seen.get((call.process, call.key), frozenset()))
        elif call.f in ("read", "get"):
            result = state
            if call.completed is not None:
                call = replace(call, result=result)
        elif call.f == "cas":
            if state == call.value[0]:
                state = call.value[1]
            elif call.completed is not None:
                call = replace(call, result=False)
        elif call.f == "append":
            state += call.value
        else:
            state = call.value
        states[call.key] = state
        calls.append(call)
    return calls


def siblings(
    seed: int, count: int, processes: int, *, crash: float = 0.0, keys: int = 1, spread: int = 60
) -> list[Call]:
    """The same for the multi-value register: a write supersedes what its process has read or written."""
    planned = simulate(seed, "multi-value", count, processes, crash=crash, keys=keys, spread=spread)
    chance = stream(seed, "instants")
    known: dict[tuple[str, str], frozenset[str]] = {}
    objects: dict[str, MultiValue] = {}
    states: dict[str, Any] = {}
    # What a process knows when it begins is what it was told before: go through begins, effects and ends in order.
    events: list[tuple[int, int, int]] = []
    effects: dict[int, int] = {}
    for i, call in enumerate(planned):
        if call.completed is None:
            effects[i] = call.invoked + 1 + chance.randrange(9 * spread) if chance.random() < 0.7 else -1
        else:
            effects[i] = call.invoked + 1 + chance.randrange(call.completed - call.invoked - 1)
            events.append((call.completed, 2, i))
        events.append((call.invoked, 0, i))
        if effects[i] >= 0:
            events.append((effects[i], 1, i))
    for _, what, i in sorted(events):
        call = planned[i]
        me = (call.process, call.key)
        if what == 0 and call.f == "write":
            planned[i] = call = replace(call, supersedes=known.get(me, frozenset()))
            known[me] = known.get(me, frozenset()) | {call.value}
            objects.setdefault(call.key, MultiValue())._known.add(call.value, call.supersedes)
        elif what == 1:
            spec = objects.setdefault(call.key, MultiValue())
            state = states.get(call.key, spec.initial)
            if call.f == "read":
                planned[i] = replace(call, result=state if call.completed is not None else None)
            else:
                states[call.key] = spec.step(state, call)
        elif what == 2:
            known[me] = (call.result or frozenset()) if call.f == "read" else frozenset({call.value})
    return planned


def brute_force(calls: list[Call], model: Model) -> bool:
    """Every subset of the calls without an end, in every order: the definition itself. Up to 6 or 7 calls."""
    happened = [call for call in calls if not call.failed]
    spec = model(happened)
    required = [call for call in happened if call.completed is not None]
    pending = [call for call in happened if call.completed is None]
    for chosen in range(1 << len(pending)):
        some = required + [call for i, call in enumerate(pending) if chosen >> i & 1]
        for order in permutations(some):
            if not _respects_time(order):
                continue
            state: Any = spec.initial
            for call in order:
                if call.completed is None and spec.only_reads(call) and call.f != "cas":
                    continue
                state = spec.step(state, call)
                if state is ILLEGAL:
                    break
            else:
                return True
    return False


def _respects_time(order: tuple[Call, ...]) -> bool:
    return not any(
        later.completed is not None and later.completed < earlier.invoked
        for i, earlier in enumerate(order)
        for later in order[i + 1 :]
    )


MODELS: dict[str, Model] = {"register": Register, "kv": KeyValue, "multi-value": MultiValue}
