"""Which lines of a tree show where there is no room for all, and where things stand on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from widgets.canvas import width_of
from widgets.palette import Look
from widgets.shapes import Picked, TreeNode

_DEEPEST = 32
"""Deeper nodes stand no further to the right."""


def guides(nodes: Sequence[TreeNode], look: Look) -> list[str]:
    """What stands before each node: two cells for each step of its depth; where a line goes on, a brother follows."""
    through, blank = look.glyph("│ ", "| "), "  "
    middle, last = look.glyph("├╴", "|-"), look.glyph("└╴", "`-")
    more: list[bool] = []  # by depth: a later node of that depth has the same parent
    found = []
    for node in reversed(nodes):
        depth = max(0, min(_DEEPEST, node.depth))
        del more[depth + 1 :]
        more += [False] * (depth + 1 - len(more))
        above = "".join(through if more[level] else blank for level in range(1, depth))
        found.append(above + (middle if more[depth] else last) if depth else "")
        more[depth] = True
    return found[::-1]


def fold(nodes: Sequence[TreeNode], room: int, selected: str | None, picked: Picked) -> tuple[TreeNode, ...]:
    """As many of ``nodes`` as have room beside a line that counts the others; all of them if they fit."""
    if len(nodes) <= room:
        return tuple(nodes)

    by_item = any(node.item in picked.items for node in nodes)

    def weight(index: int) -> tuple[int, int]:
        node = nodes[index]
        wanted = node.item in picked.items if by_item else bool(node.subject) and node.subject == selected
        return (-1 if wanted else node.rank), index

    chosen = sorted(sorted(range(len(nodes)), key=weight)[: max(0, room - 1)])
    above: list[TreeNode] = []  # of the chosen ones, the parents of the one at hand
    found = []
    for index in chosen:
        node = nodes[index]
        while above and not _below(node.path, above[-1].path):
            above.pop()
        name = node.path.removeprefix(above[-1].path).lstrip("/") if above else node.path
        found.append(replace(node, name=name, depth=len(above)))
        above.append(node)
    return tuple(found)


def _below(path: str, parent: str) -> bool:
    return parent == "/" or path.startswith(f"{parent}/")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on every line of a tree, so that its columns are straight."""

    guides: tuple[str, ...]
    column: int
    """Where what the nodes hold begins; a longer name pushes it to the right."""
    tail: bool
    """Whether there is room at the end of the lines for whose they are …"""
    words: bool
    """… and for the word that says what kind of node it is; without it, the diamond tells enough."""


def layout(nodes: Sequence[TreeNode], width: int, look: Look) -> Layout:
    """The columns for a tree in ``width`` cells."""
    before = guides(nodes, look)
    names = texts = owners = tails = 0
    for node, guide in zip(nodes, before, strict=True):
        names = max(names, 1 + len(guide) + 2 * bool(node.mark) + width_of(look.clean(node.name)))
        texts = max(texts, width_of(look.clean(node.text)))
        owner = width_of(look.clean(node.subject))
        owners = max(owners, owner)
        tails = max(tails, owner + (1 + width_of(look.clean(node.mark)) if node.mark else 0))
    words = tails > owners and names + 2 + texts + 2 + tails <= width
    tail = tails if words else owners if owners <= width // 3 else 0
    room = width - (tail + 2 if tail else 0) - texts
    return Layout(tuple(before), max(min(names + 2, room), min(names + 2, width // 3)), tail > 0, words)
