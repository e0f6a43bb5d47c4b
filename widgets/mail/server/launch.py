"""From the mail server form's values to a running server. `start_server` runs on a lab thread.

It must not know widgets.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from protocols.mail.server.rules import Rule
from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import TIME_OUT_S, MailSetup, SetupError
from protocols.record.explain import Explained, explain

if TYPE_CHECKING:
    from protocols.lab import Lab

ROOM: Final = "mail"
PORTS: Final = ("smtp_port", "pop3_port", "imap_port")
USERS: Final = (("ann", "ann"), ("bob", "bob"))
_TAKEN: Final = frozenset((errno.EADDRINUSE, errno.EACCES))


class StartError(OSError):
    """It could not be started: the error of the call, and the address that it was for."""

    def __init__(self, error: OSError, address: tuple[str, int]) -> None:
        super().__init__(error.errno, error.strerror, error.filename)
        self.address: Final = address


def setup_of(values: Mapping[str, Any], rules: tuple[Rule, ...] = ()) -> MailSetup:
    """The order that a form's values say. Raises SetupError."""
    host = str(values.get("host", "127.0.0.1")).strip()
    if not host:
        raise SetupError("No address to bind is typed: empty would mean every interface.")
    users = {str(name).strip(): str(password) for name, password in values.get("users") or USERS if str(name).strip()}
    store = str(values.get("store") or "").strip()
    tls = bool(values.get("tls"))
    setup = MailSetup(
        host=host, smtp_port=_port(values, "smtp"), pop3_port=_port(values, "pop3"), imap_port=_port(values, "imap"),
        users=users, sync=bool(values.get("sync")), received=bool(values.get("received")),
        timeout_s=float(values.get("silence_s", TIME_OUT_S)),
        domain=str(values.get("domain") or "").strip() or None, store=Path(store).expanduser() if store else None,
        tls=tls, login_needs_tls=tls and bool(values.get("login_needs_tls")),
        auth_needed=bool(values.get("auth_needed")), size_limit=int(values.get("size_mib", 100)) << 20,
        lenient=values.get("strictness") == "lenient", rules=rules,
    )  # fmt: skip
    setup.check()
    return setup


def _port(values: Mapping[str, Any], protocol: str) -> int | None:
    """The port of a protocol; None where it is left out."""
    return int(values.get(f"{protocol}_port", 0)) if values.get(protocol, True) else None


def start_server(
    lab: Lab, values: Mapping[str, Any], rules: tuple[Rule, ...], *, free_port_if_taken: bool = False
) -> MailServer:
    """Make and start a server; it listens when this returns. Raises SetupError, RuleError, StartError."""
    server = MailServer(lab.recorder, setup_of(values, rules))
    try:
        lab.start(server, room=ROOM)
    except OSError as error:
        if free_port_if_taken and error.errno in _TAKEN and any(int(values.get(name, 0)) for name in PORTS):
            return start_server(lab, {**values, **dict.fromkeys(PORTS, 0)}, rules)
        raise StartError(error, server.opening) from error
    return server


def explained(error: BaseException) -> Explained:
    """Why it did not start, in words."""
    if isinstance(error, ValueError):
        said = str(error).rstrip(".") + "."
        return Explained("EINVAL", "This can't be served", "The lab itself says no.", said, (), ())
    if isinstance(error, StartError) and error.filename is None:
        return explain(error, call="bind", address=error.address, transport="tcp")
    if isinstance(error, OSError) and error.filename is not None:
        said = f"The mailboxes can't be kept in {error.filename}: {error.strerror}."
        return Explained(errno.errorcode.get(error.errno or 0, "EIO"), "The store can't be made", said, said, (), ())
    return explain(error, call="bind", transport="tcp")
