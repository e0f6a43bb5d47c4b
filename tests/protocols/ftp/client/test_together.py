"""Small files over several connections in one thread: what goes well, and every way in which it does not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from protocols.ftp.client.jobs import Job, Order
from protocols.ftp.client.renaming import _by_link, rename_to_new
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.site import Site
from protocols.ftp.listing.entry import Entry
from protocols.record.event import Event
from protocols.record.recorder import Recorder, Tail
from tests.protocols.ftp.client.test_service import DEADLINE_S, until
from tests.protocols.ftp.scripted import Script, scripted

CONTENT = b"0123456789" * 100


@contextmanager
def lab(script: Script, timeout_s: float = 20.0, parallel: int = 2) -> Iterator[tuple[FtpClient, Tail]]:
    """A client of the script's server."""
    recorder = Recorder()
    tail = recorder.tail()
    with scripted(script):
        site = Site("127.0.0.1", script.port, "a", "b", timeout_s=timeout_s)
        client = FtpClient(recorder, site, parallel=parallel, connect=False)
        client.start()
        try:
            yield client, tail
        finally:
            client.stop()


def wanted(client: FtpClient, here: Path, *names: str, size: int = len(CONTENT), force: bool = False) -> list[Job]:
    """Orders as a folder's listing makes them, all at once."""
    client.queue.pause(True)
    jobs = [client.transfer(Order("get", name, here / name, entry=Entry(name, "file", size), force=force))
            for name in names]  # fmt: skip
    client.queue.pause(False)
    return jobs


def over(jobs: list[Job]) -> list[str]:
    for job in jobs:
        assert job.over.wait(DEADLINE_S)
    return [job.state for job in jobs]


def test_many_files_take_few_connections_and_each_is_told_whole(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(40)]
    script = Script(dict.fromkeys(names, CONTENT) | {"empty": b""})
    with lab(script) as (client, tail):
        jobs = wanted(client, tmp_path, *names) + wanted(client, tmp_path, "empty", size=0)
        assert set(over(jobs)) == {"done"}
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == script.files
        assert script.logins <= 2
        events = [Event.of(raw) for raw in tail.take()]
    told = [event.detail for event in events if event.kind == "transfer" and event.detail]
    assert {each["path"]: each["sha256"] for each in told} == {
        name: hashlib.sha256(content).hexdigest() for name, content in script.files.items()
    }
    assert all(each["complete"] and each["connected_by"] == "client" for each in told)
    for kind in ("connect", "command", "reply", "recv", "recv_into", "close"):
        assert sum(event.kind == kind for event in events) >= len(names), kind


