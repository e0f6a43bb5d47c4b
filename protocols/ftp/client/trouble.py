"""FtpError: why something of FTP failed, in plain words, with what helps.

Errors of the kernel, of names and of TLS are explained where the lab explains everything
(record/explain); here are the cases that only FTP has. It must not know sockets.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from protocols.assets import asset
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.site import shown
from protocols.ftp.dialogue import masked
from protocols.ftp.replies import meaning_of
from protocols.record.explain import Explained, explain

_FOR_CODES: Final = {421: "goodbye", 425: "no data connection", 530: "login", 430: "login", 550: "no file"}


@dataclass(frozen=True, slots=True)
class FtpExplained(Explained):
    """mend speaks of the window's buttons and fields. options: the same for the command line, where it differs."""

    options: tuple[str, ...] = ()


def options_of(told: Explained) -> tuple[str, ...]:
    """What helps at the command line."""
    return (told.options if isinstance(told, FtpExplained) else ()) or told.mend


class FtpError(Exception):
    """An operation that failed. told: explained; name: the case in the texts, "os" for the kernel's; reply: if any."""

    def __init__(self, name: str, told: Explained, reply: Reply | None = None) -> None:
        super().__init__(told.why)
        self.name: Final = name
        self.told: Final = told
        self.reply: Final = reply

    @property
    def code(self) -> int:
        """The reply's code, 0 where there was none."""
        return self.reply.code if self.reply is not None else 0

    @property
    def may_pass(self) -> bool:
        """Whether trying again without any change makes sense."""
        return self.name in _PASSES or 400 <= self.code < 500


_PASSES: Final = frozenset(("timeout", "closed", "goodbye", "data silence", "data cut", "listing cut", "put cut",
                            "busy", "os", "data refused", "data silent", "no data connection"))  # fmt: skip


def trouble(name: str, reply: Reply | None = None, /, **blanks: object) -> FtpError:
    """The error of that name in the texts; blanks fill its sentence."""
    entry = _words()[name]
    filled = {key: shown(value) if isinstance(value, str) else value for key, value in blanks.items()}
    if isinstance(said := filled.get("said"), str):
        filled["said"] = said.removeprefix("b" if said.startswith(("b'", 'b"')) else "").rstrip(" .")
    why = str(entry["why"]).format_map(filled)
    symbol = str(reply.code) if reply is not None else name.upper().replace(" ", "_")
    told = FtpExplained(symbol, str(entry["title"]), "FTP", why, tuple(entry.get("checks", ())),
                        tuple(entry.get("mend", ())), tuple(entry.get("options", ())))  # fmt: skip
    return FtpError(name, told, reply)


def refused(reply: Reply, command: str, where: str, user: str = "") -> FtpError:
    """A reply that says no, or not now."""
    name = _FOR_CODES.get(reply.code, "busy" if 400 <= reply.code < 500 else "reply")
    if name == "login" and not user:
        name = "reply"
    at_login = name == "login" or command.upper().startswith(("USER", "PASS"))
    if at_login and _wants_tls(reply.words):
        name = "tls wanted"  # proftpd says it with 550
    meaning = meaning_of(reply.code)
    return trouble(name, reply, where=where, command=masked(command), said=_said(reply), user=user or "this user",
                   meaning=f"{reply.code} means: {meaning}.")  # fmt: skip


def of_os(error: BaseException, call: str, address: object) -> FtpError:
    """What the kernel, a name or TLS said."""
    return FtpError("os", explain(error, call=call, address=address))


def said_by(reply: Reply) -> str:
    """What a reply said, for a sentence: its code and its words."""
    return _said(reply)


def _said(reply: Reply) -> str:
    text = " ".join(reply.words.split())
    return f"{reply.code} {text[:300]}".rstrip(" .")


def _wants_tls(words: str) -> bool:
    lowered = words.lower()
    return any(word in lowered for word in ("tls", "ssl", "encrypt", "secure connection"))


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(asset("ftp", "failures.toml").read_text("utf-8"))
