"""Each kind of trouble is led back to the act that began it, through what really came between."""

from __future__ import annotations

import pytest
from causality_lab import Lab, ask, first, sound, spec, story

SHARDS = {"nodes": 4, "database": "shards", "zookeeper": {"servers": 3}, "load": {"rate": 20, "clients": 2}}
KAFKA = {"load": {"rate": 0, "clients": 1}}


def master_of(lab: Lab, group: str) -> str:
    return next(e.subject for e in lab.entries("elected") if dict(e.data).get("group") == group)


def test_an_election_is_led_back_to_the_crash_of_the_master_through_its_expired_session() -> None:
    def question(lab: Lab) -> None:
        gone = lab.entries("crash")[0].subject
        later = [each for each in lab.entries("elected") if each.at_us > 4_000_000]
        assert later
        for entry in later:
            chain = lab.why(entry)
            sound(lab, chain)
            assert first(chain) == f"{gone} crashed, by the command “crash n1”"
            assert f"has heard nothing of {gone} for too long" in story(chain)
            assert "/master is deleted" in story(chain)
            assert chain.began

    ask(spec("quorum", **SHARDS), [(4, "crash n1")], 9, question)


def test_a_member_is_replaced_because_its_machine_is_down() -> None:
    def question(lab: Lab) -> None:
        entry = lab.entries("replaced")[0]
        chain = lab.why(entry)
        sound(lab, chain)
        assert first(chain) == "n2 crashed, by the command “crash n2”"
        assert "has heard nothing of n2" in story(chain)

    ask(spec("quorum", **SHARDS), [(4, "crash n2")], 20, question)


def test_of_several_who_act_the_one_is_named_and_the_line_that_names_them_explains_itself() -> None:
    def question(lab: Lab) -> None:
        (crashed,), (by,) = lab.entries("crash"), lab.entries("by")
        assert by.text == "ben: crash n2"
        assert first(lab.why(crashed)) == "n2 crashed, by ben's command “crash n2”"
        assert "ben's command “crash n2”" in story(lab.why(by))
        sound(lab, lab.why(by))

    ask(spec("quorum", **SHARDS), [(4, "crash n2")], 5, question, by="ben")


def test_who_is_cut_off_expires_because_its_pings_are_lost_in_that_partition() -> None:
    def question(lab: Lab) -> None:
        (expired,) = [each for each in lab.entries("expired") if dict(each.data)["owner"] == "n1"]
        chain = lab.why(expired)
        sound(lab, chain)
        assert first(chain) == "the command “partition n1 | rest”"
        losses = [fact for _, fact in chain.facts if fact.kind == "lost"]
        assert losses
        loss = lab.causality.evidence.loss(losses[0].id)
        assert loss is not None
        assert (loss.source, loss.target[0]) == ("n1", "z")
        assert loss.rule in lab.cluster.faults[0].rules

    ask(spec("quorum", **SHARDS), [(4, "partition n1 | rest")], 8, question)


def test_a_suspicion_is_led_back_to_the_losses_of_the_cut_and_not_to_a_fault_elsewhere() -> None:
    def question(lab: Lab) -> None:
        suspected = [each for each in lab.entries("suspect") if dict(each.data)["about"] == "n2"]
        assert suspected
        for entry in suspected:
            chain = lab.why(entry)
            sound(lab, chain)
            assert "“partition n2 | rest”" in first(chain)
            assert "freeze" not in story(chain)

    ask(spec("small"), [(2, "freeze c1"), (3, "partition n2 | rest")], 9, question)


