"""The module is wire compatible with the original: spew, bucket, redirector, its command line and its handler."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote import BUFSIZE, PORT, CreosoteHandler, MrCreosote, spew
from protocols.creosote.module import main
from protocols.creosote.wire import classic_text, payload, pieces
from tests.peers import rare

ALL_BYTES = bytes(range(256))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A plain UDP socket on loopback that gives up after five seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
        yield sock


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def started(*arguments: str, module: str = "protocols.creosote") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A bucket in a process of its own, and its port; ended by SIGINT, which it must take quietly."""
    command = [sys.executable, "-m", module, "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline().split()[-1])
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_the_numbers_are_the_originals() -> None:
    assert (PORT, BUFSIZE) == (7739, 1024)


def test_what_is_spewed_is_what_the_bucket_prints() -> None:
    with started() as (process, port):
        assert process.stdout is not None
        for message in ("plain", "it's", 'say "no"', "tab\there", "snow \u2603"):
            spew(message, port=port)
            assert process.stdout.readline() == repr(message.encode())[2:-1] + "\n"
        spew(ALL_BYTES, port=port)
        assert process.stdout.readline().rstrip("\n") == classic_text(ALL_BYTES)


def test_nobody_listening_is_no_error() -> None:
    assert spew("anyone?", port=free_port()) == 7


def test_a_long_message_goes_in_pieces_or_whole(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert spew(b"x" * 3000, port=port) == 3000
    assert [len(listener.recv(65535)) for _ in range(3)] == [1024, 1024, 952]
    spew(b"x" * 3000, port=port, chunk=False)
    assert len(listener.recv(65535)) == 3000


def test_a_strict_reader_loses_the_rest_of_a_whole_message(listener: socket.socket) -> None:
    spew(b"y" * 3000, port=listener.getsockname()[1], chunk=False)
    assert len(listener.recv(BUFSIZE)) == 1024
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(1)


@given(st.binary(max_size=5000))
def test_pieces_join_to_the_message(data: bytes) -> None:
    assert b"".join(pieces(data, True)) == data
    assert all(0 < len(piece) <= BUFSIZE for piece in pieces(data, True))
    assert list(pieces(data, False)) == [data]


@given(st.text())
def test_any_text_can_be_sent(text: str) -> None:
    assert isinstance(payload(text), bytes)


@given(st.binary())
def test_classic_text_is_one_line_of_printable_ascii(data: bytes) -> None:
    text = classic_text(data)
    assert text.isascii()
    assert text.isprintable() or not text


def test_an_empty_message_is_one_datagram_whole_and_none_in_pieces(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    spew("", port=port)
    spew("", port=port, chunk=False)
    spew("end", port=port)
    assert listener.recv(10) == b""
    assert listener.recv(10) == b"end"


def test_the_log_file_has_the_same_lines_and_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "creosote.log"
    for message in ("first run", "second run"):
        with started("--log", str(log)) as (process, port):
            assert process.stdout is not None
            spew(message, port=port)
            process.stdout.readline()
    assert log.read_text() == "first run\nsecond run\n"


def test_two_buckets_hear_one_loopback_broadcast() -> None:
    with contextlib.ExitStack() as stack:
        buckets = []
        port = 0
        for _ in range(2):
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.255.255.255", port))
            sock.settimeout(20)
            port = sock.getsockname()[1]
            buckets.append(sock)
        spew("to all", "127.255.255.255", port)
        assert [sock.recv(100) for sock in buckets] == [b"to all", b"to all"]


def test_broadcast_as_the_original_did_it_is_denied() -> None:
    with pytest.raises(PermissionError):
        spew("x", "127.255.255.255", free_port(), broadcast=False)


def test_a_redirector_forwards_unchanged_and_stays_silent_when_disabled(listener: socket.socket) -> None:
    creosote = MrCreosote(port=free_port())
    thread = threading.Thread(target=creosote.redirector, args=("127.0.0.1", listener.getsockname()[1]))
    thread.start()
    try:
        while creosote.redirect_server is None or creosote.redirect_server.getsockname()[1] != creosote.port:
            assert thread.is_alive()
        spew(ALL_BYTES, port=creosote.port)
        arrived = listener.recv(65535)
        assert arrived == ALL_BYTES
        creosote.disabled = True
        spew("unheard", port=creosote.port)
        spew("end of test", port=listener.getsockname()[1])
        assert listener.recv(100) == b"end of test"
    finally:
        creosote.close()
        thread.join(20)
    assert not thread.is_alive()


def test_disabled_sends_nothing(listener: socket.socket) -> None:
    creosote = MrCreosote("127.0.0.1", listener.getsockname()[1])
    creosote.disabled = 1
    assert creosote.spew("no") == 0
    creosote.disabled = 0
    assert creosote.spew("yes") == 3
    assert listener.recv(10) == b"yes"
    creosote.close()


def test_the_command_line_sends_its_arguments_joined_by_blanks(listener: socket.socket) -> None:
    assert main(["--host", "127.0.0.1", "--port", str(listener.getsockname()[1]), "one", "two", "--three"]) == 0
    assert listener.recv(100) == b"one two --three"


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "70000", "x"]) == 2
    assert "70000" in capsys.readouterr().err
    assert main(["--host", "192.0.2.1"]) == 1
    assert "192.0.2.1" in capsys.readouterr().err


def test_a_stopped_bucket_frees_its_port() -> None:
    with started() as (_, port):
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))


def test_the_logging_handler_sends_text_and_swallows_errors(listener: socket.socket) -> None:
    handler = CreosoteHandler("127.0.0.1", listener.getsockname()[1])
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("student")
    logger.addHandler(handler)
    logger.warning("low on %s", "mints")
    assert listener.recv(100) == b"WARNING low on mints"
    lost = CreosoteHandler("256.256.256.256")
    logger.addHandler(lost)
    logger.error("nobody home")
    logger.removeHandler(lost)
    told: list[logging.LogRecord] = []
    wrong = CreosoteHandler("127.0.0.1", 70_000)
    wrong.handleError = told.append  # type: ignore[method-assign]
    logger.addHandler(wrong)
    logger.error("a port that is none")
    assert [record.msg for record in told] == ["a port that is none"]
    handler.close()
    wrong.close()
    lost.close()


def test_the_import_is_light() -> None:
    heavy = ("PySide6", "numpy", "scapy", "msgspec")
    script = f"import sys, protocols.creosote; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


TWIN = """
import socket, sys
def spew(msg, host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 0)); s.sendto(msg, (host, port))
if sys.argv[1] == 'send':
    spew(''.join(map(chr, range(256))), '127.0.0.1', int(sys.argv[2]))
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0))
    sys.stdout.write('%d\\n' % s.getsockname()[1]); sys.stdout.flush()
    sys.stdout.write(repr(s.recvfrom(1024)[0])[1:-1] + '\\n')
"""


@pytest.mark.rare("python2")
def test_a_python_2_twin_of_the_original_understands_us_both_ways(listener: socket.socket) -> None:
    interpreter = rare("python2")
    assert interpreter is not None
    subprocess.run([interpreter, "-c", TWIN, "send", str(listener.getsockname()[1])], check=True, timeout=20)
    assert listener.recv(65535) == ALL_BYTES
    with subprocess.Popen([interpreter, "-c", TWIN, "listen"], stdout=subprocess.PIPE, text=True) as twin:
        assert twin.stdout is not None
        spew(ALL_BYTES, port=int(twin.stdout.readline()), chunk=False)
        assert twin.stdout.readline().rstrip("\n") == classic_text(ALL_BYTES)
