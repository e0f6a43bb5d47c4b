"""pyftpdlib, imported so that its warnings and its own log stay out of the way.

Until Python 3.12 it stands on asyncore, which warns at every import. Its log would go to stderr; what it has to
say becomes notes of the service whose thread it speaks in. It must not know what the server does.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib import exceptions, filesystems, ioloop, servers  # type: ignore[import-untyped]
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.handlers.ftp.data import DTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.handlers.ftps.data import TLS_DTPHandler  # type: ignore[import-untyped]

__all__ = [
    "READ",
    "WRITE",
    "Acceptor",
    "Connector",
    "DTPHandler",
    "FTPHandler",
    "FTPServer",
    "FilesystemError",
    "IOLoop",
    "Retry",
    "TLS_DTPHandler",
    "TLS_FTPHandler",
    "VirtualFolder",
    "exceptions",
    "heard_by",
]  # fmt: skip

IOLoop: Any = ioloop.IOLoop
Acceptor: Any = ioloop.Acceptor
Connector: Any = ioloop.Connector
Retry: Any = exceptions._RetryError
FilesystemError: Any = exceptions.FilesystemError
FTPServer: Any = servers.FTPServer
VirtualFolder: Any = filesystems.AbstractedFS
READ: Final = ioloop.IOLoop.READ
WRITE: Final = ioloop.IOLoop.WRITE

_listeners: Final[dict[int, Callable[[str], None]]] = {}


class _Heard(logging.Handler):
    """Hands errors of the library to the service in whose thread they happen."""

    def emit(self, record: logging.LogRecord) -> None:
        listener = _listeners.get(threading.get_ident())
        if listener is not None:
            listener(record.getMessage())


_logger: Final = logging.getLogger("pyftpdlib")
_logger.propagate = False
if not any(isinstance(handler, _Heard) for handler in _logger.handlers):
    _logger.addHandler(_Heard(logging.ERROR))


def heard_by(listener: Callable[[str], None] | None) -> None:
    """From now on errors that the library logs in this thread go to `listener`; None ends it."""
    if listener is None:
        _listeners.pop(threading.get_ident(), None)
    else:
        _listeners[threading.get_ident()] = listener
