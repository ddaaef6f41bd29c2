"""The tree, transactions and their preparation, against a plain model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.systems.zookeeper import txns
from playground.systems.zookeeper.errors import (
    BadArguments,
    BadVersion,
    KeeperError,
    NoChildrenForEphemerals,
    NodeExists,
    NoNode,
    NotEmpty,
    code_of,
    error_of,
)
from playground.systems.zookeeper.messages import Event, Op
from playground.systems.zookeeper.preparation import Preparation
from playground.systems.zookeeper.tree import Tree, parent_of, require_path
from playground.systems.zookeeper.txns import Opened, Txn


class Machine:
    """A tree and the leader's first step, with transactions applied ``lag`` requests late."""

    def __init__(self, lag: int = 0) -> None:
        self.tree = Tree()
        self.preparation = Preparation(self.tree)
        self.lag = lag
        self.proposed: list[tuple[int, Txn]] = []
        self.log: list[tuple[int, Txn]] = []
        self.zxid = 0

    def propose(self, session: int, changes: tuple[Any, ...], records: Any) -> int:
        self.zxid += 1
        self.proposed.append((self.zxid, Txn(session, self.zxid, 1_000 * self.zxid, changes)))
        self.preparation.proposed(self.zxid, records)
        while len(self.proposed) > self.lag:
            self.commit()
        return self.zxid

    def commit(self) -> None:
        zxid, txn = self.proposed.pop(0)
        self.tree.apply(zxid, txn)
        self.preparation.applied(zxid)
        self.log.append((zxid, txn))

    def settle(self) -> None:
        while self.proposed:
            self.commit()

    def open(self) -> int:
        return self.propose(0, (Opened(("c1", 1), 1_000_000, "secret"),), {})

    def do(self, session: int, *ops: Op) -> int:
        return self.propose(session, *self.preparation.prepare(session, ops))

    def end(self, session: int) -> int:
        ended, records = self.preparation.end(session, expired=True)
        return self.propose(session, (ended,), records)


class Model:
    """What the tree should be: path -> [data, version, owner, children ever made]."""

    def __init__(self) -> None:
        self.nodes: dict[str, list[Any]] = {"/": ["", 0, 0, 0]}

    def children(self, path: str) -> list[str]:
        return [each for each in self.nodes if each != "/" and parent_of(each) == path]

    def do(self, session: int, ops: tuple[Op, ...]) -> type[KeeperError] | None:
        before = {path: [*node] for path, node in self.nodes.items()}
        for op in ops:
            error = self.one(session, op)
            if error is not None:
                self.nodes = before
                return error
        return None

    def one(self, session: int, op: Op) -> type[KeeperError] | None:
        node = self.nodes.get(op.path)
        if op.do == "create":
            parent = self.nodes.get(parent_of(op.path))
            if parent is None:
                return NoNode
            if parent[2]:
                return NoChildrenForEphemerals
            path = f"{op.path}{parent[3]:010d}" if op.sequential else op.path
            if path in self.nodes:
                return NodeExists
            parent[3] += 1
            self.nodes[path] = [op.data, 0, session if op.ephemeral else 0, 0]
            return None
        if node is None:
            return NoNode
        if op.version not in (-1, node[1]):
            return BadVersion
        if op.do == "set":
            node[:2] = [op.data, node[1] + 1]
        elif op.do == "delete":
            if self.children(op.path):
                return NotEmpty
            del self.nodes[op.path]
        return None

    def end(self, session: int) -> None:
        self.nodes = {path: node for path, node in self.nodes.items() if node[2] != session}


PATHS = ("/a", "/b", "/a/x", "/a/y", "/b/x", "/a/x/deep")
OPS = st.builds(
    Op,
    st.sampled_from(("create", "create", "set", "delete", "check")),
    st.sampled_from(PATHS),
    st.sampled_from(("", "one", "two")),
    st.sampled_from((-1, -1, 0, 1)),
    st.booleans(),
    st.booleans(),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("do"), st.integers(0, 2), st.lists(OPS, min_size=1, max_size=3)),
        st.tuples(st.just("end"), st.integers(0, 2), st.just([])),
    ),
    max_size=40,
)


