"""Every format is read for what it says, any bytes at all are read as something, and nothing is ever run."""

from __future__ import annotations

import gzip
import json
import logging
import logging.handlers
import pickle
import re
import traceback
import zlib
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.reading import ansi, gelf, logfmt
from protocols.creosote.reading.gelf import UNPACKED_BYTES, Assembler
from protocols.creosote.reading.levels import level
from protocols.creosote.reading.reading import LEVEL_WORDS, LEVELS, level_in, level_of, read


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_reading(data: bytes) -> None:
    found = read(data)
    assert found.level in ("", *LEVELS)
    assert len(found.fields) <= 100


_WORDS = st.sampled_from(
    ["INFO", "WARNING", "ERR", "ERROR", "PANIC", "info", "level", "lvl", "severity", "=", ":", '"', " ", "[", "|", "\n",
     "\\", "{", "}", ",", "<", "11", ">", "x", "40", "null", "true", "short_message",
     '{"level":"err"}', '{"level":40,"time":1,"v":1}',
     "Traceback (most recent call last):", "\x80", "\x1e\x0f", "\xe9", "\u2028", "\x1c", "\x1b[1;31m"]
)  # fmt: skip


@given(st.binary(max_size=60) | st.lists(_WORDS, max_size=14).map(lambda words: "".join(words).encode()))
def test_the_level_alone_is_the_one_that_is_read(data: bytes) -> None:
    assert level(data) == read(data).level


@given(st.lists(_WORDS, max_size=14).map("".join))
def test_a_level_in_capitals_stands_alone_coloured_or_not(text: str) -> None:
    found = re.search(
        r"(?:^|[\s\[(<|:])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERR|ERROR|CRIT|CRITICAL|FATAL|ALERT|EMERG|PANIC)"
        r"(?=$|[\s\])>|:,-])",
        text[:200].replace("\x1b[1;31m", " "),
    )
    assert level_in(text) == (LEVEL_WORDS[found[1].lower()] if found else "")


_PARTS = st.sampled_from(["a", "level", "=", '"', " ", "\t", "\\", "\\n", "\n", "x.y", "/", "-", "1", "\xe9", "\x85"])


@given(st.lists(_PARTS, max_size=20).map("".join))
def test_pairs_are_what_stands_one_after_the_other(text: str) -> None:
    pair = re.compile(r'\s*([A-Za-z_][\w.\-/]{0,63})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
    line, at, names = text.strip(), 0, []
    while at < len(line) and (found := pair.match(line, at)) is not None:
        names.append(found[1])
        at = found.end()
    whole = len(names) > 1 and at == len(line) and "\n" not in line
    reading = logfmt.read(text)
    assert (reading is not None) == whole
    assert reading is None or list(reading.fields) == list(dict.fromkeys(names))


@given(st.text(max_size=500))
def test_any_text_gives_a_reading(text: str) -> None:
    assert read(text.encode("utf-8", "surrogatepass")).kind


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)))
def test_any_json_object_is_read_as_json(found: dict[str, object]) -> None:
    data = json.dumps(found).encode()
    assert read(data).kind in ("json", "gelf", "bytes", "text")
    if "short_message" not in found and all(-(2**63) <= n < 2**64 for n in found.values() if isinstance(n, int)):
        assert read(data).kind in ("json", "text")


def test_plain_text_keeps_its_words_and_finds_its_level() -> None:
    found = read(b"2026-11-21 10:00:00 [WARN] disk is nearly full\n")
    assert (found.kind, found.level) == ("text", "WARN")
    assert found.text == "2026-11-21 10:00:00 [WARN] disk is nearly full"
    assert level_in("no warning here, only Errors in prose") == ""
    assert level_in("ERROR: boom") == "ERROR"


def test_bytes_are_escaped_as_the_original_escapes_them() -> None:
    found = read(b"\xff\x00caf\xe9")
    assert (found.kind, found.text) == ("bytes", r"\xff\x00caf\xe9")