def test_the_next_address_is_asked_for_together_with_a_file(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(6)]
    script = Script(dict.fromkeys(names, CONTENT), early="heard")
    with lab(script, parallel=1) as (client, _):
        assert set(over(wanted(client, tmp_path, *names))) == {"done"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == script.files
    assert script.logins == 1
    assert script.together == script.asked_early == 5
    assert script.said.count("PASV") == 6


@pytest.mark.parametrize(("early", "times"), [("forgotten", 1), ("refused", 1), ("refused", 100), ("obeyed", 1),
                                               ("ended", 1), ("ended", 100)])  # fmt: skip
def test_a_server_that_dislikes_it_is_asked_later_from_then_on(tmp_path: Path, early: str, times: int) -> None:
    names = [f"f{number}" for number in range(8)]
    script = Script(dict.fromkeys(names, CONTENT * times), early=early)
    with lab(script, timeout_s=0.3 if early == "forgotten" else 20.0, parallel=1) as (client, tail):
        jobs = wanted(client, tmp_path, *names, size=1000 * times)
        assert set(over(jobs)) == {"done"}
        assert early == "forgotten" or {job.tries for job in jobs} == {1}
        told = sum(raw[2] == "asked in turn" for raw in tail.take())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == script.files
    assert script.together == 1
    assert told == {"forgotten": 0, "ended": 1}.get(early, 2)


def test_a_refused_file_leaves_the_next_address_as_it_was_asked_for(tmp_path: Path) -> None:
    names = ["a", "gone", "b", "gone too", "c"]
    script = Script({name: CONTENT for name in names if "gone" not in name})
    with lab(script, parallel=1) as (client, _):
        jobs = wanted(client, tmp_path, *names)
        assert over(jobs) == ["done", "failed", "done", "failed", "done"]
    assert script.said.count("PASV") == 5
    assert script.logins == 1


def test_a_bad_verdict_is_that_of_its_own_file_though_the_next_was_asked_for(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(3)]
    script = Script(dict.fromkeys(names, CONTENT), early="heard", verdicts=[b"550 not so\r\n"])
    with lab(script, parallel=1) as (client, _):
        jobs = wanted(client, tmp_path, *names)
        assert over(jobs) == ["done", "done", "done"]
    assert [job.tries for job in jobs] == [2, 1, 1]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == script.files
    assert script.asked_early == 2


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize(("cut", "how"), [(0, "close"), (1, "reset"), (400, "close"), (999, "reset")])
def test_a_file_cut_at_any_byte_is_completed_from_there(tmp_path: Path, cut: int, how: str, parallel: int) -> None:
    script = Script({"a": CONTENT, "b": CONTENT}, cut=cut, how=how)
    with lab(script, parallel=parallel) as (client, _):
        jobs = wanted(client, tmp_path, "a", "b")
        until(lambda: all(job.tries > 1 or job.ended for job in jobs))
        script.cut = None
        assert over(jobs) == ["done", "done"]
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == CONTENT
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_what_the_server_refuses_fails_alone_and_the_connection_goes_on(tmp_path: Path) -> None:
    script = Script({"a": CONTENT, "c": CONTENT})
    with lab(script, parallel=1) as (client, _):
        jobs = wanted(client, tmp_path, "a", "gone", "c")
        assert over(jobs) == ["done", "failed", "done"]
        assert jobs[1].error is not None
        assert jobs[1].error.errno == "550"
        assert script.logins == 1


@pytest.mark.parametrize(("size", "name"), [(900, "LONG"), (1100, "SHORT")])
def test_a_listing_that_lies_about_the_size_is_found_out(tmp_path: Path, size: int, name: str) -> None:
    script = Script({"a": CONTENT}, size=size)
    with lab(script) as (client, _):
        (job,) = wanted(client, tmp_path, "a", size=size)
        assert over([job]) == ["failed"]
        assert job.error is not None
        assert job.error.errno == name
        assert (tmp_path / "a.part").read_bytes() == CONTENT


def test_a_file_that_has_grown_since_the_listing_is_whole(tmp_path: Path) -> None:
    script = Script({"a": CONTENT * 2})
    with lab(script) as (client, _):
        assert over(wanted(client, tmp_path, "a")) == ["done"]
        assert (tmp_path / "a").read_bytes() == CONTENT * 2


def test_the_usual_way_hears_what_was_asked_ahead_before_it_asks_itself(tmp_path: Path) -> None:
    script = Script({"a": CONTENT * 2, "b": CONTENT})
    with lab(script, parallel=1) as (client, _):
        assert over(wanted(client, tmp_path, "a", "b")) == ["done", "done"]
    assert script.said[-6:] == ["RETR a", "PASV", "SIZE a", "PASV", "RETR b", "QUIT"]
    assert script.logins == 1
    assert (tmp_path / "a").read_bytes() == CONTENT * 2


def test_silence_ends_and_a_cancel_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.ftp.client.ending.ABORT_S", 0.1)
    script = Script({"a": CONTENT}, cut=10, how="silence")
    with lab(script, timeout_s=0.1) as (client, _):
        (job,) = wanted(client, tmp_path, "a")
        until(lambda: job.tries > 1)
        client.queue.cancel(job)
        assert job.state == "cancelled"
    part = (tmp_path / "a.part").read_bytes()
    assert len(part) >= 10  # the second try may have gone on with it
    assert CONTENT.startswith(part)


def test_one_is_cancelled_and_the_other_connection_does_not_notice(tmp_path: Path) -> None:
    script = Script({"a": CONTENT, "b": CONTENT}, cut=10, how="silence")
    with lab(script) as (client, _):
        first, second = wanted(client, tmp_path, "a", "b")
        until(lambda: first.tally.moved == 10 and second.tally.moved == 10)
        client.queue.cancel(first)
        assert first.over.wait(DEADLINE_S)
        assert second.state == "running"
        script.cut = None
        script.ended.set()
        assert second.over.wait(DEADLINE_S)
        assert second.state == "done"
        assert client.queue.retry(first)
        assert over([first]) == ["done"]


OWN = ("took_ns", "fd", "thread", "blocked_ns", "local", "peer", "seconds", "result", "address", "session", "asked")
OWN_NUMBERS = re.compile(r"[0-9]{4,}|[0-9]+,[0-9]+\)")
"""What differs from one transfer to the next."""


def told(events: list[Event], kind: str) -> list[tuple[object, ...]]:
    """The events of a kind without what is each transfer's own: numbers, and values of those facts."""
    return [
        (event.layer, event.service, event.direction, event.data, re.sub(r"[0-9]+", "#", event.summary),
         {name: "" if name in OWN else OWN_NUMBERS.sub("#", str(value)) for name, value in event.detail.items()})
        for event in events if event.kind == kind and (kind != "recv_into" or event.size)
    ]  # fmt: skip


def bytes_of(events: list[Event], kind: str) -> bytes:
    """What the calls of a kind moved, by their ranges."""
    moved = [event for event in events if event.kind == kind]
    for before, after in pairwise(moved):
        assert before.offset is not None
        assert before.size is not None
        assert before.offset + before.size == after.offset
    return b"".join(event.data or b"" for event in moved)


def test_a_small_file_is_told_as_any_other(tmp_path: Path) -> None:
    script, found = Script({"a": CONTENT}), []
    for caller in (None, "function"):  # who wants to see blocks goes the usual way
        with lab(script, parallel=1) as (client, tail):
            order = Order("get", "a", tmp_path / str(caller), entry=Entry("a", "file", 1000), caller=caller)
            assert over([client.transfer(order)]) == ["done"]
        events = [Event.of(raw) for raw in tail.take()]
        begin = next(n for n, event in enumerate(events) if event.kind == "command" and event.summary == "PASV") - 1
        end = next(n for n, event in enumerate(events) if event.kind == "command" and event.summary == "QUIT") - 1
        found.append(events[begin:end])
    small, usual = found
    for kind in ("socket", "connect", "send", "command", "reply", "recv_into", "close", "transfer"):
        assert told(small, kind) == told(usual, kind), kind
    assert len(told(small, "reply")) == 3
    assert re.sub(rb"[0-9]+", b"#", bytes_of(small, "recv")) == re.sub(rb"[0-9]+", b"#", bytes_of(usual, "recv"))
    assert bytes_of(small, "recv_into") == CONTENT
    assert len({event.conn for event in small if event.conn}) == 2
    for events in found:
        assert [event.t for event in events if event.layer == "message"] == sorted(
            event.t for event in events if event.layer == "message")  # fmt: skip


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    script = Script({"a": CONTENT}, pasv="10,9,9,9")
    with lab(script) as (client, tail):
        assert over(wanted(client, tmp_path, "a")) == ["done"]
        assert any(raw[2] == "redirection refused" for raw in tail.take())


@pytest.mark.parametrize("verb", ["PASV", "RETR"])
@pytest.mark.parametrize("reply", [b"421 away\r\n", b"nonsense\r\n", b"500 no\r\n", b"227 go (1,2,3)\r\n"])
def test_a_reply_that_nobody_wants_is_told(tmp_path: Path, verb: str, reply: bytes) -> None:
    script = Script({"a": CONTENT}, replies={verb: reply})
    with lab(script, timeout_s=0.6) as (client, _):
        (job,) = wanted(client, tmp_path, "a")
        until(lambda: job.ended or job.tries > 1)
        script.replies.clear()
        over([job])
        assert job.state == "done" or job.error is not None
        if reply.startswith(b"421"):
            assert job.state == "done"


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    script = Script({"a": CONTENT})
    (tmp_path / "a").write_bytes(b"mine")
    with lab(script) as (client, _):
        (job,) = wanted(client, tmp_path, "a")
        assert over([job]) == ["failed"]
        assert job.error is not None
        assert job.error.errno == "EXISTS"
        assert "RETR a" not in script.said
        assert over(wanted(client, tmp_path, "a", force=True)) == ["done"]
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_file_that_cannot_be_written_fails_alone_and_is_told(tmp_path: Path) -> None:
    script = Script({"a": CONTENT, "b": CONTENT})
    (tmp_path / "a.part").mkdir()
    with lab(script, parallel=1) as (client, tail):
        jobs = wanted(client, tmp_path, "a", "b")
        assert over(jobs) == ["failed", "done"]
        transfers = [event for event in map(Event.of, tail.take()) if event.kind == "transfer"]
    assert [event.detail["complete"] for event in transfers] == [False, True]
    assert ["error" in event.detail for event in transfers] == [True, False]
    assert jobs[0].error is not None
    assert not jobs[0].tally.whole
    assert script.logins == 1


@pytest.mark.parametrize("rename", [rename_to_new, _by_link])
def test_a_new_name_is_given_only_where_nobody_has_it(tmp_path: Path, rename: object) -> None:
    assert callable(rename)
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    rename(str(old), str(new))
    assert (new.read_text(), old.exists()) == ("old", False)
    old.write_text("again")
    with pytest.raises(FileExistsError):
        rename(str(old), str(new))
    assert (new.read_text(), old.read_text()) == ("old", "again")
    with pytest.raises(FileNotFoundError):
        rename(str(tmp_path / "nothing"), str(tmp_path / "other"))
