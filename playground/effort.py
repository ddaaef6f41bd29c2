"""How much one player may ask of a cluster that others look at, too: all of them see it at the pace that it keeps.

What goes on until it is undone has a bound per second, see :func:`excess`. What is asked for at once is weighed
(:func:`effort`), for whoever serves it to say how much of that they bear in the long run. What the cluster bears
beside what is in force already is for :mod:`playground.bearing` to say. Presenters know no bounds.
"""

from __future__ import annotations

from playground.commands import Add, Burst, Command, Consume, Disk, Herd, Load, Partitions, Produce

MOST_PER_S = 500.0
"""Operations, or messages; the default cluster keeps its pace on one processor at twice as many."""
MOST_AT_ONCE = 2_000.0
"""Of effort."""
LONGEST_BURST_US = 10_000_000
"""Of one whose rate is not said: ten times whatever it is now."""
EACH = 20.0
"""The effort of any act, in operations: what it leads to is not nothing."""
MACHINE = 200.0
"""That of one machine more."""
PARTITION = 20.0
ROT = 0.02
"""That of one bit which rots, of all machines that it may be about."""


def effort(command: Command) -> float:
    """What ``command`` sets going at once, in operations."""
    match command:
        case Herd(requests=requests):
            return EACH + requests
        case Add(nodes=nodes):
            return EACH + MACHINE * len(nodes)
        case Consume(consumers=consumers):
            return EACH + MACHINE * consumers
        case Partitions(count=count):
            return EACH + PARTITION * (count or 1)
        case Disk(fault="rot", amount=amount):
            return EACH + ROT * amount
    return EACH


def excess(command: Command) -> str:
    """Why that is more than a player may ask for, in one line; "": it is not."""
    asked = f"{MOST_PER_S:g} a second at most; a presenter may ask for more"
    match command:
        case Load(rate=float(rate)) | Burst(rate=float(rate)) | Produce(rate=rate) if rate > MOST_PER_S:
            return f"{command.do}: {rate:g} a second is too much for all who look on: {asked}"
        case Burst(rate=None, lasting=lasting) if lasting > LONGEST_BURST_US:
            return f"burst: for longer than {LONGEST_BURST_US / 1e6:g} s it takes a rate: {asked}"
    if effort(command) > MOST_AT_ONCE:
        return f"{command.do}: that is too much at once for all who look on; a presenter may ask for more"
    return ""
