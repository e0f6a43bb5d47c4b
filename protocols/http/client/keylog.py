"""The file of TLS session keys that Wireshark decrypts a capture with, as libcurl writes it.

libcurl looks at SSLKEYLOGFILE once, when it begins, for the whole process. So a file can be named
before the first client runs, or while none does. It must not know requests.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pycurl  # type: ignore[import-untyped]

_VARIABLE: Final = "SSLKEYLOGFILE"
_lock: Final = threading.Lock()
_running = 0
_path = os.environ.get(_VARIABLE, "")


class KeyLogError(RuntimeError):
    """The file can't be named now; the message is a sentence that says what to do."""


def in_force() -> str:
    """The file that gets the keys of every TLS connection of this process; "" for none."""
    return _path


def log_keys(path: str) -> None:
    """Write the keys of all TLS connections to this file from now on, "" for no more.

    Whoever reads the file can decrypt what was captured: it is made for its owner alone. Raises KeyLogError while
    a client runs, OSError when the file can't be written.
    """
    global _path
    with _lock:
        if _running:
            raise KeyLogError(
                "libcurl opens its key log when it begins, and a client of this process runs: stop it first, or start "
                f"NetLab with {_VARIABLE} set to the file"
            )
        if path:
            os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
            os.environ[_VARIABLE] = path
        else:
            os.environ.pop(_VARIABLE, None)
        pycurl.global_cleanup()
        pycurl.global_init(pycurl.GLOBAL_ALL)
        _path = path


@contextmanager
def running() -> Iterator[None]:
    """While the block runs, libcurl must not begin anew."""
    global _running
    with _lock:
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
