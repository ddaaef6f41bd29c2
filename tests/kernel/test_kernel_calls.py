"""Request and reply: what an answer, and its absence, tell."""

import pytest
import trio
from kernel_lab import MS, SECOND, Ask, AskRudely, AskSlowly, Lab, Note, Probe, in_lab

from playground.kernel.errors import CallError, Refused, Rejected, TimedOut
from playground.kernel.messages import Reply
from playground.kernel.network import Verdict
from playground.kernel.service import handles
from playground.kernel.world import run


def outcome_of(test_lab, ask, *, peer="n1", timeout_us=100 * MS, span_us=1 * SECOND, prepare=lambda lab: None):
    """What the call ended in, and when."""

    async def test(lab):
        prepare(lab)
        probe = lab.of(0)

        async def work():
            try:
                probe.see("reply", await probe.call(peer, ask, timeout_us=timeout_us))
            except CallError as error:
                probe.see(type(error).__name__, (str(error), error.definite))

        probe.spawn(work)
        await lab.go(span_us)
        assert not probe.process.desk._open, "no call stays open"
        return probe.seen

    return in_lab(test, **test_lab)


def test_a_call_returns_what_the_handler_returned():
    assert outcome_of({}, Ask(41)) == [(2 * MS, "reply", 42)]


def test_a_call_to_oneself():
    seen = outcome_of({}, Ask(41), peer="n0")
    assert seen == [(10, "n0", Ask(41)), (20, "reply", 42)]


def test_a_handler_that_waits_answers_later_and_others_are_served_meanwhile():
    async def test(lab):
        probe = lab.of(0)

        async def work(ask):
            probe.see("reply", await probe.call("n1", ask, timeout_us=100 * MS))

        probe.spawn(work, AskSlowly(1, 20 * MS))
        probe.spawn(work, Ask(7))
        await lab.go(1 * SECOND)
        return probe.seen

    assert in_lab(test) == [(2 * MS, "reply", 8), (22 * MS, "reply", 2)]


def test_a_dead_peer_is_an_indefinite_timeout():
    seen = outcome_of({}, Ask(1), timeout_us=30 * MS, prepare=lambda lab: lab.nodes[1].crash())
    assert seen == [(30 * MS, "TimedOut", ("no answer from n1", False))]


def test_a_booting_peer_refuses_and_that_is_definite():
    def boot(lab):
        lab.nodes[1].crash()
        lab.nodes[1].boot_us = 50 * MS
        lab.nodes[1].start()

    assert outcome_of({}, Ask(1), prepare=boot) == [(2 * MS, "Refused", ("n1 does not serve yet", True))]


@pytest.mark.parametrize(("code", "definite"), [("busy", True), ("unsure", False)])
def test_a_rejection_carries_its_code_and_whether_it_is_definite(code, definite):
    assert outcome_of({}, AskRudely(code)) == [(2 * MS, "Rejected", (f"{code}: no", definite))]


def test_a_late_reply_is_ignored():
    seen = outcome_of({}, AskSlowly(1, 50 * MS), timeout_us=20 * MS)
    assert seen == [(20 * MS, "TimedOut", ("no answer from n1", False))]


def test_doubled_requests_and_replies_answer_a_call_once():
    class Twice:
        cuts = False

        def judge(self, parcel):
            return Verdict(copies_us=(0, 5 * MS))

    seen = outcome_of({}, Ask(1), prepare=lambda lab: lab.world.network.add(Twice()))
    assert seen == [(2 * MS, "reply", 2)]


def test_an_invented_reply_is_ignored():
    async def test(lab):
        lab.of(1).send("n0", Reply(99, "what?"))
        await lab.go(5 * MS)

    in_lab(test)


def many(test, count=6):
    async def main():
        lab = await Lab(count).up()
        probe = lab.of(0)
        probe.spawn(test, lab, probe)
        await lab.go(1 * SECOND)
        assert not probe.process.desk._open
        return probe.seen

    return run(main)


PEERS = ("n1", "n2", "n3", "n4", "n5")


def test_a_quorum_goes_on_with_the_first_answers_and_the_rest_still_comes_in():
    async def test(lab, probe):
        lab.nodes[4].freeze()
        lab.nodes[5].crash()
        calls = probe.calls(PEERS, Ask(1), timeout_us=50 * MS)
        probe.see("first", await calls.first(2))
        probe.see("so far", sorted(calls.replies))
        probe.see("first", await calls.first(3))
        await calls.rest()
        probe.see("at last", (list(calls.replies), list(calls.errors), calls.done))
        assert all(isinstance(error, TimedOut) for error in calls.errors.values())

    seen = many(test)
    assert seen == [
        (2 * MS, "first", True),
        (2 * MS, "so far", ["n1", "n2"]),
        (2 * MS, "first", True),
        (50 * MS, "at last", (["n1", "n2", "n3"], ["n4", "n5"], True)),
    ]


