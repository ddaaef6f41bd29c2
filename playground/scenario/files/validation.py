"""Plain values of a document against pydantic's models; of several mistakes the first in the file is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from playground.kernel.errors import UserError
from playground.scenario.files.document import Document, FieldPath
from playground.wording import wording

Model = TypeVar("Model", bound=BaseModel)


def validated(document: Document, model: type[Model], fields: Any, here: FieldPath, prefix: str = "") -> Model:
    """``fields``, which stand at ``here``, as a ``model``. UserError; ``prefix`` says of what."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [((*here, *detail["loc"]), detail) for detail in error.errors(include_url=False)]
        raise first(document, found, model, len(here), prefix) from None


def validated_merged(
    document: Document, model: type[Model], fields: Any, where: Callable[[FieldPath], FieldPath]
) -> Model:
    """As :func:`validated`, for fields that are merged from several places: ``where`` finds the one."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [(where(detail["loc"]), detail) for detail in error.errors(include_url=False)]
        raise first(document, found, model) from None


def first(
    document: Document, found: list[tuple[FieldPath, Any]], model: type[BaseModel], skip: int = 0, prefix: str = ""
) -> UserError:
    """The complaint that comes first in the file; ``skip`` parts of the path go without saying."""

    def place(each: tuple[FieldPath, Any]) -> Any:
        # What is missing stands nowhere; often something misspelt is what should have been there.
        return each[1]["type"] == "missing", document.mark(each[0], key=each[1]["type"] == "extra_forbidden")

    path, detail = min((each for each in found if not _follows(each[1], found)), key=place)
    unwanted = detail["type"] == "extra_forbidden"
    names = [str(part) for part in path[skip:] if not isinstance(part, int)]
    if unwanted:
        names.pop()
    text = ": ".join(part for part in (prefix, ".".join(names), wording(detail, model)) if part)
    return document.error(path, text, key=unwanted)


def _follows(detail: Any, found: list[tuple[FieldPath, Any]]) -> bool:
    """A list has too few items only because those that it has are wrong: they are told of."""
    here = detail["loc"]
    inside = (each["loc"] for _, each in found if len(each["loc"]) > len(here))
    return detail["type"] == "too_short" and any(loc[: len(here)] == here for loc in inside)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says, mapping by mapping."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def place_of(value: Any, word: str, path: FieldPath) -> FieldPath:
    """Where below ``path`` the text ``word`` stands; ``path`` if nowhere."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in parts:
        if inner == word and part not in ("say", "do"):
            return (*path, part)
        deeper = place_of(inner, word, (*path, part))
        if deeper != (*path, part):
            return deeper
    return path
