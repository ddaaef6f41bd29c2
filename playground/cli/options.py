"""What the commands share: the app that they are registered with, and the options that several of them take."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from playground.kernel.errors import UserError

MAX_SEED = 2**63 - 1


class _Commands(TyperGroup):
    """The commands; one that there is not is answered with the one that may have been meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base; UserError instead of a list of all that there is."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from playground.scenario.shelf import shipped
            from playground.wording import unknown

            if args[0] in shipped():
                raise UserError(f"{args[0]} is a scenario: playground play {args[0]}")
            raise UserError(f"{unknown('command', args[0], self.list_commands(ctx))} (playground -h lists them)")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Seed = Annotated[int | None, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Same seed, same run.")]
Speed = Annotated[str, typer.Option(help="Virtual seconds per second, or max.", metavar="X")]
Name = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped one (playground list).")
]
Variant = Annotated[
    str, typer.Option("--variant", metavar="NAME", help="Of a scenario with several variants, only this one.")
]
Theme = Annotated[
    str,
    typer.Option(
        "--theme",
        help="light, dark, or auto: as the terminal's background is.",
        metavar="NAME",
        envvar="PLAYGROUND_THEME",
        show_envvar=True,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, an object a line.")]


def parse_speed(text: str) -> float:
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


def check_theme(name: str) -> str:
    """The name of a theme, or auto. UserError if it is neither."""
    if name not in ("light", "dark", "auto"):
        raise UserError(f"--theme: {name[:40]!r} is no theme; write light, dark or auto")
    return name
