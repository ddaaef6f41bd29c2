"""Fast leader election, one notification at a time."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.zookeeper.election import Election, Vote
from playground.systems.zookeeper.history import replay, transaction_record
from playground.systems.zookeeper.zab_messages import Notification, Stand


class Bystander:
    """What an election needs of its peer, and nothing behind it: z2 of five, which has come to 1:7."""

    class Timer:
        live = True

        def __init__(self, act: Any) -> None:
            self.act = act

        def cancel(self) -> None:
            self.live = False

    def __init__(self) -> None:
        self.name, self.servers = "z2", ("z1", "z2", "z3", "z4", "z5")
        self.others = ("z1", "z3", "z4", "z5")
        self.quorum, self.tick_us = 3, 200_000
        self.log = self
        self.history = replay([transaction_record(7, b"")])
        self.history.current = 1
        self.sent: list[tuple[str, Notification]] = []
        self.timers: list[Bystander.Timer] = []
        self.elected: list[str] = []

    def after(self, _delay_us: int, act: Any) -> Timer:
        self.timers.append(self.Timer(act))
        return self.timers[-1]

    def send(self, to: str, message: Notification) -> None:
        self.sent.append((to, message))

    def on_elected(self, leader: str) -> None:
        self.elected.append(leader)

    def time_passes(self) -> None:
        for timer in [timer for timer in self.timers if timer.live]:
            timer.live = False
            timer.act()


def begun() -> tuple[Bystander, Election]:
    peer = Bystander()
    election = Election(peer)  # type: ignore[arg-type]
    election.begin()
    peer.sent.clear()
    return peer, election


def vote(leader: str, epoch: int = 1, zxid: int = 7, round: int = 1) -> Notification:
    return Notification(Stand.LOOKING, round, leader, epoch, zxid)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Vote(2, 1, 0), Vote(1, 9, 4)),
        (Vote(1, 9, 0), Vote(1, 8, 4)),
        (Vote(1, 8, 4), Vote(1, 8, 0)),
    ],
)
def test_the_epoch_counts_first_then_the_zxid_then_the_place(better: Vote, worse: Vote) -> None:
    assert better > worse


def test_it_changes_to_a_better_vote_and_tells_all() -> None:
    peer, election = begun()
    election.on_notification("z3", vote("z3"))
    assert election.favourite == "z3"
    assert [to for to, _ in peer.sent] == list(peer.others)
    assert all(message.leader == "z3" for _, message in peer.sent)


def test_it_answers_a_worse_vote_with_its_own() -> None:
    peer, election = begun()
    election.on_notification("z1", vote("z1"))
    assert election.favourite == "z2"
    assert [(to, message.leader) for to, message in peer.sent] == [("z1", "z2")]


def test_a_quorum_waits_for_a_better_vote_and_then_decides() -> None:
    peer, election = begun()
    for voter in ("z1", "z3"):
        election.on_notification(voter, vote("z3"))
    assert peer.elected == []
    peer.time_passes()
    assert peer.elected == ["z3"]
    assert not election.running


def test_a_better_vote_in_time_overturns_a_quorum() -> None:
    peer, election = begun()
    for voter in ("z1", "z3"):
        election.on_notification(voter, vote("z3"))
    election.on_notification("z4", vote("z4", zxid=8))
    peer.time_passes()
    assert peer.elected == []
    assert election.favourite == "z4"


def test_when_all_have_voted_alike_nobody_waits() -> None:
    peer, election = begun()
    for voter in ("z1", "z3", "z4", "z5"):
        election.on_notification(voter, vote("z5"))
    assert peer.elected == ["z5"]


def test_votes_of_an_earlier_round_do_not_count() -> None:
    peer, election = begun()
    election.round = 4
    for voter in ("z1", "z3", "z4"):
        election.on_notification(voter, vote("z2", round=3))
    peer.time_passes()
    assert peer.elected == []
    assert {message.round for _, message in peer.sent} == {4}


def test_a_later_round_is_joined_with_no_votes_but_the_new_one() -> None:
    peer, election = begun()
    election.on_notification("z1", vote("z3"))
    election.on_notification("z3", vote("z3", round=6))
    assert (election.round, election.favourite) == (6, "z3")
    peer.time_passes()
    assert peer.elected == []
    election.on_notification("z1", vote("z3", round=6))
    peer.time_passes()
    assert peer.elected == ["z3"]


def test_who_says_that_it_leads_is_joined() -> None:
    peer, election = begun()
    election.on_notification("z4", Notification(Stand.LEADING, 9, "z4"))
    assert peer.elected == ["z4"]


def test_who_was_elected_hears_it_from_those_that_follow() -> None:
    peer, election = begun()
    for voter in ("z1", "z3"):
        election.on_notification(voter, Notification(Stand.FOLLOWING, 1, "z2"))
    peer.time_passes()
    assert peer.elected == ["z2"]


def test_a_server_that_has_forgotten_promises_asks_and_does_not_vote() -> None:
    peer = Bystander()
    peer.history.whole = False
    election = Election(peer)  # type: ignore[arg-type]
    election.begin()
    assert {message.stand for _, message in peer.sent} == {Stand.ASKING}
    for voter in peer.others:
        election.on_notification(voter, vote("z2"))
    peer.time_passes()
    assert peer.elected == []
    election.on_notification("z4", Notification(Stand.LEADING, 9, "z4"))
    assert peer.elected == ["z4"]
