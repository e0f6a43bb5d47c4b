"""Cancel, at whatever moment: it ends at once, and no later command gets the reply of the one that was left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.connecting import Stopped
from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.session import FtpSession
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.record.recorder import Recorder
from tests.protocols.ftp.scripted import Script, scripted

AT_ONCE_S = 10.0
"""Far below the time that a server is given, far above what a busy machine takes."""


Act = Callable[[FtpSession, Path], object]


def get(session: FtpSession, folder: Path) -> None:
    """Get the one file."""
    session.get(Fetch("a", folder / "a"), Tally())


CASES: dict[str, tuple[Act, dict[str, bytes | None]]] = {
    "a reply": (lambda session, _: session.by_hand("NOOP"), {"NOOP": None}),
    "the first reply of a listing": (lambda session, _: session.listing(""), {"LIST": None}),
    "data": (get, {"ABOR": None}),
    "the first data": (get, {"RETR": b"150 go\r\n"}),
}
"""What is being done, and which replies the server then owes."""


@pytest.mark.parametrize("case", CASES)
def test_what_is_left_is_left_for_good(tmp_path: Path, case: str) -> None:
    act, replies = CASES[case]
    script = Script({"a": b"x" * 100_000}, replies=dict(replies), cut=1000, how="silence")
    with scripted(script):
        session = FtpSession(Site("127.0.0.1", script.port, "ann", "secret", timeout_s=60.0), Recorder())
        try:
            session.open()
            asked = len(script.said)
            canceller = threading.Thread(target=lambda: (_until(lambda: len(script.said) > asked), session.cancel()))
            canceller.start()
            began = time.monotonic()
            with pytest.raises(Stopped):
                act(session, tmp_path)
            canceller.join()
            assert time.monotonic() - began < AT_ONCE_S
            session.waiter.begin()
            assert session.by_hand("PWD").reply.code == 257
            assert script.logins == 2  # on a connection of its own: the old one owed a reply
        finally:
            session.close()


def test_a_server_that_says_more_than_it_owes_is_heard_to_the_end(tmp_path: Path) -> None:
    script = Script({"a": b"x"}, replies={"RETR": b"150 go\r\n"})
    with scripted(script):
        session = FtpSession(Site("127.0.0.1", script.port, "ann", "secret", timeout_s=60.0), Recorder())
        try:
            session.open()
            script.replies |= {"ABOR": b"426 cut\r\n226 ended\r\n", "PWD": b'225 late\r\n257 "/"\r\n'}
            canceller = threading.Thread(target=lambda: (_until(lambda: "RETR a" in script.said), session.cancel()))
            canceller.start()
            with pytest.raises(Stopped):
                get(session, tmp_path)
            canceller.join()
            session.waiter.begin()
            assert session.by_hand("NOOP").reply.code == 502
            assert script.logins == 1
        finally:
            session.close()


@pytest.mark.parametrize("timeout_s", [0.2, 60.0], ids=["in vain", "until a cancel"])
def test_a_wait_for_the_server_to_connect_leaves_no_reply_behind(timeout_s: float) -> None:
    script = Script(open_data=False)
    with scripted(script):
        site = Site("127.0.0.1", script.port, "ann", "secret", timeout_s=timeout_s, passive=False)
        session = FtpSession(site, Recorder())
        try:
            session.open()
            canceller = threading.Thread(target=lambda: (_until(lambda: "LIST" in script.said), session.cancel()))
            if timeout_s > 1:
                canceller.start()
            with pytest.raises(Stopped if timeout_s > 1 else FtpError):
                session.listing("")
            if timeout_s > 1:
                canceller.join()
            session.waiter.begin()
            assert session.by_hand("PWD").reply.code == 257
            assert script.logins == 2
        finally:
            session.close()


def test_a_reply_that_another_one_follows_is_waited_for() -> None:
    with scripted(Script(replies={"REIN": b"120 a moment\r\n220 again\r\n"})) as script:
        session = FtpSession(Site("127.0.0.1", script.port, "ann", "secret"), Recorder())
        try:
            answer = session.by_hand("REIN")
            assert [reply.code for reply in answer.replies] == [120, 220]
            assert session.by_hand("NOOP").reply.code == 502
        finally:
            session.close()


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.005)
    time.sleep(0.05)
