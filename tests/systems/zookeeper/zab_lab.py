"""An ensemble that agrees upon a list of words, the checks that watch it, and random faults."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from playground.checkers.leaders import Claim, one_leader_per_term
from playground.kernel.node import Life, Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.violations import Violation
from playground.systems.zookeeper import zab_checks
from playground.systems.zookeeper.application import Role
from playground.systems.zookeeper.peer import Peer
from playground.systems.zookeeper.settings import ZooKeeperSettings

SECOND = 1_000_000
LOOK_S = 0.1
"""How often the checks look."""


class Words:
    """The application: transactions are words, a request is a word to add, the leader answers with its zxid."""

    def __init__(self, lab: Lab, peer: Peer) -> None:
        self.lab, self.peer = lab, peer
        self.words: list[str] = []
        self.roles: list[Role] = []
        self.answers: list[Any] = []
        self.heard: list[tuple[str, Any]] = []
        self.proposed: dict[int, tuple[str, str]] = {}

    def encode(self, txn: str) -> bytes:
        return txn.encode()

    def decode(self, data: bytes) -> str:
        return data.decode()

    def apply(self, zxid: int, txn: str) -> None:
        self.words.append(txn)
        asker, word = self.proposed.pop(zxid, ("", ""))
        if word:
            assert word == txn
            self.lab.told.append((zxid, txn))
            self.peer.answer(asker, (zxid, txn, len(self.words)))

    def snapshot(self) -> bytes:
        return json.dumps(self.words).encode()

    def restore(self, zxid: int, snapshot: bytes) -> None:
        self.words = json.loads(snapshot or b"[]")

    def on_role(self, role: Role, leader: str) -> None:
        self.roles.append(role)
        self.proposed.clear()

    def on_request(self, server: str, request: str) -> None:
        if self.peer.serving():
            self.proposed[self.peer.propose(request)] = server, request

    def on_answer(self, answer: Any) -> None:
        _, word, length = answer
        assert self.words[length - 1] == word, "an answer came before what it is about"
        self.answers.append(answer)

    def ping(self) -> str:
        return self.peer.name

    def on_ping(self, server: str, told: str) -> None:
        assert told == server
        self.heard.append((server, told))


class Member(Service):
    """One server: it passes on new words at random."""

    def __init__(self, process: Process, lab: Lab) -> None:
        super().__init__(process)
        self.lab = lab
        self.peer = Peer(process, lab.settings, lab.names)
        self.words = self.peer.application = Words(lab, self.peer)
        self.chance = self.random("words")
        self.count = 0

    def handlers(self) -> Iterator[tuple[type, Callable[[str, Any], Any]]]:
        yield from self.peer.handlers()

    async def recover(self) -> None:
        await self.peer.recover()

    def start(self) -> None:
        self.peer.start()
        if self.lab.rate:
            self.plan()

    def plan(self) -> None:
        self.after(int(self.chance.expovariate(self.lab.rate) * SECOND), self.add)

    def add(self) -> None:
        if self.lab.loading:
            self.say()
        self.plan()

    def say(self) -> str:
        self.count += 1
        word = f"{self.name}.{self.process.node.boots}.{self.count}"
        self.peer.forward(word)
        return word


class Lab:
    """Servers z1 .. z``size``; ``rate``: words a second from each."""

    def __init__(self, size: int = 3, seed: int = 1, *, rate: float = 15, **settings: Any) -> None:
        self.world = World(seed)
        self.settings = ZooKeeperSettings.model_validate({"servers": size, **settings})
        self.names = self.settings.names
        self.rate = rate
        self.loading = True
        self.told: list[tuple[int, str]] = []
        """What leaders said was committed."""
        self.memory = zab_checks.Memory()
        self.loneliness = zab_checks.Loneliness()
        self.lost: set[str] = set()
        """Whose disks were lost or damaged and are not whole again."""
        self.violations: list[Violation] = []
        self.nodes = {name: Node(self.world, name, (lambda process: Member(process, self),)) for name in self.names}
        for node in self.nodes.values():
            node.start()

    def member(self, name: str) -> Member:
        process = self.nodes[name].process
        assert process is not None
        return process.find(Member)

    def peers(self) -> dict[str, Peer]:
        """Of the servers that have recovered, frozen ones included."""
        lives = (Life.UP, Life.FROZEN)
        return {name: self.member(name).peer for name, node in self.nodes.items() if node.life in lives}

    def leader(self) -> str:
        """Who serves as leader, if it is one."""
        leaders = [name for name, peer in self.peers().items() if peer.role is Role.LEADING]
        return leaders[0] if len(leaders) == 1 else ""

    def words(self, name: str) -> list[str]:
        return self.member(name).words.words

    async def run(self, seconds: float) -> None:
        """Let time pass; the checks look all the while."""
        until_us = self.world.now_us + int(seconds * SECOND)
        while self.world.now_us < until_us:
            await self.world.advance(min(until_us, self.world.now_us + int(LOOK_S * SECOND)))
            self.look()

    def look(self) -> None:
        peers = self.peers()
        for name in sorted(self.lost):
            if name in peers and peers[name].log.history.whole and peers[name].role is not Role.LOOKING:
                self.lost.discard(name)
        self.violations += self.memory.look(peers)
        self.violations += zab_checks.committed_is_safe(self.nodes, self.memory.newest, frozenset(self.lost))
        running = {name: peer for name, peer in peers.items() if self.nodes[name].life is Life.UP}
        self.violations += self.loneliness.look(running, self.world.now_us, 4 * SECOND)

    async def settle(self, seconds: int = 20) -> None:
        """Until one leads and all follow, and have the same; at most ``seconds``."""
        for _ in range(seconds * 2):
            await self.run(0.5)
            if self.settled():
                return

    def settled(self) -> bool:
        peers, leader = self.peers(), self.leader()
        following = leader and all(peer.leader == leader for peer in peers.values())
        return bool(following) and len({peer.last_applied for peer in peers.values()}) == 1

    def judge(self) -> list[Violation]:
        """All that was found, and what can be said at the end."""
        claims = [Claim(*each) for each in zab_checks.claims(self.world.journal.entries)]
        return [*self.violations, *one_leader_per_term(claims), *self.missing()]

    def missing(self) -> list[Violation]:
        """Everything whose commit a leader has told is there, on every server that serves, in the order of zxids."""
        found = []
        wanted = [word for _, word in sorted(set(self.told))]
        for name, peer in self.peers().items():
            if peer.role is not Role.LOOKING:
                here = set(self.words(name))
                lacking = [word for word in wanted if word not in here]
                if lacking:
                    found.append(Violation("no lost commits", name, f"{name} lacks {lacking[:3]} of {len(wanted)}"))
        return found

    def notes(self, kind: str) -> list[str]:
        return [entry.text for entry in self.world.journal.entries if entry.kind == kind]


def simulate(main: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
    return run(partial(main, *args, **settings))
