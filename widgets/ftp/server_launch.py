"""From the FTP server form's values to a running server. `start_server` runs on a lab thread. It knows no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from protocols.ftp.firewall import FtpFirewall
from protocols.ftp.sample import SampleFolder
from protocols.ftp.server.rules import Rule, RuleError
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, Limits, SetupError, ports_of, user_of
from protocols.ftp.server.sftp import SftpServer
from protocols.record.explain import Explained

if TYPE_CHECKING:
    from protocols.lab import Lab

ROOM: Final = "ftp"


def setup_of(values: Mapping[str, Any], root: str, rules: tuple[Rule, ...] = ()) -> FtpSetup:
    """What the form asks for. Raises SetupError."""
    users = tuple(user_of(word) for word in str(values.get("users", "")).replace(",", " ").split())
    ports = str(values.get("passive_ports", "")).strip()
    return FtpSetup(
        root, str(values.get("host", "127.0.0.1")), int(values.get("port", 0)), users,
        bool(values.get("anonymous", True)), bool(values.get("writable", False)), values.get("tls", "off"),
        tls_required=bool(values.get("tls_required")), data_protection=bool(values.get("tls_required")),
        flaw=values.get("flaw") or None, passive_ports=ports_of(ports) if ports else (),
        masquerade=str(values.get("masquerade", "")).strip(),
        limits=Limits(sessions=int(values.get("sessions", 0)), speed=int(values.get("speed", 0)) * 1000),
        rules=rules,
    ).checked()  # fmt: skip


AnyServer: TypeAlias = FtpServer | SftpServer


def start_server(lab: Lab, values: Mapping[str, Any], name: str, rules: tuple[Rule, ...] = ()) -> AnyServer:
    """Make and start a server; without a folder, of sample files that go with it. Raises SetupError, OSError."""
    root = str(values.get("root", "")).strip()
    sample = None if root else SampleFolder()
    try:
        setup = setup_of(values, root or str(sample.path if sample else ""), rules)
    except SetupError:
        if sample is not None:
            sample.remove()
        raise
    after = sample.remove if sample is not None else None
    server: AnyServer
    if values.get("protocol") == "sftp":
        server = SftpServer(lab.recorder, setup, name.replace("ftp", "sftp"), after=after)
    else:
        server = FtpServer(lab.recorder, setup, name, after=after)
    lab.start(server, room=ROOM)
    return server


def start_firewall(lab: Lab, server: AnyServer) -> FtpFirewall:
    """Put a firewall before clients of a server. Raises OSError."""
    host, port = server.address
    wall = FtpFirewall(lab.recorder, ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port),
                       host="::1" if ":" in host else "127.0.0.1")  # fmt: skip
    lab.start(wall, room=ROOM)
    return wall


def refusal(error: SetupError | RuleError) -> Explained:
    """A setup that can't be, said as the card says errors."""
    return Explained("EINVAL", "This can't be served", "The lab itself says no.", f"{str(error).rstrip('.')}.", (), ())
