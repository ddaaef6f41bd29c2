"""Connections: in order, each message once, or broken, over a network that promises nothing."""

import pytest
from kernel_lab import MS, SECOND, Probe, in_lab

from playground.chaos.links import ByChance
from playground.kernel.connections import ACK_US, GIVE_UP_US, RTO_US
from playground.kernel.network import DROP, PASS, Verdict


class Loses(ByChance):
    def judge(self, parcel):
        return DROP if self.strikes(parcel) else PASS


class Doubles(ByChance):
    def judge(self, parcel):
        return Verdict(delay_us=self.later_us(), copies_us=(self.later_us(),)) if self.strikes(parcel) else PASS


class Everything:
    def covers(self, _parcel):
        return True


class Cut:
    cuts = True

    def judge(self, _parcel):
        return DROP


class Talker(Probe):
    """Listens on "talk"; notes down all that comes, and answers "ping" with "pong"."""

    def start(self):
        super().start()
        self.met = []
        self.listen("talk", self.meet)

    def meet(self, connection, hello):
        self.met.append(connection)
        self.see("hello", hello)
        connection.on_message = lambda body: self.hear(connection, body)
        connection.on_closed = lambda reason: self.see("closed", reason)

    def hear(self, connection, body):
        self.see("heard", body)
        if body == "ping":
            connection.send("pong")

    def call_up(self, peer):
        connection = self.connect(peer, "talk", "hello")
        connection.on_message = lambda body: self.see("heard", body)
        connection.on_closed = lambda reason: self.see("closed", reason)
        return connection


def talk(test, **options):
    return in_lab(test, service=Talker, **options)


def heard(lab, number):
    return [value for _, what, value in lab.of(number, Talker).seen if what == "heard"]


def closed(lab, number):
    return [(at_us, value) for at_us, what, value in lab.of(number, Talker).seen if what == "closed"]


def test_the_first_message_opens_a_connection_and_answers_come_back_on_it():
    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        connection.send("ping")
        await lab.go(SECOND)
        return lab.of(1, Talker).seen, heard(lab, 0), connection.unacknowledged

    seen, back, left = talk(test)
    assert seen == [(1 * MS, "hello", "hello"), (1 * MS, "heard", "ping")]
    assert (back, left) == (["pong"], 0)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_network_does_messages_come_once_and_in_order_both_ways(seed):
    async def test(lab):
        lab.world.network.add(Loses(Everything(), 0.3, lab.world.random("loss")))
        lab.world.network.add(Doubles(Everything(), 0.3, lab.world.random("double"), 50 * MS))
        connection = lab.of(0, Talker).call_up("n1")
        while not lab.of(1, Talker).met:
            await lab.go(100 * MS)
        back = lab.of(1, Talker).met[0]
        for number in range(60):
            connection.send(number)
            back.send(-number)
            await lab.go(10 * MS)
        await lab.go(25 * SECOND)
        return heard(lab, 1), heard(lab, 0), len(lab.of(1, Talker).met), closed(lab, 0) + closed(lab, 1)

    there, back, met, broken = talk(test, seed=seed, jitter_us=5 * MS)
    assert there == list(range(60))
    assert back == [-number for number in range(60)]
    assert (met, broken) == (1, [])


def test_what_is_acknowledged_is_not_sent_again_and_an_idle_connection_says_nothing():
    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        await lab.go(SECOND)
        events = lab.world.sequence
        await lab.go(60 * SECOND)
        return connection.unacknowledged, lab.world.sequence - events

    left, events = talk(test)
    assert left == 0
    assert events == 0


def test_a_later_life_of_the_peer_resets_what_it_does_not_know():
    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        await lab.go(SECOND)
        lab.nodes[1].crash()
        lab.nodes[1].start()
        await lab.go(SECOND)
        connection.send("are you there?")
        await lab.go(SECOND)
        return connection.open, closed(lab, 0)

    is_open, ends = talk(test)
    assert not is_open
    assert [reason for _, reason in ends] == ["n1 has reset the connection"]


class Echoes:
    """Whatever is sent arrives once more, after ``after_us``."""

    cuts = False

    def __init__(self, after_us):
        self.after_us = after_us

    def judge(self, _parcel):
        return Verdict(copies_us=(self.after_us,))


