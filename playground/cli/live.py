"""The app: a live cluster, or a scenario to watch and take over."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground.cli.journals import Journal, recorded
from playground.cli.options import Name, Seed, Speed, Theme, Variant, app, check_theme, parse_speed
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.record import Record
    from playground.scenario.model import Experiment, Scenario
    from playground.screens.tour.progress import Progress
    from playground.screens.tour.story import Story
    from playground.session import Session

LEAST_COLUMNS, LEAST_ROWS = 60, 20
"""The app needs this much of a terminal."""


@app.callback(invoke_without_command=True)
def live(
    context: typer.Context,
    preset: Annotated[
        str | None, typer.Option(help="platform, quorum, small, eventual, large, ensemble or kafka.", metavar="NAME")
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(min=1, max=2_000, metavar="N", help="How many nodes (default: 6).")
    ] = None,
    seed: Seed = None,
    speed: Speed = "1",
    rate: Annotated[
        float | None, typer.Option(min=0, max=100_000, metavar="N", help="Operations per second (default: 40).")
    ] = None,
    theme: Theme = "dark",
    journal: Journal = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> int:
    """Break a distributed system with a key press, see why it broke, watch it heal, and replay it bit for bit.

    Without a command: a live cluster.
    """
    if context.invoked_subcommand is not None:
        given = (preset, nodes, seed, speed, rate, journal) != (None, None, None, "1", None, None)
        # The environment may name a theme for all commands alike.
        source = context.get_parameter_source("theme")
        if given or (source is not None and source.name == "COMMANDLINE"):
            raise UserError(
                f"options of {context.invoked_subcommand} stand after it: see {context.invoked_subcommand} -h"
            )
        return 0
    if version:
        from importlib.metadata import version as installed

        print(f"chaos-playground {installed('chaos-playground')}")
        return 0
    pace, theme = parse_speed(speed), check_theme(theme)
    overrides = {"nodes": nodes, "load": {} if rate is None else {"rate": rate}}
    from playground.scenario.loader import cluster_spec
    from playground.spec import DEFAULT

    spec = cluster_spec(preset or DEFAULT, {name: value for name, value in overrides.items() if value})
    check_terminal()
    from playground.session import Session

    chosen = _drawn() if seed is None else seed
    with recorded(journal, spec, chosen) as begun:
        return show(Session(spec, chosen, speed=pace, begun=begun), theme, progress=_progress(), journal=journal)


@app.command()
def play(
    scenario: Name,
    speed: Speed = "1",
    variant: Variant = "",
    theme: Theme = "dark",
    journal: Journal = None,
) -> int:
    """Show a scenario in the app; take over whenever you like."""
    from playground.scenario.loader import load_file, pick
    from playground.scenario.model import Experiment
    from playground.scenario.shelf import find

    pace, theme = parse_speed(speed), check_theme(theme)
    file = load_file(find(scenario))
    if isinstance(file, Experiment):
        return _show_lab(file, variant, journal, scenario, theme)
    script = pick(file, variant)
    check_terminal(scenario)
    from playground.screens.tour.story import Story

    with recorded(journal, script.spec, script.seed) as begun:
        session = session_of(script, pace, begun=begun)
        name = f"{scenario} --variant {script.variant}" if script.variant else scenario
        return show(session, theme, script, name, story=Story(script, scenario), journal=journal)


def session_of(script: Scenario, pace: float, **options: Any) -> Session:
    """A session that plays ``script``; ``options``: further ones of the Session."""
    from playground.session import Session

    return Session(
        script.spec,
        script.seed,
        timeline=script.timeline,
        captions=script.captions,
        until_us=script.until_us,
        speed=pace,
        title=script.title,
        **options,
    )


def _show_lab(experiment: Experiment, variant: str, journal: str | None, name: str, theme: str) -> int:
    """Run the experiment on the screen, then say what it came to."""
    if variant or journal:
        raise UserError(f"{experiment.source}: is a lab; it has neither variants nor a journal")
    check_terminal(name)
    from playground.screens.lab import LabApp
    from playground.screens.run import of_terminal, run_on_terminal

    shown = LabApp(experiment, look=of_terminal(theme))
    status = run_on_terminal(shown)
    result = shown.result
    if result is None:
        return status
    print(f"{'passed' if result.passed else 'failed'}, digest {result.digest}")
    return status or int(not result.passed)


def _progress() -> Progress:
    """What this person has learnt already; without a word if that can't be known."""
    from playground.screens.tour.progress import Progress, state_file

    return Progress(state_file())


