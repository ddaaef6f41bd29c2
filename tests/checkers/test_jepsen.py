"""What Jepsen wrote is read; whatever else a file holds becomes one line that says where and what."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.checkers.edn import EdnError, parse
from playground.checkers.jepsen import Recording, read
from playground.checkers.linearizability import LINEARIZABLE, VIOLATION, check
from playground.checkers.models import MODELS
from playground.kernel.errors import UserError


def console(*rows: str) -> str:
    return "".join("INFO  jepsen.util - " + row.replace(" ", "\t", 3) + "\n" for row in rows)


def edn(process: int, kind: str, f: str, value: str, key: str = "0") -> str:
    return f'{{:process {process}, :type :{kind}, :f :{f}, :key "{key}", :value {value}}}\n'


def recording(tmp_path: Path, text: str | bytes, model: str | None = None) -> Recording:
    path = tmp_path / "history"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, model)


def complaint(tmp_path: Path, text: str | bytes, model: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        recording(tmp_path, text, model)
    said = str(caught.value)
    assert "\n" not in said
    return said.removeprefix(f"{tmp_path / 'history'}:")


def outcome(found: Recording) -> str:
    return check(found.calls, MODELS[found.model]).outcome


# --- the console ----------------------------------------------------------------------


def test_a_register_history_of_the_console_is_read(tmp_path: Path) -> None:
    text = console(
        *("0 :invoke :write 1", "1 :invoke :read nil", "1 :ok :read 1", "0 :ok :write 1"),
        *("2 :invoke :cas [1 4]", "2 :ok :cas [1 4]", "3 :invoke :read nil", "3 :ok :read 4"),
    )
    found = recording(tmp_path, text)
    assert found.model == "register"
    assert [(call.process, call.f, call.value, call.result) for call in found.calls] == [
        ("0", "write", 1, None),
        ("1", "read", None, 1),
        ("2", "cas", (1, 4), None),
        ("3", "read", None, 4),
    ]
    assert [(call.invoked, call.completed) for call in found.calls] == [(1, 4), (2, 3), (5, 6), (7, 8)]
    assert outcome(found) == LINEARIZABLE


def test_a_register_is_nil_until_it_is_written(tmp_path: Path) -> None:
    assert outcome(recording(tmp_path, console("0 :invoke :read nil", "0 :ok :read nil"))) == LINEARIZABLE
    assert outcome(recording(tmp_path, console("0 :invoke :read nil", "0 :ok :read 3"))) == VIOLATION


def test_other_lines_of_a_log_are_passed_over(tmp_path: Path) -> None:
    text = (
        "WARN  jepsen.core - ssh refused\n\n\tat clojure.core/deref\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
        "INFO  jepsen.core - Run complete\nINFO  jepsen.util - 42 things\n"
    )
    found = recording(tmp_path, text + console("0 :invoke :write 1") + text + console("0 :ok :write 1") + text)
    assert len(found.calls) == 1
    assert found.calls[0].place == "line 7"


def test_failed_calls_did_not_happen_and_timeouts_may_have(tmp_path: Path) -> None:
    failed = recording(tmp_path, console("0 :invoke :write 1", "0 :fail :write 1", "1 :invoke :write 3"))
    assert [(call.failed, call.completed) for call in failed.calls] == [(True, None), (False, None)]
    timeouts = console("0 :invoke :write 1", "0 :info :write :timed-out", "1 :invoke :read nil", "1 :ok :read 1")
    assert outcome(recording(tmp_path, timeouts)) == LINEARIZABLE
    assert outcome(recording(tmp_path, timeouts.replace(":info", ":fail"))) == VIOLATION
    silent = console("0 :invoke :write 1", "1 :invoke :read nil", "1 :fail :read :timed-out")
    assert outcome(recording(tmp_path, silent)) == LINEARIZABLE


def test_a_cas_that_fails_on_the_console_was_told_that_the_value_is_another(tmp_path: Path) -> None:
    def after(value: int, end: str) -> str:
        written = (f"0 :invoke :write {value}", f"0 :ok :write {value}")
        return outcome(recording(tmp_path, console(*written, "1 :invoke :cas [1 2]", f"1 :fail :cas {end}")))

    assert after(3, "[1 2]") == LINEARIZABLE
    assert after(1, "[1 2]") == VIOLATION, "it should have succeeded"
    for reason in (":timed-out", ":refused", "nil"):
        assert after(1, reason) == LINEARIZABLE, "it was not answered at all"
    text = console("0 :invoke :cas [1 2]", "0 :fail :cas [1 3]")
    assert complaint(tmp_path, text) == "2: :cas ends with another value than it began with in line 1"


def test_a_cas_that_fails_in_edn_did_not_happen_for_whatever_reason(tmp_path: Path) -> None:
    text = (
        "{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 1}\n"
        "{:process 1, :type :invoke, :f :cas, :value [1 2]}\n{:process 1, :type :fail, :f :cas, :value [1 2]}\n"
    )
    assert outcome(recording(tmp_path, text)) == LINEARIZABLE


def test_a_process_may_come_back_after_a_timeout(tmp_path: Path) -> None:
    text = console("0 :invoke :write 1", "0 :info :write :timed-out", "0 :invoke :read nil", "0 :ok :read 1")
    assert outcome(recording(tmp_path, text)) == LINEARIZABLE


@pytest.mark.parametrize("form", ["console", "edn"])
def test_line_ends_of_windows_and_a_byte_order_mark_do_no_harm(tmp_path: Path, form: str) -> None:
    plain = console("0 :invoke :read nil", "0 :ok :read nil")
    if form == "edn":
        plain = edn(0, "invoke", "get", "nil") + edn(0, "ok", "get", '"x"')
    dressed = b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode()
    assert recording(tmp_path, dressed) == recording(tmp_path, plain)


# --- EDN ------------------------------------------------------------------------------


def test_a_key_value_history_in_edn_is_read(tmp_path: Path) -> None:
    found = recording(
        tmp_path,
        edn(0, "invoke", "get", "nil")
        + edn(1, "invoke", "append", r'"x 1\n\"é\""')
        + edn(0, "ok", "get", '""')
        + edn(1, "ok", "append", r'"x 1\n\"\u00e9\""')
        + edn(2, "invoke", "put", '"p"', key="1")
        + edn(2, "info", "put", '"p"', key="1"),
    )
    assert found.model == "kv"
    assert [(call.f, call.key, call.value, call.result) for call in found.calls] == [
        ("get", "0", None, ""),
        ("append", "0", 'x 1\n"é"', None),
        ("put", "1", "p", None),
    ]
    assert outcome(found) == LINEARIZABLE


def test_edn_as_jepsen_prints_it_today_is_read(tmp_path: Path) -> None:
    found = recording(
        tmp_path,
        "; a comment\n"
        "#jepsen.history.Op{:index 0, :time 12, :type :invoke, :process 0, :f :cas, :value [1 2]}\n"
        '{:type :info :process :nemesis :f :start-partition :value [:isolated {"n1" #{"n2"}}]}\n'
        '{:f :cas, :value [1 2], :process 0 :type :info :error [:timeout "no (answer] \\"}"] :rate 0.5}\n',
    )
    assert [(call.f, call.value, call.completed) for call in found.calls] == [("cas", (1, 2), None)]


def test_strings_are_told_from_what_looks_alike() -> None:
    assert parse('{:a "b\\\\", :c [1 -2 nil true (x "y") #{3}], "d" {}}') == {
        ":a": "b\\",
        ":c": [1, -2, None, True, ["x", "y"], [3]],
        "d": {},
    }


# --- mistakes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (console("0 :invoke :write x"), 1, "the value is 'x'"),
        (console("0 :invoke :write nil", "0 :ok :write [1 2]"), 2, "ends with another value"),
        (console("0 :invoke :write [1 2]"), 1, "should be a whole number"),
        (console("0 :invoke :cas 3"), 1, "[old new]"),
        (console("0 :invoke :read nil", "0 :ok :read [1 2]"), 2, "nil or a whole number"),
        (console("0 :invoke :jump nil"), 1, "unknown operation :jump; there are :read, :write, :cas"),
        (console("0 :begin :read nil"), 1, "unknown type :begin"),
        (console("0 :ok :read nil"), 1, "that it never began"),
        (console("0 :invoke :read nil", "0 :invoke :read nil"), 2, "still busy since line 1"),
        (console("0 :invoke :read nil", "0 :ok :write 1"), 2, "began :read in line 1"),
        (console("0 :invoke :write 1", "0 :ok :write 2"), 2, "another value than it began with in line 1"),
        (console("0 :invoke :write 1", "1 :invoke :append 2"), 2, ":append is no operation of a register history"),
        (console(f"0 :invoke :write {'9' * 5000}"), 1, "the value is"),
        (edn(0, "invoke", "get", "nil") + "nonsense {\n", 2, "ends before its }"),
        (edn(0, "invoke", "get", "nil") + "nonsense\n", 2, "is not a map"),
        (edn(0, "invoke", "get", "nil") + "1 2\n", 2, "holds 2 values"),
        (edn(0, "invoke", "append", "3"), 1, "should be a string, in quotes"),
        (edn(0, "invoke", "append", '"\\q"'), 1, "has \\q in a string"),
        (edn(0, "invoke", "append", '"x'), 1, "ends within a string"),
        (edn(0, "invoke", "get", "nil") + edn(0, "ok", "get", "7"), 2, "nil or a string"),
        (edn(0, "invoke", "get", "nil") + edn(0, "ok", "get", '"x"', key="1"), 2, "began :get of key '0' in line 1"),
        ("{:process 0, :type :invoke}\n", 1, "has no :f"),
        ("{:process 0 :type}\n", 1, "lacks its value"),
        ("{:process true, :type :invoke, :f :get}\n", 1, ":process is 'True'"),
        ("{" * 100 + "\n", 1, "nested more than 50 deep"),
        ('{"process": 0}\n', 1, "has a colon by itself"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = complaint(tmp_path, text)
    assert found.startswith(f"{line}: ")
    assert said in found
    assert len(found) < 250


def test_a_file_without_a_history_is_told_what_one_looks_like(tmp_path: Path) -> None:
    for text in (b"", b"\n\n", b"hello\n", bytes(range(256)) * 40, b"\xff\xfe\x00"):
        assert "holds no operations; lines should read" in complaint(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", "a\0b"):
        with pytest.raises(UserError, match=r"can't be read|is no name"):
            read(path)


def test_bytes_that_are_no_utf_8_are_refused_where_they_would_count(tmp_path: Path) -> None:
    good = edn(0, "invoke", "append", '"x"')
    assert complaint(tmp_path, good.encode() + b"{:process \xff}\n").startswith("2: is not UTF-8")
    text = console("0 :invoke :read nil").encode() + b"\xff\xfe log noise\n" + console("0 :ok :read nil").encode()
    assert len(recording(tmp_path, text).calls) == 1


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "history"
    with path.open("wb") as file:
        file.truncate((1 << 24) + 10)
    assert "is longer than 16 MB" in complaint_of(path)


def complaint_of(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(path)
    return str(caught.value)


def test_the_model_that_was_asked_for_must_fit(tmp_path: Path) -> None:
    assert ":read is no operation of a kv history" in complaint(tmp_path, console("0 :invoke :read nil"), "kv")


PIECES = st.sampled_from(
    [
        *("{", "}", "[", "]", '"', "\\", ":process 0", ":type :invoke", ":type :ok", ":f :get", ":value", ' "x"', ","),
        *("INFO  jepsen.util - ", "0\t", ":invoke\t", ":ok\t", ":read\t", ":cas\t", "nil", "[1 2]"),
        *("\n", "\r\n", "#{", ";", "\0", "é"),
    ]
)


def calls_or_complaint(path: Path) -> Recording | str:
    try:
        return read(path)
    except UserError as error:
        return str(error)


def value_or_complaint(text: str) -> object:
    try:
        return parse(text)
    except EdnError as error:
        return error


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(lambda each: "".join(each).encode())))
@settings(max_examples=400, deadline=None)
def test_whatever_a_file_holds_nothing_but_a_complaint_comes_of_it(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(data)
    found = calls_or_complaint(path)
    if isinstance(found, str):
        assert "\n" not in found
    else:
        assert found.calls
        check(found.calls, MODELS[found.model], budget=1_000)


@given(st.text(max_size=60))
def test_every_text_is_a_value_or_an_edn_error(text: str) -> None:
    found = value_or_complaint(text)
    if isinstance(found, EdnError):
        assert str(found)
