"""The scripts of the servers of files, by pyftpdlib and asyncssh: their values, and the conditions of their templates.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.ftp.server.setup import FULL, READ, SetupError, ports_of, user_of
from protocols.script_plans import Plan

NAME: Final = "ftp-server"
TITLE: Final = "An FTP server"
MODULE: Final = "pyftpdlib"
DEFAULT: Final[Mapping[str, Any]] = {
    "root": ".", "host": "127.0.0.1", "port": 8021, "users": ["ann:secret:rw"], "anonymous": True, "writable": False,
    "tls": False, "implicit": False, "required": False, "certificate": "server.pem", "passive_ports": "",
    "masquerade": "",
}  # fmt: skip
"""tls: clients may ask for it (AUTH TLS). implicit: it is there from the first byte. required: nothing without it."""

SSH_NAME: Final = "sftp-server"
SSH_TITLE: Final = "An SFTP server"
SSH_MODULE: Final = "asyncssh"
SSH_DEFAULT: Final[Mapping[str, Any]] = {
    "root": ".", "host": "127.0.0.1", "port": 8022, "users": ["ann:secret:rw"], "writable": False,
}


def _users(params: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, password and rights of each user; what is none is left out."""
    usual, users = FULL if params["writable"] else READ, []
    for word in params["users"]:
        try:
            user = user_of(str(word))
        except SetupError:
            continue
        users.append((user.name, user.password, user.rights or usual))
    return users


def ssh_plan(params: Mapping[str, Any]) -> Plan:
    """The plan of the SFTP server's script: of a user's rights it knows whether it may write."""
    users = [(name, password, "w" in rights) for name, password, rights in _users(params)]
    return Plan(SSH_NAME, {**params, "users": users}, frozenset({"asynchronous"}))


def plan(params: Mapping[str, Any]) -> Plan:
    """The plan of the script; what the form can't mean is left out."""
    users = _users(params)
    try:
        first, last = ports_of(str(params["passive_ports"]))
    except SetupError:
        first = last = 0
    flags = {key for key in ("anonymous", "tls", "implicit", "masquerade") if params[key]}
    flags |= {"passive_ports"} if first else set()
    flags |= {"tls"} if "implicit" in flags else set()
    flags |= {"required"} if params["required"] and "tls" in flags else set()
    return Plan(NAME, {**params, "users": users, "first_port": first, "last_port": last}, frozenset(flags))
