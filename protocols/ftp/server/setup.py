"""What an FTP server is to be: folder, users and rights, TLS, limits. Checked before anything is bound.

It must not know sockets nor pyftpdlib.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address
from typing import Final, Literal, TypeAlias, get_args

from protocols.ftp.server.rules import Rule
from protocols.tls import Flaw

READ: Final = "elr"
WRITE: Final = "adfmwMT"
FULL: Final = READ + WRITE
RIGHTS: Final = {
    "e": "enter folders", "l": "list", "r": "get files", "a": "append", "d": "delete", "f": "rename",
    "m": "make folders", "w": "store files", "M": "change modes", "T": "set times",
}  # fmt: skip
"""The letters of a user's rights, as pyftpdlib has them, and what each allows."""
_WORDS: Final = {"r": READ, "ro": READ, "read": READ, "rw": FULL, "write": FULL, "full": FULL}
Tls: TypeAlias = Literal["off", "explicit", "implicit"]
ANONYMOUS: Final = "anonymous"


class SetupError(ValueError):
    """A server that can't be as asked; the message says what is wrong and what would do."""


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in.

    rights: letters of RIGHTS or a word such as "rw", or "" for the server's usual ones. folder: below the root.
    """

    name: str
    password: str
    rights: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is enough; 0 is no limit. speed: bytes a second of each transfer. silence_s: of the control connection."""

    sessions: int = 1200
    sessions_per_address: int = 0
    speed: int = 0
    silence_s: float = 300.0
    logins: int = 3
    data_wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class FtpSetup:
    """A server. port: 0 takes a free one. anonymous: anybody may log in by that name.

    writable: users (and anonymous) without rights of their own may write. tls: "off", "explicit" (AUTH TLS on the
    usual port) or "implicit" (TLS from the first byte). tls_required: no login without TLS. data_protection: no data
    connection without TLS. flaw: break the certificate on purpose. passive_ports: first and last, () for any.
    masquerade: the IPv4 address to say in 227 replies. rules: what goes wrong on purpose.
    """

    root: str
    host: str = "127.0.0.1"
    port: int = 0
    users: tuple[User, ...] = ()
    anonymous: bool = False
    writable: bool = False
    tls: Tls = "off"
    tls_required: bool = False
    data_protection: bool = False
    flaw: Flaw | None = None
    key_log: str | None = None
    passive_ports: tuple[int, int] | tuple[()] = ()
    masquerade: str = ""
    limits: Limits = field(default_factory=Limits)
    rules: tuple[Rule, ...] = ()
    banner: str = "NetLab FTP server ready."

    def checked(self) -> FtpSetup:
        """Itself. Raises SetupError for what can't be served."""
        if not os.path.isdir(self.root):
            raise SetupError(f"{self.root or 'No name'} is no folder")
        if not self.users and not self.anonymous:
            raise SetupError("Nobody could log in: add a user, or allow anonymous")
        names = [user.name for user in self.users]
        for user in self.users:
            self._check_user(user, names)
        if self.tls not in get_args(Tls):
            raise SetupError(f"TLS is off, explicit or implicit, not {self.tls!r}")
        if self.passive_ports and not 0 < self.passive_ports[0] <= self.passive_ports[1] < 65536:
            raise SetupError("Passive ports are a range like 50000-50100, from 1 to 65535")
        if self.masquerade:
            try:
                IPv4Address(self.masquerade)
            except AddressValueError:
                raise SetupError(f"{self.masquerade!r} is no IPv4 address: a 227 reply can say nothing else") from None
        if any(char in self.banner for char in "\r\n\0"):
            raise SetupError("The greeting is one line")
        return self

    def _check_user(self, user: User, names: list[str]) -> None:
        if not user.name or any(char in user.name for char in "\r\n\0"):
            raise SetupError("A user needs a name, of one line")
        if names.count(user.name) > 1 or (user.name == ANONYMOUS and self.anonymous):
            raise SetupError(f"There are two users {user.name}")
        rights_of(user.rights)
        home = self.home_of(user)
        root = os.path.realpath(self.root)
        if os.path.commonpath([root, home]) != root:
            raise SetupError(f"The folder of {user.name} must be in {self.root}")
        if not os.path.isdir(home):
            raise SetupError(f"{user.name} has no folder {home}")

    def home_of(self, user: User) -> str:
        """The folder that is the user's root."""
        return os.path.realpath(os.path.join(self.root, user.folder.lstrip("/\\")))

    def usual_rights(self) -> str:
        """The rights of who has none of its own."""
        return FULL if self.writable else READ


def rights_of(text: str) -> str:
    """The letters of rights given as letters or as a word (r, ro, read, rw, write, full). Raises SetupError."""
    letters = _WORDS.get(text, text)
    for letter in letters:
        if letter not in RIGHTS:
            known = ", ".join(f"{key} {what}" for key, what in RIGHTS.items())
            raise SetupError(f"{text!r} are no rights: r, rw, or letters of {known}")
    return letters


def user_of(text: str) -> User:
    """A user from NAME:PASSWORD or NAME:PASSWORD:RIGHTS. Raises SetupError."""
    name, colon, rest = text.partition(":")
    if not name or not colon:
        raise SetupError(f"{text!r} is not NAME:PASSWORD or NAME:PASSWORD:RIGHTS")
    password, _, rights = rest.partition(":")
    return User(name, password, rights_of(rights))


def ports_of(text: str) -> tuple[int, int]:
    """A range of ports from "50000-50100" or "50000". Raises SetupError."""
    first, _, last = text.partition("-")
    last = last or first
    if not (first.isascii() and first.isdecimal() and last.isascii() and last.isdecimal()):
        raise SetupError(f"{text!r} is not a range of ports like 50000-50100")
    low, high = int(first[:6]), int(last[:6])
    if not 0 < low <= high < 65536:
        raise SetupError(f"{text!r} is not a range of ports from 1 to 65535, the lower one first")
    return low, high
