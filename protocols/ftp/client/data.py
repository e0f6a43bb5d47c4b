"""DataLink: the data connection of one transfer, opened by either side (RFC 959 section 3.2, RFC 2428).

The address that a server offers is never trusted over the peer's own: the lab connects to the host of
the control connection, and takes a data connection from nobody else. It must not know files.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from protocols import connecting, opening
from protocols.connecting import Stopped
from protocols.ftp import addresses
from protocols.ftp.addresses import DataAddress
from protocols.ftp.client import trouble
from protocols.ftp.client.control import Control, Sock
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.dialogue import Role
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket, traced_socket
from protocols.record.traced_tls import TracedTLSSocket

STRANGERS: Final = 16
"""So many wrong callers are sent away before the wait for the right one is given up."""


@dataclass
class DataLink:
    """An open data connection. began: the reply that announced the transfer (125 or 150)."""

    sock: Sock
    began: Reply
    connected_by: Role
    local: tuple[str, int]
    peer: tuple[str, int]
    conn: str | None
    begun_ns: int

    @property
    def tls(self) -> bool:
        """Whether the data are encrypted."""
        return isinstance(self.sock, TracedTLSSocket)

    def close(self) -> None:
        """Close it; the end of the data, for whoever sends."""
        self.sock.close()


def open_data(control: Control, command: str, offset: int = 0) -> DataLink:
    """Ask for a transfer and open its data connection. Raises FtpError, or Stopped.

    offset: sent as REST before the command. A refusal leaves no socket behind.
    """
    make = _passive if control.passiveserver else _active
    link = make(control, command, offset)
    if control.protected:
        _protect(control, link)
    return link


def _begun(control: Control, command: str, offset: int) -> Reply:
    """Send REST and the command; its preliminary reply."""
    if offset:
        reply = control.command(f"REST {offset}")
        if reply.code != 350:
            raise trouble.trouble("no resume", reply, where=control.site.where, said=trouble.said_by(reply),
                                  path=command.partition(" ")[2])  # fmt: skip
    reply = control.command(command)
    if reply.good:  # some servers say 200 first; ftplib passes over it, too
        reply = control.read_reply(command)
    if not 100 <= reply.code < 200:
        raise trouble.refused(reply, command, control.site.where, control.site.user)
    return reply


# Passive: the client opens both connections


def passive_address(control: Control) -> tuple[str, int]:
    """Ask for a data address: PASV, or EPSV on IPv6 and where it is wanted. The host is always the peer's own."""
    if control.af == socket.AF_INET6 or control.site.extended:
        return offered_address(control, control.expect("EPSV"))
    reply = control.command("PASV")
    return offered_address(control, reply if reply.code < 500 else control.expect("EPSV"))


def offered_address(control: Control, reply: Reply) -> tuple[str, int]:
    """Where a reply to PASV or EPSV leads: its port, at the peer's own host. Raises FtpError for another reply."""
    peer, offered = control.peer[0], _read(control, reply)
    if offered.host and offered.host != peer.removeprefix("::ffff:"):
        control.dialogue.note(
            "redirection refused",
            f"The server offers {offered.host}:{offered.port} for data; the lab connects to {peer}, where the control "
            "connection goes: an address that somebody else offers is trusted by nobody",
            offered=offered.detail(), used=[peer, offered.port],
        )  # fmt: skip
    return peer, offered.port


def _read(control: Control, reply: Reply) -> DataAddress:
    if reply.code not in (227, 229):
        raise trouble.refused(reply, "PASV", control.site.where, control.site.user)
    offered = addresses.address_of_reply(reply.code, " ".join(reply.lines))
    if offered is None or not offered.port:
        raise trouble.trouble("bad address", reply, where=control.site.where, said=trouble.said_by(reply),
                              command="EPSV" if reply.code == 229 else "PASV")  # fmt: skip
    return offered


def _passive(control: Control, command: str, offset: int) -> DataLink:
    host, port = passive_address(control)
    address = (host, port, *control.peer[2:])
    sock = traced_socket(control.recorder, control.name, control.af)
    try:
        if control.site.source:
            sock.bind((control.site.source, 0))
        try:
            connecting.connect(sock, address, control.site.timeout_s, control.waiter.wait)
        except Stopped:
            raise
        except OSError as error:
            said = trouble.of_os(error, "connect", (host, port)).told.why
            raise trouble.trouble("data refused", address=address_text((host, port)), said=said) from error
        local = local_of(sock)
        return link_of(sock, _begun(control, command, offset), "client", local, (host, port))
    except BaseException:
        control.waiter.forget()
        sock.close()
        raise