def played(steps: Any, lag: int) -> tuple[Machine, Model]:
    machine, model = Machine(lag), Model()
    sessions = [machine.open() for _ in range(3)]
    for act, who, ops in steps:
        session = sessions[who]
        if act == "end":
            machine.end(session)
            model.end(session)
            sessions[who] = machine.open()
            continue
        ops = tuple(op._replace(version=-1) if op.do == "create" else op for op in ops)
        error = model.do(session, ops)
        if error is None:
            machine.do(session, *ops)
        else:
            with pytest.raises(error):
                machine.preparation.prepare(session, ops)
    machine.settle()
    return machine, model


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 5))
def test_the_tree_is_what_the_model_is_however_late_transactions_are_applied(steps: Any, lag: int) -> None:
    machine, model = played(steps, lag)
    nodes = machine.tree.nodes
    assert {path: [n.data, n.version, n.owner, n.created] for path, n in nodes.items()} == model.nodes
    for path, node in nodes.items():
        assert sorted(f"{'' if path == '/' else path}/{name}" for name in node.children) == sorted(model.children(path))
        assert node.stat.children == len(node.children)
        assert node.stat.cversion == 2 * node.created - len(node.children)
    owned = {path for paths in machine.tree.ephemerals.values() for path in paths}
    assert owned == {path for path, node in nodes.items() if node.owner}


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_to_apply_a_transaction_twice_changes_nothing(steps: Any) -> None:
    machine, _ = played(steps, 0)
    once, twice = Tree(), Tree()
    for zxid, txn in machine.log:
        once.apply(zxid, txn)
        twice.apply(zxid, txn)
        twice.apply(zxid, txn)
        assert once.snapshot() == twice.snapshot()
        assert once.digest == twice.digest


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_a_tree_comes_back_from_its_snapshot_and_its_log_from_bytes(steps: Any) -> None:
    machine, _ = played(steps, 0)
    half = len(machine.log) // 2
    tree, other = Tree(), Tree()
    for zxid, txn in machine.log[:half]:
        tree.apply(zxid, txn)
    other.restore(tree.zxid, tree.snapshot())
    assert other.digest == tree.digest
    for zxid, txn in machine.log[half:]:
        other.apply(zxid, txns.decode(txns.encode(txn)))
    assert other.snapshot() == machine.tree.snapshot()
    assert other.digest == machine.tree.digest
    assert other.ephemerals.keys() == machine.tree.ephemerals.keys()
    other.restore(0, b"")
    assert other.snapshot() == Tree().snapshot()


def test_a_path_that_is_none_is_refused() -> None:
    for path in ("", "a", "/a/", "//", "/a//b", "/.", "/a/.."):
        with pytest.raises(BadArguments):
            require_path(path)
    for path in ("/", "/a", "/a/b.c"):
        require_path(path)


def test_every_error_comes_back_from_its_code() -> None:
    for error in (NoNode("x"), NodeExists("x"), BadVersion("x"), NotEmpty("x"), NoChildrenForEphemerals("x")):
        again = error_of(code_of(error), str(error))
        assert (type(again), str(again), again.definite) == (type(error), "x", True)


def test_what_happens_to_a_znode_is_told_to_those_who_watch_it_and_its_parent() -> None:
    machine = Machine()
    tree = machine.tree

    def events(*ops: Op) -> tuple[Event, ...]:
        changes, records = machine.preparation.prepare(0, ops)
        zxid = tree.zxid + 1
        outcome = tree.apply(zxid, Txn(0, 0, 0, changes))
        machine.preparation.proposed(zxid, records)
        return outcome.events

    assert events(Op("create", "/a")) == (Event("created", "/a"), Event("children", "/"))
    assert events(Op("set", "/a", "x")) == (Event("changed", "/a"),)
    assert events(Op("check", "/a")) == ()
    assert events(Op("delete", "/a")) == (Event("deleted", "/a"), Event("children", "/"))
