"""The scenarios that are shipped, and how a name on the command line finds one of them, or a file."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from playground.kernel.errors import UserError
from playground.wording import nearest

ENDINGS = (".yaml", ".yml")
CLAIMS = "claims/"
"""The folder with one scenario for each claim, named ``ID-some-words``."""


def shelf() -> Path:
    """The folder of shipped scenarios: in an installed package, or in a source checkout."""
    package = Path(str(resources.files("playground")))
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "scenarios"


def shipped() -> dict[str, Path]:
    """Name (``first-crash``, ``claims/R8``) -> file, in the order of the names."""
    folder = shelf()
    files = sorted(folder.rglob("*.yaml"), key=lambda path: (len(path.relative_to(folder).parts), path))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def find(name_or_path: str) -> Path:
    """An existing file, or else the shipped scenario of that name, from whichever folder.

    Raises UserError if there is neither: one line, with what is near.
    """
    if not name_or_path.strip():
        raise UserError("no scenario has an empty name; playground list shows all")
    path = Path(name_or_path)
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    known = shipped()
    name = name_or_path.removesuffix(".yaml").removesuffix(".yml")
    if there and not (path.is_dir() and name in known):
        return path
    for each, file in _names(known):
        if name == each:
            return file
    if name_or_path.endswith(ENDINGS) and ("/" in name_or_path or "\\" in name_or_path):
        raise UserError(f"{name_or_path}: no such file")
    if not known:
        raise UserError(f"{name_or_path}: no such file, and no scenarios are installed")
    near = nearest(name, [short for short, _ in _names(known)])
    hint = f"did you mean {near}? (playground list shows all)" if near else "playground list shows all"
    raise UserError(f"no file, and unknown scenario {name[:60]!r}: {hint}")


def _names(known: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    """Full names first, then what they end with, then the id of a claim: ``R8`` finds ``claims/R8-quorums``."""
    yield from known.items()
    for name, file in known.items():
        yield name.rpartition("/")[2], file
    for name, file in known.items():
        if name.startswith(CLAIMS):
            yield claim_id(name), file


def claim_id(name: str) -> str:
    """``claims/R8-quorums`` -> ``R8``"""
    return name.removeprefix(CLAIMS).partition("-")[0]
