"""Claims about masters and slaves that cannot fail claim nothing: each is played with a bug that it should notice.

A bug is planted by replacing one method. ``notices``: the figure, among those expected, that is no longer met.
"""

from __future__ import annotations

from typing import Any

import pytest
from noticing import Bug, noticed

from playground.systems.shards import leading
from playground.systems.shards.client import ShardsClient
from playground.systems.shards.election import Election
from playground.systems.shards.leading import Leading
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.messages import Failed, Found, Read
from playground.systems.shards.replica import Replica
from playground.systems.shards.shipping import Follower, Shipping
from playground.systems.zookeeper.client import Keeper, Told, ZooKeeper, watch_data

# --- who is elected, and who may lead ------------------------------------------------------


def nobody_stands_a_second_time(patch: pytest.MonkeyPatch) -> None:
    stand = Election._stand

    async def stand_once(election: Election, zk: ZooKeeper, assignment: Any, changed: Any) -> None:
        if assignment.epoch == 0:
            await stand(election, zk, assignment, changed)

    patch.setattr(Election, "_stand", stand_once)


def leases_never_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Keeper, "safe", property(lambda _keeper: True))


def slaves_heed_any_master(patch: pytest.MonkeyPatch) -> None:
    def heed(replica: Replica, source: str, epoch: int) -> bool:
        replica.promised = replica.promised_safe = epoch
        replica.leader, replica.heard_us = source, replica.service.clock.monotonic_us
        return replica.leading is None

    patch.setattr(Replica, "_heed", heed)


def clients_hear_of_the_first_master_only(patch: pytest.MonkeyPatch) -> None:
    async def watch_once(zk: ZooKeeper, path: str, told: Told) -> None:
        heard: list[str] = []

        def tell(data: str | None) -> None:
            if data is not None and not heard:
                heard.append(data)
                told(data)

        await watch_data(zk, path, tell)

    patch.setattr("playground.systems.shards.client.watch_data", watch_once)


# --- what is promised, and what becomes of it ------------------------------------------------


def the_master_promises_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leading, "acknowledging", lambda _settings, _members: 1)


def failed_writes_are_left_where_they_are(patch: pytest.MonkeyPatch) -> None:
    def leave(term: Leading, pending: Any, _now_us: int) -> None:
        term._answer(pending, term._told("reversed"))

    patch.setattr(Leading, "_reverse", leave)


def writes_are_shown_before_their_aborts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ReplicatedLog, "whole", lambda _log, seq: seq)


# --- shipping -----------------------------------------------------------------------------


def what_is_new_waits_for_the_next_heartbeat(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Shipping, "ship_new", lambda _shipping: None)


def who_lags_is_not_sent_what_it_lacks(patch: pytest.MonkeyPatch) -> None:
    ship = Shipping.ship

    def ship_news(shipping: Shipping, follower: Follower, *, anyway: bool = False) -> None:
        if shipping._log.last.seq - follower.match < 50:
            ship(shipping, follower, anyway=anyway)

    patch.setattr(Shipping, "ship", ship_news)


# --- reads --------------------------------------------------------------------------------


def clients_read_from_whom_they_like(patch: pytest.MonkeyPatch) -> None:
    get = ShardsClient.get

    async def get_anywhere(session: ShardsClient, key: str, r: int | None = None) -> tuple[str, ...]:
        session.settings = session.settings.model_copy(update={"reads": "slaves"})
        return await get(session, key, r)

    patch.setattr(ShardsClient, "get", get_anywhere)


def slaves_pass_every_read_on(patch: pytest.MonkeyPatch) -> None:
    def read(replica: Replica, message: Read) -> Found | Failed:
        return Failed("behind", f"{replica.service.name} would rather not say")

    patch.setattr(Replica, "read", read)


def slaves_do_not_look_at_what_the_reader_wrote(patch: pytest.MonkeyPatch) -> None:
    read = Replica.read

    def read_anyway(replica: Replica, message: Read) -> Found | Failed:
        return read(replica, Read(message.shard, message.epoch, message.key, slave=message.slave))

    patch.setattr(Replica, "read", read_anyway)


@pytest.mark.parametrize(
    ("claim", "variant", "bug", "notices"),
    [
        ("R1", "one", the_master_promises_alone, "lost_writes"),
        ("R1", "async", nobody_stands_a_second_time, "masterless_max"),
        ("R2", "push", what_is_new_waits_for_the_next_heartbeat, "lag_p50"),
        ("R2", "pull", who_lags_is_not_sent_what_it_lacks, "lag_max"),
        ("R3", "one", the_master_promises_alone, "lost_writes"),
        ("R3", "all", the_master_promises_alone, "lost_writes"),
        ("R4", "all", failed_writes_are_left_where_they_are, "undead_writes"),
        ("R4", "all", writes_are_shown_before_their_aborts, "undead_writes"),
        ("R5", "master", clients_read_from_whom_they_like, "stale_reads"),
        ("R5", "four", slaves_pass_every_read_on, "read_error_share"),
        ("R5", "own", slaves_do_not_look_at_what_the_reader_wrote, "read_your_writes"),
        ("R6", "quick", clients_hear_of_the_first_master_only, "first_write_after"),
        ("R6", "slow", leases_never_end, "checks"),
        ("K3", "master-async", clients_read_from_whom_they_like, "stale_reads"),
        ("K3", "slaves-async", slaves_pass_every_read_on, "stale_reads"),
        ("zombie-master", "", leases_never_end, "checks"),
        ("zombie-master", "", slaves_heed_any_master, "fenced"),
    ],
)
def test_a_claim_about_masters_does_not_hold_of_a_database_with_a_bug(
    monkeypatch: pytest.MonkeyPatch, claim: str, variant: str, bug: Bug, notices: str
) -> None:
    assert notices in noticed(monkeypatch, claim, variant, bug)
