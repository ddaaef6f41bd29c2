"""What ``ssh`` and ``web`` share: what is offered to visitors, how much of it, and how it ends."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.cli.ending import Said
from playground.cli.options import parse_speed
from playground.cli.terms import Terms
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    import asyncio

    from playground.company import Role
    from playground.serve.front import Front, Offer
    from playground.serve.limits import Limits
    from playground.serve.logbook import Logbook
    from playground.serve.messages import Closed, Programme

LEAST_BYTES = 200_000_000
"""What the processes of a visitor take before anything has happened, and some more."""
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # by name: not every system has all
_EXTRAS = {"ssh": ("asyncssh", "psutil"), "web": ("aiohttp", "textual_serve", "psutil")}


def need(command: str) -> None:
    """UserError: what ``command`` needs is not installed."""
    from importlib.util import find_spec

    lacking = [name for name in _EXTRAS[command] if find_spec(name) is None]
    if lacking:
        name = lacking[0].replace("_", "-")
        raise UserError(f"playground {command} needs {name}: pip install 'chaos-playground[{command}]'")


# --- what is offered, and how much ----------------------------------------------------------


def offer_of(terms: Terms) -> Offer:
    """UserError: the options contradict each other, or make no cluster."""
    from playground.serve.front import Offer

    modes = [
        name
        for name, given in (("--each", terms.each), ("--shared", terms.shared), ("--play", terms.play is not None))
        if given
    ]
    if len(modes) > 1:
        raise UserError(f"{' and '.join(modes)}: choose one of them")
    if terms.theme not in ("light", "dark", "auto"):
        raise UserError(f"--theme: {terms.theme[:40]!r} is no theme; write light or dark")
    if terms.save and not terms.shared:
        raise UserError("--save keeps a cluster that all share: it needs --shared")
    pace = parse_speed(terms.speed)
    if pace == 0 and not terms.shared and terms.play is None:
        raise UserError("--speed max would take all of the machine for each visitor; write a number")
    if terms.play is not None:
        if (terms.preset, terms.nodes, terms.seed, terms.rate) != (None, None, None, None):
            raise UserError(
                "--preset, --nodes, --seed and --rate make a cluster; that of --play stands in the scenario"
            )
        programme = _scenario(terms.play, pace)
    else:
        programme = _cluster(terms, pace)
    # What is behind a visitor's terminal is not known here: dark, as most are.
    return Offer(
        programme, terms.shared or terms.play is not None, "light" if terms.theme == "light" else "dark", terms.save
    )


def _cluster(terms: Terms, pace: float) -> Programme:
    from playground.scenario.loader import cluster_spec
    from playground.serve.messages import Programme
    from playground.spec import DEFAULT

    rate, seed = terms.rate, terms.seed
    overrides: dict[str, Any] = {"nodes": terms.nodes, "load": {} if rate is None else {"rate": rate}}
    spec = cluster_spec(terms.preset or DEFAULT, {name: value for name, value in overrides.items() if value})
    said = (("--preset", terms.preset), ("--nodes", terms.nodes), ("--rate", rate), ("--seed", seed))
    name = " ".join(["playground", *(f"{option} {value}" for option, value in said if value is not None)])
    return Programme(spec, seed, pace, name=name)


def _scenario(play: str, pace: float) -> Programme:
    from playground.record import Script
    from playground.scenario.loader import load
    from playground.scenario.shelf import find
    from playground.serve.messages import Programme

    read = load(find(play))
    script = Script(read.title, tuple(read.timeline), tuple(read.captions), read.until_us)
    return Programme(read.spec, read.seed, pace, script, looped=True, name=f"playground play {play}")


def guests_of(terms: Terms, offer: Offer) -> Role:
    """The role of whom none is known. UserError: there is no such one."""
    from playground.company import Role

    role = terms.guests
    if role is None:
        return Role.SPECTATOR if offer.shared else Role.PLAYER
    if role not in (Role.SPECTATOR, Role.PLAYER):
        raise UserError(f"--guests: {role[:40]!r} is no role for a guest; write spectator or player")
    if not offer.shared:
        raise UserError("--guests is about a shared cluster; with --each everybody acts in their own")
    return Role(role)


def _seconds(value: str) -> float:
    from playground.quantities import parse_duration_us

    span_s = parse_duration_us(value) / 1e6
    if span_s < 1:
        raise ValueError(f"{value!r} is too short: at least a second")
    return span_s


def _memory_bytes(value: str) -> int:
    from playground.quantities import parse_size_bytes

    size_bytes = parse_size_bytes(value)
    if size_bytes < LEAST_BYTES:
        raise ValueError(f"{value!r} is too little for a visit: at least {LEAST_BYTES / 1e6:.0f}MB")
    return size_bytes


LIMITS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "visitors": ("visitors", int),
    "players": ("players", int),
    "per_address": ("per_address", int),
    "idle": ("idle_s", _seconds),
    "stalled": ("stalled_s", _seconds),
    "session": ("session_s", _seconds),
    "memory": ("memory_bytes", _memory_bytes),
}
"""The option -> the limit that it sets, and how it is read."""


def limits_of(terms: Terms) -> Limits:
    """Those that are given, else as they are. UserError: one is no such thing."""
    from dataclasses import replace

    from playground.serve.limits import Limits

    given: dict[str, Any] = {}
    for option, (limit, parse) in LIMITS.items():
        typed = getattr(terms, option)
        if typed is not None:
            try:
                given[limit] = parse(typed)
            except ValueError as error:
                raise UserError(f"--{option.replace('_', '-')}: {error}") from None
    return replace(Limits(), **given)


# --- while it is open ---------------------------------------------------------------------


@contextlib.contextmanager
def logbook_in(file: Path | None) -> Iterator[Logbook]:
    """UserError: it can't be written."""
    from playground.serve.logbook import Logbook

    try:
        stream = sys.stderr if file is None else file.open("a", encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"--log: {file}: {error.strerror}") from None
    book = Logbook(stream)
    try:
        yield book
    finally:
        book.close()
        if file is not None:
            with contextlib.suppress(OSError):  # known already, from the last line
                stream.close()
            if book.lost:
                print(f"playground: --log: {file}: not all of it could be written: {book.lost}", file=sys.stderr)


