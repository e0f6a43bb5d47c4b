"""One FTP connection against a server that can be told to misbehave: every lie, cut and silence ends with a reason."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.connecting import Stopped
from protocols.ftp.client.remote import Fetch, Store
from protocols.ftp.client.session import FtpSession
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.record.recorder import Recorder
from tests.protocols.ftp.scripted import Script, scripted

CONTENT = os.urandom(200_000)


@contextmanager
def at(script: Script, *, timeout_s: float = 10.0, **settings: object) -> Iterator[FtpSession]:
    """A session with a scripted server."""
    with ExitStack() as stack:
        stack.enter_context(scripted(script))
        site = Site("127.0.0.1", script.port, "ann", "secret", timeout_s=timeout_s)
        session = FtpSession(replace(site, **settings), Recorder())  # type: ignore[arg-type]
        stack.callback(session.close)
        yield session


def failing(act: object, *arguments: object) -> FtpError:
    """The error that `act` ends with."""
    with pytest.raises(FtpError) as caught:
        act(*arguments)  # type: ignore[operator]
    assert caught.value.told.why
    return caught.value


def test_get_and_put_in_both_modes(tmp_path: Path) -> None:
    for passive in (True, False):
        with at(Script({"a": CONTENT}), passive=passive) as session:
            tally = Tally()
            session.get(Fetch("a", tmp_path / f"a{passive}"), tally)
            assert (tmp_path / f"a{passive}").read_bytes() == CONTENT
            assert tally.whole
            assert tally.sha256 == hashlib.sha256(CONTENT).hexdigest()
            sent = Tally()
            session.put(Store("b", tmp_path / f"a{passive}"), sent)
            assert sent.sha256 == tally.sha256
            assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("cut", [0, 1, 65_535, 65_536, 199_999])
def test_a_cut_at_any_byte_keeps_a_part_that_is_resumed(tmp_path: Path, cut: int, how: str) -> None:
    script = Script({"a": CONTENT}, cut=cut, how=how)
    with at(script) as session:
        error = failing(session.get, Fetch("a", tmp_path / "a"), Tally())
        assert error.name == "data cut"
        assert error.may_pass
        assert not (tmp_path / "a").exists()
        part = tmp_path / "a.part"
        kept = part.read_bytes() if part.exists() else b""
        assert CONTENT.startswith(kept)
        assert len(kept) == cut if how == "close" else len(kept) <= cut
        script.cut = None
        tally = Tally()
        session.get(Fetch("a", tmp_path / "a", resume=True), tally)
        assert (tmp_path / "a").read_bytes() == CONTENT
        assert tally.offset == len(kept)
        assert tally.sha256 == hashlib.sha256(CONTENT).hexdigest()
        assert not part.exists()


def test_an_upload_that_is_cut_goes_on_where_the_server_stopped(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    script = Script(cut=70_000)
    with at(script) as session:
        assert failing(session.put, Store("a", tmp_path / "a"), Tally()).name in ("put cut", "busy")
        script.cut, script.files = None, {"a": script.stored["a"]}
        tally = Tally()
        session.put(Store("a", tmp_path / "a", resume=True), tally)
        assert script.stored["a"] == CONTENT
        assert tally.offset == 70_000
        assert tally.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_silent_data_connection_ends_after_the_time_allowed(tmp_path: Path) -> None:
    with at(Script({"a": CONTENT}, cut=1000, how="silence"), timeout_s=0.4) as session:
        error = failing(session.get, Fetch("a", tmp_path / "a"), Tally())
        assert error.name == "data silence"
        assert (tmp_path / "a.part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(("size", "more", "name"), [(300_000, b"", "short"), (100, b"", "long"), (0, b"x", "long")])
def test_a_size_that_is_a_lie_is_told_and_the_part_kept(tmp_path: Path, size: int, more: bytes, name: str) -> None:
    with at(Script({"a": CONTENT}, size=size, more=more)) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a"), Tally()).name == name
        assert (tmp_path / "a.part").exists()
        assert not (tmp_path / "a").exists()


def test_a_server_that_sends_without_end_is_stopped(tmp_path: Path) -> None:
    with at(Script({"a": b"short"}, endless=b"x" * 65536)) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a"), Tally()).name == "long"
        assert (tmp_path / "a.part").stat().st_size < 80 << 20


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    script = Script({"a": CONTENT, "b": b"theirs"})
    with at(script) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a"), Tally()).name == "exists"
        assert failing(session.put, Store("b", tmp_path / "a"), Tally()).name == "exists there"
        assert (tmp_path / "a").read_text() == "mine"
        session.get(Fetch("a", tmp_path / "a", force=True), Tally())
        assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_part_of_another_file_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"x" * 10)
    script = Script({"a": b"12345"})
    with at(script) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a", resume=True), Tally()).name == "part too long"
        script.files["a"] = b"0" * 20
        script.replies["MDTM"] = b"213 20380101000000\r\n"
        assert failing(session.get, Fetch("a", tmp_path / "a", resume=True), Tally()).name == "changed"


def test_the_offered_data_address_is_not_trusted(tmp_path: Path) -> None:
    with at(Script({"a": CONTENT}, pasv="10,1,2,3")) as session:
        tail = session.recorder.tail()
        session.get(Fetch("a", tmp_path / "a"), Tally())
        notes = [raw for raw in tail.take() if raw[2] == "redirection refused"]
        assert len(notes) == 1
        assert "10.1.2.3" in notes[0][9]


@pytest.mark.parametrize(
    ("verb", "reply", "name"),
    [
        ("PASV", b"227 nothing here\r\n", "bad address"),
        ("PASV", b"227 (127,0,0,1,999,1)\r\n", "bad address"),
        ("PASV", b"227 (127,0,0,1,0,0)\r\n", "bad address"),
        ("PASV", b"150 what\r\n", "reply"),
        ("RETR", b"garbage\r\n", "no reply"),
        ("RETR", b"150-never\r\n ends\r\n", "dribble"),
        ("RETR", b"15", "dribble"),
        ("RETR", b"x" * 20_000, "dribble"),
        ("RETR", b"150-" + b"line\r\n" * 60_000, "dribble"),
        ("RETR", None, "timeout"),
        ("RETR", b"425 no data connection\r\n", "no data connection"),
        ("RETR", b"550 no\r\n", "no file"),
        ("RETR", b"452 full\r\n", "busy"),
        ("RETR", b"421 bye\r\n", "goodbye"),
        ("SIZE", b"\xff\xfb\x01\r\n", "no reply"),
    ],
)
def test_a_wrong_reply_is_a_reason(tmp_path: Path, verb: str, reply: bytes | None, name: str) -> None:
    with at(Script({"a": CONTENT}, replies={verb: reply}), timeout_s=0.4) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a"), Tally()).name == name
        assert not (tmp_path / "a").exists()


def test_a_greeting_that_drips_has_one_time_limit() -> None:
    with at(Script(greeting=b"220-drip\r\n drip\r\n"), timeout_s=0.4) as session:
        assert failing(session.open).name == "dribble"


@pytest.mark.parametrize(
    ("greeting", "name"), [(b"SSH-2.0-x\r\n", "no reply"), (b"421 full\r\n", "goodbye"), (b"500 no\r\n", "reply")]
)
def test_a_greeting_that_is_none(greeting: bytes, name: str) -> None:
    with at(Script(greeting=greeting)) as session:
        assert failing(session.open).name == name


def test_a_refused_login_says_so_and_its_password_is_masked() -> None:
    with at(Script(replies={"PASS": b"530 Login incorrect.\r\n"})) as session:
        tail = session.recorder.tail()
        assert failing(session.open).name == "login"
        commands = [raw[9] for raw in tail.take() if raw[1] == "message" and raw[2] == "command"]
        assert commands[:2] == ["USER ann", "PASS ******"]


def test_a_password_is_not_said_in_the_clear_where_tls_is_asked_for() -> None:
    script = Script()
    with at(script, security="explicit") as session:
        assert failing(session.open).name == "not tls"
    assert script.said == ["AUTH TLS"]


def test_bytes_that_come_before_tls_are_not_taken_for_tls() -> None:
    with at(Script(replies={"AUTH": b"234 go\r\n220 injected\r\n"}), security="explicit") as session:
        assert failing(session.open).name == "no reply"


def test_in_active_mode_nobody_comes(tmp_path: Path) -> None:
    with at(Script({"a": CONTENT}, open_data=False), passive=False, timeout_s=0.4) as session:
        error = failing(session.get, Fetch("a", tmp_path / "a"), Tally())
        assert error.name == "data silent"
        assert "passive" in error.told.mend[0]


def test_in_active_mode_the_server_says_425(tmp_path: Path) -> None:
    script = Script({"a": CONTENT}, open_data=False, replies={"RETR": b"150 wait\r\n425 firewall\r\n"})
    with at(script, passive=False) as session:
        assert failing(session.get, Fetch("a", tmp_path / "a"), Tally()).name == "no data connection"


def test_a_cancel_ends_a_transfer_at_once_and_keeps_the_part(tmp_path: Path) -> None:
    script = Script({"a": CONTENT}, cut=1000, how="silence")
    with at(script, timeout_s=60) as session:
        ended: list[BaseException] = []
        tally = Tally()

        def get() -> None:
            try:
                session.get(Fetch("a", tmp_path / "a"), tally)
            except OSError as error:
                ended.append(error)

        thread = threading.Thread(target=get)
        thread.start()
        while tally.moved < 1000:
            thread.join(0.01)
        session.cancel()
        thread.join(20)
        assert not thread.is_alive()
        assert isinstance(ended[0], Stopped)
        assert (tmp_path / "a.part").read_bytes() == CONTENT[:1000]


def test_an_idle_connection_that_the_server_ended_is_made_anew(tmp_path: Path) -> None:
    script = Script({"a": b"x"}, replies={"NOOP": b"421 idle too long\r\n"})
    with at(script) as session:
        session.open()
        session.control.putline("NOOP")
        session.get(Fetch("a", tmp_path / "a"), Tally())
        assert script.logins == 2


def test_text_mode_changes_line_ends_and_counts_them(tmp_path: Path) -> None:
    script = Script({"t": b"one\r\ntwo\r\nthree"})
    with at(script) as session:
        tally = Tally()
        session.get(Fetch("t", tmp_path / "t", mode="text"), tally)
        assert (tmp_path / "t").read_bytes() == b"one\ntwo\nthree"
        assert tally.line_ends == 2
        sent = Tally()
        session.put(Store("u", tmp_path / "t", mode="text"), sent)
        assert script.stored["u"] == b"one\r\ntwo\r\nthree"
        assert sent.line_ends == 2
        assert failing(session.get, Fetch("t", tmp_path / "t", "text", resume=True), Tally()).name == "text resume"


@pytest.mark.parametrize("caller", ["function", "method", "object"])
def test_blocks_reach_every_kind_of_callable(tmp_path: Path, caller: str) -> None:
    with at(Script({"a": CONTENT})) as session:
        tally = Tally()
        session.get(Fetch("a", tmp_path / caller, block_bytes=8192, caller=caller), tally)  # type: ignore[arg-type]
        assert (tmp_path / caller).read_bytes() == CONTENT
        assert tally.blocks >= len(CONTENT) // 8192
        assert max(tally.sizes) <= 8192
        assert sum(tally.sizes) == len(CONTENT)


def test_ftplibs_own_methods_work_on_the_seam() -> None:
    with at(Script({"a": CONTENT}, listing=b"one\r\ntwo\r\n")) as session:
        session.open()
        blocks: list[bytes] = []
        session.control.retrbinary("RETR a", blocks.append, blocksize=4096)
        assert b"".join(blocks) == CONTENT
        lines: list[str] = []
        session.control.retrlines("LIST", lines.append)
        assert lines == ["one", "two"]


def test_a_command_by_hand_gets_its_reply_and_its_data() -> None:
    script = Script({"a": CONTENT}, listing=b"x" * 100, replies={"SITE": b"214-Help\r\n one\r\n214 end\r\n"})
    with at(script) as session:
        assert session.by_hand("SITE HELP").reply.words == "Help\n one\nend"
        answer = session.by_hand("LIST")
        assert answer.data == b"x" * 100
        assert [reply.code for reply in answer.replies] == [150, 226]
        assert session.by_hand("RETR nothing").reply.code == 550
        assert session.by_hand("RETR a").more_data
        assert failing(session.by_hand, "STOR a").name == "needs data"
        assert failing(session.by_hand, "").name == "not a command"
        assert failing(session.by_hand, "NOOP\r\nDELE a").name == "not a command"


def test_a_listing_without_end_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.ftp.listing.reader.ListingReader.__init__.__kwdefaults__", {
        "now": None, "encoding": "utf-8", "most": 5000, "most_bytes": 1 << 20,
    })  # fmt: skip
    line = b"-rw-r--r-- 1 a b 1 Jan 01 2020 name\r\n"
    with at(Script(endless=line * 1000)) as session:
        listing = session.listing("")
        assert len(listing.entries) == 5000
        assert "more than 5000" in listing.cut


def test_names_keep_their_bytes(tmp_path: Path) -> None:
    raw = b"caf\xe9 \xd0\xb6.txt"
    name = raw.decode("utf-8", "surrogateescape")
    script = Script({name: b"x"}, listing=b"-rw-r--r-- 1 a b 1 Jan 01 2020 " + raw + b"\r\n")
    with at(script) as session:
        entry = session.listing("").entries[0]
        assert entry.name == name
        session.get(Fetch(entry.name, tmp_path / "x", entry=entry), Tally())
        assert f"RETR {name}" in script.said


def test_the_password_is_in_no_event() -> None:
    recorder, script = Recorder(), Script({"a": CONTENT})
    tail = recorder.tail()
    with scripted(script):
        session = FtpSession(Site("127.0.0.1", script.port, "ann", "very secret", timeout_s=10.0), recorder)
        try:
            session.open()
        finally:
            session.close()
    raws = tail.take()
    assert any(b"PASS ***********" in (raw[8] or b"") for raw in raws if raw[1] == "call")
    assert "very secret" not in repr(raws)
