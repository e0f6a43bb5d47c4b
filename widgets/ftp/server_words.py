"""What the FTP server's form offers, the presets of its rules, and how live rows are said. It knows no services."""

from __future__ import annotations

from typing import Final

from protocols.ftp.server.rules import Rule
from protocols.ftp.server.setup import RIGHTS
from protocols.ftp.server.sftp import missing
from protocols.ftp.server.site import SessionFacts
from protocols.numbers import grouped
from widgets.parts.fields import Choice

TLS_CHOICES: Final = (
    Choice("off", "None, plain FTP"), Choice("explicit", "Explicit: AUTH TLS on the usual port"),
    Choice("implicit", "Implicit: from the first byte"),
)  # fmt: skip
CERTIFICATE_CHOICES: Final = (
    Choice("", "Good, of the lab's authority"), Choice("expired", "Broken: expired"),
    Choice("not yet valid", "Broken: not yet valid"), Choice("wrong host", "Broken: wrong host"),
    Choice("self-signed", "Broken: self-signed"),
)  # fmt: skip
HOSTS: Final = (
    Choice("127.0.0.1", "127.0.0.1, this machine only"), Choice("::1", "::1, this machine only (IPv6)"),
    Choice("0.0.0.0", "0.0.0.0, every IPv4 interface"), Choice("::", "::, every interface"),
)  # fmt: skip
USERS_TIP: Final = "NAME:PASSWORD or NAME:PASSWORD:RIGHTS, several with blanks between. Rights: r, rw, or letters: " + \
    ", ".join(f"{letter} {what}" for letter, what in RIGHTS.items())  # fmt: skip



def protocol_choices() -> list[Choice]:
    """FTP, and SFTP where its package is there."""
    return [Choice("ftp", "FTP"), Choice("sftp", "SFTP", "Files over SSH: another protocol, one connection", missing())]


PRESETS: Final = (
    Rule("RETR STOR LIST NLST MLSD", "reply", code=425, name="425, no data connection"),
    Rule("RETR", "abort", code=426, at_byte=100_000, name="426 in the middle of a get"),
    Rule("RETR STOR", "reply", code=450, name="450, file busy"),
    Rule("PASS", "reply", code=530, name="530, login refused"),
    Rule("STOR APPE STOU", "abort", code=552, at_byte=100_000, name="552 in the middle of a put"),
    Rule("RETR STOR APPE", "slow", bytes_per_second=100_000, name="Slow, 100 KB/s"),
    Rule("RETR", "cut data", at_byte=100_000, name="Data cut, and 226 said"),
    Rule("RETR STOR", "cut control", at_byte=10, name="Control cut in a reply"),
    Rule("*", "delay", seconds=2.0, name="Each reply 2 s later"),
    Rule("LIST NLST MLSD", "silence", name="No answer to listings"),
)
"""What a click adds."""
SESSION_TITLES: Final = ("Client", "User", "Folder", "Last command", "Data", "Transfer", "Bytes", "MB/s")
TRANSFER_TITLES: Final = ("Verb", "Path", "Bytes", "Seconds", "MB/s", "How", "SHA-256")
RULE_TITLES: Final = ("Rule", "What it does", "Fired")


def session_row(facts: SessionFacts) -> tuple[str, ...]:
    """One session as a row."""
    moving = facts.transfer
    data = " ".join(filter(None, (facts.data, "TLS" if facts.protected else "")))
    user = (facts.user or "not logged in") + (", TLS" if facts.tls else "")
    if moving is None:
        return (facts.peer, user, facts.folder, facts.doing, data, "", "", "")
    share = f" of {grouped(moving.size)}" if moving.size else ""
    return (facts.peer, user, facts.folder, facts.doing, data, f"{moving.way} {moving.path}",
            grouped(moving.bytes) + share, f"{moving.rate / 1e6:.1f}")  # fmt: skip


def transfer_row(detail: dict[str, object]) -> tuple[str, ...]:
    """One finished transfer as a row."""
    size, seconds = int(str(detail.get("bytes") or 0)), float(str(detail.get("seconds") or 0))
    resumed = int(str(detail.get("resumed") or 0))
    how = "complete" if detail.get("complete") else f"not complete: {detail.get('error') or 'ended early'}"
    mode = "active" if detail.get("connected_by") == "server" else "passive"
    start = f" from {grouped(resumed)}" if resumed else ""
    return (str(detail.get("verb")), f"{detail.get('path')}{start}", grouped(size), f"{seconds:.3f}",
            f"{size / seconds / 1e6:.1f}" if seconds > 0 and size else "",
            f"{how}, {mode}, {detail.get('type')}", str(detail.get("sha256") or ""))  # fmt: skip
