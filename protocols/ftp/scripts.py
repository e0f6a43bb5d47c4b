"""Scripts of this room: what each is called, its values, and which conditions hold in its template.

ftplib for FTP, asyncssh for SFTP. It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.script_plans import Plan

Params = Mapping[str, Any]
_SITE: Final[Params] = {
    "host": "127.0.0.1", "port": 8021, "user": "", "password": "", "tls": False, "implicit": False, "verify": True,
    "ca_file": "", "passive": True, "timeout_s": 15.0,
}  # fmt: skip
_SSH: Final[Params] = {"host": "127.0.0.1", "port": 8022, "user": "ann", "password": "secret", "host_keys": ()}

TITLES: Final[Mapping[str, str]] = {
    "ftp-list": "List a folder over FTP",
    "ftp-get": "Get a file over FTP",
    "ftp-put": "Put a file over FTP",
    "ftp-folder": "Make, rename and remove over FTP",
    "ftp-command": "An FTP command by hand",
    "sftp": "List, put and get over SFTP",
}
"""Every client script of the room."""
MODULES: Final[Mapping[str, str]] = {"sftp": "asyncssh"}
"""The packages that some of them need besides the standard library."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "ftp-list": {**_SITE, "path": ""},
    "ftp-get": {**_SITE, "path": "readme.txt", "local": "readme.txt", "callback": "method", "block_size": 65536,
                "text": False, "resume": False},
    "ftp-put": {**_SITE, "path": "notes.txt", "local": "notes.txt", "block_size": 65536, "text": False},
    "ftp-folder": {**_SITE, "path": "new", "to": "renamed"},
    "ftp-command": {**_SITE, "command": "SYST"},
    "sftp": {**_SSH, "path": "notes.txt", "local": "notes.txt"},
}  # fmt: skip
"""callback: "function", "method" or "object": what retrbinary calls with each block."""


def plan(name: str) -> Callable[[Params], Plan]:
    """What makes the plan of one script from its values."""

    def made(params: Params) -> Plan:
        flags = {key for key in ("tls", "implicit", "text", "resume", "passive") if params.get(key)}
        flags |= {"secure"} if params.get("tls") or params.get("implicit") else set()
        flags |= {"unverified"} if not params.get("verify", True) else set()
        flags |= {"user"} if params.get("user") else set()
        flags |= {"ca"} if params.get("ca_file") else set()
        if name == "ftp-get" and not params["text"]:
            flags.add(f"by-{params['callback']}")
        if name == "sftp":
            flags.add("asynchronous")
        return Plan(name, params, frozenset(flags))

    return made