def quietly(logbook: Logbook) -> None:
    """Let an error in the loop that serves become one line, and no traceback: strangers may provoke it."""
    import asyncio

    def tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        logbook.write(f"an error in the playground itself: {context.get('message')}: {error!r}")

    asyncio.get_running_loop().set_exception_handler(tell)


async def ended(front: Front) -> int:
    """Until somebody ends it, or it can't go on (one line says why); the exit status."""
    import asyncio

    loop = asyncio.get_running_loop()
    came: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not came.done():
            came.set_result(number)

    numbers = [number for name in _SIGNALS if (number := getattr(signal, name, None)) is not None]
    handled = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]  # nohup has it ignored
    for number in handled:
        loop.add_signal_handler(number, end, number)
    try:
        waited: set[asyncio.Future[Any]] = {came, front.failed}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
    if came.done():
        print("playground: closing; everybody is told", file=sys.stderr)
        return Said(128 + came.result())
    print(f"playground: the cluster has stopped: {front.failed.result()}", file=sys.stderr)
    return 1


def say_closed(closed: Closed | None) -> None:
    """What a shared session came to, and how to meet it again. None: nobody knows."""
    if closed is None:
        return
    acts = closed.commands
    at = f"{closed.end_us / 1e6:.3f} s, {acts} command{'' if acts == 1 else 's'}"
    print(f"seed {closed.seed}, {at}, digest {closed.digest}")
    if closed.saved:
        print(f"playground replay {closed.saved}")
    if closed.unsaved:
        print(f"playground: --save: it could not be saved: {closed.unsaved}", file=sys.stderr)
