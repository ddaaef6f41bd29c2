"""What a person types. Everything heavy is imported inside the command that needs it, so ``--help`` is there at once.

Exit statuses: 0 fine; 1 an expectation or a check failed, or the app crashed; 2 the input or the
terminal is no good (one line says why); 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.scenario.model import Scenario
    from playground.scenario.writer import Recorded
    from playground.session import Session

LEAST_COLUMNS, LEAST_ROWS = 60, 20
"""The app needs this much of a terminal."""
MAX_SEED = 2**63 - 1
INTERRUPTED = 130
# BadParameter is public in typer, what it derives from is not; every mistake on the command line is one.
_UsageMistake: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Bench(StrEnum):
    """What can be measured."""

    KERNEL = "kernel"
    RING = "ring"
    SCREEN = "screen"


Seed = Annotated[int | None, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Same seed, same run.")]
Speed = Annotated[str, typer.Option(help="Virtual seconds per second, or max.", metavar="X")]
Name = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped one (playground list).")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@app.callback(invoke_without_command=True)
def live(
    context: typer.Context,
    preset: Annotated[str | None, typer.Option(help="default, small, eventual or large.", metavar="NAME")] = None,
    nodes: Annotated[
        int | None, typer.Option(min=1, max=2_000, metavar="N", help="How many nodes (default: 8).")
    ] = None,
    seed: Seed = None,
    speed: Speed = "1",
    rate: Annotated[
        float | None, typer.Option(min=0, max=100_000, metavar="N", help="Operations per second (default: 40).")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> int:
    """Break a distributed system with a key press, see why it broke, watch it heal, and replay it bit for bit.

    Without a command: a live cluster.
    """
    if context.invoked_subcommand is not None:
        if (preset, nodes, seed, speed, rate) != (None, None, None, "1", None):
            raise UserError(
                f"options of {context.invoked_subcommand} stand after it: see {context.invoked_subcommand} -h"
            )
        return 0
    if version:
        from importlib.metadata import version as installed

        print(f"chaos-playground {installed('chaos-playground')}")
        return 0
    pace = _speed(speed)
    overrides = {"nodes": nodes, "load": {} if rate is None else {"rate": rate}}
    from playground.scenario.loader import cluster_spec

    spec = cluster_spec(preset or "default", {name: value for name, value in overrides.items() if value})
    _check_terminal()
    from playground.session import Session

    return _show(Session(spec, _drawn() if seed is None else seed, speed=pace))


@app.command()
def play(scenario: Name, speed: Speed = "1") -> int:
    """Show a scenario in the app; take over whenever you like."""
    from playground.scenario.loader import load
    from playground.scenario.shelf import find

    pace = _speed(speed)
    script = load(find(scenario))
    _check_terminal()
    from playground.session import Session

    session = Session(
        script.spec,
        script.seed,
        timeline=script.timeline,
        captions=script.captions,
        until_us=script.until_us,
        speed=pace,
        title=script.title,
    )
    return _show(session, script, scenario)


@app.command()
def replay(scenario: Name, as_json: Json = False, seed: Seed = None) -> int:
    """Run a scenario without a screen, as fast as it goes, and report."""
    from playground.scenario.loader import load
    from playground.scenario.shelf import find

    script = load(find(scenario))
    from playground.scenario.headless import run_and_report

    return run_and_report(script, seed=seed, as_json=as_json)


@app.command("list")
def list_scenarios() -> int:
    """Show the scenarios that are shipped."""
    from playground.scenario.headless import print_shelf

    return print_shelf()


@app.command()
def bench(what: Annotated[Bench, typer.Argument(help="What to measure.")], as_json: Json = False) -> int:
    """Measure this machine: the kernel, the ring or the screen."""
    import importlib

    module: Any = importlib.import_module(f"playground.bench.{what.value}")
    status: int = module.run(as_json=as_json)
    return status


def main() -> int:
    """The entry point: runs what was typed, turns every mistake into one line; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets every line
    try:
        status: int = app(standalone_mode=False, prog_name="playground") or 0
        sys.stdout.flush()
        return _interrupted() if status == INTERRUPTED else status
    except UserError as error:
        return _complain(str(error))
    except _UsageMistake as error:
        return _complain(_plainly(" ".join(error.format_message().split())))
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:
        # Whoever read has gone (head, say): no more output, and no complaint about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _interrupted() -> int:
    # Some versions of typer turn Ctrl-C into this status without a word, others let it pass.
    print("playground: interrupted", file=sys.stderr)
    return INTERRUPTED


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


def _speed(text: str) -> float:
    """Virtual seconds per second; 0: as fast as it goes. UserError if it is neither a sensible number nor max."""
    if text == "max":
        return 0.0
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 10_000:
        raise UserError(f"--speed: {text[:40]!r} is no speed; write a number from 0.001 to 10000, or max")
    return speed


def _drawn() -> int:
    import secrets

    return secrets.randbelow(1_000_000)


def _check_terminal() -> None:
    """UserError if the app could not draw here."""
    instead = "without a screen: playground replay first-crash"
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError(f"the app needs a terminal, and this is none; {instead}")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise UserError(f"TERM={os.environ.get('TERM', '')}: this terminal cannot place text; {instead}")
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        raise UserError(
            f"the terminal has {columns}x{rows} characters, the app needs {LEAST_COLUMNS}x{LEAST_ROWS}: enlarge it"
        )


def _show(session: Session, script: Scenario | None = None, name: str = "") -> int:
    """Run the app on ``session``, then say how to meet it again."""
    from playground.scenario.writer import save
    from playground.screens.run import run_app

    saved: list[tuple[Recorded, str]] = []

    def keep() -> str:
        record = session.record()
        path = str(save(record))
        saved.append((record, path))
        return f"saved, and completed when you quit; replay it: playground replay {path}"

    status = 1
    try:
        status = run_app(session, save=keep)
    finally:
        stopped = session.frame().stopped
        if stopped:
            print(f"playground: an error in the playground itself: {stopped}", file=sys.stderr)
        _say_goodbye(session.close(), saved, crashed=status == 1 or bool(stopped), script=script, name=name)
    return 1 if stopped else status


def _say_goodbye(
    record: Recorded, saved: list[tuple[Recorded, str]], *, crashed: bool, script: Scenario | None, name: str
) -> None:
    """What a person wants to have once the app is gone: seed, digest, and how to replay."""
    acts = len(record.timeline)
    at = f"{record.end_us / 1e6:.3f} s, {acts} command{'' if acts == 1 else 's'}"
    print(f"seed {record.seed}, {at}, digest {record.digest}")
    from playground.scenario.writer import complete, rescue

    for earlier, path in saved[:-1]:
        print(f"playground replay {path}  (as of {earlier.end_us / 1e6:.3f} s)")
    if saved:
        # Who saved wants to meet the session again: all of it, with the digest just shown.
        complete(record, saved[-1][1])
        print(f"playground replay {saved[-1][1]}")
    elif crashed:
        print(f"saved because of the crash: playground replay {rescue(record)}")
    elif script and record.end_us == script.until_us and record.timeline == script.timeline:
        print(f"playground replay {name}")
    else:
        print("not saved (next time, w saves a session so that it can be replayed)")
