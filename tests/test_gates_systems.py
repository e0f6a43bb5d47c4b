"""Every module can be imported where modules, calls and constants of Linux do not exist."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("protocols", "widgets", "netlab_gui", "assets")

CHILD = '''
import importlib, os, pathlib, select, signal, socket, ssl, sys, traceback

root, system = pathlib.Path(sys.argv[1]), sys.argv[2]
for name in ("asyncssh", "asyncio", "concurrent.futures", "cryptography.x509", "http.server", "logging.handlers",
             "msgspec", "multiprocessing", "numpy", "psutil", "pycurl", "pygments", "PySide6.QtSvg",
             "PySide6.QtWidgets", "scapy.layers.inet6",
             "selectors", "socketserver", "sqlite3", "subprocess", "telnetlib3", "tempfile", "trustme",
             "urllib.request"):
    importlib.import_module(name)  # what is not ours copes by itself

def starts(module, *prefixes):
    return [name for name in dir(module) if name.startswith(prefixes)]

GONE = {
    select: starts(select, "epoll", "EPOLL"),
    socket: starts(socket, "AF_NETLINK", "NETLINK_", "AF_PACKET", "PACKET_", "AF_VSOCK", "CAN_", "SOCK_CLOEXEC",
                   "SOCK_NONBLOCK", "MSG_NOSIGNAL", "MSG_ERRQUEUE", "MSG_MORE", "MSG_CONFIRM", "TCP_INFO", "TCP_CORK",
                   "TCP_QUICKACK", "TCP_USER_TIMEOUT", "TCP_DEFER_ACCEPT", "TCP_CONGESTION", "SO_DOMAIN", "SO_PROTOCOL",
                   "SO_PEERCRED", "SO_PASSCRED", "SO_BINDTODEVICE", "SO_MARK", "SO_PRIORITY", "SO_INCOMING_CPU"),
    os: ["sched_getaffinity", "memfd_create", "pipe2", "fdatasync", "eventfd", "pidfd_open"],
    signal: ["sigtimedwait", "sigwaitinfo", "SIGPOLL", "SIGPWR", "SIGRTMIN", "SIGRTMAX"],
}
modules = set()
sys.platform = system
if system == "win32":
    modules = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "readline"}
    GONE[select] += starts(select, "poll", "POLL")
    GONE[socket] += starts(socket, "AF_UNIX", "SOCK_SEQPACKET", "MSG_DONTWAIT", "MSG_EOR", "SO_REUSEPORT", "CMSG_",
                           "SCM_", "TCP_", "EAI_SYSTEM", "EAI_OVERFLOW", "EAI_ADDRFAMILY")
    GONE[os] += ["fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "getpgrp", "killpg", "setsid",
                 "setpgid", "WNOHANG", "uname", "statvfs", "fchmod", "mkfifo", "register_at_fork", "O_CLOEXEC",
                 "O_NONBLOCK", "O_DIRECTORY", "O_NOFOLLOW", "sysconf", "wait", "wait3", "wait4", "waitid", "pread",
                 "posix_spawn", "set_blocking", "get_blocking"]
    kept = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN"}
    GONE[signal] += [name for name in starts(signal, "SIG") if name not in kept]
    GONE[signal] += ["alarm", "pause", "pthread_kill", "pthread_sigmask", "siginterrupt", "setitimer"]
for module, names in GONE.items():
    for name in set(names) & set(dir(module)):
        delattr(module, name)
for name in modules:
    sys.modules[name] = None
failed = 0
for package in sys.argv[3:]:
    for path in sorted((root / package).rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if name.endswith("__main__") or not path.with_name("__init__.py").exists():  # a program, not a module
            continue
        try:
            importlib.import_module(name)
        except BaseException:
            failed += 1
            print(name, traceback.format_exc(limit=-2), flush=True)
print(failed, "failed", flush=True)
os._exit(0)
'''


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_every_module_can_be_imported_on_another_system(system: str) -> None:
    run = subprocess.run([sys.executable, "-c", CHILD, str(ROOT), system, *PACKAGES], capture_output=True, text=True,
                         timeout=60, check=False, cwd=ROOT,
                         env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})  # fmt: skip
    assert run.stdout == "0 failed\n", run.stdout + run.stderr
