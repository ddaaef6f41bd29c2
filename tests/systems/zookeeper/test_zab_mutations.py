"""Ensembles with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.errors import WorldStopped
from playground.systems.zookeeper import election, log
from playground.systems.zookeeper.history import epochs_record
from playground.systems.zookeeper.leader import Leader
from playground.systems.zookeeper.learner import Learner
from playground.systems.zookeeper.log import TransactionLog
from playground.systems.zookeeper.zab_messages import AckNewLeader, Commit, NewLeader, Proposal
from tests.systems.zookeeper.test_zab_scenarios import (
    forgetful_majority,
    minority_proposes,
    one_disk_has_it,
    stale_favourite,
)
from tests.systems.zookeeper.test_zab_simulation import chaotic
from tests.systems.zookeeper.zab_lab import simulate

Patch = pytest.MonkeyPatch


def nothing() -> None:
    pass


def stopped(*acts: str, seeds: int = 20) -> bool:
    """Whether an assertion of the implementation itself finds it."""
    for seed in range(seeds):
        try:
            simulate(chaotic, seed, acts=acts, rate=40)
        except WorldStopped:
            return True
    return False


def found(check: str, *acts: str, seeds: int = 40, **settings: Any) -> bool:
    """Whether some seed shows a violation of ``check``."""
    for seed in range(seeds):
        try:
            lab = simulate(chaotic, seed, acts=acts, rate=40, **settings)
        except WorldStopped:
            continue  # an assertion finds it, too, but is no check
        if any(violation.check == check for violation in lab.judge()):
            return True
        if check == "settles" and not lab.settled():
            return True
    return False


def test_what_was_proposed_is_acknowledged_before_the_disk_has_it(monkeypatch: Patch) -> None:
    add = TransactionLog.add

    def hasty(self: TransactionLog, zxid: int, data: bytes, then: log.Then) -> None:
        add(self, zxid, data, nothing)
        then()

    monkeypatch.setattr(TransactionLog, "add", hasty)
    assert found("committed is on a quorum of disks", "blackout", "hang")
    assert found("one committed sequence", "blackout", "hang")


def test_a_leader_commits_what_it_alone_has(monkeypatch: Patch) -> None:
    def alone(self: Leader, zxid: int) -> None:
        self.committed = zxid
        for link in self.links.values():
            link.send(Commit(zxid))
        self._peer.commit(zxid)

    monkeypatch.setattr(Leader, "_on_logged", alone)
    assert found("committed is on a quorum of disks", "part leader", "hang")
    assert found("one committed sequence", "part leader", "crash leader")


def test_a_learner_applies_what_is_only_proposed(monkeypatch: Patch) -> None:
    on_proposal = Learner._on_proposal

    def eager(self: Learner, message: Proposal) -> None:
        on_proposal(self, message)
        self._peer.commit(message.zxid)

    monkeypatch.setattr(Learner, "_on_proposal", eager)
    lab, _ = simulate(minority_proposes)
    assert "one committed sequence" in {violation.check for violation in lab.judge()}


def test_what_never_was_committed_is_not_cut_off(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TransactionLog, "cut", lambda _self, _zxid: None)
    lab, _ = simulate(minority_proposes)
    assert "one committed sequence" in {violation.check for violation in lab.judge()}


def blind(self: election.Election) -> election.Vote:
    return election.Vote(0, 0, self._ranks[self._peer.name])


def test_votes_do_not_tell_how_far_a_server_has_come(monkeypatch: Patch) -> None:
    # The ensemble is safe all the same: discovery finds out that somebody has come further. But that goes on for ever.
    monkeypatch.setattr(election.Election, "_own", blind)
    assert found("settles", "part leader", "crash leader", "slow disk")


def test_the_leader_does_not_care_whether_somebody_has_come_further(monkeypatch: Patch) -> None:
    def careless(self: Leader, link: Any, message: Any) -> None:
        link.last_zxid = message.last_zxid
        if self.phase == "discovery":
            self._promised.add(link.server)
            self._begin_synchronisation()
        else:
            self._synchronise(link)

    monkeypatch.setattr(election.Election, "_own", blind)
    monkeypatch.setattr(Leader, "_on_ack_epoch", careless)
    lab = simulate(stale_favourite)
    assert "no lost commits" in {violation.check for violation in lab.judge()}


def test_epochs_are_not_written_down(monkeypatch: Patch) -> None:
    monkeypatch.setattr(log, "epochs_record", lambda _accepted, _current: epochs_record(0, 0))
    assert stopped("blackout", "crash leader", "crash")


def test_a_leader_does_not_notice_that_nobody_follows(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Leader, "in_time", lambda _self: True)
    assert found("a leader is followed", "part leader")


def test_a_server_that_has_lost_its_disk_votes(monkeypatch: Patch) -> None:
    recover = TransactionLog.recover

    async def trusting(self: TransactionLog) -> str:
        reason = await recover(self)
        self.history.whole = True
        return reason

    monkeypatch.setattr(TransactionLog, "recover", trusting)
    lab = simulate(forgetful_majority)
    assert "no lost commits" in {violation.check for violation in lab.judge()}


def test_a_learner_enters_an_epoch_before_its_disk_has_the_history(monkeypatch: Patch) -> None:
    def hasty(self: Learner, message: NewLeader) -> None:
        self._peer.log.enter(message.epoch, nothing)
        self.entered = True
        self._answer(AckNewLeader())

    monkeypatch.setattr(Learner, "_on_new_leader", hasty)
    lab, _ = simulate(one_disk_has_it)
    assert "committed is on a quorum of disks" in {violation.check for violation in lab.judge()}
