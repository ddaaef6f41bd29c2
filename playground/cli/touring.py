"""The lessons: listed, chosen from the list, played, with what has been learnt already."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.live import check_terminal, has_terminal, session_of, show
from playground.cli.options import Speed, Theme, app, check_theme, parse_speed
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.scenario.lessons import Lesson
    from playground.screens.tour.progress import Progress


@app.command()
def tour(
    lesson: Annotated[
        str, typer.Argument(metavar="[LESSON]", help="A lesson's name, or a scenario file with captions.")
    ] = "",
    following: Annotated[bool, typer.Option("--next", help="Play the first lesson that is not done yet.")] = False,
    speed: Speed = "1",
    theme: Theme = "dark",
) -> int:
    """Lessons: scenarios that stop at each caption, to be read.

    Without a name: the list of them, with what has been learnt already.
    """
    from playground.scenario.lessons import lesson_of, lessons

    if lesson and following:
        raise UserError(f"--next chooses the lesson itself; leave out {lesson[:60]!r}, or --next")
    pace, theme = parse_speed(speed), check_theme(theme)
    progress = _progress()
    known = lessons()
    if lesson:
        return _play(lesson_of(lesson, known), known, progress, pace, theme)
    if following:
        chosen = _next(known, progress)
        if chosen is None:
            print(f"all {len(known)} lessons are done; playground tour NAME plays one again")
            return 0
        return _play(chosen, known, progress, pace, theme)
    if not has_terminal():
        _print(known, progress)
        return 0
    check_terminal()
    return _choose(known, progress, pace, theme)


def _progress() -> Progress:
    """What is known of the person, with one line if that can't be kept."""
    from playground.screens.tour.progress import Progress, state_file

    progress = Progress(state_file())
    if progress.complaint:
        print(f"playground: {progress.complaint}", file=sys.stderr)
    return progress


def _next(known: tuple[Lesson, ...], progress: Progress, after: str = "") -> Lesson | None:
    """The first one that is not done, of those after that one at first; None: there is none."""
    from playground.screens.tour.progress import Stage

    names = [each.name for each in known]
    start = names.index(after) + 1 if after in names else 0
    fresh = [each for each in (*known[start:], *known[:start]) if progress.lesson(each.name) is not Stage.DONE]
    return next((each for each in fresh if each.name != after), None)


def _choose(known: tuple[Lesson, ...], progress: Progress, pace: float, theme: str) -> int:
    """Show the list, and play what is chosen from it."""
    from playground.screens.run import of_terminal, run_on_terminal
    from playground.screens.tour.picker import LessonsApp

    shown = LessonsApp(known, progress, look=of_terminal(theme))
    status = run_on_terminal(shown)
    if not shown.chosen:
        return status
    return _play(next(each for each in known if each.name == shown.chosen), known, progress, pace, theme)


def _play(lesson: Lesson, known: tuple[Lesson, ...], progress: Progress, pace: float, theme: str) -> int:
    """Play it, and whatever is asked for at its end."""
    from playground.scenario.lessons import stops
    from playground.scenario.loader import load
    from playground.screens.tour.story import Story

    coming: Lesson | None = lesson
    status = 0
    while coming is not None and not status:
        check_terminal(coming.name)
        script = load(coming.path)
        asked: list[Lesson] = []
        story = Story(script, coming.name, coming, _next(known, progress, coming.name), asked.append)
        session = session_of(script, pace, stops=stops(script))
        status = show(session, theme, script, coming.name, story=story, progress=progress)
        coming = asked[0] if asked else None
    if not status and (further := _next(known, progress)) is not None:
        print(f"playground tour --next  ({further.name}: {further.learns})")
    return status


def _print(known: tuple[Lesson, ...], progress: Progress) -> None:
    """The list, for whoever reads it elsewhere."""
    from rich.table import Table
    from rich.text import Text

    from playground.scenario.telling.terminal import plain_console
    from playground.screens.tour.progress import Stage

    console = plain_console()
    columns = 3 if console.width < 90 else 4 if console.width < 126 else 5
    grid = Table.grid(padding=(0, 2, 0, 0))
    for number in range(columns):
        grid.add_column(no_wrap=number != 2, justify="right" if number == 3 else "left")
    chapter = ""
    for each in known:
        if each.chapter != chapter:
            if chapter:
                grid.add_row("")
            chapter = each.chapter
            grid.add_row("", Text(chapter, "bold"))
        stage = progress.lesson(each.name)
        said = "" if stage is Stage.NEW else stage.value
        row = (
            Text(said, "green" if stage is Stage.DONE else "yellow"),
            Text(each.name),
            Text(each.learns),
            Text(f"{each.length_us / 1e6:g} s", "dim"),
            Text(", ".join(each.systems), "dim"),
        )
        grid.add_row(*row[:columns])
    console.print(grid)
    done = sum(progress.lesson(each.name) is Stage.DONE for each in known)
    console.print(
        f"\n{done} of {len(known)} done. playground tour NAME plays one, playground tour --next the next one."
    )