def _drawn() -> int:
    import secrets

    return secrets.randbelow(1_000_000)


def has_terminal() -> bool:
    """Whether somebody sits there, and not a pipe or a file."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def check_terminal(scenario: str = "first-crash") -> None:
    """UserError if the app could not draw here; it says how to see ``scenario`` nevertheless."""
    instead = f"without a screen: playground replay {scenario}"
    if not has_terminal():
        raise UserError(f"the app needs a terminal, and this is none; {instead}")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise UserError(f"TERM={os.environ.get('TERM', '')}: this terminal cannot place text; {instead}")
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        raise UserError(
            f"the terminal has {columns}x{rows} characters, the app needs {LEAST_COLUMNS}x{LEAST_ROWS}: enlarge it"
        )


def show(
    session: Session,
    theme: str,
    script: Scenario | None = None,
    name: str = "",
    *,
    story: Story | None = None,
    progress: Progress | None = None,
    journal: str | None = None,
) -> int:
    """Run the app on ``session``, then say how to meet it again. ``story``, ``progress``: as for the app.

    ``journal``: where the session is recorded.
    """
    from playground.scenario.writer import save
    from playground.screens.run import of_terminal, run_app
    from playground.screens.timelines import Timelines

    timelines = Timelines(session)
    saved: list[tuple[Record, str]] = []

    def keep() -> str:
        record = timelines.shown.record()
        path = str(save(record))
        saved.append((record, path))
        return f"saved, and completed when you quit; replay it: playground replay {path}"

    status = 1
    try:
        look = of_terminal(theme)
        status = run_app(session, save=keep, look=look, story=story, progress=progress, timelines=timelines)
    finally:
        stopped = session.frame().stopped if session.has_frame else ""
        if stopped:
            print(f"playground: an error in the playground itself: {stopped}", file=sys.stderr)
        if session.has_frame:
            elsewhere = timelines.shown is not session  # in the past, or in a branch
            shown = timelines.end()
            present = session.close()
            record = shown if elsewhere and shown is not None else present
            played = None if record.touched else script
            crashed = status == 1 or bool(stopped)
            other = present if elsewhere else None
            _say_goodbye(record, saved, present=other, crashed=crashed, script=played, name=name)
            if elsewhere and journal is not None:
                print(f"{journal} records the present, up to {present.end_us / 1e6:.3f} s, digest {present.digest}")
    return 1 if stopped else status


def _newest(record: Record, saved: list[tuple[Record, str]]) -> tuple[Record, str] | None:
    """What was saved last of what lies on the way of ``record``."""
    return next((each for each in reversed(saved) if record.continues(each[0].timeline, each[0].end_us)), None)


def _say_goodbye(
    record: Record,
    saved: list[tuple[Record, str]],
    *,
    crashed: bool,
    script: Scenario | None,
    name: str,
    present: Record | None = None,
) -> None:
    """What a person wants to have once the app is gone: seed, digest, and how to replay.

    ``record``: of what was shown last; ``present``: of the present, if that was something else.
    """
    acts = len(record.timeline)
    at = f"{record.end_us / 1e6:.3f} s, {acts} command{'' if acts == 1 else 's'}"
    print(f"seed {record.seed}, {at}, digest {record.digest}")
    from playground.scenario.writer import complete, rescue

    # Who saved wants to meet the session again: all of it. What lies on the way of neither stays as it is.
    whole = _newest(record, saved)
    kept = _newest(present, [each for each in saved if each != whole]) if present is not None else None
    for earlier, path in saved:
        if (earlier, path) not in (whole, kept):
            print(f"playground replay {path}  (as of {earlier.end_us / 1e6:.3f} s)")
    if present is not None and kept:
        complete(present, kept[1])
        print(f"playground replay {kept[1]}  (the present, up to {present.end_us / 1e6:.3f} s)")
    if whole:
        complete(record, whole[1])
        print(f"playground replay {whole[1]}")
    elif crashed:
        print(f"saved because of the crash: playground replay {rescue(record)}")
    elif script and record.end_us == script.until_us:
        print(f"playground replay {name}")
    else:
        what = "what was shown last is not saved" if saved else "not saved"
        print(f"{what} (next time, w saves a session so that it can be replayed)")