def test_json_lines_have_level_source_and_fields() -> None:
    found = read(b'{"evt":"req","path":"/pay","ms":5000.1,"status":504,"level":"error","logger":"web-02"}')
    assert (found.kind, found.text, found.level, found.source) == ("json", "req", "ERROR", "web-02")
    assert found.fields["status"] == "504"
    assert read(b'{"broken": ').kind == "text"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (10, "DEBUG"),
        (20, "DEBUG"),
        (30, "INFO"),
        (40, "WARN"),
        (50, "ERROR"),
        (60, "CRITICAL"),
        (35, "INFO"),
        (3, "ERROR"),
    ],
)
@pytest.mark.parametrize("beside", ['"pid":4711', '"hostname":"box"', '"v":1', '"v":0,"pid":1'])
@pytest.mark.parametrize("time", ["1700000000000", '"2026-11-29T10:58:14.000Z"'])
def test_a_level_of_pino_or_bunyan_is_known_by_what_stands_beside_it(
    number: int, name: str, beside: str, time: str
) -> None:
    line = f'{{"level":{number},"time":{time},{beside},"msg":"pay"}}'.encode()
    assert (read(line).level, level(line)) == (name, name)


def test_a_number_alone_is_a_level_of_python() -> None:
    assert read(b'{"level":30,"time":1700000000,"msg":"a"}').level == "WARN"
    assert read(b'{"level":30,"pid":1,"msg":"a"}').level == "WARN"


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b'{"level":"error","msg":"abc', True), (b'{"msg":"one"}\n{"msg":"two","n":1', True),
        (b'{"msg":"\xc3', False), (b"{not json}", False), (b'{"a":1}}', False), (b"{", True),
        (b'{"msg":"one"}\n{"msg":"two"}\n', False),
    ],
)  # fmt: skip
def test_json_that_was_cut_says_so_and_is_shown_as_it_came(data: bytes, cut: bool) -> None:
    found = read(data)
    assert ("ends in the middle" in found.warning) is cut
    if cut:
        assert (found.kind, found.text, found.level) == ("text", data.decode(), level(data))


def test_several_json_lines_in_one_datagram_are_read_together() -> None:
    found = read(b'{"level":"info","msg":"a","app":"web","status":200}\n{"level":"error","msg":"b","status":504}\r\n\n')
    assert (found.kind, found.text, found.level, found.source) == ("json", "a\nb", "ERROR", "web")
    assert found.fields == {"level": "info\nerror", "msg": "a\nb", "app": "web", "status": "200\n504"}
    assert read(b'{"a":1}\n{"a":1}').text == '{"a":1}\n{"a":1}'
    for other in (b'{"msg":"a"}\n{"msg":', b'{"msg":"a"}\nplain', b'{"msg":"a"}\n[1]'):
        assert read(other).kind == "text"


@pytest.mark.parametrize(
    ("line", "text", "level", "source"),
    [
        (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "'su root' failed", "CRITICAL", "su"),
        (b"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "Use the BFG!", "INFO", "10.0.0.99"),
        (b"<190>sshd[4721]: Accepted", "Accepted", "INFO", "sshd"),
        (
            b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
            b'[exampleSDID@32473 iut="3" eventSource="App\\"lication"][x@1 a="b"] \xef\xbb\xbfAn event',
            "An event", "INFO", "evntslog",
        ),
        (b"<34>1 - - - - - -", "", "CRITICAL", ""),
    ],
)  # fmt: skip
def test_syslog_of_both_kinds(line: bytes, text: str, level: str, source: str) -> None:
    found = read(line)
    assert (found.kind, found.text, found.level, found.source) == ("syslog", text, level, source)


def test_structured_data_becomes_fields() -> None:
    found = read(b'<165>1 2026-11-21T10:58:14Z db pg 811 - [a@1 b="c" d="e\\]f"] slow')
    assert found.fields["a@1.b"] == "c"
    assert found.fields["a@1.d"] == "e]f"
    assert (found.fields["pid"], found.fields["facility"], found.stamp) == ("811", "local4", "2026-11-21T10:58:14Z")


def test_what_the_standard_librarys_syslog_handler_sends_is_read() -> None:
    handler = logging.handlers.SysLogHandler.__new__(logging.handlers.SysLogHandler)
    handler.ident, handler.append_nul = "app: ", True
    priority = handler.encodePriority("user", "err")
    found = read(f"<{priority}>app: it broke\0".encode())
    assert (found.kind, found.level, found.text, found.source) == ("syslog", "ERROR", "it broke", "app")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress])
def test_gelf_plain_and_compressed(pack: object) -> None:
    message = {"version": "1.1", "host": "build-07", "short_message": "done", "level": 4, "_job": 17}
    found = read(pack(json.dumps(message).encode()))  # type: ignore[operator]
    assert (found.kind, found.text, found.level, found.source) == ("gelf", "done", "WARN", "build-07")
    assert found.fields["job"] == "17"


