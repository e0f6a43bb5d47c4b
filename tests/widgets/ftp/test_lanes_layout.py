"""Both connections of a session become steps in two lanes, whichever end tells of them, in the order of time."""

from __future__ import annotations

import ftplib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.firewall import FtpFirewall
from protocols.record.event import Raw
from tests.protocols.ftp.server.ground import got, serving
from widgets.ftp.lanes_layout import LanesLayout, Session, Step
from widgets.ftp.lanes_painter import folded
from widgets.theme.theme import theme
from widgets.timeline.faces import Face


def laid_out(raws: list[Raw]) -> LanesLayout:
    layout = LanesLayout()
    for row, raw in enumerate(raws):
        layout.add(row, raw)
    return layout


def steps(session: Session, lane: str) -> list[Step]:
    return [step for step in session.steps if step.lane == lane]


@pytest.mark.parametrize("passive", [True, False])
def test_who_connects_to_whom_and_the_numbers_decoded(tmp_path: Path, passive: bool) -> None:
    (tmp_path / "a.bin").write_bytes(b"x" * 1000)
    with serving(tmp_path) as running, running.client(passive=passive) as ftp:
        got(ftp, "RETR a.bin")
        running.awaited("transfer")
    layout = laid_out([event.raw() for event in running.all()])
    (session,) = layout.order
    assert session.user == "anna"
    assert [step.t for step in session.steps] == sorted(step.t for step in session.steps)
    control = steps(session, "control")
    said = next(step for step in control if step.text.startswith("227" if passive else "PORT"))
    assert " x 256 + " in said.more
    assert said.source == ("server" if passive else "client")
    connect, data = steps(session, "data")
    assert (connect.shape, connect.source) == ("connect", "client" if passive else "server")
    assert (data.shape, data.source, data.text) == ("data", "server", "/a.bin: 1\u202f000 B")
    assert connect.t < data.t
    assert layout.places[data.log_row] is session


def test_a_refused_active_connection_has_its_reason_and_the_firewall_is_the_same_session(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        wall = FtpFirewall(running.recorder, running.server.address)
        wall.start()
        with ftplib.FTP(timeout=20) as ftp:
            ftp.connect(*wall.address)
            ftp.login("anna", "geheim")
            ftp.set_pasv(False)
            with pytest.raises(ftplib.error_temp):
                ftp.nlst()
            running.awaited("incoming connection refused")
        assert wall.stop(20)
    (session,) = laid_out([event.raw() for event in running.all()]).order
    assert session.wall
    refused = next(step for step in session.steps if step.shape == "refused")
    assert (refused.source, refused.lane) == ("server", "data")
    assert "passive mode the client connects" in refused.more
    assert any("is not let in" in step.text for step in steps(session, "data"))
    assert next(step for step in session.steps if step.text.startswith("425")).error


def test_the_same_line_told_by_both_ends_is_one_step() -> None:
    detail = {"session": "1", "role": "control"}
    sent: Raw = (10, "message", "command", "client 1", "1", "out", 0, 6, None, "PWD", {**detail, "end": "client"})
    came: Raw = (20, "message", "command", "ftp:21", "1", "in", 0, 6, None, "PWD", {**detail, "end": "server"})
    (session,) = laid_out([sent, came]).order
    (step,) = session.steps
    assert step.rows == {0, 1}
    assert step.t == 10


def test_a_file_over_ssh_is_not_said_to_be_over_tls() -> None:
    detail = {"session": "1", "role": "data", "end": "server", "verb": "READ", "way": "get", "bytes": 5, "path": "/a",
              "connected_by": "client", "local": ["::1", 22], "peer": ["::1", 9], "complete": True}  # fmt: skip
    raw: Raw = (10, "message", "transfer", "sftp:22", "1", "out", None, 5, None, "READ /a", detail)
    (session,) = laid_out([raw]).order
    assert any(step.text.endswith(", SSH") for step in session.steps)


def test_the_numbers_of_an_address_stand_whole_below_one_another(qapp: object) -> None:
    face = Face(theme().mono_font(9.5))
    text = "227 Entering passive mode (127,0,0,1,209,171)."
    room = int(face.metrics.horizontalAdvance("227 Entering passive mode (127"))
    assert folded(face, text, room, 2) == ["227 Entering passive mode", "(127,0,0,1,209,171)."]
    assert folded(face, "PASV", room, 2) == ["PASV"]
    _, second = folded(face, "x " * 900, room, 2)
    assert second.endswith("\u2026")
    assert len(folded(face, "x" * 900, room, 8)) == 1


KINDS = ["command", "reply", "transfer", "listing", "session passed on", "fault injected", "active connection refused",
         "logged in", "session opened", "address translated"]  # fmt: skip


@given(st.lists(st.tuples(
    st.integers(0, 99), st.sampled_from(["message", "note"]), st.sampled_from(KINDS), st.sampled_from(["1", "2", None]),
    st.sampled_from([None, 0, 5]), st.dictionaries(
        st.sampled_from(["session", "role", "onward", "address", "peer", "local", "end", "way", "bytes", "code"]),
        st.sampled_from(["1", "2", "control", "data", "client", "get", None, 7]), max_size=8),
), max_size=20))  # fmt: skip
def test_strange_events_do_no_harm(events: list[tuple[object, ...]]) -> None:
    layout = LanesLayout()
    for row, (t, layer, kind, conn, offset, detail) in enumerate(events):
        layout.add(row, (t, layer, kind, "x", conn, "in", offset, 1, None, "text", detail))  # type: ignore[arg-type]
    for session in layout.order:
        assert [step.t for step in session.steps] == sorted(step.t for step in session.steps)
