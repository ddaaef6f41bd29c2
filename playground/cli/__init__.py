"""What a person types. Everything heavy is imported inside the command that needs it, so ``--help`` is there at once.

==================  ==========================================================
:mod:`.live`        the app: a live cluster, or a scenario to watch
:mod:`.touring`     lessons: scenarios that stop to be read
:mod:`.replaying`   scenarios without a screen
:mod:`.sweeping`    many seeds of a scenario, and the smallest that fails
:mod:`.judging`     histories, and what is claimed
:mod:`.journals`    everything that happened in a run, and where two runs part
:mod:`.inviting`    visitors over SSH
:mod:`.browsing`    visitors in a browser
:mod:`.serving`     what all who serve visitors share
:mod:`.terms`       the options of all who do
:mod:`.measuring`   benchmarks
:mod:`.options`     what they share
:mod:`.ending`      signals, and output that nobody takes
==================  ==========================================================

Exit statuses: 0 fine; 1 an expectation or a check failed, or the app crashed; 2 the input or the
terminal is no good (one line says why); 128+n: ended by signal n (130: Ctrl-C).
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from playground.cli import (  # noqa: F401
    browsing,
    inviting,
    journals,
    judging,
    live,
    measuring,
    replaying,
    sweeping,
    touring,
)
from playground.cli.ending import INTERRUPTED, READER_GONE, Said, drop_output, no_room, open_streams, signals_as_ctrl_c
from playground.cli.options import app
from playground.kernel.errors import UserError, WorldStopped

ORDER = ("play", "tour", "replay", "list", "claims", "sweep", "shrink", "check", "diff", "ssh", "web", "bench")
"""The commands, as one meets them: so help lists them, and not as modules happen to be imported."""
app.registered_commands.sort(key=lambda each: ORDER.index(each.name or getattr(each.callback, "__name__", "")))

# BadParameter is public in typer, what it derives from is not; every mistake on the command line is one.
_UsageMistake: Any = typer.BadParameter.__mro__[2]


def main() -> int:
    """The entry point: runs what was typed, turns every mistake into one line; returns the exit status."""
    open_streams()
    with signals_as_ctrl_c() as came:
        status = _status()
    if status == INTERRUPTED and not isinstance(status, Said):
        # Some versions of typer turn Ctrl-C into this status without a word, others let it pass.
        print("playground: ended" if came else "playground: interrupted", file=sys.stderr)
        return 128 + came[0] if came else INTERRUPTED
    return status


def _status() -> int:
    try:
        status: int = app(standalone_mode=False, prog_name="playground") or 0
        sys.stdout.flush()
        return status
    except UserError as error:
        return _complain(str(error))
    except WorldStopped as error:
        print(f"playground: an error in the playground itself: {error}", file=sys.stderr)
        return 1
    except _UsageMistake as error:
        return _complain(_plainly(" ".join(error.format_message().split())))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return READER_GONE
    except OSError as error:
        if not no_room(error):
            raise
        drop_output()
        return _complain(f"cannot write the output: {error.strerror}")


def _complain(text: str) -> int:
    print(f"playground: {text}", file=sys.stderr)
    return 2


def _plainly(text: str) -> str:
    """The words of the library's checks, for somebody who does not know it."""
    for theirs, ours in (
        ("Input should be a valid integer, unable to parse string as an integer", "write a whole number"),
        ("Input should be a valid number, unable to parse string as a number", "write a number"),
        ("Input should be", "it should be"),
        ("Value error, ", ""),
    ):
        text = text.replace(theirs, ours)
    return text
