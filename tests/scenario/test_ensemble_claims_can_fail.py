"""Claims about the ensemble that cannot fail claim nothing: each is played on one with a bug that it should notice.

A bug is planted by replacing one method. ``notices``: the figure, among those expected, that is no longer met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from noticing import Bug, noticed

from playground.kernel.node import Process
from playground.systems.coordination.service import CoordinationService
from playground.systems.gossip.view import View
from playground.systems.shards import leading
from playground.systems.store.service import StoreService
from playground.systems.zookeeper.client import Keeper
from playground.systems.zookeeper.election import Election
from playground.systems.zookeeper.leader import Leader
from playground.systems.zookeeper.learner import Learner
from playground.systems.zookeeper.log import Then, TransactionLog
from playground.systems.zookeeper.messages import Event
from playground.systems.zookeeper.peer import Peer
from playground.systems.zookeeper.preparation import Preparation
from playground.systems.zookeeper.recipes import Candidacy, Claim
from playground.systems.zookeeper.sessions import SessionTracker
from playground.systems.zookeeper.settings import ZooKeeperSettings
from playground.systems.zookeeper.txns import Ended
from playground.systems.zookeeper.watches import Watches
from playground.systems.zookeeper.zab_messages import Commit, Proposal

# --- the broadcast ----------------------------------------------------------------------


def _quorum(patch: pytest.MonkeyPatch, of: Callable[[int], int]) -> None:
    init = Peer.__init__

    def counting(peer: Peer, process: Process, settings: ZooKeeperSettings, servers: tuple[str, ...]) -> None:
        init(peer, process, settings, servers)
        peer.quorum = of(len(servers))

    patch.setattr(Peer, "__init__", counting)


def less_than_half_is_a_majority(patch: pytest.MonkeyPatch) -> None:
    _quorum(patch, lambda servers: servers // 2)


def all_must_agree(patch: pytest.MonkeyPatch) -> None:
    _quorum(patch, lambda servers: servers)


def a_leader_commits_what_it_alone_has(patch: pytest.MonkeyPatch) -> None:
    def alone(leader: Leader, zxid: int) -> None:
        leader.committed = zxid
        for link in leader.links.values():
            link.send(Commit(zxid))
        leader._peer.commit(zxid)

    patch.setattr(Leader, "_on_logged", alone)


def acknowledged_before_it_is_on_disk(patch: pytest.MonkeyPatch) -> None:
    add = TransactionLog.add

    def hasty(log: TransactionLog, zxid: int, data: bytes, then: Then) -> None:
        add(log, zxid, data, lambda: None)
        then()

    patch.setattr(TransactionLog, "add", hasty)


def never_written_to_disk(patch: pytest.MonkeyPatch) -> None:
    def keep(log: TransactionLog, zxid: int, data: bytes, then: Then) -> None:
        log.history.add(zxid, data)
        then()

    patch.setattr(TransactionLog, "add", keep)


def applied_when_proposed(patch: pytest.MonkeyPatch) -> None:
    on_proposal = Learner._on_proposal

    def eager(learner: Learner, message: Proposal) -> None:
        on_proposal(learner, message)
        learner._peer.commit(message.zxid)

    patch.setattr(Learner, "_on_proposal", eager)


def a_leader_does_not_notice_that_nobody_follows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Leader, "in_time", lambda _leader: True)


def nobody_is_elected_again(patch: pytest.MonkeyPatch) -> None:
    begin = Election.begin

    def once(election: Election) -> None:
        if election._peer.log.history.current == 0:
            begin(election)

    patch.setattr(Election, "begin", once)


# --- sessions, znodes, watches ----------------------------------------------------------


def sessions_never_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SessionTracker, "overdue", lambda _tracker, _now_us: [])


def sessions_expire_too_early(patch: pytest.MonkeyPatch) -> None:
    overdue = SessionTracker.overdue
    patch.setattr(SessionTracker, "overdue", lambda tracker, now_us: overdue(tracker, now_us + 1_300_000))


def a_pause_ends_a_session(patch: pytest.MonkeyPatch) -> None:
    overdue = SessionTracker.overdue
    patch.setattr(SessionTracker, "overdue", lambda tracker, now_us: overdue(tracker, now_us + 1_900_000))


def an_ephemeral_survives_its_session(patch: pytest.MonkeyPatch) -> None:
    end = Preparation.end

    def forgetful(preparation: Preparation, session: int, *, expired: bool) -> Any:
        ended, records = end(preparation, session, expired=expired)
        return Ended(ended.session, ended.paths[1:], ended.expired), records

    patch.setattr(Preparation, "end", forgetful)


def changes_fire_no_watch(patch: pytest.MonkeyPatch) -> None:
    trigger = Watches.trigger

    def deaf(watches: Watches, event: Event) -> Any:
        return () if event.kind == "changed" else trigger(watches, event)

    patch.setattr(Watches, "trigger", deaf)


def watches_are_not_carried_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Watches, "carry_over", lambda *_: iter(()))


# --- masters ----------------------------------------------------------------------------


def a_master_has_no_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CoordinationService, "lease_us", property(lambda node: 1_000_000 if node.won else 0))


def nobody_watches_the_master(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Claim, "_watch", lambda _claim: None)


def all_watch_the_first_in_the_queue(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Candidacy, "_look", Claim._look)


# --- what they are compared with --------------------------------------------------------


def gossip_never_gives_anybody_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(View, "judge", lambda *_: None)


def all_replicas_must_answer(patch: pytest.MonkeyPatch) -> None:
    ask = StoreService._ask

    async def ask_all(store: StoreService, key: str, need: int, request: Any, *, writes: bool = False) -> Any:
        return await ask(store, key, store.settings.n, request, writes=writes)

    patch.setattr(StoreService, "_ask", ask_all)


def masters_ignore_their_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Keeper, "safe", property(lambda _keeper: True))


def a_master_acknowledges_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leading, "acknowledging", lambda _settings, _members: 1)


@pytest.mark.parametrize(
    ("claim", "variant", "bug", "notices"),
    [
        ("Z1", "three", less_than_half_is_a_majority, "writes_without_majority"),
        ("Z1", "three", a_leader_commits_what_it_alone_has, "writes_without_majority"),
        ("Z1", "five", all_must_agree, "writes_with_servers_down"),
        ("Z2", "", sessions_never_expire, "ephemeral_outlived"),
        ("Z2", "", sessions_expire_too_early, "ephemeral_outlived"),
        ("Z2", "", a_pause_ends_a_session, "sessions_expired"),
        ("Z2", "", an_ephemeral_survives_its_session, "checks"),
        ("Z2", "", never_written_to_disk, "lost_writes"),
        ("Z3", "claim", a_master_has_no_lease, "checks"),
        ("Z3", "claim", nobody_watches_the_master, "masterless_max"),
        ("Z3", "claim", sessions_never_expire, "masterless_max"),
        ("Z3", "sequential", all_watch_the_first_in_the_queue, "election_wakeups"),
        ("Z4", "", a_leader_commits_what_it_alone_has, "checks"),
        ("Z4", "", applied_when_proposed, "checks"),
        ("Z4", "", acknowledged_before_it_is_on_disk, "checks"),
        ("Z4", "", nobody_is_elected_again, "elections"),
        ("Z5", "few", changes_fire_no_watch, "configurations"),
        ("Z5", "few", watches_are_not_carried_over, "configurations"),
        ("G4", "ensemble", a_leader_does_not_notice_that_nobody_follows, "members_disputed"),
        ("G4", "ensemble", sessions_never_expire, "members_fewest"),
        ("G4", "gossip", gossip_never_gives_anybody_up, "gossip_disputed"),
        ("G4", "gossip", all_replicas_must_answer, "error_share"),
        ("K2", "cp", masters_ignore_their_lease, "violations"),
        ("K2", "cp", a_master_acknowledges_alone, "linearizable"),
        ("K2", "ap", all_replicas_must_answer, "error_share"),
    ],
)
def test_a_claim_does_not_hold_of_an_ensemble_with_a_bug(
    monkeypatch: pytest.MonkeyPatch, claim: str, variant: str, bug: Bug, notices: str
) -> None:
    assert notices in noticed(monkeypatch, claim, variant, bug)