def test_a_fault_that_is_over_still_explains_what_it_did() -> None:
    def question(lab: Lab) -> None:
        assert not lab.cluster.faults
        entry = lab.entries("suspect")[0]
        assert "“partition n2 | rest”" in first(lab.why(entry))

    ask(spec("small"), [(3, "partition n2 | rest"), (8, "heal")], 9, question)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("freeze n2", "n2 froze, by the command “freeze n2”"),
        ("crash n2 lose_disk=true", "n2 crashed and lost its disk, by the command “crash n2 lose_disk=yes”"),
        ("link n2 latency=9s", "the command “link n2 latency=9s”"),
        ("link n2 loss=1.0", "the command “link n2 loss=100%”"),
        ("one-way n2 -> rest", "the command “one-way n2 -> rest”"),
    ],
)
def test_whatever_silences_a_machine_is_named(line: str, said: str) -> None:
    def question(lab: Lab) -> None:
        entry = next(each for each in lab.entries("suspect") if dict(each.data)["about"] == "n2")
        chain = lab.why(entry)
        sound(lab, chain)
        assert first(chain) == said

    ask(spec("small"), [(3, line)], 9, question)


def test_a_master_that_comes_back_is_deposed_by_an_election_that_it_slept_through() -> None:
    def question(lab: Lab) -> None:
        for kind in ("deposed", "fenced"):
            entry = next(each for each in lab.entries(kind) if each.at_us >= 9_000_000)
            chain = lab.why(entry)
            sound(lab, chain)
            assert "“freeze n1”" in first(chain)
            assert "is elected master" in story(chain)

    ask(spec("quorum", **SHARDS), [(4, "freeze n1"), (9, "thaw n1")], 10, question)


def test_a_stale_read_tells_which_write_it_missed_and_what_became_of_it_on_its_way() -> None:
    def question(lab: Lab) -> None:
        stale = [each for each in lab.entries("alert") if "operation" in dict(each.data)]
        assert stale
        for entry in stale:
            chain = lab.why(entry)
            sound(lab, chain)
            told = story(chain)
            assert "and misses an acknowledged write" in told
            assert "is told that" in told
            lost = [fact for _, fact in chain.facts if fact.kind == "lost"]
            if lost:
                assert "“link all all loss=30%”" in first(chain)
        assert any(fact.kind == "lost" for entry in stale for _, fact in lab.why(entry).facts)

    ask(spec("eventual", load={"rate": 60, "keys": 5}), [(2, "link all all loss=0.3")], 6, question)


def test_requests_that_fail_are_led_back_to_the_machines_that_did_not_answer() -> None:
    def question(lab: Lab) -> None:
        failed = lab.failed(since_s=3)
        assert failed
        for index in failed:
            chain = lab.causality.of_operation(index)
            assert chain is not None
            sound(lab, chain)
            assert chain.began
            assert "“crash n1 n2”" in first(chain)

    ask(spec("small"), [(3, "crash n1 n2")], 6, question)


def test_the_alert_about_errors_shows_one_of_them() -> None:
    def question(lab: Lab) -> None:
        entry = next(iter(lab.entries("alert", text="clients see errors")))
        chain = lab.why(entry)
        assert any(fact.kind == "operation" for _, fact in chain.facts)
        assert chain.began

    ask(spec("small"), [(3, "crash n1 n2")], 7, question)


def test_a_broker_that_crashes_leaves_the_in_sync_sets_and_its_lead() -> None:
    def question(lab: Lab) -> None:
        later = [
            each
            for kind in ("isr", "election", "elected", "expired", "alert")
            for each in lab.entries(kind)
            if each.at_us > 5_000_000
        ]
        assert {each.kind for each in later} >= {"isr", "election", "elected", "expired"}
        for entry in later:
            chain = lab.why(entry)
            sound(lab, chain)
            assert first(chain) == "br1 crashed, by the command “crash br1”"

    ask(spec("kafka", **KAFKA), [(5, "crash br1")], 9, question)


def test_a_consumer_that_is_stuck_causes_the_rebalance() -> None:
    def question(lab: Lab) -> None:
        for kind in ("max-poll", "rebalancing", "rebalance"):
            entry = next(each for each in lab.entries(kind) if each.at_us > 4_000_000)
            chain = lab.why(entry)
            sound(lab, chain)
            assert "co1 is stuck in its work" in first(chain)

    ask(spec("kafka", **KAFKA), [(4, "stall co1 processing=30s")], 17, question)


