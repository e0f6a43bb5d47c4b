"""Foreign FTP servers for tests: vsftpd and proftpd as this user, on a free port, with a folder of their own.

proftpd runs from where it is unpacked, with its modules. It must not know a test.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from protocols import tls
from tests.peers import require_tool

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Daemon:
    """A running server. root: the folder that a login sees."""

    port: int
    root: Path
    user: str
    password: str


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _run(command: list[str], port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended: {log.read_text(errors='replace')}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"{command[0]} does not listen: {log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def vsftpd(folder: Path, *, tls_on: bool = False, more: str = "") -> Iterator[Daemon]:
    """vsftpd with anonymous logins that may write, as its `run_as_launching_user` allows without root."""
    program = require_tool("vsftpd")
    port, root = free_port(), folder / "root"
    root.mkdir()
    empty = folder / "empty"
    empty.mkdir()
    lines = [
        "listen=YES", f"listen_port={port}", "listen_address=127.0.0.1", "background=NO", "run_as_launching_user=YES",
        "anonymous_enable=YES", "local_enable=NO", "write_enable=YES", "anon_upload_enable=YES",
        "anon_mkdir_write_enable=YES", "anon_other_write_enable=YES", "anon_umask=022", "no_anon_password=NO",
        f"anon_root={root}", f"secure_chroot_dir={empty}", "xferlog_enable=NO", "seccomp_sandbox=NO",
        "pasv_address=127.0.0.1", "one_process_model=NO", "use_localtime=NO", "connect_from_port_20=NO",
        "allow_writeable_chroot=YES", f"ftp_username={getpass.getuser()}", f"nopriv_user={getpass.getuser()}",
        "anon_max_rate=0", "isolate=NO", "isolate_network=NO", "async_abor_enable=YES", "chmod_enable=YES", more,
    ]  # fmt: skip
    if tls_on:
        pem = folder / "cert.pem"
        pem.write_bytes(tls.server_pem(("127.0.0.1",)))
        lines += ["ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_data_ssl=YES", "force_anon_logins_ssl=YES",
                  f"rsa_cert_file={pem}", f"rsa_private_key_file={pem}", "require_ssl_reuse=YES",
                  "ssl_tlsv1=YES"]  # fmt: skip
    conf = folder / "vsftpd.conf"
    conf.write_text("\n".join(line for line in lines if line) + "\n")
    conf.chmod(0o600)
    process = _run([program, str(conf)], port, folder / "vsftpd.log")
    try:
        yield Daemon(port, root, "anonymous", "x@y")
    finally:
        _end(process)


@contextlib.contextmanager
def proftpd(folder: Path, *, tls_on: bool = False, more: str = "") -> Iterator[Daemon]:
    """proftpd with one user of its own (AuthUserFile); MLSD; TLS with the lab's certificate."""
    program = Path(require_tool("proftpd"))
    port, root = free_port(), folder / "root"
    root.mkdir()
    modules = program.parent.parent / "lib" / "proftpd"
    passwords = folder / "passwd"
    hashed = subprocess.run(["openssl", "passwd", "-1", "secret"], check=True, capture_output=True, text=True).stdout
    uid, gid = os.getuid() or 65534, os.getgid() or 65534
    passwords.write_text(f"ann:{hashed.strip()}:{uid}:{gid}::{root}:/bin/sh\n")
    passwords.chmod(0o600)
    if os.getuid() == 0:
        os.chown(root, uid, gid)
        for part in (folder, *folder.parents):
            if part.is_relative_to("/tmp") and part != Path("/tmp"):
                part.chmod(part.stat().st_mode | 0o011)
    lines = [
        f"ModulePath {modules}", "ServerType standalone", f"Port {port}", "DefaultAddress 127.0.0.1",
        "ServerName lab", "UseIPv6 off", "UseReverseDNS off", "RequireValidShell off", "AuthOrder mod_auth_file.c",
        f"AuthUserFile {passwords}", f"PidFile {folder}/pid", f"ScoreboardFile {folder}/scoreboard",
        f"DelayTable {folder}/delay", f"SystemLog {folder}/system.log", "TransferLog none", "WtmpLog off",
        "AllowStoreRestart on", "AllowOverwrite on", "TimesGMT on", "MaxInstances 40", "DefaultRoot ~",
        f"User {_name_of(uid)}", f"Group {_group_of(gid)}", more,
    ]  # fmt: skip
    if tls_on:
        pem = folder / "cert.pem"
        pem.write_bytes(tls.server_pem(("127.0.0.1",)))
        pem.chmod(0o600)
        lines += ["LoadModule mod_tls.c", "TLSEngine on", f"TLSRSACertificateFile {pem}", f"TLSECCertificateFile {pem}",
                  f"TLSECCertificateKeyFile {pem}", "TLSRequired on", f"TLSLog {folder}/tls.log",
                  "TLSVerifyClient off"]  # fmt: skip
        lines = [line for line in lines if not line.startswith("TLSRSA")]
    conf = folder / "proftpd.conf"
    conf.write_text("\n".join(line for line in lines if line) + "\n")
    process = _run([str(program), "--nodaemon", "--config", str(conf)], port, folder / "proftpd.log")
    try:
        yield Daemon(port, root, "ann", "secret")
    finally:
        _end(process)


def _name_of(uid: int) -> str:
    import pwd

    return pwd.getpwuid(uid).pw_name


def _group_of(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name