@given(order=st.permutations(range(5)))
def test_gelf_chunks_join_in_any_order(order: list[int]) -> None:
    data = gzip.compress(json.dumps({"short_message": "x" * 50, "host": "h"}).encode())
    size = len(data) // 5 + 1
    chunks = [b"\x1e\x0f12345678" + bytes((n, 5)) + data[n * size : (n + 1) * size] for n in range(5)]
    assembler = Assembler()
    results = [assembler.add(chunks[n], ("127.0.0.1", 1), 0) for n in order]
    assert results[:-1] == [None] * 4
    assert results[-1] is not None
    assert (results[-1].text, results[-1].fields["chunks"]) == ("x" * 50, "5")
    assert read(chunks[0]).text.startswith("chunk 1 of 5")


def test_chunks_that_never_complete_are_bounded_and_counted() -> None:
    assembler = Assembler()
    for number in range(1000):
        assembler.add(b"\x1e\x0f" + number.to_bytes(8, "big") + b"\x00\x02" + bytes(10), "s", number)
    assert assembler.given_up >= 1000 - gelf.PENDING_MESSAGES - 1
    assert assembler.add(b"\x1e\x0f" + bytes(8) + b"\x05\x02x", "s", 0) is None


def test_a_decompression_bomb_is_stopped_and_said() -> None:
    bomb = gzip.compress(bytes(50 * UNPACKED_BYTES))
    found = read(bomb)
    assert found.kind == "gelf"
    assert "bomb" in found.warning
    assert len(found.text) < 200


def test_logfmt_pairs_become_fields() -> None:
    found = read(b'level=error msg="421 4.7.0 too many \\"connections\\"" peer=10.0.0.9:25 ms=12')
    assert (found.kind, found.level, found.text) == ("logfmt", "ERROR", '421 4.7.0 too many "connections"')
    assert found.fields["peer"] == "10.0.0.9:25"
    assert read(b"x = y and more").kind == "text"
    assert read(b"just=one").kind == "text"


def test_a_python_traceback_names_its_exception_and_its_last_frame() -> None:
    try:
        _ = {}["missing"]
    except KeyError:
        text = traceback.format_exc()
    found = read(b"job failed\n" + text.encode())
    assert (found.kind, found.level, found.source) == ("trace", "ERROR", "test_reading.py")
    assert found.text == "job failed \u2026 KeyError: 'missing'"
    assert found.fields["function"] == "test_a_python_traceback_names_its_exception_and_its_last_frame"


class Evil:
    """Unpickling one calls a function of the sender's choice."""

    ran: ClassVar[list[str]] = []

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return Evil.ran.append, ("executed",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_recognised_refused_and_never_run(protocol: int) -> None:
    found = read(pickle.dumps(Evil(), protocol))
    assert (found.kind, found.level) == ("pickle", "WARN")
    assert "sender" in found.warning
    assert Evil.ran == []


def test_what_the_standard_librarys_datagram_handler_sends_is_refused() -> None:
    handler = logging.handlers.DatagramHandler("127.0.0.1", 9)
    record = logging.LogRecord("student", logging.INFO, __file__, 1, "hello %s", ("you",), None)
    found = read(handler.makePickle(record))
    handler.close()
    assert found.kind == "pickle"
    assert "log record" in found.text


@pytest.mark.parametrize(
    ("value", "level"),
    [("Warning", "WARN"), ("fatal", "CRITICAL"), (20, "INFO"), (50, "CRITICAL"), (3, "ERROR"), ("30", "WARN"),
     (True, ""), (None, ""), (99, ""), ("loud", "")],
)  # fmt: skip
def test_levels_of_all_dialects(value: object, level: str) -> None:
    assert level_of(value) == level


def test_ansi_colours_are_runs_and_other_sequences_vanish() -> None:
    text = "a\x1b[1;31mred\x1b[0m b\x1b[2J\x1b[38;5;9mnine\x1b[38;2;1;2;3mtrue\x1b[m"
    found = [(part, style.colour, style.bold) for part, style in ansi.runs(text)]
    assert found == [
        ("a", None, False), ("red", 1, True), (" b", None, False), ("nine", 9, False), ("true", None, False),
    ]  # fmt: skip
    assert ansi.plain(text) == "ared bninetrue"


@given(st.text())
def test_visible_text_holds_nothing_that_acts(text: str) -> None:
    shown = ansi.visible(text)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in shown)
    assert "".join(part for part, _ in ansi.runs(text)) == ansi.plain(text)