def local_of(sock: TracedSocket) -> tuple[str, int]:
    """This end's address; the trace has asked for it already where it records."""
    known = sock.trace.end.local if sock.trace is not None and sock.trace.end is not None else None
    return known if isinstance(known, tuple) else sock.getsockname()[:2]


# Active: the server connects to the client


def _active(control: Control, command: str, offset: int) -> DataLink:
    with listener(control) as waiting:
        began = _begun(control, command, offset)
        try:
            sock, peer = _accepted(control, waiting)
        except BaseException as why:
            if not isinstance(why, FtpError) or why.reply is None:
                control.drop()  # the server's verdict is still to come, and no other command may get it
            raise
        finally:
            control.waiter.forget()
        return link_of(sock, began, "server", waiting.getsockname()[:2], peer)


def listener(control: Control) -> TracedSocket:
    """Listen for one data connection and tell the server where (PORT, or EPRT). Raises FtpError."""
    assert control.sock is not None
    host = control.sock.getsockname()[0]
    sock = traced_socket(control.recorder, control.name, control.af)
    try:
        sock.bind((host, 0))
        sock.listen(1)
        sock.setblocking(False)
        port = sock.getsockname()[1]
        plain = host.removeprefix("::ffff:").partition("%")[0]
        if control.af == socket.AF_INET6 or control.site.extended:
            control.expect(f"EPRT {addresses.eprt_argument(plain, port)}")
        else:
            control.expect(f"PORT {addresses.port_argument(plain, port)}")
    except OSError as error:
        sock.close()
        if isinstance(error, Stopped):
            raise
        raise trouble.of_os(error, "bind", (host, 0)) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _accepted(control: Control, waiting: TracedSocket) -> tuple[TracedSocket, tuple[str, int]]:
    """The server's data connection; other callers are sent away. Raises FtpError when the server gives up first."""
    assert control.sock is not None
    expected = control.sock.getpeername()[0]
    deadline = monotonic_ns() + int(control.site.timeout_s * 1e9)
    strangers = 0
    while strangers < STRANGERS:
        _server_gave_up(control)
        watched = {waiting.fileno(): polling.POLLIN, control.fileno(): polling.POLLIN}
        ready = control.waiter.any(watched, max(0.0, (deadline - monotonic_ns()) / 1e9))
        if not ready:
            break
        if control.fileno() in ready:
            control.look()
        if waiting.fileno() not in ready:
            continue
        try:
            sock, address = waiting.accept()
        except BlockingIOError:
            continue
        if address[0] == expected:
            sock.setblocking(False)
            return sock, address[:2]
        strangers += 1
        sock.close()
        control.dialogue.note("stranger refused", f"{address_text(address)} came to the data connection's port and is "
                              f"not the server, which is {expected}", peer=list(address[:2]))  # fmt: skip
    raise trouble.trouble("data silent", seconds=f"{control.site.timeout_s:g}",
                          address=address_text(waiting.getsockname()))  # fmt: skip


def _server_gave_up(control: Control) -> None:
    reply = control.early_reply()
    if reply is not None and reply.code >= 400:
        control.read_reply()
        if reply.code in (425, 426):
            raise trouble.trouble("no data connection", reply, where=control.site.where, said=trouble.said_by(reply))
        raise trouble.refused(reply, "the transfer", control.site.where, control.site.user)


# Both


def link_of(
    sock: TracedSocket, began: Reply, opened_by: Role, local: tuple[str, int], peer: tuple[str, int]
) -> DataLink:
    """The addresses are known from before: a server that resets at once leaves a socket that has none."""
    conn = sock.trace.conn if sock.trace is not None else None
    return DataLink(sock, began, opened_by, local, peer, conn, monotonic_ns())


def _protect(control: Control, link: DataLink) -> None:
    """TLS on the data connection, going on with the control connection's session, as many servers demand."""
    assert control.context is not None
    assert isinstance(link.sock, TracedSocket)
    session = control.sock.session if isinstance(control.sock, TracedTLSSocket) else None
    name = control.site.server_name or control.site.host
    control.waiter.forget()
    try:
        link.sock = opening.shake_hands(link.sock, control.context, name, control.site.timeout_s,
                                        control.waiter.wait, session)  # fmt: skip
    except Stopped:
        control.drop()  # as below
        raise
    except OSError as error:
        reply = None
        if not isinstance(error, ssl.SSLCertVerificationError) and control.waiter.wait(
            control.fileno(), polling.POLLIN, 1.0
        ):
            reply = control.look()
        if reply is not None and reply.code >= 400:
            control.read_reply()
            raise trouble.refused(reply, "the transfer", control.site.where) from error
        control.drop()  # the server's verdict is still to come
        raise trouble.of_os(error, "handshake", link.peer) from error
