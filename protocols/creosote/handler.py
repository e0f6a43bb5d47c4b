"""A `logging` handler that spews: any program's log, in a bucket, with two lines.

It sends text, never a pickled record: whoever listens need not trust the sender.
"""

from __future__ import annotations

import contextlib
import logging

from protocols.creosote.module import MrCreosote
from protocols.creosote.wire import PORT


class CreosoteHandler(logging.Handler):
    """Sends each log record as the text that its formatter makes.

    Errors in sending are swallowed: a program must not notice that nobody listens.
    """

    def __init__(self, host: str = "localhost", port: int = PORT) -> None:
        super().__init__()
        self._sender = MrCreosote(host, port)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            with contextlib.suppress(OSError):
                self._sender.spew(self.format(record))
        except Exception:  # noqa: BLE001 - a bad format string or address must not stop the program that logs
            self.handleError(record)

    def close(self) -> None:
        """Close the socket."""
        with self.lock or contextlib.nullcontext():
            self._sender.close()
        super().close()