def test_what_is_well_again_is_led_back_to_what_mended_it() -> None:
    def question(lab: Lab) -> None:
        for kind in ("alive", "up"):
            entry = next(each for each in lab.entries(kind) if each.at_us > 9_000_000)
            assert first(lab.why(entry)) == "n2 is starting, by the command “start n2”"

    ask(spec("small"), [(3, "crash n2"), (9, "start n2")], 12, question)


def test_what_comes_back_by_itself_is_not_put_down_to_an_act_of_long_ago() -> None:
    def question(lab: Lab) -> None:
        entry = next(each for each in lab.entries("alive") if each.at_us > 16_000_000)
        chain = lab.why(entry)
        assert not chain.began
        assert "suspects" in first(chain)
        assert "no act is known that led to this" in chain.answer

    hasty = {"suspect_after_ms": 1_200}  # a little over a round: now and then somebody is suspected for nothing
    ask(
        spec("small", nodes=5, gossip=hasty, load={"rate": 1}),
        [(1, "partition n1 | n2 n3"), (3, "heal all")],
        18,
        question,
    )


def test_what_nobody_caused_says_so() -> None:
    def question(lab: Lab) -> None:
        chain = lab.why(lab.entries("up", "n1")[0])
        assert not chain.began
        assert "no act led to this" in chain.answer

    ask(spec("small"), [], 1, question)


def test_a_message_is_led_back_to_the_request_of_the_client() -> None:
    def question(lab: Lab) -> None:
        ids = [id for id, _, source, _, _ in lab.tracer.arrivals(900_000, 1_000_000) if source.startswith("n")]
        chains = [lab.causality.of_happening(id) for id in ids]
        assert any(chain is not None and chain.facts[0][1].kind == "operation" for chain in chains)

    ask(spec("small", load={"rate": 200}), [], 1, question)


def test_a_loss_names_the_act_whose_rule_it_was() -> None:
    def question(lab: Lab) -> None:
        loss = next(lab.tracer.losses(0, lab.cluster.now_us))
        chain = lab.causality.of_happening(loss.id)
        assert chain is not None
        assert chain.facts[0][1].sentence == "the command “link all all loss=50%”"

    ask(spec("small"), [(0.5, "link all all loss=0.5")], 1.5, question)


def test_where_the_trace_does_not_reach_back_that_is_said() -> None:
    def question(lab: Lab) -> None:
        assert lab.tracer.since_us > 0
        chain = lab.why(lab.entries("up", "n1")[0])
        assert "nothing is kept" in chain.answer
        assert lab.causality.of_happening(1) is None

    ask(spec("small", load={"rate": 200}), [], 4, question, keep=4_000)


def test_an_alert_about_missing_copies_blames_who_stands_still_and_no_later_fault_elsewhere() -> None:
    def question(lab: Lab) -> None:
        chain = lab.why(next(iter(lab.entries("alert", text="copies that are up"))))
        sound(lab, chain)
        assert first(chain) == "n2 froze, by the command “freeze n2”"
        assert "link" not in story(chain)
        assert "CPU" not in story(chain)

    acts = [(3.0, "freeze n2"), (3.3, "slow-cpu n4 times=2"), (3.6, "link n4 n5 latency=5ms")]
    ask(spec("quorum"), acts, 7, question)


def test_after_any_act_nobody_says_that_none_led_to_a_thing_only_that_none_is_known() -> None:
    def question(lab: Lab) -> None:
        joined = next(each for each in lab.entries("up") if each.at_us < 1_000_000)
        assert "no act led to this" in lab.why(joined).answer
        sent = [each for each in lab.tracer.happenings(3_000_000, 4_000_000) if each.what == "message"]
        answers = [chain.answer for each in sent[:200] if (chain := lab.causality.of_happening(each.id)) is not None]
        assert any("no act is known that led to this" in each for each in answers)
        assert not any("no act led to this" in each for each in answers)

    ask(spec("small"), [(2, "crash n1")], 4, question)
