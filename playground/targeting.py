"""From the words of a command (``2 random``, ``majority``, ``owner of k0``) to the names that it comes to.

Drawn from a stream of this command's own, so the same command at the same place of a session comes to the same
names, and no other draw moves. What was named is never drawn as well.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from playground.commands.targets import is_word, role_of
from playground.kernel.errors import UserError
from playground.kernel.node import TRANSITIONS
from playground.systems import catalog

if TYPE_CHECKING:
    from playground.cluster import Cluster


def resolve(cluster: Cluster, command: Any) -> Any:
    """The command with names in the place of words. UserError if a word stands for nobody now."""
    if command.do == "partition" and command.shape:
        return _shaped(cluster, command)
    if not any(is_word(target) for target in command.targeted()):
        return command
    draw = _Draw(cluster, command)
    return command.model_copy(update={field: draw.field(getattr(command, field)) for field in command.target_fields})


class _Draw:
    """The words of one command share it: what one of them takes is gone for the others."""

    def __init__(self, cluster: Cluster, command: Any) -> None:
        self._cluster = cluster
        self._do = command.do
        self._chance = cluster.world.random("targets", str(len(cluster.recorded)))
        self._members = list(cluster.staying)
        self._taken = list(command.named_nodes())
        lives = TRANSITIONS[command.possible][0] if command.possible else None
        self._able = [name for name in self._members if lives is None or cluster.node(name).life in lives]
        shuffled = self._chance.sample(self._members, len(self._members))
        most = len(shuffled) // 2 + 1
        self._sides = {"majority": shuffled[:most], "minority": shuffled[most:]}
        # What everybody else leaves is known only in the end.
        self._names = {word: self._find(word) for word in dict.fromkeys(command.targeted()) if word != "rest"}
        self._names["rest"] = [name for name in self._members if name not in self._taken]

    def field(self, value: list[Any]) -> list[Any]:
        """A list of targets, or of lists of them, as names."""
        if any(isinstance(item, list) for item in value):
            return [self.field(item) for item in value]
        names = list(dict.fromkeys(name for target in value for name in self._names.get(target, (target,))))
        if value and not names:
            raise UserError(f"{self._do}: {', '.join(value)}: that is nobody now")
        return names

    def _find(self, word: str) -> list[str]:
        if not is_word(word):
            return [word]
        names = self._in_order(self._stand_for(word))
        self._taken += names
        return names

    def _stand_for(self, word: str) -> list[str]:
        free = [name for name in self._able if name not in self._taken]
        role = role_of(word)
        if role is not None:
            return self._with_role(word, *role)
        if word in self._sides:
            return self._sides[word]
        if word == "clients":
            return self._cluster.load_client_names
        if word == "all":
            return self._some(word, free, len(free) or 1)
        if word.endswith("%"):
            return self._some(word, free, max(1, math.ceil(len(free) * float(word[:-1]) / 100)))
        return self._some(word, free, int(word.split()[0]) if " " in word else 1)

    def _some(self, word: str, free: list[str], count: int) -> list[str]:
        if count > len(free):
            act = {"crash": "is up", "freeze": "is running", "start": "is down", "thaw": "is frozen"}
            life = next((text for kind, text in act.items() if self._do == kind), "is left")
            raise UserError(f"{self._do}: {word}: {'nobody' if not free else f'only {len(free)}'} {life}")
        return self._chance.sample(free, count)

    def _with_role(self, word: str, role: str, thing: str, drawn: bool) -> list[str]:
        known = catalog.roles()
        if role not in known:
            there = ", ".join(f"{each} of KEY" for each in known)
            raise UserError(f"{self._do}: {word}: no system here has a {role}; there are {there}")
        system, find = known[role]
        names = list(find(self._cluster.services(system.kind), thing))
        if not names:
            example = f"{role} of k0"
            raise UserError(f"{self._do}: {word}: that is nobody" + ("" if thing else f"; of what? write {example}"))
        return [self._chance.choice(names)] if drawn else names

    def _in_order(self, names: list[str]) -> list[str]:
        """As the cluster lists them: for people."""
        place = {name: number for number, name in enumerate(self._cluster.names)}
        return sorted(names, key=lambda name: place.get(name, len(place)))


def _shaped(cluster: Cluster, command: Any) -> Any:
    """The sides of a partition that was given as a shape."""
    draw = _Draw(cluster, command)
    alone = draw.field(command.nodes) if command.nodes else []
    chance = cluster.world.random("shape", str(len(cluster.recorded)))
    members = list(cluster.staying)
    if command.shape == "ring":
        if len(members) < 4:
            raise UserError(f"partition: ring: of {len(members)} nodes everybody is a neighbour; it takes four")
        return command.model_copy(update={"nodes": alone or members})
    if command.shape == "isolate":
        rest = [name for name in members if name not in alone]
        groups = [[name] for name in alone] + ([rest] if rest else [])
    else:
        if command.shape == "bridge" and not alone:
            alone = [chance.choice(members)]
        others = [name for name in members if name not in alone]
        split = chance.sample(others, len(others))
        half = (len(split) + 1) // 2
        groups = [sorted(side, key=members.index) for side in (split[:half], split[half:])]
    if len([group for group in groups if group]) < 2:
        raise UserError(f"partition: {command.shape}: there are too few nodes for two sides")
    return command.model_copy(update={"shape": "", "groups": groups, "nodes": []})