def test_first_gives_up_as_soon_as_the_quorum_is_out_of_reach():
    async def test(lab, probe):
        for number in (1, 2, 3):
            lab.nodes[number].crash()
            lab.nodes[number].boot_us = 1 * SECOND
            lab.nodes[number].start()
        calls = probe.calls(PEERS, Ask(1), timeout_us=50 * MS)
        probe.see("first", await calls.first(3))
        assert [type(error) for error in calls.errors.values()] == [Refused] * 3
        probe.see("more than there are", await calls.first(9))

    assert many(test) == [(2 * MS, "first", False), (2 * MS, "more than there are", False)]


def test_no_peers_means_no_waiting():
    async def test(_lab, probe):
        calls = probe.calls((), Ask(1), timeout_us=50 * MS)
        await calls.rest()
        probe.see("done", (calls.done, await calls.first(0), await calls.first(1)))

    assert many(test) == [(0, "done", (True, True, False))]


def test_a_peer_named_twice_is_asked_once():
    async def test(lab, probe):
        calls = probe.calls(("n1", "n1"), Ask(1), timeout_us=50 * MS)
        await calls.rest()
        probe.see("done", (list(calls.replies), lab.of(1).seen))

    assert many(test) == [(2 * MS, "done", (["n1"], [(1 * MS, "n0", Ask(1))]))]


def test_abandoning_calls_wakes_who_waits_for_them():
    async def test(_lab, probe):
        calls = probe.calls(PEERS, AskSlowly(1, 50 * MS), timeout_us=100 * MS)
        probe.after(5 * MS, calls.abandon)
        probe.see("first", await calls.first(1))

    assert many(test) == [(5 * MS, "first", False)]


def test_giving_up_a_call_at_the_very_instant_of_its_reply():
    """The scope is cancelled, and before the task runs the reply comes: it must be woken once only."""

    async def test(_lab, probe):
        calls = probe.calls(("n1",), AskSlowly(1, 50 * MS), timeout_us=100 * MS)
        scope = trio.CancelScope()

        def both():
            scope.cancel()
            probe.process.desk.on_reply("n1", Reply(calls.waiting["n1"], "reply"))

        probe.after(10 * MS, both)
        with scope:
            await calls.rest()
        probe.see("went on", (scope.cancelled_caught, calls.replies))

    assert many(test) == [(10 * MS, "went on", (True, {"n1": "reply"}))]


class Steward(Probe):
    """Puts its answers off until it is told."""

    def start(self):
        super().start()
        self.put_off = []

    @handles(AskSlowly)
    def on_ask_slowly(self, source, ask):
        self.put_off.append((ask, self.answer_later()))

    @handles(Note)
    def on_note(self, source, note):
        for ask, answer in self.put_off:
            if note.text == "yes":
                answer.reply(ask.number + 1)
            else:
                answer.reject(Rejected("no", definite=False))


@pytest.mark.parametrize(
    ("word", "expected"), [("yes", ("reply", 6)), ("no", ("Rejected", ("no", False))), (None, ("TimedOut",))]
)
def test_an_answer_may_be_put_off(word, expected):
    def prepare(lab):
        if word:
            lab.of(2).after(10 * MS, lambda: lab.of(2).send("n1", Note(word)))

    seen = outcome_of({"service": Steward}, AskSlowly(5, 0), prepare=prepare)
    assert seen[-1][1:][: len(expected)] == expected
    assert seen[-1][0] == (12 * MS if word else 100 * MS)


def test_only_the_handler_of_a_call_can_answer_later():
    async def test(lab):
        with pytest.raises(AssertionError, match="answer later"):
            lab.of(0).answer_later()

    in_lab(test)


def test_a_rejection_in_a_task_handler_reaches_the_caller():
    class Rude(Probe):
        @handles(AskSlowly)
        async def on_ask_slowly(self, source, ask):
            await self.sleep(ask.after_us)
            raise Rejected("tired", "later")

    seen = outcome_of({"service": Rude}, AskSlowly(1, 5 * MS))
    assert seen == [(7 * MS, "Rejected", ("tired: later", True))]