@pytest.mark.parametrize("speaker", [0, 1])
def test_a_late_copy_of_the_first_message_does_not_go_on_with_a_later_life_of_the_peer(speaker):
    async def test(lab):
        echoes = Echoes(3 * SECOND)
        lab.world.network.add(echoes)
        connection = lab.of(0, Talker).call_up("n1")
        lab.world.network.remove(echoes)
        connection.send("ping")
        await lab.go(SECOND)
        lab.nodes[1].crash()
        lab.nodes[1].start()
        await lab.go(2_500 * MS)
        later = lab.of(1, Talker)
        assert ("hello", "hello") in [(what, value) for _, what, value in later.seen], "the copy came too late"
        before = len(heard(lab, 0)), len(heard(lab, 1))
        ends = [connection, *later.met]
        for number in range(5):
            ends[speaker].send(f"number {number}")
            await lab.go(SECOND)
        return before, (len(heard(lab, 0)), len(heard(lab, 1))), [end.open for end in ends], closed(lab, 0)

    before, after, is_open, ends = talk(test)
    assert after == before, "it was the other life's connection"
    assert is_open == [False, False]
    assert [reason for _, reason in ends] == ["n1 is in another life"]


def test_a_peer_that_is_gone_breaks_it_only_after_a_long_time():
    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        await lab.go(SECOND)
        lab.nodes[1].crash()
        connection.send("are you there?")
        await lab.go(GIVE_UP_US - 2 * SECOND)
        before = connection.open
        await lab.go(10 * SECOND)
        return before, connection.open, closed(lab, 0)

    before, after, ends = talk(test)
    assert before
    assert not after
    assert [reason for _, reason in ends] == ["n1 has not answered for 30 s"]


def test_closing_tells_the_other_side_and_late_copies_of_the_first_message_open_nothing():
    async def test(lab):
        lab.world.network.add(Doubles(Everything(), 1.0, lab.world.random("double"), 3 * SECOND))
        connection = lab.of(0, Talker).call_up("n1")
        while not lab.of(1, Talker).met:
            await lab.go(50 * MS)
        connection.close()
        connection.send("into the void")
        await lab.go(10 * SECOND)
        return len(lab.of(1, Talker).met), [reason for _, reason in closed(lab, 1)], closed(lab, 0), heard(lab, 1)

    assert talk(test) == (1, ["n0 has reset the connection"], [], [])


def test_a_connection_to_a_port_where_nobody_listens_is_reset():
    async def test(lab):
        talker = lab.of(0, Talker)
        connection = talker.connect("n1", "nothing", "hello")
        connection.on_closed = lambda reason: talker.see("closed", reason)
        await lab.go(SECOND)
        return closed(lab, 0)

    assert talk(test) == [(2 * MS, "n1 has reset the connection")]


def test_messages_wait_while_the_network_is_cut_and_arrive_after_it_is_healed():
    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        await lab.go(SECOND)
        cut = Cut()
        lab.world.network.add(cut)
        for number in range(40):
            connection.send(number)
        await lab.go(8 * SECOND)
        before = heard(lab, 1)
        lab.world.network.remove(cut)
        await lab.go(8 * SECOND)
        return before, heard(lab, 1)

    before, after = talk(test)
    assert before == []
    assert after == list(range(40))


def test_an_acknowledgement_travels_with_an_answer_or_waits_a_moment():
    assert ACK_US < RTO_US

    async def test(lab):
        connection = lab.of(0, Talker).call_up("n1")
        await lab.go(2 * MS + ACK_US // 2)
        waiting = connection.unacknowledged
        await lab.go(ACK_US)
        return waiting, connection.unacknowledged

    assert talk(test) == (1, 0)


def test_what_overtakes_the_first_message_waits_for_it():
    class Overtakes:
        cuts = False
        seen = 0

        def judge(self, _parcel):
            self.seen += 1
            return Verdict(delay_us=20 * MS if self.seen == 1 else 0)

    async def test(lab):
        lab.world.network.add(Overtakes())
        connection = lab.of(0, Talker).call_up("n1")
        connection.send("second")
        connection.send("third")
        await lab.go(100 * MS)
        return lab.of(1, Talker).seen, connection.open

    seen, is_open = talk(test)
    assert [(what, value) for _, what, value in seen] == [("hello", "hello"), ("heard", "second"), ("heard", "third")]
    assert {at_us for at_us, _, _ in seen} == {21 * MS}
    assert is_open
