"""The script of the FTP server, by pyftpdlib: its values, and which conditions hold in its template.

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
    "tls": False, "certificate": "server.pem", "passive_ports": "", "masquerade": "",
}  # fmt: skip


def plan(params: Mapping[str, Any]) -> Plan:
    """The plan of the script; what the form can't mean is left out."""
    usual = FULL if params["writable"] else READ
    users = []
    for word in params["users"]:
        try:
            user = user_of(str(word))
        except SetupError:
            continue
        users.append((user.name, user.password, user.rights or usual))
    try:
        first, last = ports_of(str(params["passive_ports"]))
    except SetupError:
        first = last = 0
    flags = {key for key in ("anonymous", "tls", "masquerade") if params[key]} | ({"passive_ports"} if first else set())
    return Plan(NAME, {**params, "users": users, "first_port": first, "last_port": last}, frozenset(flags))
