"""From the words of a command (``2 random``, ``majority``, ``owner of k0``) to the names that it comes to.

Drawn from a stream of this command's own, so the same command at the same place of a session comes to the same
names, and no other draw moves. What was named is never drawn as well, and nobody is drawn twice. The words are
read in this order, wherever they stand: roles, majority and minority, what is counted, the rest.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from playground.commands import validate
from playground.commands.targets import GROUPS, is_word, role_of
from playground.kernel.errors import UserError
from playground.kernel.node import TRANSITIONS
from playground.systems import catalog
from playground.wording import unknown

if TYPE_CHECKING:
    from playground.cluster import Cluster


def resolve(cluster: Cluster, command: Any) -> Any:
    """The command with names in the place of words. UserError if a word stands for nobody now."""
    if command.do == "partition" and command.shape:
        return _shaped(cluster, command)
    if not any(is_word(target) for target in command.targeted()):
        return command
    draw = _Draw(cluster, command)
    named = command.model_copy(update={field: draw.field(getattr(command, field)) for field in command.target_fields})
    # A role may stand for somebody who is named as well.
    return validate(named.model_dump())


_SIDES = ("majority", "minority")
_LIVES = {
    "crash": ("is up", "are up"),
    "freeze": ("is running", "are running"),
    "start": ("is down", "are down"),
    "thaw": ("is frozen", "are frozen"),
}


def _turn(word: str) -> int:
    """When the word is read: what says more precisely whom it means comes first."""
    if role_of(word) is not None:
        return 0
    if word in _SIDES:
        return 1
    return 3 if word in ("all", "rest", *GROUPS) else 2


class _Draw:
    """The words of one command share it: what one of them takes is gone for the others."""

    def __init__(self, cluster: Cluster, command: Any) -> None:
        self._cluster = cluster
        self._do = command.do
        self._possible = command.possible
        self._chance = cluster.world.random("targets", str(len(cluster.recorded)))
        self._members = list(cluster.staying)
        self._taken = list(command.named_nodes())
        lives = TRANSITIONS[command.possible][0] if command.possible else None
        self._able = [name for name in cluster.names if lives is None or cluster.node(name).life in lives]
        self._sides: dict[str, list[str]] = {}
        words = [word for word in dict.fromkeys(command.targeted()) if is_word(word)]
        self._names = {word: self._find(word, words) for word in sorted(words, key=_turn)}

    def field(self, value: list[Any]) -> list[Any]:
        """A list of targets, or of lists of them, as names."""
        if any(isinstance(item, list) for item in value):
            return [self.field(item) for item in value]
        names = list(dict.fromkeys(name for target in value for name in self._names.get(target, (target,))))
        if value and not names:
            raise UserError(f"{self._do}: {', '.join(value)}: that is nobody now")
        return names

    def _find(self, word: str, words: list[str]) -> list[str]:
        role = role_of(word)
        if role is not None:
            names = self._with_role(word, *role)
        elif word in _SIDES:
            if not self._sides:
                self._take_sides(words)
            names = self._sides[word]
        elif word in GROUPS:
            names = [name for name in self._cluster.of_kind(GROUPS[word]) if name in self._free()]
        elif word == "clients":
            names = [name for name in self._cluster.load_client_names if name in self._able]
        else:
            names = self._counted(word)
        self._taken += names
        return self._in_order(names)

    def _free(self) -> list[str]:
        """The members for whom the act is possible and who are neither named nor drawn."""
        return [name for name in self._members if name in self._able and name not in self._taken]

    def _take_sides(self, words: list[str]) -> None:
        """Who is named, or has a role that is named, stands on neither side."""
        free = [name for name in self._members if name not in self._taken]
        majority = len(self._members) // 2 + 1
        if "majority" in words and majority > len(free):
            raise UserError(f"{self._do}: majority: that takes {majority}, and only {len(free)} are left")
        drawn = self._chance.sample(free, len(free))
        self._sides = {
            word: [name for name in side if name in self._able]
            for word, side in (("majority", drawn[:majority]), ("minority", drawn[majority:]))
        }

    def _counted(self, word: str) -> list[str]:
        free = self._free()
        if word in ("all", "rest"):
            return free
        count = 1
        if word.endswith("%"):
            count = math.ceil(len(free) * Fraction(word[:-1]) / 100)
        elif " " in word:
            count = int(word.split()[0])
        if count > len(free):
            life = _LIVES.get(self._possible, ("is left", "are left"))[len(free) > 1]
            raise UserError(f"{self._do}: {word}: {f'only {len(free)}' if free else 'nobody'} {life}")
        return self._chance.sample(free, count)

    def _with_role(self, word: str, role: str, thing: str, drawn: bool) -> list[str]:
        found = catalog.roles().get(role, ())
        running = [(system, find) for system, find in found if self._cluster.services(system.kind)]
        if not running:
            there = [word for word, ways in catalog.roles().items() if any(self._runs(system) for system, _ in ways)]
            raise UserError(f"{self._do}: {word}: nobody here is {role}; there are {', '.join(there)}")
        names = [name for system, find in running for name in find(self._cluster.services(system.kind), thing)]
        names = list(dict.fromkeys(names))
        if not names:
            lists = [system.things(self._cluster.services(system.kind)) for system, _ in running if system.things]
            known = [each for names in lists for each in names]
            if thing and len(lists) == len(running) and thing not in known:
                raise UserError(f"{self._do}: {word}: {unknown('partition or group', thing, known)}")
            of_things = not thing and any(find(self._cluster.services(system.kind), "k0") for system, find in running)
            hint = f"; of what? write {role} of k0" if of_things else " now"
            raise UserError(f"{self._do}: {word}: that is nobody{hint}")
        return [self._chance.choice(names)] if drawn else names

    def _runs(self, system: catalog.System) -> bool:
        return bool(self._cluster.services(system.kind))

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
        ring = alone or members
        if len(ring) < 4:
            raise UserError(f"partition: ring: of {len(ring)} nodes everybody is a neighbour; it takes four")
        return command.model_copy(update={"nodes": ring})
    if command.shape == "isolate":
        rest = [name for name in members if name not in alone]
        groups = [[name] for name in alone] + ([rest] if rest else [])
    else:
        if command.shape == "bridge" and not alone:
            alone = [chance.choice(members)]
        if len(alone) > 1:
            raise UserError(f"partition: bridge: one node is the bridge, not {len(alone)}")
        others = [name for name in members if name not in alone]
        split = chance.sample(others, len(others))
        half = (len(split) + 1) // 2
        groups = [sorted(side, key=members.index) for side in (split[:half], split[half:])]
    if len([group for group in groups if group]) < 2:
        raise UserError(f"partition: {command.shape}: there are too few nodes for two sides")
    return command.model_copy(update={"shape": "", "groups": groups, "nodes": []})
