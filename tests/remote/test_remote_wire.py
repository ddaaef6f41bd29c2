"""What goes in at one end of a wire comes out at the other, whole; an end that is gone is told at once."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.remote.wire import Gone, Wire

CONTENT = st.recursive(st.none() | st.integers() | st.binary() | st.text(), st.lists, max_leaves=20)


@given(st.lists(CONTENT, max_size=8))
def test_messages_arrive_whole_and_in_order(messages: list[Any]) -> None:
    a, b = Wire.pair()
    for message in messages:
        a.send(message)
    a.close()
    assert [b.receive() for _ in messages] == [(message, None) for message in messages]
    with pytest.raises(Gone):
        b.receive()
    b.close()


def test_a_message_larger_than_any_buffer_arrives() -> None:
    a, b = Wire.pair()
    large = bytes(5_000_000)
    sender = threading.Thread(target=a.send, args=(large,))
    sender.start()
    assert b.receive() == (large, None)
    sender.join()
    a.close()
    b.close()


def test_several_threads_may_send() -> None:
    a, b = Wire.pair()
    threads = [threading.Thread(target=lambda n=n: [a.send((n, k, bytes(50_000))) for k in range(5)]) for n in range(4)]
    for thread in threads:
        thread.start()
    got = [b.receive()[0][:2] for _ in range(20)]
    assert sorted(got) == [(n, k) for n in range(4) for k in range(5)]
    for n in range(4):
        assert [k for each, k in got if each == n] == list(range(5))
    a.close()
    b.close()


def test_a_wire_travels_with_the_message_it_belongs_to() -> None:
    a, b = Wire.pair()
    mine, theirs = Wire.pair()
    a.send("before")
    a.send("with", carrying=theirs)
    a.send("after")
    theirs.drop()
    assert b.receive() == ("before", None)
    message, carried = b.receive()
    assert message == "with"
    assert b.receive() == ("after", None)
    assert carried is not None
    carried.send("hello")
    assert mine.receive() == ("hello", None)
    for wire in (a, b, mine, carried):
        wire.close()


@pytest.mark.parametrize("torn", [b"", b"\0", b"\0\0\0\x10", b"\0\0\0\x10abc", b"\xff\xff\xff\xff"])
def test_a_torn_message_is_none(torn: bytes) -> None:
    here, there = socket.socketpair()
    there.sendall(torn)
    there.close()
    with pytest.raises(Gone):
        Wire(here).receive()


def test_nobody_sends_to_or_waits_for_one_who_is_gone() -> None:
    a, b = Wire.pair()
    b.close()
    with pytest.raises(Gone):
        a.receive()
    with pytest.raises(Gone):
        a.send(bytes(5_000_000))


def test_closing_wakes_whoever_waits_at_the_same_end() -> None:
    a, b = Wire.pair()
    told: list[str] = []

    def wait() -> None:
        try:
            a.receive()
        except Gone:
            told.append("gone")

    thread = threading.Thread(target=wait)
    thread.start()
    a.close()
    thread.join(30)
    assert told == ["gone"]
    b.close()
