"""Scripts of this room: what each is called, its values, and which conditions hold in its template.

ftplib for FTP, asyncssh for SFTP. It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.script_plans import Plan
from protocols.script_text import ScriptError

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
    "ftp-get-folder": "Get a folder with all that is in it over FTP",
    "ftp-put-folder": "Put a folder with all that is in it over FTP",
    "ftp-folder": "Make, rename, remove and change rights over FTP",
    "ftp-command": "An FTP command by hand",
    "sftp": "Files over SFTP",
}
"""Every client script of the room."""
MODULES: Final[Mapping[str, str]] = {"sftp": "asyncssh"}
"""The packages that some of them need besides the standard library."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "ftp-list": {**_SITE, "path": ""},
    "ftp-get": {**_SITE, "path": "readme.txt", "local": "readme.txt", "callback": "method", "block_size": 65536,
                "text": False, "resume": False},
    "ftp-put": {**_SITE, "path": "notes.txt", "local": "notes.txt", "block_size": 65536, "text": False},
    "ftp-get-folder": {**_SITE, "path": "notes", "local": "notes"},
    "ftp-put-folder": {**_SITE, "path": "notes", "local": "notes"},
    "ftp-folder": {**_SITE, "path": "new", "to": "renamed", "rights": "755", "act": "all"},
    "ftp-command": {**_SITE, "command": "SYST"},
    "sftp": {**_SSH, "path": "notes.txt", "local": "notes.txt", "to": "renamed", "rights": "755", "act": "all",
             "folder": ""},
}  # fmt: skip
"""callback: "function", "method" or "object": what retrbinary calls with each block. act: one of ACTS, or "all"."""
ACTS: Final[Mapping[str, frozenset[str]]] = {
    "list": frozenset({"lists"}), "get": frozenset({"gets", "names", "moves"}),
    "put": frozenset({"puts", "names", "moves"}), "get-folder": frozenset({"gets", "folder", "names", "moves"}),
    "put-folder": frozenset({"puts", "folder", "names", "moves"}), "make": frozenset({"makes", "names"}),
    "rename": frozenset({"renames", "names"}), "remove": frozenset({"removes", "names"}),
    "rights": frozenset({"changes", "names"}),
}  # fmt: skip
"""What can be done, and the conditions of the templates that do it."""
_ALL: Final = {"ftp-folder": ACTS["make"] | ACTS["rename"] | ACTS["remove"],
               "sftp": ACTS["list"] | ACTS["get"] | ACTS["put"]}  # fmt: skip
_BRING: Final = ("LIST", "NLST", "MLSD")


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
            flags |= {"asynchronous"} | ({"pinned"} if params["host_keys"] else set())
        if name == "ftp-command" and params["command"].strip().upper().startswith(_BRING):
            flags.add("brings")
        code = {}
        if "act" in params:
            if params["act"] != "all" and params["act"] not in ACTS:
                raise ScriptError(f"nothing called {params['act']!r} can be done")
            flags |= ACTS.get(params["act"], _ALL[name])
            code["last"] = "TO" if "renames" in flags else "PATH"
        return Plan(name, params, frozenset(flags), code)

    return made
