"""A Dovecot of one's own for tests: IMAP, POP3 and LMTP on free ports of the loopback, one Maildir a user.

Works as root and as anybody. It must not know what is tested.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers import require_tool

PASSWORD = "secret"
START_S = 30.0


@dataclass
class Dovecot:
    """A running Dovecot: ports by protocol; every user's password is PASSWORD."""

    folder: Path
    owner: tuple[int, int]
    ports: dict[str, int] = field(default_factory=dict)

    def maildir(self, user: str) -> Path:
        """The user's Maildir, made if missing."""
        box = self.folder / "mail" / user
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True, exist_ok=True)
        self.own(box)
        return box

    def own(self, path: Path) -> None:
        """Give a folder and what is in it to the user that Dovecot reads mail as."""
        if os.geteuid() == 0:
            for place in (path, *path.rglob("*")):
                os.chown(place, *self.owner)

    def put(self, user: str, *messages: bytes) -> None:
        """Lay messages into the user's inbox."""
        box = self.maildir(user)
        for number, message in enumerate(messages):
            path = box / "new" / f"{time.time_ns()}.{number}.test"
            path.write_bytes(message)
        self.own(box)


def _free_ports(count: int) -> list[int]:
    socks = [socket.socket() for _ in range(count)]
    try:
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]
    finally:
        for sock in socks:
            sock.close()


def _config(server: Dovecot, pem: Path | None, more: str) -> str:
    me, folder = pwd.getpwuid(os.geteuid()).pw_name, server.folder
    mail = pwd.getpwuid(server.owner[0]).pw_name
    users = "" if me == "root" else f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    users += "" if me == "root" else f"default_internal_group = {pwd.getpwuid(os.geteuid()).pw_gid}\n"
    tls = f"ssl = yes\nssl_cert = <{pem}\nssl_key = <{pem}\n" if pem else "ssl = no\n"
    ports = server.ports
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
{users}{tls}disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
first_valid_uid = 1
mail_uid = {mail}
mail_gid = {server.owner[1]}
mail_home = {folder}/mail/%u
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
auth_cache_size = 0
auth_failure_delay = 0
maildir_very_dirty_syncs = yes
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={mail} gid={server.owner[1]} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports["imap"]}
  }}
  inet_listener imaps {{
    port = {ports["imaps"] if pem else 0}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {ports["pop3"]}
  }}
  inet_listener pop3s {{
    port = {ports["pop3s"] if pem else 0}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports["lmtp"]}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archive {{
    auto = create
  }}
}}
{more}
"""


@contextmanager
def running(folder: Path, *, pem: bytes = b"", more: str = "") -> Iterator[Dovecot]:
    """A Dovecot in `folder`, which must have a short path and be reachable by all.

    pem: its key and certificate. more: lines of its configuration.
    """
    program = require_tool("dovecot")
    owner = (os.geteuid(), os.getegid())
    if owner[0] == 0:
        found = pwd.getpwnam("mail")
        owner = (found.pw_uid, found.pw_gid)
    server = Dovecot(folder, owner)
    names = ("imap", "imaps", "pop3", "pop3s", "lmtp")
    server.ports = dict(zip(names, _free_ports(len(names)), strict=True))
    for name in ("run", "state", "mail"):
        (folder / name).mkdir(exist_ok=True)
    os.chmod(folder, 0o755)
    server.own(folder / "mail")
    path = None
    if pem:
        path = folder / "server.pem"
        path.write_bytes(pem)
    config = folder / "dovecot.conf"
    config.write_text(_config(server, path, more))
    process = subprocess.Popen([program, "-F", "-c", str(config)], stderr=subprocess.PIPE)
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert process.stderr is not None
        process.stderr.close()
        shutil.rmtree(folder / "run", ignore_errors=True)


def _wait_for(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            assert process.stderr is not None
            raise RuntimeError(f"Dovecot ended: {process.stderr.read().decode()}")
        try:
            socket.create_connection(("127.0.0.1", server.ports["imap"]), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Dovecot does not listen: {(server.folder / 'log').read_text()[-2000:]}")
