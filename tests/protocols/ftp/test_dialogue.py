"""What both ends say about a session is one vocabulary, and passwords are in none of it."""

from __future__ import annotations

from protocols.ftp.dialogue import Dialogue, Transfer, masked
from protocols.ftp.replies import MEANINGS, meaning_of
from protocols.record.event import Event
from protocols.record.recorder import Recorder


class Recorded(Recorder):
    """A recorder whose events a test takes."""

    def __init__(self) -> None:
        super().__init__()
        self.own = self.tail()

    def taken(self) -> list[Event]:
        return [Event.of(raw) for raw in self.own.take()]


def test_a_command_is_in_at_the_server_and_out_at_the_client() -> None:
    recorder = Recorded()
    Dialogue(recorder, "client 1", "client", "7").command("retr big.iso", offset=10, size=14)
    Dialogue(recorder, "ftp:21", "server", "7").command("retr big.iso", offset=10, size=14)
    client, server = recorder.taken()
    assert (client.direction, server.direction) == ("out", "in")
    for event in (client, server):
        assert (event.layer, event.kind, event.conn, event.offset, event.size) == ("message", "command", "7", 10, 14)
        assert event.detail["session"] == "7"
        assert event.detail["role"] == "control"
        assert (event.detail["verb"], event.detail["argument"]) == ("RETR", "big.iso")


def test_passwords_are_masked() -> None:
    recorder = Recorded()
    Dialogue(recorder, "x", "client", "1").command("PASS very secret")
    (event,) = recorder.taken()
    assert "secret" not in repr(event)
    assert masked("pass very secret") == "PASS ******"
    assert masked("PASS") == "PASS"
    assert masked("USER anna") == "USER anna"


def test_a_reply_is_one_event_however_many_lines_it_has() -> None:
    recorder = Recorded()
    Dialogue(recorder, "x", "server", "1").reply(211, ["211-Features:", " SIZE", "211 End"])
    (event,) = recorder.taken()
    assert event.direction == "out"
    assert event.detail["code"] == 211
    assert event.detail["lines"] == ["211-Features:", " SIZE", "211 End"]
    assert event.summary == "211-Features: .. 3 lines"


def test_addresses_are_decoded_in_commands_and_replies() -> None:
    recorder = Recorded()
    dialogue = Dialogue(recorder, "x", "server", "1")
    dialogue.command("PORT 127,0,0,1,195,80")
    dialogue.reply(229, ["229 Entering extended passive mode (|||6446|)."])
    port, epsv = recorder.taken()
    assert port.detail["address"]["port"] == 50000
    assert epsv.detail["address"]["host"] is None


def test_a_transfer_belongs_to_the_data_connection_and_names_its_session() -> None:
    recorder = Recorded()
    dialogue = Dialogue(recorder, "ftp:21", "server", "1")
    dialogue.transfer(Transfer("RETR", "/a", "get", 5, 0.1, resumed=3, sha256="ab", local=("127.0.0.1", 20)), "2")
    dialogue.transfer(Transfer("LIST", "/", "get", 5, 0.1), "3")
    transfer, listing = recorder.taken()
    assert (transfer.kind, transfer.conn, transfer.direction) == ("transfer", "2", "out")
    assert transfer.detail["session"] == "1"
    assert transfer.detail["role"] == "data"
    assert transfer.detail["local"] == ["127.0.0.1", 20]
    assert (transfer.detail["bytes"], transfer.detail["resumed"], transfer.detail["sha256"]) == (5, 3, "ab")
    assert listing.kind == "listing"


def test_every_code_has_a_meaning() -> None:
    assert all(MEANINGS.values())
    assert meaning_of(226) == "the transfer is complete, the data connection ends"
    assert meaning_of(259) == "done; about files"
    assert meaning_of(999) == "no code that FTP knows"
